/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/stream.h"

#include <assert.h>
#include <stddef.h>

#include "dataplane/flow.h"
#include "dataplane/srtp/index.h"
#include "dataplane/retire.h"
#include "dataplane/stream_unit.h"
#include "dataplane/worker.h"

static_assert(offsetof(struct stream, windows) == RTE_CACHE_LINE_SIZE,
	      "SSRC and statistics fill the first cache line");
static_assert(offsetof(struct stream, send_rtcp) == 2 * RTE_CACHE_LINE_SIZE,
	      "what crypt touches fills the second one");
static_assert(sizeof(struct stream_unit) == 10 * RTE_CACHE_LINE_SIZE, "the pool is budgeted");

/*
 * Parts of the pool that are left to others: by a flow's further streams, and by those after them.
 */
#define SPARE_PART   8
#define FAIR_PART    4
#define FAIR_STREAMS 2

static bool may_grow(const struct worker *w, const struct flow *flow)
{
	if (!w->free_stream_count || flow->stream_count >= w->streams_per_flow)
		return false;
	return w->free_stream_count >
	       w->stream_count / (flow->stream_count < FAIR_STREAMS ? SPARE_PART : FAIR_PART);
}

static bool has_first(const struct flow *flow)
{
	const struct stream *s = flow->streams;

	while (s && s != &flow->first)
		s = s->next;
	return s;
}

/* Memory for one more; NULL if the flow has what it may have, and all of it is heard. */
static struct stream *find_room(struct worker *w, struct flow *flow, uint64_t now)
{
	struct stream *s;

	if (!has_first(flow))
		return &flow->first;
	if (may_grow(w, flow))
		return stream_unit_begin(w);
	s = retire_one(w, flow, now);
	if (s || !w->free_stream_count || flow->stream_count >= w->streams_per_flow)
		return s;
	return stream_unit_begin(w); /* all are heard: then it gets what there is */
}

/* Of an SSRC that made room nobody knows what came of it under the key before. */
static void refuse_former_key(const struct flow *flow, struct stream *s)
{
	unsigned int former;

	if (!flow->retired || !flow->receive_previous)
		return;
	former = flow->receive_previous->epoch & 1;
	s->receive_highest[former] = INDEX_END - 1;
	s->receive_rtcp_highest[former] = INDEX_RTCP_END - 1;
}

enum drop stream_add(struct worker *w, struct flow *flow, uint32_t ssrc, uint64_t now,
		     struct stream **out)
{
	struct stream *s = retire_refuses(flow, ssrc) ? NULL : find_room(w, flow, now);

	if (!s)
		return w->free_stream_count ? DROP_STREAM_LIMIT : DROP_STREAM_POOL;
	*s = (struct stream){
		.next = flow->streams,
		.ssrc = ssrc,
		.windows = s->windows,
		.receive_highest = {INDEX_NONE, INDEX_NONE},
		.receive_rtcp_highest = {INDEX_NONE, INDEX_NONE},
		.send_highest = INDEX_NONE,
		.ahead = INDEX_NONE,
		.send_rtcp = STREAM_RTCP_FIRST,
		.carried = INDEX_NONE,
	};
	refuse_former_key(flow, s);
	retire_recall(flow, s);
	stream_hear(s, now);
	flow->stream_count++;
	/* The main lcore may walk the list: what it finds must be complete. */
	__atomic_store_n(&flow->streams, s, __ATOMIC_RELEASE);
	*out = s;
	return DROP_NONE;
}

void stream_release_all(struct worker *w, struct flow *flow)
{
	struct stream *s = flow->streams;

	retire_release_all(w, flow);
	flow->streams = NULL;
	flow->stream_count = 0;
	while (s) {
		struct stream *next = s->next;

		if (s != &flow->first)
			stream_unit_give(w, container_of(s, struct stream_unit, stream));
		s = next;
	}
}

uint32_t stream_units(const struct flow *flow)
{
	uint32_t units = retire_units(flow);

	for (const struct stream *s = flow->streams; s; s = s->next)
		units += s != &flow->first;
	return units;
}

void stream_new_receive_epoch(struct flow *flow, uint32_t epoch)
{
	unsigned int slot = epoch & 1;

	retire_new_receive_epoch(flow);
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
	retire_new_send_key(flow, goes_on);
	for (struct stream *s = flow->streams; s; s = s->next) {
		s->stale = false;
		if (goes_on)
			continue;
		s->send_highest = INDEX_NONE;
		s->send_rtcp = STREAM_RTCP_FIRST;
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
		.faults = s->faults,
		.hearsay = s->hearsay,
	};
	if (!m->scale)
		return;
	out->clock_hz = stream_clock(m->scale, hz);
	out->lost += m->missing;
	out->jitter_us = (uint64_t)m->jitter * 1000000 / 16 / out->clock_hz;
}
