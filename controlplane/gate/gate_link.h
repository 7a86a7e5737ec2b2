/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection's UDP socket towards the dataplane. What there is comes and goes with one system
 * call, and a loop's turn waits for none of it. One thread.
 */
#ifndef TANDEM_GATE_LINK_H
#define TANDEM_GATE_LINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <uv.h>

#define GATE_BATCH 16 /* datagrams at a time */

struct gate_link {
	uv_poll_t poll; /* its data is the caller's */
	int fd;         /* -1: it is not open */
};

/* Datagrams on their way out; their octets are the caller's until they are sent. */
struct gate_batch {
	unsigned int count;
	struct iovec at[GATE_BATCH];
};

/*
 * 0, or -errno; where `fd` is not -1 then, there is something to close all the same. `readable` is
 * called in the loop's turns.
 */
int gate_link_open(struct gate_link *link, uv_loop_t *loop, const struct sockaddr *server,
		   socklen_t size, uv_poll_cb readable);
/* After its poll was closed. */
void gate_link_close(struct gate_link *link);

/*
 * Reads what has come: up to GATE_BATCH datagrams, each into `size` octets, one after the other in
 * `octets`. Returns how many there are, with their lengths; 0 of those that were longer.
 */
unsigned int gate_link_receive(struct gate_link *link, uint8_t *octets, size_t size,
			       size_t lengths[GATE_BATCH]);
/* What does not fit the socket's buffer is lost, as on any link. The batch is empty then. */
void gate_link_send(struct gate_link *link, struct gate_batch *batch);

#endif
