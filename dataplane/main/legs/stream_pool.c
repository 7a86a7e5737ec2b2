/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of a worker's streams: taken once, by the main lcore. */
#include <errno.h>

#include <rte_malloc.h>

#include "dataplane/main/legs/stream_pool.h"
#include "dataplane/stream_unit.h"
#include "dataplane/worker.h"

int stream_pool_create(struct worker *w, uint32_t count, int socket)
{
	w->streams = rte_zmalloc_socket("streams", (size_t)count * sizeof(struct stream_unit),
					RTE_CACHE_LINE_SIZE, socket);
	if (!w->streams)
		return -ENOMEM;
	for (uint32_t i = count; i > 0; i--) {
		w->streams[i - 1].next = w->free_streams;
		w->free_streams = &w->streams[i - 1];
	}
	w->free_stream_count = w->stream_count = count;
	return 0;
}

void stream_pool_destroy(struct worker *w)
{
	rte_free(w->streams);
	w->streams = NULL;
	w->free_streams = NULL;
	w->free_stream_count = 0;
}
