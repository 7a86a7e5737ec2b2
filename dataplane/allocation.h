/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A TURN allocation (RFC 8656): a client, the address that is relayed for it, and the peers that it
 * may speak with. It has no owner: the main lcore alone writes it, workers only read and count, so
 * any of them serves any packet. What the main lcore changes is one store: an entry is complete
 * before its `until` is set, a renewal moves `until`, and a slot or an allocation serves somebody
 * else only when no worker can still be reading what it was.
 */
#ifndef TANDEM_ALLOCATION_H
#define TANDEM_ALLOCATION_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>
#include <rte_common.h>
#include <rte_prefetch.h>

#include "dataplane/lib/address.h"

#define ALLOCATION_FEW  4  /* permissions, and channels, that an allocation has room for ... */
#define ALLOCATION_MORE 28 /* ... and as many more, elsewhere */
#define ALLOCATION_ALL  (ALLOCATION_FEW + ALLOCATION_MORE)

struct egress;

/* Times are TSC. */
struct permission {
	struct address peer;
	uint64_t until;        /* 0: there is none */
	struct egress *egress; /* to the peer, with port 0; NULL: the peer is a media address */
};

struct channel {
	uint64_t until;     /* 0: there is none */
	uint16_t number;    /* host byte order */
	uint16_t port;      /* of the peer, network byte order */
	uint8_t permission; /* the peer's place among the permissions */
};

struct allocation_more {
	struct permission permissions[ALLOCATION_MORE];
	struct channel channels[ALLOCATION_MORE];
};

/* One direction. Any worker adds. */
struct allocation_count {
	uint64_t packets, bytes, drops;
} __rte_cache_aligned;

struct allocation {
	struct endpoint client;
	struct endpoint relayed; /* its transport address, as peers see it */
	uint64_t until;          /* 0: it is closed */
	struct egress *egress;   /* to the client, from where the server listens */
	struct channel channels[ALLOCATION_FEW] __rte_cache_aligned;
	struct permission permissions[ALLOCATION_FEW];
	struct allocation_more *more __rte_cache_aligned; /* NULL: no more */
	uint32_t index;                                   /* constant */
	uint32_t users;    // main: rw. Egresses of legs that lead to it.
	uint16_t listener; /* index */
	uint16_t reserved;
	__u64 due; // who sheds: rw. The bucket of its rate (struct shed_rate).
	struct allocation_count to_peers, to_client;
} __rte_cache_aligned;

/* What a packet of either direction reads. */
static inline void allocation_prefetch(const struct allocation *a)
{
	for (unsigned int line = 0; line < sizeof(*a) / RTE_CACHE_LINE_SIZE; line++)
		rte_prefetch0((const char *)a + line * RTE_CACHE_LINE_SIZE);
}

static inline bool allocation_is_open(const struct allocation *a, uint64_t now)
{
	return __atomic_load_n(&a->until, __ATOMIC_ACQUIRE) > now;
}

static inline struct permission *allocation_permission(struct allocation *a, unsigned int k)
{
	return k < ALLOCATION_FEW ? &a->permissions[k] : &a->more->permissions[k - ALLOCATION_FEW];
}

static inline struct channel *allocation_channel(struct allocation *a, unsigned int k)
{
	return k < ALLOCATION_FEW ? &a->channels[k] : &a->more->channels[k - ALLOCATION_FEW];
}

static inline unsigned int allocation_room(const struct allocation *a)
{
	return __atomic_load_n(&a->more, __ATOMIC_ACQUIRE) ? ALLOCATION_ALL : ALLOCATION_FEW;
}

/* The permission of a peer that is in force; NULL: there is none. Any thread. */
static inline struct permission *allocation_permits(struct allocation *a,
						    const struct address *peer, uint64_t now)
{
	unsigned int room = allocation_room(a);

	for (unsigned int k = 0; k < room; k++) {
		struct permission *p = allocation_permission(a, k);

		if (__atomic_load_n(&p->until, __ATOMIC_ACQUIRE) > now &&
		    address_equal(&p->peer, peer))
			return p;
	}
	return NULL;
}

/* The channel of this number that is in force; NULL: there is none. */
static inline struct channel *allocation_channel_of(struct allocation *a, uint16_t number,
						    uint64_t now)
{
	unsigned int room = allocation_room(a);

	for (unsigned int k = 0; k < room; k++) {
		struct channel *c = allocation_channel(a, k);

		if (__atomic_load_n(&c->until, __ATOMIC_ACQUIRE) > now && c->number == number)
			return c;
	}
	return NULL;
}

/* The number of the channel that is bound to a peer; 0: none is. */
static inline uint16_t allocation_channel_to(struct allocation *a, const struct endpoint *peer,
					     uint64_t now)
{
	unsigned int room = allocation_room(a);

	for (unsigned int k = 0; k < room; k++) {
		const struct channel *c = allocation_channel(a, k);

		if (__atomic_load_n(&c->until, __ATOMIC_ACQUIRE) > now && c->port == peer->port &&
		    address_equal(&allocation_permission(a, c->permission)->peer, &peer->address))
			return c->number;
	}
	return 0;
}

static inline void allocation_count(struct allocation_count *c, uint32_t bytes)
{
	__atomic_fetch_add(&c->packets, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&c->bytes, bytes, __ATOMIC_RELAXED);
}

#endif
