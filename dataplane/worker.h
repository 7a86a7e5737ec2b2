/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: one pinned core that polls its queue of every port and runs the stages to completion.
 * It talks with the main lcore through rings only: orders come in its mailbox, notices go out.
 */
#ifndef TANDEM_WORKER_H
#define TANDEM_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "dataplane/lib/address.h"
#include "dataplane/burst.h"
#include "dataplane/load.h"
#include "dataplane/srtp/crypt.h"
#include "dataplane/offence.h"
#include "ebpf/shed.h"

struct block_list;
struct branch;
struct dataplane;
struct hold;
struct leg;
struct source_table;
struct stream;

#define WORKERS_MAX 64

enum worker_idle { IDLE_SPIN, IDLE_PAUSE, IDLE_SLEEP };

/* Counted events that are not drops. */
#define WORKER_COUNTERS(X)                                                                         \
	X(TURNS, "turns", "turns of the workers through their rings and queues")                   \
	X(EMPTY_TURNS, "empty_turns", "turns that found nothing to do")                            \
	X(RX, "rx", "packets received")                                                            \
	X(TX, "tx", "packets sent")                                                                \
	X(HANDOVER, "handover", "packets handed over to the worker that owns their port")          \
	X(MOVED, "moved", "legs that went over to the worker whose queue their packets come by")   \
	X(HOST_REPLY, "host_reply", "ARP, neighbour discovery and ping answered")                  \
	X(STUN_SUCCESS, "stun_success", "ICE checks answered with success")                        \
	X(STUN_400, "stun_400", "ICE checks answered with 400 Bad Request")                        \
	X(STUN_401, "stun_401", "ICE checks answered with 401 Unauthenticated")                    \
	X(STUN_420, "stun_420", "ICE checks answered with 420 Unknown Attribute")                  \
	X(STUN_487, "stun_487", "ICE checks answered with 487 Role Conflict")                      \
	X(STUN_INDICATION, "stun_indication", "STUN Binding indications")                          \
	X(PUNT, "punt", "DTLS datagrams given to the control plane")                               \
	X(TURN_BINDING, "turn_binding", "STUN Binding requests answered where TURN listens")       \
	X(TURN_CHALLENGE, "turn_challenge", "TURN requests answered with a nonce")                 \
	X(TURN_400, "turn_400", "TURN requests answered with 400: credentials with parts missing") \
	X(TURN_REQUEST, "turn_request", "TURN requests with a nonce that is right")                \
	X(TURN_TO_PEERS, "turn_to_peers", "packets of TURN clients to their peers")                \
	X(TURN_TO_CLIENTS, "turn_to_clients", "packets of peers to TURN clients")                  \
	X(CAPTURED, "captured", "packets copied for captures of calls")

/* clang-format off */
enum worker_counter {
#define X(id, name, help) COUNTER_##id,
	WORKER_COUNTERS(X)
#undef X
	COUNTER_MAX
};
/* clang-format on */

/* Main lcore to worker, by value. Each order is answered by exactly one NOTICE_ORDER_DONE. */
enum order_kind {
	ORDER_APPLY,  /* leg, config */
	ORDER_CLEAR,  /* leg */
	ORDER_SEND,   /* mbuf through `port`: a frame of the main lcore's own; leg: its, or NULL */
	ORDER_PULSE,  /* `port`, a bond, sends what LACP says; object: NULL, or counted up */
	ORDER_BLOCKS, /* block_list; NULL if nothing is blocked */
	ORDER_LET_GO, /* leg, sent, branch; NULL: of the leg's own path */
	ORDER_PASS,   /* nothing: who waits for the answer knows that the worker has been here */
	ORDER_MOVE,   /* leg to worker `port`, see move.h; answered when it has gone, or cannot */
};
struct order {
	uint32_t kind;
	uint32_t port;
	struct leg *leg;
	void *object; /* struct leg_config, rte_mbuf, block_list or sent */
	struct branch *branch;
};

