/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the main lcore remembers of one leg beside what the workers see of it. Private to the
 * registry's files; main lcore only.
 */
#ifndef TANDEM_RECORD_H
#define TANDEM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <rte_cycles.h>
#include <rte_hash.h>

#include "dataplane/main/legs/captures.h"
#include "dataplane/main/legs/deferred.h"
#include "dataplane/leg.h"
#include "dataplane/main/legs/registry.h"
#include "dataplane/main/slab.h"
#include "dataplane/main/keys/spent.h"

enum record_state {
	RECORD_FREE,
	RECORD_OPEN,
	RECORD_CLOSING, /* its worker still has to clear it, or configurations still name it */
};

struct record;

/* A path as it was asked for, and what of it outlives a configuration. */
struct path_record {
	TAILQ_ENTRY(path_record) out, in; /* of `from`, of `to` */
	struct record *from, *to;
	struct branch *branch;   /* NULL if it is the leg's own */
	struct silence *silence; /* NULL if RTP goes on as it came */
	uint64_t types[2];       /* with `some` */
	uint64_t lineage;        /* under which it was posted to protect; 0: it was not */
	uint32_t lane;           /* likewise; see claims.h */
	uint8_t mute;            /* enum drop */
	bool some, verify;
};
TAILQ_HEAD(path_list, path_record);

struct record {
	uint64_t id;
	struct leg *leg;
	struct leg_config *latest;      /* as posted last; a worker owns it, immutable */
	struct stream_windows *windows; /* the leg's, with its first key; NULL before */
	struct leg_pair *pairs;         /* the leg's, with its first ICE; NULL before */
	struct crypt_key *protect;      /* what the relay protects with towards this participant */
	struct egress *egress[LEG_COMPONENTS]; /* where it is sent to; NULL: nowhere, see mute */
	struct path_list out, in; /* where it goes on to, its own path first; whom it hears */
	struct sent *sent;        /* under `protect`, by those who no longer do; NULL: nothing */
	struct claims *claims;    /* while several protect towards it; NULL if none did */
	uint64_t lineage;         /* of `protect`: another one when its indices begin anew */
	struct tap *tap;          /* while it is captured; NULL if it is not */
	struct move *move;        /* while it goes over to another worker; NULL if it stays */
	uint32_t letting_go;      /* flows that still have to say what they sent */
	uint32_t turns, lanes;    /* given out under `lineage` and before */
	uint32_t revision;
	uint64_t created;       /* TSC */
	uint64_t media_timeout; /* TSC ticks; 0: no event */
	uint64_t listening;     /* TSC: since when it counts that no media comes */
	uint64_t last_media;    /* TSC: of the last packet before it was told that none comes */
	uint32_t named;         /* configurations that name this leg */
	uint32_t key_epoch;
	uint32_t own_rtcp;  /* SRTCP packets of the relay's own that were sent to the participant */
	uint32_t media_pps; /* what its participant may send; 0: no limit */
	uint32_t media_burst; /* ... and at once */
	uint64_t shed; /* packets for its ports that reached no worker; as shed_port_count() knew */
	uint32_t shed_seen[LEG_COMPONENTS]; /* of struct shed_port */
	uint32_t shed_reason;               /* enum shed_reason of the last one */
	uint32_t learnt[LEG_COMPONENTS];    /* of the latest notice of a learnt address */
	uint16_t port;                      /* host byte order */
	uint16_t worker;                    /* that is ordered what the leg is to be */
	uint8_t address;                    /* index */
	uint8_t dscp;                       /* of what its participant is sent */
	uint8_t state;                      /* enum record_state */
	uint8_t mute; /* enum drop: why there is no egress; DROP_NONE: no address is known */
	bool cleared; /* the worker answered ORDER_CLEAR */
	bool consent_lost;
	bool media; /* it was told that media comes */
	bool timed_out;
	bool outdated;             /* its worker has yet to hear what changed about its paths */
	bool latching, restarting; /* shed_port_watch() has to see the end of it */
};

