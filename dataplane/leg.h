/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A leg is the relay's endpoint towards one participant; its flow is what it receives, and sends on
 * by its own path. The flow is the unit of ownership: one worker writes it, the one that owns the
 * leg's port. The main lcore decides what a leg is by posting an immutable leg_config.
 */
#ifndef TANDEM_LEG_H
#define TANDEM_LEG_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include "dataplane/lib/address.h"
#include "dataplane/srtp/crypt.h"
#include "dataplane/egress.h"
#include "dataplane/flow.h"
#include "dataplane/path.h"
#include "dataplane/wire/stun.h"

#define LEG_COMPONENTS    PATH_COMPONENTS
#define LEG_HEARD         4 /* legs that a participant hears, of whom its RTCP speaks */
#define LEG_PAIRS         4 /* addresses of one participant that passed an ICE check */
#define LEG_CLOCKS        8 /* different RTP clock rates beside the default */
#define LEG_CLOCK_DEFAULT 8000

#define LEG_CONSENT_SECONDS 30 /* RFC 7675 5.1 */

enum leg_security { LEG_PLAIN, LEG_SDES, LEG_DTLS };

struct branch;
struct seen;
struct sent;
struct shed_port;
struct tap;

/* ICE credentials (RFC 8445): what checks on this leg must carry. */
struct leg_ice {
	char local_ufrag[36]; /* NUL-terminated; "" means none */
	char remote_ufrag[36];
	struct stun_auth auth; /* of the local password */
	struct seen *seen;     /* the checks that counted; NULL if there is no ICE */
};

/* What few packets ask for: those of ICE, and those with another payload type than before. */
struct leg_terms {
	struct leg_ice credentials[2]; /* current, and previous until a new pair is nominated */
	/* By RTP payload type: 0 is LEG_CLOCK_DEFAULT, k is clock_hz[k - 1]. */
	uint8_t clock[128];
	uint32_t clock_hz[LEG_CLOCKS];
	uint32_t users; // main: rw. Configurations that name it.
};

/*
 * What a leg is to be. Built and freed by the main lcore, read by the owning worker alone between
 * leg_apply() of this one and of the next.
 */
struct leg_config {
	uint8_t security; /* enum leg_security */
	bool ice;
	bool rtcp_mux;
	bool has_own;
	bool latch_signalled; /* an address is learnt only if the IP address is that of `remote` */
	uint8_t branch_count;
	struct path *branches; /* branch_count of them */
	struct path own;       /* with has_own */
	/* Whom the participant hears by paths of theirs; NULL: no more of them. */
	struct leg *heard[LEG_HEARD];
	struct branch *heard_by[LEG_HEARD];     /* by which branch of it; NULL if by its own path */
	struct crypt_key *receive;              /* current epoch; NULL if there is none */
	struct crypt_key *receive_previous;     /* also accepted until grace_until */
	uint64_t grace_until;                   /* TSC */
	uint64_t latch_until;                   /* TSC; 0: never learn an address */
	struct endpoint remote[LEG_COMPONENTS]; /* from the SDP; unset: unknown */
	/*
	 * Its ports' entries in dataplane.shed_ports, for expect.h; NULL if there are none.
	 */
	struct shed_port *shed[LEG_COMPONENTS];
	struct leg_terms *terms; /* NULL if there is no ICE, and no other clock than the default */
	struct stream_windows *windows; /* of flow.first; NULL until there was a key */
	struct leg_pair *pairs;         /* LEG_PAIRS of them; NULL until there was ICE */
	struct tap *tap;                /* NULL if the leg is not captured */
	uint32_t ice_epoch;             /* counts ICE restarts */
	uint32_t remote_epoch; /* counts what voids learnt addresses: a new `remote`, `ice` */
	uint32_t latch_epoch;  /* counts what opens the window anew, and voids nothing */
};

/* Which window it is, for who sheds: from 1 to 255, another one than before. */
static inline uint8_t leg_window(const struct leg_config *config)
{
	return 1 + (config->remote_epoch + config->latch_epoch) % 255;
}

/* A participant's address that passed an ICE check, with the time of the last one (consent). */
struct leg_pair {
	struct endpoint remote;
	uint32_t component : 8;
	uint32_t last : 24; /* of the last check's transaction: it may come again, if unanswered */
	uint32_t ice_epoch;
	uint64_t checked; /* TSC */
};

