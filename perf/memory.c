/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/memory.h"

#include <malloc.h>

#include <rte_lcore.h>
#include <rte_malloc.h>

struct memory memory_used(void)
{
	const struct mallinfo2 ordinary = mallinfo2();
	struct memory used = {.malloc = ordinary.uordblks + ordinary.hblkhd};

	for (unsigned int k = 0; k < rte_socket_count(); k++) {
		struct rte_malloc_socket_stats heap;

		if (rte_malloc_get_socket_stats(rte_socket_id_by_idx(k), &heap))
			continue;
		used.heap += heap.heap_allocsz_bytes;
		used.blocks += heap.alloc_count;
	}
	return used;
}

uint64_t memory_since(const struct memory *then)
{
	const struct memory now = memory_used();

	return now.heap - then->heap + now.malloc - then->malloc;
}