struct registry {
	struct registry_config config;
	struct dataplane *dataplane;
	struct turn_server *turn; /* NULL: none is served */
	struct record *records;   /* by leg index */
	struct rte_hash *by_id;
	struct destinations *destinations;
	struct slab configs;  /* struct leg_config */
	struct slab terms;    /* struct leg_terms */
	struct slab seen;     /* struct seen */
	struct slab windows;  /* struct stream_windows */
	struct slab pairs;    /* LEG_PAIRS of struct leg_pair */
	struct slab branches; /* struct branch */
	uint32_t *free_list;
	uint32_t free_count;
	uint32_t count;
	uint64_t last_serial; /* of keys */
	uint64_t last_lineage;
	struct spent spent;
	uint32_t watched;    /* where registry_watch() goes on */
	uint64_t next_watch; /* TSC: not from the beginning before */
	struct deferred deferred;
	struct captures captures;
	struct move *moves; /* MOVES_MAX of them */
	unsigned int moving;
};

static inline struct record *record_of(const struct registry *r, const struct leg *leg)
{
	return &r->records[leg->index];
}

static inline uint64_t record_ticks(uint32_t ms)
{
	return ms * (rte_get_tsc_hz() / 1000);
}

/* What the leg needs once there are keys, and keeps from then on. False: no memory. */
static inline bool record_own_windows(struct registry *r, struct record *record)
{
	if (!record->windows)
		record->windows = slab_take(&r->windows);
	return record->windows;
}

/* record_find.c: the leg with this id that is open; NULL if there is none. */
struct record *record_find(const struct registry *r, uint64_t id);

/* record.c: the life of one leg. */

/* Takes a free slot and the id; NULL if none is left. */
struct record *record_create(struct registry *r, uint64_t id, unsigned int address, uint16_t port);
/* Forgets the id and closes the ports: no packet finds the leg from now on. */
void record_withdraw(struct registry *r, struct record *record);
/* Has the worker clear the leg; needs room for an order. */
void record_clear(struct registry *r, struct record *record);
/* The slot of a closed leg serves again when no worker and no configuration can name it. */
void record_reuse(struct registry *r, struct record *record);
/* Opens the leg's ports, or opens them anew to what changed; the second one unless muxed. */
void record_open_ports(struct registry *r, struct record *record, bool rtcp_mux);

/*
 * move.c: orders of a leg go to the worker that owns it, or wait while another one takes it over.
 * registry_has_room(): for what one request or one notice orders.
 */
bool registry_has_room(const struct registry *r);
void record_order(struct registry *r, struct record *record, struct order order);
/* Its packets come by this worker's queue; where it cannot move now, that is said again. */
void record_move(struct registry *r, struct record *record, unsigned int worker);
/* ORDER_MOVE was answered. */
void record_moved(struct registry *r, struct record *record);
int moves_create(struct registry *r);
void moves_destroy(struct registry *r);
/* Posts what had no room. Returns how much. */
unsigned int moves_poll(struct registry *r);

/* A copy to be amended (of zeros if `from` is NULL); NULL if there is no memory. */
struct leg_config *record_config_create(struct registry *r, const struct leg_config *from);
void record_config_free(struct registry *r, struct leg_config *config);
/* Terms of its own, to be amended: a copy of those it shares. False: no memory. */
bool record_config_own_terms(struct registry *r, struct leg_config *config);
/* The credentials become the previous ones; others take their place. False: no memory. */
bool record_terms_renew(struct registry *r, struct leg_terms *terms);
/* It needs none. */
void record_config_drop_terms(struct registry *r, struct leg_config *config);
/* Puts the leg's paths into the configuration and posts it; needs room for one order. */
void record_post(struct registry *r, struct record *record, struct leg_config *config);
/*
 * Posts the same again, since something about its paths changed; needs room for one order. 0 or
 * -ENOMEM: watch.c tries again.
 */
