/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strangers that a worker has met more than once, with the bucket of each: set-associative, so that
 * room is bounded and a look-up costs the same however many there are; of a full set the least
 * recent one is forgotten. The keys of the hash are secret: nobody can aim at one set.
 *
 * One worker uses a table; the main lcore makes it, zeroed but for the keys.
 */
#ifndef TANDEM_SOURCES_H
#define TANDEM_SOURCES_H

#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#define SOURCE_WAYS 8
#define SOURCE_SETS 8192

struct source_bucket {
	uint64_t half[2]; /* an address, as its octets are in memory */
	uint64_t due;     /* struct shed_rate */
	uint64_t used;    /* the table's clock then; 0: free */
};

struct source_table {
	uint64_t keys[2]; /* main: rw. Random */
	uint64_t clock;   /* look-ups that found something */
	struct source_bucket sets[SOURCE_SETS][SOURCE_WAYS] __rte_cache_aligned;
};

static inline struct source_bucket *source_set(struct source_table *t, const uint64_t half[2])
{
	unsigned __int128 product =
		(unsigned __int128)(half[0] ^ t->keys[0]) * (half[1] ^ t->keys[1]);

	return t->sets[((uint64_t)product ^ (uint64_t)(product >> 64)) % SOURCE_SETS];
}

/* The address's bucket, until the next call for this table; NULL: it is not known. */
static inline uint64_t *source_find(struct source_table *t, const uint8_t octets[16])
{
	struct source_bucket *set;
	uint64_t half[2];

	memcpy(half, octets, sizeof(half));
	set = source_set(t, half);
	for (unsigned int k = 0; k < SOURCE_WAYS; k++) {
		if (set[k].half[0] != half[0] || set[k].half[1] != half[1] || !set[k].used)
			continue;
		set[k].used = ++t->clock;
		return &set[k].due;
	}
	return NULL;
}

/* Only for an address that source_find() does not know. */
static inline void source_add(struct source_table *t, const uint8_t octets[16], uint64_t due)
{
	struct source_bucket *set, *oldest;
	uint64_t half[2];

	memcpy(half, octets, sizeof(half));
	oldest = set = source_set(t, half);
	for (unsigned int k = 1; k < SOURCE_WAYS; k++)
		if (set[k].used < oldest->used)
			oldest = &set[k];
	*oldest = (struct source_bucket){{half[0], half[1]}, due, ++t->clock};
}

#endif
