/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls, and what they are made of. A call has two sides, A who made the first offer and B. Each
 * m-line, or each bundle of them, is a bridge: a leg towards A and a leg towards B, whose media
 * crosses between the two. The session alone changes them, on its loop.
 */
#ifndef TANDEM_CALL_H
#define TANDEM_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "controlplane/dtls/dtls.h"
#include "controlplane/session/mids.h"
#include "controlplane/session/negotiate.h"
#include "controlplane/session/network.h"
#include "controlplane/session/table.h"

#define CALL_TEXT_MAX 255 /* octets of a call id or tag */

enum side { SIDE_A, SIDE_B, SIDES };

struct session;
struct call;
struct bridge;

struct leg {
	struct table_node node;
	uint64_t id;
	struct session *session;
	struct bridge *bridge;
	enum side side;

	struct media_address *at;
	unsigned int port;
	bool pair; /* the port after it is the leg's, too */

	struct terms terms; /* in force in the dataplane */
	struct dtls_identity *identity;
	struct sdp_fingerprint fingerprint; /* ours, as it is in the SDP; length 0: none yet */
	struct dtls *dtls;            /* up or handshaking; NULL before that, and when it is over */
	struct sdp_address dtls_from; /* where its last datagram came from */
	struct sdp_address heard;     /* where media comes from, as the dataplane said last */

	uint32_t latch_epoch; /* counts the windows in which its address may be learnt */
	uint32_t epoch;       /* of the last keys that were pushed; 0: none */
	uint32_t epoch_held;  /* of the last keys that the dataplane said it has */
	enum srtp_suite suite;
	unsigned int handshake_ms;
	Tandem__Dataplane__V1__IceState ice;
	bool retired;
	bool pushed;    /* the dataplane may have it */
	bool keyed;     /* the dataplane has keys for the agreed terms */
	bool keys_lost; /* it had them until it restarted, or they never reached it */
	bool keys_stale;
	bool seen;    /* by the resync that runs */
	bool refused; /* the dataplane did not take it; `failed` says why, and it is tried again */
	uint32_t audited; /* the last round that found it in the dataplane */
	uint32_t missed;  /* rounds in a row that did not */
	char failed[256]; /* why it can never carry media as it is; empty: it can */
};

/* One m-line or one bundle of them. */
struct bridge {
	TAILQ_ENTRY(bridge) entry;
	struct call *call;
	struct leg *legs[SIDES];
	uint32_t lines;      /* bits: its m-lines */
	unsigned int number; /* unique in its call */
	bool pending;        /* made for an offer that has no answer yet */
	char media[64];      /* "audio", "audio+video" */
};

/* What an open offer makes of one bridge once it is answered. */
struct plan {
	struct bridge *bridge;
	uint32_t lines;
	char media[64];
	struct terms terms[SIDES];
};

struct offer {
	enum side from;
	struct sdp *sdp;
	struct wish wish[SIDES];
	struct plan *plans; /* plan_count of them, in order of their first m-line */
	unsigned int plan_count;
};

struct call {
	struct table_node node;
	TAILQ_ENTRY(call) entry;    /* in order of age */
	TAILQ_ENTRY(call) deadline; /* of those that wait for an answer, in order of `expires` */
	struct session *session;
	unsigned int references; /* the table's, and those of requests that are being served */
	uint64_t serial;
	char *id;
	char *tags[SIDES]; /* B's is NULL until the first answer */
	uint64_t created;  /* ms of the wall clock */
	uint64_t expires;  /* ms of the loop's clock */
	bool answered, waiting, gone, busy;
	struct wish wish[SIDES];
	struct mids mids[SIDES]; /* as each side knows its m-lines */
	unsigned int line_count, bridges_made;
	TAILQ_HEAD(, bridge) bridges; /* in the order of their making */
	struct offer *offer;          /* the open one, or NULL */
};

/* Holds one reference. NULL without memory. */
struct call *call_make(struct session *session, const char *id);
struct call *call_hold(struct call *call);
void call_release(struct call *call); /* the last one frees, legs and ports too */

struct bridge *bridge_make(struct call *call);
void bridge_free(struct bridge *bridge); /* with its legs */
struct bridge *call_bridge_of_line(const struct call *call, unsigned int line);

/* A leg at an address, with a port of its own: 0 takes one. 0, -ENOMEM, -EADDRNOTAVAIL, ... */
int leg_make(struct leg **leg, struct bridge *bridge, enum side side, struct media_address *at,
	     unsigned int port, bool pair, uint64_t id);
/* No event finds it any more and nothing is pushed for it; its port and memory stay. */
void leg_retire(struct leg *leg);
void leg_free(struct leg *leg);
/* Takes in where its media comes from; NULL: nobody was heard yet. */
void leg_hear(struct leg *leg, const Tandem__Dataplane__V1__Endpoint *remote);

void offer_free(struct offer *offer);

/* Each leg of a call: needs a `bridge`. */
#define for_each_leg(leg, call)                                                                    \
	TAILQ_FOREACH (bridge, &(call)->bridges, entry)                                            \
		for (enum side side_ = SIDE_A; side_ < SIDES; side_++)                             \
			if ((leg = bridge->legs[side_]))

static inline enum side side_other(enum side side)
{
	return side == SIDE_A ? SIDE_B : SIDE_A;
}

#endif
