/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's own units of memory, each as large as a stream: for streams, and for what is
 * remembered of those that made room. Worker only.
 */
#ifndef TANDEM_STREAM_UNIT_H
#define TANDEM_STREAM_UNIT_H

#include "dataplane/stream.h"
#include "dataplane/worker.h"

/* Takes one, while free_stream_count is not 0. */
static inline struct stream *stream_unit_take(struct worker *w)
{
	struct stream *unit = w->free_streams;

	w->free_streams = unit->next;
	w->free_stream_count--;
	return unit;
}

static inline void stream_unit_give(struct worker *w, struct stream *unit)
{
	unit->next = w->free_streams;
	w->free_streams = unit;
	w->free_stream_count++;
}

#endif
