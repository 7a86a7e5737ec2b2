/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's own units of memory: for streams, and for what is remembered of those that made room.
 * Worker only.
 */
#ifndef TANDEM_STREAM_UNIT_H
#define TANDEM_STREAM_UNIT_H

#include "dataplane/stream.h"
#include "dataplane/worker.h"

struct stream_unit {
	union {
		struct stream stream;
		struct stream_unit *next; /* while it is free */
	};
	struct stream_windows windows; /* of `stream` */
} __rte_cache_aligned;

/* Takes one, while free_stream_count is not 0. */
static inline struct stream_unit *stream_unit_take(struct worker *w)
{
	struct stream_unit *unit = w->free_streams;

	w->free_streams = unit->next;
	w->free_stream_count--;
	return unit;
}

/* The same, for a stream. */
static inline struct stream *stream_unit_begin(struct worker *w)
{
	struct stream_unit *unit = stream_unit_take(w);

	unit->stream.windows = &unit->windows;
	return &unit->stream;
}

static inline void stream_unit_give(struct worker *w, struct stream_unit *unit)
{
	unit->next = w->free_streams;
	w->free_streams = unit;
	w->free_stream_count++;
}

#endif
