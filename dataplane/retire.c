/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/retire.h"

#include <assert.h>
#include <string.h>

#include "dataplane/srtp/index.h"
#include "dataplane/leg.h"
#include "dataplane/srtp/sent.h"
#include "dataplane/srtp/ssrc_filter.h"
#include "dataplane/stream_unit.h"
#include "dataplane/expect.h"
#include "dataplane/worker.h"

#define GRAVES       8 /* units with what is kept exactly */
#define TOMBS        14
#define FILTERS      4 /* units of the filter */
#define FILTER_WORDS (SSRC_FILTER_WORDS / FILTERS)

/* What must be known of an SSRC if it comes back. */
struct tomb {
	uint32_t ssrc;
	uint32_t shift, send_rtcp;
	uint32_t receive_rtcp; /* highest index; UINT32_MAX: none */
	uint64_t send_highest, receive_highest, carried;
};

struct grave {
	struct grave *next; /* an older one */
	uint32_t count;
	struct tomb tombs[TOMBS];
};

/* The flow's part. */
struct retired {
	uint64_t packets, bytes; // worker: rw, others: ro
	uint32_t changes;        // worker: rw, others: ro. Odd while one is retired.
	uint32_t grave_count;
	struct grave *graves;      /* the latest first */
	uint64_t *filter[FILTERS]; /* all or none */
	bool sent, received;       /* what the filter stands for, under keys in force */
};

static_assert(sizeof(struct grave) <= sizeof(struct stream_unit), "it lies in a unit of the pool");
static_assert(sizeof(struct retired) <= sizeof(struct stream_unit),
	      "it lies in a unit of the pool");
static_assert(1 + GRAVES + FILTERS == RETIRE_UNITS, "as the header says");

/* --- the filter ------------------------------------------------------------------------------ */

static uint64_t *filter_word(const struct retired *r, uint32_t ssrc, unsigned int which,
			     uint64_t *bit)
{
	unsigned int place = ssrc_filter_place(ssrc, which, bit);

	return &r->filter[place / FILTER_WORDS][place % FILTER_WORDS];
}

static bool filter_has(const struct retired *r, uint32_t ssrc)
{
	bool all = r->filter[0] && (r->sent || r->received);
	uint64_t bit;

	for (unsigned int which = 0; all && which < 2; which++)
		all = *filter_word(r, ssrc, which, &bit) & bit;
	return all;
}

static void filter_clear(struct retired *r)
{
	for (unsigned int k = 0; k < FILTERS && r->filter[k]; k++)
		memset(r->filter[k], 0, FILTER_WORDS * sizeof(uint64_t));
	r->sent = r->received = false;
}

static bool filter_open(struct worker *w, struct retired *r)
{
	if (r->filter[0])
		return true;
	if (w->free_stream_count < FILTERS)
		return false;
	for (unsigned int k = 0; k < FILTERS; k++)
		r->filter[k] = (uint64_t *)stream_unit_take(w);
	filter_clear(r);
	return true;
}

/* --- what is kept exactly -------------------------------------------------------------------- */

static bool was_sent(const struct tomb *t)
{
	return t->send_highest != INDEX_NONE || t->send_rtcp != STREAM_RTCP_FIRST;
}

/* Of the key to send with alone what this flow has sent: it may be another one's SSRC, too. */
static void forget_in_engine(const struct worker *w, const struct flow *flow, const struct tomb *t)
{
	if (!w->engine->forget)
		return;
	if (flow->receive)
		w->engine->forget(flow->receive, t->ssrc);
	if (flow_protects(flow) && flow->send && was_sent(t))
		w->engine->forget(flow->send, t->ssrc);
}

static void fold(const struct worker *w, const struct flow *flow, struct retired *r,
		 const struct tomb *t)
{
	uint64_t bit;

	for (unsigned int which = 0; which < 2; which++)
		*filter_word(r, t->ssrc, which, &bit) |= bit;
	r->sent |= was_sent(t);
	r->received |= t->receive_highest != INDEX_NONE || t->receive_rtcp != UINT32_MAX;
	forget_in_engine(w, flow, t);
}

/* The oldest one's go into the filter. */
static struct grave *reopen_oldest(struct worker *w, const struct flow *flow, struct retired *r)
{
	struct grave **link = &r->graves, *oldest;

	if (!filter_open(w, r))
		return NULL;
	while ((*link)->next)
		link = &(*link)->next;
	oldest = *link;
	*link = NULL;
	for (unsigned int k = 0; k < oldest->count; k++)
		fold(w, flow, r, &oldest->tombs[k]);
	return oldest;
}

