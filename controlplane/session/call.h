/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls, and what they are made of. A call has parties, and media, its m-lines, which have the same
 * number towards each of them. A leg is the relay's endpoint towards one party, for one medium or a
 * bundle of them. Two parties that each name the other as their partner talk; who hears whom
 * follows from that (path.h). The session alone changes them, on its loop.
 */
#ifndef TANDEM_CALL_H
#define TANDEM_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "controlplane/dtls/dtls.h"
#include "controlplane/session/departed.h"
#include "controlplane/session/mids.h"
#include "controlplane/session/negotiate.h"
#include "controlplane/session/network.h"
#include "controlplane/session/rated.h"
#include "controlplane/lib/hashtable.h"

#define CALL_TEXT_MAX    255 /* octets of a call id, tag or branch */
#define CALL_MEDIA_NAME  64
#define CALL_DRIVER_MAX  31 /* octets; a longer name is cut */
#define CALL_PARTIES_MAX 256

struct session;
struct call;
struct party;
struct exchange;
struct request;

/* An m-line of the call, as its last answer has it. */
struct medium {
	char kind[24];     /* "audio" */
	uint64_t types[2]; /* bits: its payload types */
	char *codecs; /* its formats and what a=rtpmap and the like say of them; NULL while it is
			 not known */
};

struct leg {
	TAILQ_ENTRY(leg) entry; /* in its party, in the order of making */
	struct hashtable_node node;
	uint64_t id;
	struct session *session;
	struct party *party;

	uint32_t lines;              /* bits: its m-lines, those of a listener's own SDP for one */
	char media[CALL_MEDIA_NAME]; /* "audio", "audio+video" */
	bool pending;                /* made for an offer that has no answer yet */
	/* Of a listener: whom it hears, and on which m-line of the call. */
	struct party *source;
	unsigned int source_line;

	struct media_address *at;
	unsigned int port;
	bool pair; /* the port after it is the leg's, too */

	struct terms terms; /* in force in the dataplane */
	struct dtls_identity *identity;
	struct sdp_fingerprint fingerprint; /* ours, as it is in the SDP; length 0: none yet */
	struct dtls *dtls;         /* up or handshaking; NULL before that, and when it is over */
	struct endpoint dtls_from; /* where its last datagram came from */
	struct endpoint heard;     /* where media comes from, as the dataplane said last */

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
	bool told_up; /* it was said that it is up, since it last was not */
	uint32_t audited;        /* the last round that found it in the dataplane */
	uint32_t missed;         /* rounds in a row that did not */
	struct rated_list rated; /* see rating.h */
	char *why; /* it carried no media or sounded bad in the last interval; NULL: it did not */
	uint32_t rtt_us; /* to its participant and back, as it was heard of last; 0: never */
	/* As the participant says in XR, likewise: to the other one and back; in its own system. */
	uint32_t far_ms, end_system_ms;
	struct {
		unsigned int network, suite; /* by which counts.h has it */
		uint64_t awaits_media;       /* since then, ms of the loop's clock; 0: not yet */
		bool media;                  /* it has come, or is not waited for */
	} counted;
	char failed[256]; /* why it can never carry media as it is; empty: it can */
};

/* Where a leg was, whose m-line may come back. */
struct former {
	const struct media_address *at;
	unsigned int port;
	uint64_t given; /* back, ms of the loop's clock */
};

struct party {
	TAILQ_ENTRY(party) entry; /* in its call, in the order of making */
	struct call *call;
	unsigned int number; /* unique in its call */
	char *tag;           /* NULL until its first answer, unless it offers or was created */
	char *branch;        /* that the offer to it went out on; "": none was named */
	char *label;         /* another name for it, which the orchestrator gave it; NULL: none */
	bool answered;       /* it has legs in force */
	bool listens;
	uint64_t joined; /* ms of the wall clock */
	bool told;       /* an orchestrator knows of it: no request that made it was refused */
	struct wish wish;
	struct mids mids;      /* as it knows its m-lines */
	struct party *partner; /* whom it talks with, once that one says the same; NULL: nobody */
	unsigned int line_count;
	struct former *formers; /* by m-line: where those that were rejected had been; NULL: none */
	uint64_t sdp_version, sdp_digest; /* of what it was shown last; 0: the sender's own */
	TAILQ_HEAD(leg_list, leg) legs;
};

/*
 * What of whom does not reach whom; NULL for everybody. The last one that fits counts, of those
 * about telephone events (RFC 4733) and of the others.
 */
