/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/stream.h"

#include <assert.h>
#include <stddef.h>

#include "dataplane/flow.h"
#include "dataplane/index.h"
#include "dataplane/worker.h"

static_assert(offsetof(struct stream, receive_highest) == RTE_CACHE_LINE_SIZE,
	      "SSRC and statistics fill the first cache line");
static_assert(offsetof(struct stream, receive_window) == 2 * RTE_CACHE_LINE_SIZE,
	      "windows begin on a cache line");
static_assert(sizeof(struct stream) == 9 * RTE_CACHE_LINE_SIZE, "memory per leg is budgeted");

/* The first SRTCP index sent is 1, since libsrtp begins there: both engines send the same bytes. */
#define RTCP_FIRST 1

static void put(struct worker *w, struct stream *s)
{
	s->next = w->free_streams;
	w->free_streams = s;
	w->free_stream_count++;
}

enum drop stream_add(struct worker *w, struct flow *flow, uint32_t ssrc, struct stream **out)
{
	struct stream *s = &flow->first;

	if (flow->stream_count >= w->streams_per_flow)
		return DROP_STREAM_LIMIT;
	if (flow->streams) {
		s = w->free_streams;
		if (!s)
			return DROP_STREAM_POOL;
		w->free_streams = s->next;
		w->free_stream_count--;
	}
	*s = (struct stream){
		.next = flow->streams,
		.ssrc = ssrc,
		.receive_highest = {INDEX_NONE, INDEX_NONE},
		.receive_rtcp_highest = {INDEX_NONE, INDEX_NONE},
		.send_highest = INDEX_NONE,
		.ahead = INDEX_NONE,
		.send_rtcp = RTCP_FIRST,
		.carried = INDEX_NONE,
	};
	flow->stream_count++;
	/* The main lcore may walk the list: what it finds must be complete. */
	__atomic_store_n(&flow->streams, s, __ATOMIC_RELEASE);
	*out = s;
	return DROP_NONE;
}

void stream_release_all(struct worker *w, struct flow *flow)
{
	struct stream *s = flow->streams;

	flow->streams = NULL;
	flow->stream_count = 0;
	while (s) {
		struct stream *next = s->next;

		if (s != &flow->first)
			put(w, s);
		s = next;
	}
}

void stream_new_receive_epoch(struct flow *flow, uint32_t epoch)
{
	unsigned int slot = epoch & 1;

	for (struct stream *s = flow->streams; s; s = s->next) {
		if (s->receive_highest[!slot] != INDEX_NONE)
			s->carried = s->receive_highest[!slot];
		s->receive_highest[slot] = INDEX_NONE;
		s->receive_rtcp_highest[slot] = INDEX_NONE;
		s->stale = false;
	}
}

void stream_new_send_key(struct flow *flow, bool goes_on)
{
	for (struct stream *s = flow->streams; s; s = s->next) {
		s->stale = false;
		if (goes_on)
			continue;
		s->send_highest = INDEX_NONE;
		s->send_rtcp = RTCP_FIRST;
	}
}

void stream_report(const struct stream *s, uint64_t hz, struct stream_report *out)
{
	const struct stream_meter *m = &s->meter;

	*out = (struct stream_report){
		.ssrc = s->ssrc,
		.payload_type = m->payload_type,
		.packets = m->packets,
		.bytes = m->bytes,
		.lost = s->lost,
		.rtt_us = s->rtt_us,
		.renumbered = s->renumbered,
	};
	if (!m->scale)
		return;
	out->lost += (int64_t)(uint32_t)(m->highest - m->base + 1) - m->received;
	out->jitter_us = (uint64_t)m->jitter * 1000000 / 16 / stream_clock(m->scale, hz);
}
