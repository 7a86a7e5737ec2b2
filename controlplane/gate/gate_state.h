/* SPDX-License-Identifier: BSD-3-Clause */
/* The gate's inside, for the files that make it up. */
#ifndef TANDEM_GATE_STATE_H
#define TANDEM_GATE_STATE_H

#include <sys/queue.h>

#include "controlplane/gate/gate.h"
#include "controlplane/gate/gate_frame.h"
#include "controlplane/gate/gate_link.h"
#include "controlplane/gate/gate_rate.h"
#include "controlplane/gate/gate_tls.h"
#include "controlplane/lib/hashtable.h"
#include "dataplane/lib/address.h"
#include "dataplane/lib/turn_message.h"

#define GATE_READ 65536 /* octets; more than a record of TLS carries */

/* How many connections an IPv4 address, or an IPv6 /64, has. */
struct gate_source {
	struct hashtable_node node;
	struct address address;
	unsigned int count;
};

struct gate_connection {
	LIST_ENTRY(gate_connection) entry;
	struct gate *gate;
	struct gate_source *source;
	struct endpoint client;
	uv_tcp_t tcp;
	struct gate_link link;
	struct gate_tls *tls; /* NULL: plain TCP */
	unsigned int open;    /* handles whose close is still to come */
	bool closing;
	bool begun;       /* a whole message has come */
	uint64_t last_ms; /* when the last one did, or when it connected */
	uint64_t due_us;  /* the bucket of its requests */
	size_t filled;
	uint8_t buffer[GATE_FRAME_MOST]; /* the beginning of a message */
};

struct gate_door {
	uv_tcp_t tcp;
	struct gate *gate;
	bool tls;
	bool waiting; /* somebody has yet to be turned away */
};

struct gate {
	uv_loop_t *loop;
	struct gate_config config;
	struct gate_tls_context *tls;
	struct gate_door doors[GATE_LISTEN];
	unsigned int door_count; /* that are open, or closing */
	uv_tcp_t refusal;        /* of those for whom there is no memory: one at a time */
	bool refusing;
	uv_timer_t tick;
	bool closing, draining;
	unsigned int open; /* handles whose close is still to come */
	struct hashtable sources;
	LIST_HEAD(, gate_connection) connections;
	unsigned int count;              /* those that are closing included */
	void (*gone)(struct gate *gate); /* a connection is */
	/* Since that was last told: connections, and requests. */
	uint64_t refused, blocked, unserved, excess;
	void (*drained)(void *arg);
	void *drained_arg;
	/* For one callback: what came last by a stream, what it was in TLS, a request with where
	 * its client is, datagrams, and what becomes of those. */
	uint8_t read[GATE_READ], plain[GATE_READ];
	uint8_t request[GATE_FRAME_MOST + TURN_ORIGIN_MOST];
	uint8_t datagrams[GATE_BATCH][GATE_FRAME_MOST];
	uint8_t written[GATE_BATCH * (GATE_FRAME_MOST + 3)];
};

/* gate_connection.c: somebody knocks. False, without memory: nobody was let in. */
bool gate_admit(struct gate *gate, uv_stream_t *door, bool tls);
/* It goes; twice is once. */
void gate_leave(struct gate_connection *c);

/* gate_source.c: false: it has as many connections as it may. */
bool gate_source_take(struct gate *gate, struct gate_connection *c, const struct address *address);
void gate_source_put(struct gate *gate, struct gate_connection *c);

#endif