struct mute {
	TAILQ_ENTRY(mute) entry;
	const struct party *from, *to;
	Tandem__Relay__V1__Muting muting;
	bool events;
};

struct call {
	struct hashtable_node node, key_node;
	TAILQ_ENTRY(call) entry; /* in order of age */
	struct session *session;
	unsigned int references; /* the table's, and those of requests that are being served */
	float mos;               /* of the worst stream in its last interval; 0: not rated */
	uint64_t serial;
	char *text;        /* what it is searched by (summary.h); NULL: it is made when needed */
	float lowest_mos;  /* of all intervals */
	uint64_t key;      /* names its state in the dataplane */
	uint32_t revision; /* of its state */
	char *id;
	char driver[CALL_DRIVER_MAX + 1];
	uint64_t created, signalled; /* ms of the wall clock: first, and last, offer or answer */
	uint64_t answered;           /* likewise: its first answer; 0: none */
	struct departed departed;    /* for its record */
	bool gone;
	uint64_t ends;            /* ms of the wall clock; 0: when it is asked to */
	TAILQ_ENTRY(call) ending; /* in order of `ends` */
	bool kept;                /* the dataplane may have its state */
	bool seen;                /* by the resync that runs */
	bool stale; /* likewise: the dataplane has something of it that is other than it should be
		     */
	bool busy;  /* a request is being served; others wait */
	TAILQ_HEAD(, request) requests;
	unsigned int request_count;
	struct {
		bool known;
		unsigned int driver, state; /* by which counts.h has it */
	} counted;
	struct medium media[SDP_MEDIA_MAX];
	unsigned int parties_made, party_count;
	uint64_t legs_made; /* since the beginning: who captures it looks for new ones */
	TAILQ_HEAD(, party) parties;
	TAILQ_HEAD(, exchange) exchanges; /* in the order of their offers */
	TAILQ_HEAD(, mute) mutes;
};

/* Holds one reference. NULL without memory. */
struct call *call_make(struct session *session, const char *id);
struct call *call_hold(struct call *call);
void call_release(struct call *call); /* the last one frees, legs and ports too */
/* Of what it is searched by something is other than it was. */
void call_changed(struct call *call);
/* Somebody has answered: the first time is kept. */
void call_note_answer(struct call *call);
/* Whether it had an answer, ever. */
bool call_is_answered(const struct call *call);

/* The texts are copied; `tag` may be NULL. NULL without memory. */
struct party *party_make(struct call *call, const char *tag, const char *branch);
/* With its legs and mutes; nobody names it. Its exchanges must be gone. */
void party_free(struct party *party);
struct party *call_party(const struct call *call, const char *tag);
struct party *call_party_labelled(const struct call *call, const char *label);
/* A copy is made; "" changes nothing. 0, -ENOMEM. */
int party_set_label(struct party *party, const char *label);
struct party *call_party_on(const struct call *call, const char *branch);
/* The one of this number; NULL if there is none. */
struct party *call_party_numbered(const struct call *call, unsigned int number);
/* For messages: its tag, or its branch; never NULL. */
const char *party_name(const struct party *party);
/* Whom it talks with; NULL: nobody. */
struct party *party_talks_with(const struct party *party);
/* The leg in force that has this m-line; NULL if there is none. */
struct leg *party_leg(const struct party *party, unsigned int line);

/* A leg at an address, with a port of its own: 0 takes one. 0, -ENOMEM, -EADDRNOTAVAIL, ... */
int leg_make(struct leg **leg, struct party *party, struct media_address *at, unsigned int port,
	     bool pair, uint64_t id);
/* At the port that the m-line had before, if it is to be had. 0, -EADDRINUSE, -ENOMEM, ... */
int leg_make_again(struct leg **leg, struct party *party, struct media_address *at,
		   unsigned int line, bool pair);
/* Frees it; its m-lines may come back, and are then to have its port. */
void leg_leave(struct leg *leg);
/* No event finds it, and nothing is pushed for it; its port and memory stay. */
void leg_retire(struct leg *leg);
void leg_free(struct leg *leg);
/* Where its media comes from or, as long as none was heard, goes to; zero: neither is known. */
struct endpoint leg_remote(const struct leg *leg);
/* Takes in where its media comes from; NULL if nobody was heard yet. */
void leg_hear(struct leg *leg, const Tandem__Dataplane__V1__Endpoint *remote);

/* Each leg of a call: needs a `party`. */
#define for_each_leg(leg, call)                                                                    \
	TAILQ_FOREACH (party, &(call)->parties, entry)                                             \
		TAILQ_FOREACH (leg, &party->legs, entry)

#endif
