/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames for a client that does not read at the moment, in order and bounded. Punted datagrams come
 * from outside, as many as somebody likes: of those the oldest go when there are too many, and they
 * never cost the client its connection. Everything else waits. Main lcore only.
 */
#ifndef TANDEM_OUTBOX_H
#define TANDEM_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "dataplane/api/dataplane.pb-c.h"

#define OUTBOX_PUNTS  1024
#define OUTBOX_OCTETS (16u << 20) /* of what is not dropped; a client that leaves more is gone */

struct outbox_letter;

/* All zero but for the list, which outbox_open() makes. */
struct outbox {
	TAILQ_HEAD(, outbox_letter) letters;
	unsigned int punts;
	size_t octets;
	uint64_t lost; /* punts, since the beginning */
};

void outbox_open(struct outbox *o);
/* Sends the frame, or keeps it. 0; -EAGAIN: too much is kept; another error of the socket. */
int outbox_send(struct outbox *o, int fd, const Tandem__Dataplane__V1__Frame *frame, bool punt);
/* Sends what the socket takes of what is kept. 0, or an error of the socket. */
int outbox_flush(struct outbox *o, int fd);
/* The client is gone. What may hold keys is cleansed. */
void outbox_clear(struct outbox *o);

#endif