/* Room for one more; NULL if there is no memory. */
static struct tomb *dig(struct worker *w, const struct flow *flow, struct retired *r)
{
	struct grave *g = r->graves;

	if (g && g->count < TOMBS)
		return &g->tombs[g->count++];
	if (r->grave_count < GRAVES && w->free_stream_count) {
		g = (struct grave *)stream_unit_take(w);
		r->grave_count++;
	} else {
		g = g ? reopen_oldest(w, flow, r) : NULL;
	}
	if (!g)
		return NULL;
	g->count = 1;
	g->next = r->graves;
	r->graves = g;
	return &g->tombs[0];
}

static bool is_memorable(const struct stream *s)
{
	return s->send_highest != INDEX_NONE || s->send_rtcp != STREAM_RTCP_FIRST ||
	       s->receive_highest[0] != INDEX_NONE || s->receive_highest[1] != INDEX_NONE ||
	       s->receive_rtcp_highest[0] != INDEX_NONE ||
	       s->receive_rtcp_highest[1] != INDEX_NONE || s->carried != INDEX_NONE;
}

static bool bury(struct worker *w, const struct flow *flow, struct retired *r,
		 const struct stream *s)
{
	unsigned int epoch = flow->receive ? flow->receive->epoch & 1 : 0;
	struct tomb *t;

	if (!is_memorable(s))
		return true;
	t = dig(w, flow, r);
	if (!t)
		return false;
	*t = (struct tomb){
		.ssrc = s->ssrc,
		.shift = s->shift,
		.send_rtcp = s->send_rtcp,
		.receive_rtcp = s->receive_rtcp_highest[epoch], /* INDEX_NONE becomes UINT32_MAX */
		.send_highest = s->send_highest,
		.receive_highest = s->receive_highest[epoch],
		.carried = s->carried,
	};
	return true;
}

/* --- who goes -------------------------------------------------------------------------------- */

/* The link to the stream that is silent longest; NULL if all are heard. */
static struct stream **find_silent(struct flow *flow, uint64_t now)
{
	uint16_t longest = STREAM_SILENT_TICKS - 1;
	struct stream **found = NULL;

	for (struct stream **link = &flow->streams; *link; link = &(*link)->next) {
		uint16_t silent = stream_tick(now) - (*link)->meter.heard;

		if (silent > longest) {
			longest = silent;
			found = link;
		}
	}
	return found;
}

static bool open_retired(struct worker *w, struct flow *flow)
{
	struct retired *r;

	if (flow->retired)
		return true;
	if (!w->free_stream_count)
		return false;
	r = (struct retired *)stream_unit_take(w);
	memset(r, 0, sizeof(*r));
	__atomic_store_n(&flow->retired, r, __ATOMIC_RELEASE);
	return true;
}

