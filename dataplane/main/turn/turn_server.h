/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TURN server's part on the main lcore (RFC 8656): it keeps the allocations that the control
 * plane grants, and judges what their clients ask for: to go on, permissions, channels. Nothing new
 * is granted here, so what there is may outlive the control plane for long. Main lcore only.
 */
#ifndef TANDEM_TURN_SERVER_H
#define TANDEM_TURN_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "dataplane/api/dataplane.pb-c.h"
#include "dataplane/lib/address.h"

struct dataplane;
struct shed;
struct turn_server;

struct turn_server_config {
	struct dataplane *dataplane;
	struct shed *shed; /* NULL: no XDP program is told of clients */
	/* The message belongs to the caller. */
	void (*event)(void *arg, const Tandem__Dataplane__V1__Event *event);
	/* Whether nobody at this address is to be served; asked of the gate's clients. */
	bool (*is_blocked)(void *arg, const struct address *address);
	void *arg;
};

/* Before the workers start: room for so many allocations, in d->turn. 0 or -ENOMEM. */
int turn_server_create(struct turn_server **out, const struct turn_server_config *config,
		       uint32_t allocations, int node);
/* After the workers have stopped, and when no leg is left. NULL is accepted. */
void turn_server_destroy(struct turn_server *s);

/* How many requests were not passed on to the control plane, which has to judge others. */
const uint64_t *turn_server_excess(const struct turn_server *s);

/* Each: 0 or -errno and `what`, as registry.h has it; -EAGAIN: ask again later. */
int turn_server_put(struct turn_server *s, const Tandem__Dataplane__V1__PutTurn *put,
		    const char **what);
int turn_server_put_allocation(struct turn_server *s,
			       const Tandem__Dataplane__V1__PutAllocation *put, const char **what);
int turn_server_delete_allocation(struct turn_server *s, uint64_t id, const char **what);
/* Into the reply, of which `room` octets are to be used; its `next` says where to go on. */
int turn_server_get(const struct turn_server *s, const Tandem__Dataplane__V1__GetAllocations *get,
		    size_t room, Tandem__Dataplane__V1__Reply *reply, const char **what);
int turn_server_answer(struct turn_server *s, const Tandem__Dataplane__V1__AnswerTurn *answer,
		       const char **what);

/* NOTICE_TURN: a request that met its challenge. The caller keeps the datagram. */
void turn_server_hear(struct turn_server *s, unsigned int listener, const struct endpoint *client,
		      const struct rte_mbuf *datagram);
/* ORDER_PASS was answered by one more worker. */
void turn_server_passed(struct turn_server *s);

/* One turn: what has expired, what can serve again. Returns the number of things it handled. */
unsigned int turn_server_poll(struct turn_server *s);

#endif
