/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TURN server as workers see it: where it listens, its clients' allocations, and the challenge
 * of those who have none yet. Made by the main lcore before the workers start; what changes later
 * is single stores.
 */
#ifndef TANDEM_TURN_H
#define TANDEM_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "dataplane/allocation.h"
#include "dataplane/challenge.h"
#include "dataplane/drop.h"
#include "ebpf/siphash.h"

#define TURN_LISTENERS 16
#define TURN_BUCKET    8
#define TURN_NOBODY    UINT32_MAX

/* Allocations by client: each entry is a tag above an index and 1, or 0. One cache line. */
struct turn_bucket {
	uint64_t entry[TURN_BUCKET];
} __rte_cache_aligned;

struct turn_listener {
	struct endpoint local;
	uint8_t address; /* index */
	bool open;
	bool gate; /* on the link of tandem-turngate, which says who its clients are */
};

struct turn_realm {
	uint8_t length;
	uint8_t text[TURN_REALM_MAX];
};

struct turn {
	struct allocation *allocations;
	struct turn_bucket *buckets;
	uint32_t count; /* of allocations there may be */
	uint32_t mask;  /* of buckets, less 1 */
	__u64 key[2];   /* of the clients' hash */
	struct challenge challenge;
	/* Another one is written where the one before the last was, and then pointed to. */
	const struct turn_realm *realm; // main: rw, workers: ro
	struct turn_realm realms[2];
	struct turn_listener listeners[TURN_LISTENERS]; /* those that are closed stay */
	unsigned int listener_count;
};

static inline uint64_t turn_hash(const struct turn *t, unsigned int listener,
				 const struct endpoint *client)
{
	const __u64 words[] = {client->address.half[0], client->address.half[1],
			       client->port | (uint64_t)listener << 32};

	return siphash(t->key, words, 3, 1, 3);
}

/* The two buckets that a client may be in. */
static inline struct turn_bucket *turn_bucket(const struct turn *t, uint64_t hash,
					      unsigned int which)
{
	return &t->buckets[(which ? hash >> 20 : hash) & t->mask];
}

static inline uint32_t turn_tag(uint64_t hash)
{
	return hash >> 32;
}

/* The open allocation of a client; NULL: it has none. Any thread. */
static inline struct allocation *turn_find(const struct turn *t, uint64_t hash,
					   unsigned int listener, const struct endpoint *client)
{
	for (unsigned int which = 0; which < 2; which++) {
		const struct turn_bucket *bucket = turn_bucket(t, hash, which);

		for (unsigned int k = 0; k < TURN_BUCKET; k++) {
			uint64_t entry = __atomic_load_n(&bucket->entry[k], __ATOMIC_ACQUIRE);
			struct allocation *a;

			if (!entry || entry >> 32 != turn_tag(hash))
				continue;
			a = &t->allocations[(uint32_t)entry - 1];
			if (a->listener == listener && endpoint_equal(&a->client, client))
				return a;
		}
	}
	return NULL;
}

/*
 * Makes a packet, whose UDP payload has `length` octets at offset `payload`, one that brings them
 * from a peer to the allocation's client: ChannelData where a channel is bound, or a Data
 * indication. DROP_NONE, and the frame is complete, for the port of the allocation's egress, and
 * for the caller to count. Any thread.
 */
enum drop turn_to_client(const struct turn *t, struct allocation *a, struct rte_mbuf *m,
			 uint16_t payload, uint16_t length, const struct endpoint *peer,
			 uint64_t now);

#endif