static void change(struct retired *r)
{
	__atomic_store_n(&r->changes, r->changes + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

struct stream *retire_one(struct worker *w, struct flow *flow, uint64_t now)
{
	struct stream **link = find_silent(flow, now), *s = link ? *link : NULL;
	struct retired *r;

	if (!s || !open_retired(w, flow) || !bury(w, flow, flow->retired, s))
		return NULL;
	r = flow->retired;
	if (s->expected) /* that of a branch never is */
		expect_forget(container_of(flow, struct leg, flow), s);
	change(r);
	r->packets += s->meter.packets;
	r->bytes += s->meter.bytes;
	__atomic_store_n(link, s->next, __ATOMIC_RELEASE);
	flow->stream_count--;
	change(r);
	return s;
}

/* --- who comes back -------------------------------------------------------------------------- */

/* All that is in the window, or behind it, counts as seen. */
static void restore(const struct flow *flow, struct stream *s, const struct tomb *t)
{
	unsigned int epoch = flow->receive ? flow->receive->epoch & 1 : 0;

	s->shift = t->shift;
	s->send_rtcp = t->send_rtcp;
	s->send_highest = t->send_highest;
	s->carried = t->carried;
	s->receive_highest[epoch] = t->receive_highest;
	if (t->receive_rtcp != UINT32_MAX)
		s->receive_rtcp_highest[epoch] = t->receive_rtcp;
	/* Nothing of it comes under the key before. */
	s->receive_highest[!epoch] = INDEX_END - 1;
	s->receive_rtcp_highest[!epoch] = INDEX_RTCP_END - 1;
	if (s->windows)
		memset(s->windows, 0xff, sizeof(*s->windows));
}

static struct tomb *find_tomb(const struct flow *flow, uint32_t ssrc, struct grave **in)
{
	struct retired *r = flow->retired;

	for (struct grave *g = r ? r->graves : NULL; g; g = g->next)
		for (unsigned int k = 0; k < g->count; k++)
			if (g->tombs[k].ssrc == ssrc) {
				*in = g;
				return &g->tombs[k];
			}
	return NULL;
}

bool retire_refuses(const struct flow *flow, uint32_t ssrc)
{
	struct grave *in;

	return flow->retired && !find_tomb(flow, ssrc, &in) && filter_has(flow->retired, ssrc);
}

uint64_t retire_highest(const struct flow *flow, uint32_t ssrc)
{
	struct grave *in;
	const struct tomb *t = find_tomb(flow, ssrc, &in);

	if (!t)
		return INDEX_NONE;
	return t->receive_highest != INDEX_NONE ? t->receive_highest : t->carried;
}

void retire_recall(struct flow *flow, struct stream *s)
{
	struct grave *in;
	struct tomb *t = find_tomb(flow, s->ssrc, &in);

	if (!t)
		return;
	restore(flow, s, t);
	*t = in->tombs[--in->count];
}

/* --- other keys ------------------------------------------------------------------------------ */

void retire_new_receive_epoch(struct flow *flow)
{
	struct retired *r = flow->retired;

	for (struct grave *g = r ? r->graves : NULL; g; g = g->next) {
		for (unsigned int k = 0; k < g->count; k++) {
			struct tomb *t = &g->tombs[k];

			if (t->receive_highest != INDEX_NONE)
				t->carried = t->receive_highest;
			t->receive_highest = INDEX_NONE;
			t->receive_rtcp = UINT32_MAX;
		}
	}
	if (r)
		r->received = false;
	if (r && !r->sent)
		filter_clear(r);
}

void retire_new_send_key(struct flow *flow, bool goes_on)
{
	struct retired *r = flow->retired;

	for (struct grave *g = r && !goes_on ? r->graves : NULL; g; g = g->next) {
		for (unsigned int k = 0; k < g->count; k++) {
			g->tombs[k].send_highest = INDEX_NONE;
			g->tombs[k].send_rtcp = STREAM_RTCP_FIRST;
		}
	}
	if (r)
		r->sent = false;
	if (r && !r->received)
		filter_clear(r);
}

void retire_release_all(struct worker *w, struct flow *flow)
{
	struct retired *r = flow->retired;

	if (!r)
		return;
	flow->retired = NULL;
	while (r->graves) {
		struct grave *next = r->graves->next;

		stream_unit_give(w, (struct stream_unit *)r->graves);
		r->graves = next;
	}
	for (unsigned int k = 0; k < FILTERS && r->filter[k]; k++)
		stream_unit_give(w, (struct stream_unit *)r->filter[k]);
	stream_unit_give(w, (struct stream_unit *)r);
}

uint32_t retire_units(const struct flow *flow)
{
	const struct retired *r = flow->retired;
	uint32_t units = r ? 1 : 0;

	for (const struct grave *g = r ? r->graves : NULL; g; g = g->next)
		units++;
	for (unsigned int k = 0; r && k < FILTERS && r->filter[k]; k++)
		units++;
	return units;
}

void retire_export(const struct flow *flow, struct sent *out)
{
	const struct retired *r = flow->retired;

	for (const struct grave *g = r ? r->graves : NULL; g; g = g->next)
		for (unsigned int k = 0; k < g->count; k++)
			if (g->tombs[k].send_highest != INDEX_NONE ||
			    g->tombs[k].send_rtcp != STREAM_RTCP_FIRST)
				sent_add(out, &(struct sent_stream){g->tombs[k].ssrc,
								    g->tombs[k].send_rtcp,
								    g->tombs[k].send_highest});
	for (unsigned int k = 0; r && r->filter[0] && r->sent && k < SSRC_FILTER_WORDS; k++)
		out->filter[k] |= r->filter[k / FILTER_WORDS][k % FILTER_WORDS];
	out->filtered |= r && r->filter[0] && r->sent;
}

/* --- others read ----------------------------------------------------------------------------- */

struct retire_total retire_total(const struct flow *flow)
{
	const struct retired *r = __atomic_load_n(&flow->retired, __ATOMIC_ACQUIRE);

	return r ? (struct retire_total){r->packets, r->bytes} : (struct retire_total){0};
}

uint32_t retire_changes(const struct flow *flow)
{
	const struct retired *r = __atomic_load_n(&flow->retired, __ATOMIC_ACQUIRE);

	return r ? __atomic_load_n(&r->changes, __ATOMIC_ACQUIRE) : 0;
}
