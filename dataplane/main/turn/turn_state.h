/* SPDX-License-Identifier: BSD-3-Clause */
/* The TURN server's inside, for the files that make it up. Main lcore only. */
#ifndef TANDEM_TURN_STATE_H
#define TANDEM_TURN_STATE_H

#include <stdbool.h>
#include <sys/queue.h>

#include <rte_hash.h>

#include "dataplane/dataplane.h"
#include "dataplane/main/legs/deferred.h"
#include "dataplane/main/slab.h"
#include "dataplane/main/turn/turn_server.h"
#include "dataplane/turn.h"
#include "dataplane/lib/turn_message.h"
#include "ebpf/shed.h"

#define TURN_PREFIXES 64
#define TURN_USER_MAX 508 /* octets of USERNAME (RFC 8489 14.3) */

enum granted_state { GRANTED_FREE, GRANTED_OPEN, GRANTED_CLOSING };

/* What the main lcore remembers of an allocation beside what workers see of it. */
struct granted {
	uint64_t id;
	TAILQ_ENTRY(granted) link; /* of the free ones, or of those that close */
	struct allocation *allocation;
	struct stun_auth auth; /* of the client's key */
	uint8_t transaction[12];
	uint8_t state;    /* enum granted_state */
	uint8_t address;  /* index, of the relayed address */
	uint64_t created; /* TSC */
	uint8_t *user;    /* user_length octets */
	uint16_t user_length;
	struct endpoint origin; /* where the gate's client is; zero: it came by itself */
};
TAILQ_HEAD(granted_list, granted);

struct turn_server {
	struct turn_server_config config;
	struct dataplane *dataplane;
	struct turn turn;
	struct granted *granted; /* by index */
	/* Those that closed while others were passed wait for the next time. */
	struct granted_list free, closing, passing;
	struct rte_hash *by_id;
	struct slab more; /* struct allocation_more */
	struct deferred deferred;
	uint32_t open;
	uint32_t watched;    /* where turn_server_poll() goes on */
	unsigned int passes; /* orders that workers have yet to answer, for all of `passing` */
	bool any;
	struct prefix deny[TURN_PREFIXES], allow[TURN_PREFIXES];
	unsigned int deny_count, allow_count;
	uint32_t lifetime_max;         /* seconds */
	struct shed_rate judged;       /* what goes up to the control plane ... */
	__u64 requests_due, words_due; /* ... of each of clients and gates: their buckets */
	uint64_t excess;               /* what did not */
};

static inline struct granted *granted_of(const struct turn_server *s, const struct allocation *a)
{
	return &s->granted[a->index];
}

static inline uint64_t turn_ticks(const struct turn_server *s, uint64_t seconds)
{
	return seconds * s->dataplane->workers[0]->hz;
}

/* --- allocations.c: the life of one --- */

/* -EEXIST: the client has one; -ENOSPC. */
int turn_open(struct turn_server *s, const Tandem__Dataplane__V1__PutAllocation *put,
	      const char **what);
void turn_close(struct turn_server *s, struct granted *g, bool tell);
/* Frees what no worker can read any longer, or has them pass. Returns how much it did. */
unsigned int turn_reuse(struct turn_server *s);
struct granted *turn_find_id(const struct turn_server *s, uint64_t id);

/* --- grants.c: permissions and channels --- */

/* Whether an address may be a peer of an allocation at all. */
bool turn_allows(const struct turn_server *s, const struct allocation *a,
		 const struct address *peer);
/* 0, or the error that the client is told: the permission is in force for five minutes from now. */
int turn_permit(struct turn_server *s, struct allocation *a, const struct address *peer,
		uint64_t now, unsigned int *place);
int turn_bind(struct turn_server *s, struct allocation *a, uint16_t number,
	      const struct endpoint *peer, uint64_t now);
/* Lets go of what it holds for peers. */
void turn_forget_peers(struct turn_server *s, struct allocation *a);

/* --- shed_turn.c: what those who shed floods know of it --- */

void turn_shed_listener(struct turn_server *s, unsigned int listener, uint32_t pps);
/* By what nonces are known, whenever that has changed. */
void turn_shed_challenge(struct turn_server *s);
int turn_shed_client(struct turn_server *s, const struct allocation *a); /* 0, -ENOSPC */
void turn_unshed_client(struct turn_server *s, const struct allocation *a);
/* Who may send to the relayed address by the wire. */
void turn_shed_relayed(struct turn_server *s, struct allocation *a, bool open);

/* --- send.c: what the main lcore sends --- */

/* A datagram to the client of an allocation. */
void turn_send(struct turn_server *s, struct egress *egress, const uint8_t *datagram,
	       uint16_t length);
/*
 * Whether a client of the gate comes from a blocked address; zero: it comes by itself. It speaks
 * with the kernel, whose packets XDP programs and workers leave alone.
 */
bool turn_is_blocked(const struct turn_server *s, const struct endpoint *origin);
/* Has the gate end the client's connection. */
void turn_hang_up(struct turn_server *s, unsigned int listener, const struct endpoint *client);

/* --- requests.c: what a client asks for --- */

/* The success of an Allocate request, which may be sent again. */
void turn_answer_allocate(struct turn_server *s, const struct granted *g, uint64_t now);

#endif
