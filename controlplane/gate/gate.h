/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gate of TURN clients that come by TCP or TLS (RFC 8656 3.1): each connection has a UDP socket
 * of its own towards the dataplane's TURN server, on a link that nothing else is on; messages are
 * taken out of the stream, and put into it, and the server is told where they come from. It has no
 * credentials, no keys of media, and nothing to say in the control plane. One loop, its thread
 * only.
 */
#ifndef TANDEM_GATE_H
#define TANDEM_GATE_H

#include <stdbool.h>

#include <uv.h>

#include "controlplane/lib/socket_address.h"

#define GATE_LISTEN 16

struct gate;

struct gate_listen {
	union socket_address address;
	bool tls;
};

struct gate_config {
	struct gate_listen listen[GATE_LISTEN];
	unsigned int listen_count;
	union socket_address server; /* where the dataplane serves TURN, on the inner link */
	char *cert, *key;            /* PEM files; NULL without TLS */
	unsigned int connections, connections_per_address;
	unsigned int begin_s;        /* until the first whole message has come */
	unsigned int idle_s;         /* without any */
	unsigned int requests_per_s; /* of one connection; 0: no limit */
};

/* 0, or -errno after a log line. The texts of `config` must outlive it. */
int gate_open(struct gate **gate, uv_loop_t *loop, const struct gate_config *config);
/* The certificate is read again. What is wrong with it leaves the one before in force. */
void gate_reload(struct gate *gate);
/* Nobody new is let in; when the last one has gone, `drained` is called, perhaps at once. */
void gate_drain(struct gate *gate, void (*drained)(void *arg), void *arg);
/* Everybody goes; the memory with the loop's next turns. */
void gate_close(struct gate *gate);

unsigned int gate_count(const struct gate *gate);

#endif
