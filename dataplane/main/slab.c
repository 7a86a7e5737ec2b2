/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/slab.h"

#include <stdint.h>

#include <rte_common.h>
#include <rte_malloc.h>

#define CHUNK_SIZE (128 << 10)

struct slab_object {
	struct slab_object *next;
};

struct slab_chunk {
	struct slab_chunk *next;
	uint8_t objects[] __rte_cache_aligned;
};

static int where = SOCKET_ID_ANY;

void slab_set_node(int node)
{
	where = node;
}

static void grow(struct slab *slab)
{
	const size_t size = RTE_ALIGN_CEIL(slab->size, (size_t)RTE_CACHE_LINE_SIZE);
	struct slab_chunk *chunk =
		rte_malloc_socket("slab", CHUNK_SIZE, RTE_CACHE_LINE_SIZE, where);

	if (!chunk)
		return;
	chunk->next = slab->chunks;
	slab->chunks = chunk;
	for (size_t at = (CHUNK_SIZE - sizeof(*chunk)) / size; at > 0; at--)
		slab_put(slab, chunk->objects + (at - 1) * size);
}

bool slab_reserve(struct slab *slab)
{
	if (!slab->free)
		grow(slab);
	return slab->free;
}

void *slab_take(struct slab *slab)
{
	struct slab_object *object = slab_reserve(slab) ? slab->free : NULL;

	if (object)
		slab->free = object->next;
	return object;
}

void slab_put(struct slab *slab, void *object)
{
	struct slab_object *o = object;

	if (!o)
		return;
	o->next = slab->free;
	slab->free = o;
}

void slab_release(struct slab *slab)
{
	while (slab->chunks) {
		struct slab_chunk *chunk = slab->chunks;

		slab->chunks = chunk->next;
		rte_free(chunk);
	}
	slab->free = NULL;
}