int record_repost(struct registry *r, struct record *record);
/* The same for what no request has found room for: where there is none now, watch.c tries again. */
void record_refresh(struct registry *r, struct record *record);
/* The same of all that go on to the leg. */
void record_repost_sources(struct registry *r, struct record *record);
void record_refresh_sources(struct registry *r, struct record *record);

/* path.c: all paths of a leg that goes end; needs room for orders. Those at the other ends are
 * posted. */
void path_end_all(struct registry *r, struct record *record);
/*
 * let_go.c: the flow of the path protects no longer; what it has sent comes back with the
 * order, and until then nobody else protects towards the leg. Needs room for an order.
 */
void path_let_go(struct registry *r, struct path_record *path);
void path_let_gone(struct registry *r, struct sent *sent);
/* path.c: the participant has another key, which begins anew. */
void path_forget_sent(struct registry *r, struct record *record);

/*
 * key.c: keys live as long as a configuration or a record names them. key_renew() gives a hold on
 * `current` if the key is still the same, or else on a new one: 0, -ENOTSUP, -ENOMEM or
 * -EKEYREJECTED.
 */
struct key_wanted {
	enum srtp_suite suite;
	enum crypt_direction direction;
	const ProtobufCBinaryData *key, *salt;
	bool unspent; /* no leg has used it before, and this one has it already or not at all */
};
int key_renew(struct registry *r, struct crypt_key **out, struct crypt_key *current,
	      const struct key_wanted *wanted);
/* It is in force from now on, and serves no leg anew. */
void key_spend(struct registry *r, const struct crypt_key *key);
void key_release(struct registry *r, struct crypt_key *key); /* NULL is accepted */

/*
 * leg_plan.c: fills everything in `config` that the request alone decides. 0 or -errno and `what`.
 * `config` begins as a copy of the leg's last one, or zeroed.
 */
int leg_plan(struct registry *r, struct leg_config *config,
	     const Tandem__Dataplane__V1__PutLeg *put, const char **what);
/* Index of the media address; -1: it is none. */
int leg_plan_local(const struct dataplane *d, const Tandem__Dataplane__V1__Endpoint *local);
int leg_plan_endpoint(struct endpoint *to, const Tandem__Dataplane__V1__Endpoint *from);

/*
 * shed_port.c: what those who shed floods know of the leg's ports. shed_port_plan() tells a
 * worker's next configuration where they are, shed_port_open() brings one up to date with
 * record->latest.
 */
void shed_port_plan(const struct registry *r, const struct record *record,
		    struct leg_config *config);
void shed_port_open(const struct registry *r, struct record *record, unsigned int component);
void shed_port_close(const struct registry *r, struct record *record, unsigned int component);
/* Ends what has a time: the latching window, an ICE restart. */
void shed_port_watch(const struct registry *r, struct record *record, uint64_t now);
/* Brings record->shed and record->shed_reason up to date. */
void shed_port_count(const struct registry *r, struct record *record);

/*
 * remote.c: makes `remote` (NULL: nowhere, for the reason `mute`) what the leg sends to, from the
 * peer's next configuration on: remote_set_egress() leaves it to the caller to post that. 0, or
 * -EHOSTUNREACH: there is no way to `remote`, and the leg sends nowhere.
 */
int remote_set_egress(struct registry *r, struct record *record, unsigned int component,
		      const struct endpoint *remote, enum drop mute);
int remote_set(struct registry *r, struct record *record, unsigned int component,
	       const struct endpoint *remote, enum drop mute);
/* Likewise makes `dscp` what it is marked with. */
void remote_mark(struct registry *r, struct record *record, uint8_t dscp);

/* watch.c: consent, media timeouts: a part of the legs each time. */
void registry_watch(struct registry *r);

/* tell.c: an event of the leg to the control plane. */
void registry_tell(struct registry *r, const struct record *record, int kind,
		   const struct endpoint *remote, const struct rte_mbuf *datagram);

#endif