struct leg {
	/* What each packet reads of its leg: one cache line. */
	struct leg_config *config; // worker: rw, main: ro only for its own copy in the register
	struct endpoint remote[LEG_COMPONENTS]; // worker: rw, main: ro. Who may speak.
	bool latched[LEG_COMPONENTS];           // worker: rw
	uint8_t pair_count : 7;                 // worker: rw, main: ro
	uint8_t wants : 1;                      // worker: rw. `wanted` has one.
	uint8_t worker;                         // the owner: w, all: ro; by leg_worker()
	uint32_t index;                         // constant

	struct flow flow;

	/* worker: rw, main: ro */
	struct endpoint former[LEG_COMPONENTS]; /* before the SDP changed; not latched until ... */
	uint64_t former_until;                  /* ... TSC */
	/* A nominated pair, and one more, that waits to be sent to; 0: none. */
	uint8_t wanted[LEG_COMPONENTS];
	bool kept[LEG_COMPONENTS]; /* `remote` was heard before the window opened anew */
	struct leg_pair *pairs;    /* the configuration's */
	uint64_t heard; /* TSC; media from the nominated address, while another one is wanted */
	uint32_t nominated_epoch; /* ice_epoch of the last nomination */
	uint64_t receive_serial;  /* of the key that the streams' index state belongs to */
	uint64_t elsewhere;       /* packets that were accepted and left by branches alone */
	uint64_t moved;           /* TSC: when it last went over to another worker; 0: never */
	uint32_t learnt[LEG_COMPONENTS]; /* how often an address was */
	uint32_t units;                  /* of a worker's pool, that went over with it */
	uint16_t goes_to;                /* the worker, while it moves */
	uint8_t odd[RTE_CACHE_LINE_SIZE] __rte_cache_aligned; /* one line more: see leg.c */
} __rte_cache_aligned;

struct worker;

/* Which worker owns the leg. Who finds itself here has all that the one before wrote. */
static inline uint16_t leg_worker(const struct leg *leg)
{
	return __atomic_load_n(&leg->worker, __ATOMIC_ACQUIRE);
}

/* The owner, or the main lcore before the leg's port is opened: it is another worker's. */
static inline void leg_set_worker(struct leg *leg, uint16_t worker)
{
	__atomic_store_n(&leg->worker, worker, __ATOMIC_RELEASE);
}

/* Worker: makes `config` the leg's own and returns the one before (NULL if the leg is new). */
struct leg_config *leg_apply(struct worker *w, struct leg *leg, struct leg_config *config,
			     uint64_t now);
/* Worker: frees the leg's streams and returns its last configuration. */
struct leg_config *leg_clear(struct worker *w, struct leg *leg);

/* Worker: nothing more is sent by the leg's own path, or by a branch; `out` gets what was. */
void leg_let_go(struct leg *leg, struct branch *branch, struct sent *out);

/* Worker: `component` has its remote address, or none, and learns no other. */
void leg_settle(struct leg *leg, unsigned int component);

/*
 * Worker: packets of `component` come from and go to `remote` from now on; the main lcore is told
 * and publishes the egress. False: the main lcore does not keep up and nothing has changed; the
 * next packet tries again.
 */
bool leg_learn(struct worker *w, struct leg *leg, unsigned int component,
	       const struct endpoint *remote);

/* Whether a pair waits to be sent to, and where media goes nothing has come from for a second. */
static inline bool leg_gives_way(const struct leg *leg, unsigned int component, uint64_t now,
				 uint64_t hz)
{
	return leg->wanted[component] && (int64_t)(now - leg->heard) >= (int64_t)hz;
}

/* Worker: the pair with that place in `pairs`, from 1, waits to be sent to; 0: none does. */
static inline void leg_want(struct leg *leg, unsigned int component, uint8_t place)
{
	leg->wanted[component] = place;
	leg->wants = leg->wanted[0] || leg->wanted[1];
}

/* Worker: media came from the pair that waits to be sent to; `authentic`: with a right tag. */
void leg_prefer(struct worker *w, struct leg *leg, unsigned int component,
		const struct endpoint *source, bool authentic, uint64_t now);

#endif