/* Worker to main lcore, by value. */
enum notice_kind {
	NOTICE_REMOTE,     /* leg, component, remote: an address was nominated or latched */
	NOTICE_PUNT,       /* leg, component, remote, object: an mbuf with the UDP payload alone */
	NOTICE_HOST,       /* object: an mbuf, a whole frame; component: its l3 offset; network */
	NOTICE_KEYS_STALE, /* leg */
	NOTICE_MOVE,       /* leg, component: the worker by whose queue its packets come */
	NOTICE_TURN, /* remote, component: a listener, object: an mbuf with the request alone */
};
struct notice {
	uint16_t kind;
	uint16_t component;
	uint32_t network; /* index */
	struct leg *leg;
	void *object;
	struct endpoint remote;
	uint32_t remote_epoch; /* of the configuration that the worker had */
	uint32_t learnt; /* with NOTICE_REMOTE: how often the component's address was learnt */
};

/* What an order leaves to be freed: the configuration or the list that was replaced. */
struct done {
	uint32_t kind;
	uint32_t reserved;
	struct leg *leg;
	void *object;
};

struct worker {
	struct dataplane *dataplane; /* shared and read-mostly */
	const struct crypt_engine *engine;
	uint16_t id; /* also the index of its transmit queue, where a port has so many */
	uint16_t lcore;
	enum worker_idle idle;
	struct rte_ring *handover; /* mbufs from workers that do not own their port */
	struct rte_ring *outbound; /* frames of workers without a queue, mbuf->port says to where */
	struct rte_ring *orders;   /* struct order; main: producer, worker: consumer */
	struct rte_ring *dones;    /* struct done; never full: main bounds the open orders */
	struct rte_ring *notices;  /* struct notice */
	struct rte_ring *samples;  /* struct shed_sample: heads of frames that were dropped */
	struct stream_unit *streams; /* the pool; main: rw */
	struct stream_unit *free_streams;
	uint32_t free_stream_count, stream_count;
	uint16_t streams_per_flow;    /* most SSRCs in one flow */
	uint64_t hz;                  /* TSC ticks per second */
	struct block_list *blocks;    /* whose frames `shed` drops; NULL: nobody's. Immutable. */
	struct source_table *sources; /* strangers that `shed` knows; NULL if none is judged */
	struct burst *copies;         /* of packets that have more than one way; see fork.c */
	struct hold *holds;           /* legs that come over from other workers; see move.h */
	uint32_t hold_count;

	/* worker: rw, main: ro */
	uint64_t drops[DROP_MAX] __rte_cache_aligned;
	uint64_t sheds[SHED_REASON_COUNT]; /* what `shed` judged */
	uint64_t counters[COUNTER_MAX];
	uint64_t sampled[OFFENCE_REASONS]; /* TSC of each reason's last sample */
	struct load load;

	uint32_t open_orders __rte_cache_aligned; // main: rw
} __rte_cache_aligned;

/* Worker: does what its mailbox says, some of it; returns how much. Part of worker_poll(). */
unsigned int worker_obey(struct worker *w, uint64_t now);

/*
 * In the worker's place, which has stopped: does what is ordered, and frees what was handed over.
 * Returns how much.
 */
unsigned int worker_settle(struct worker *w);

/* Runs on the worker's lcore until dataplane->stop is set; returns 0. */
int worker_run(void *worker);

/* One turn: the mailbox, all rings and queues once; returns the orders and packets taken. */
unsigned int worker_poll(struct worker *w);

/* Worker: false when the main lcore does not keep up; the caller keeps the object. */
static inline bool worker_notify(struct worker *w, struct notice n)
{
	return rte_ring_sp_enqueue_elem(w->notices, &n, sizeof(n)) == 0;
}

/* The same for what others can say as often as they like: in half of the ring at most, so that
 * nominations need not wait behind it. */
static inline bool worker_notify_hearsay(struct worker *w, struct notice n)
{
	return rte_ring_free_count(w->notices) > rte_ring_get_capacity(w->notices) / 2 &&
	       worker_notify(w, n);
}

#endif
