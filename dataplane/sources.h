/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strangers that a worker has met more than once, with the bucket of each: set-associative, so that
 * room is bounded and a look-up costs the same however many there are; of a full set the least
 * recent one is forgotten. The hash has a secret seed: nobody can aim at one set.
 *
 * One worker uses a table; the main lcore makes it, zeroed but for the seed.
 */
#ifndef TANDEM_SOURCES_H
#define TANDEM_SOURCES_H

#include <assert.h>
#include <stdint.h>

#include <rte_common.h>

#include "ebpf/shed.h"
#include "ebpf/sketch.h"

#define SOURCE_WAYS 8
#define SOURCE_SETS (SHED_SOURCES / SOURCE_WAYS)

struct source_bucket {
	struct shed_address address;
	__u64 due;     /* see struct shed_rate */
	uint64_t used; /* the table's clock then; 0: free */
};
static_assert(sizeof(struct source_bucket) == 32, "a set is four cache lines");

struct source_table {
	uint64_t seed;  /* main: rw. Random */
	uint64_t clock; /* counts uses */
	struct source_bucket sets[SOURCE_SETS][SOURCE_WAYS] __rte_cache_aligned;
};

static inline struct source_bucket *source_set(struct source_table *t, const struct shed_address *a)
{
	return t->sets[sketch_hash(a, t->seed) % SOURCE_SETS];
}

/* The address's bucket, until the next call for this table; NULL if it is not known. */
static inline __u64 *source_find(struct source_table *t, const struct shed_address *a)
{
	struct source_bucket *set = source_set(t, a);

	for (unsigned int k = 0; k < SOURCE_WAYS; k++) {
		if (set[k].address.half[0] != a->half[0] || set[k].address.half[1] != a->half[1] ||
		    !set[k].used)
			continue;
		set[k].used = ++t->clock;
		return &set[k].due;
	}
	return NULL;
}

/* Only for an address that source_find() does not know. */
static inline void source_add(struct source_table *t, const struct shed_address *a, __u64 due)
{
	struct source_bucket *set = source_set(t, a), *oldest = set;

	for (unsigned int k = 1; k < SOURCE_WAYS; k++)
		if (set[k].used < oldest->used)
			oldest = &set[k];
	*oldest = (struct source_bucket){*a, due, ++t->clock};
}

#endif
