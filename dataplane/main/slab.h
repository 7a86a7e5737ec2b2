/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Objects of one size in hugepages, for the main lcore alone. rte_malloc() puts 128 octets around
 * each object, and looks for room among all that were freed: with many legs that takes longer than
 * all else that is done for one. What is put back is taken next, and memory grows only.
 */
#ifndef TANDEM_SLAB_H
#define TANDEM_SLAB_H

#include <stdbool.h>
#include <stddef.h>

/* All but the size is zero in the beginning. */
struct slab {
	size_t size; /* of an object; they begin on cache lines */
	struct slab_object *free;
	struct slab_chunk *chunks;
};

/* On which NUMA node all slabs grow from now on; the main lcore's until then. */
void slab_set_node(int node);

/* Its content is whatever; NULL if there is no memory. */
void *slab_take(struct slab *slab);
/* Whether the next slab_take() gives one. */
bool slab_reserve(struct slab *slab);
/* NULL is accepted. */
void slab_put(struct slab *slab, void *object);
/* No object may be in use. The slab is as in the beginning. */
void slab_release(struct slab *slab);

#endif
