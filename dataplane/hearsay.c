/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/hearsay.h"

#include "dataplane/branch.h"
#include "dataplane/leg.h"
#include "dataplane/srtp/number.h"
#include "dataplane/wire/rtcp.h"
#include "dataplane/wire/xr.h"
#include "dataplane/worker.h"

/* What is said, by whom. */
struct speaker {
	struct leg *leg;
	struct stream *stream;
	uint32_t now; /* in 1/65536 s */
};

static uint32_t short_time(uint64_t tsc, uint64_t hz)
{
	return (tsc / hz << 16) + (tsc % hz << 16) / hz;
}

/* For the worker of the other direction, where the answer to this report will arrive. */
static void keep_time(struct flow *flow, uint32_t middle, uint32_t now)
{
	uint64_t *slot = &flow->sender_reports[flow->next_sender_report++ % FLOW_SENDER_REPORTS];

	__atomic_store_n(slot, (uint64_t)middle << 32 | now, __ATOMIC_RELAXED);
}

/* It got what went through `ago`, in 1/65536 s, before it sent this: the time said `middle`. */
static void answer_report(struct stream *s, const struct flow *heard, uint32_t middle, uint32_t ago,
			  uint32_t now)
{
	for (unsigned int k = 0; middle && k < FLOW_SENDER_REPORTS; k++) {
		uint64_t sent = __atomic_load_n(&heard->sender_reports[k], __ATOMIC_RELAXED);
		int32_t rtt = now - (uint32_t)sent - ago;

		if (sent >> 32 != middle)
			continue;
		/* Clocks tick in 15 us: what comes out as nothing or less is very near. */
		s->rtt_us = rtt > 0 ? RTE_MAX((uint64_t)rtt * 1000000 >> 16, 1ULL) : 1;
		return;
	}
}

/* Of several SSRCs the first is told of, which is the voice. */
static void keep_hearsay(struct stream_hearsay *h, unsigned int block, const struct rtcp_report *r)
{
	if (!block)
		*h = (struct stream_hearsay){
			.ssrc = r->ssrc, .lost = r->lost, .reported = true, .jitter = r->jitter};
}

/* --- extended reports ------------------------------------------------------------------------ */

static void take_delays(const struct speaker *by, const struct xr_block *block)
{
	const struct leg_config *config = by->leg->config;
	struct xr_delay d;

	for (unsigned int k = 0; xr_delay(block, k, &d); k++)
		for (unsigned int h = 0; h < LEG_HEARD && config->heard[h]; h++)
			answer_report(by->stream, &config->heard[h]->flow, d.lrr, d.dlrr, by->now);
}

/* Of who sends report blocks it tells nothing new. It is of an interval, and loss adds up. */
static void take_summary(const struct speaker *by, const struct xr_block *block)
{
	struct stream_hearsay *h = &by->stream->hearsay;
	struct flow *flow = &by->leg->flow;
	struct xr_summary s;

	if (h->reported || !xr_summary(block, &s) || (h->ssrc && s.ssrc != h->ssrc))
		return;
	if (s.has_loss && (!h->ssrc || s.end != flow->summary_end))
		h->lost += s.lost;
	if (s.has_jitter)
		h->jitter = s.jitter;
	h->ssrc = s.ssrc;
	flow->summary_end = s.end;
}

static void take_xr(const struct speaker *by, const struct rtcp_packet *p)
{
	struct flow *flow = &by->leg->flow;
	bool told = false;
	struct xr_block block;
	uint32_t at = 0, middle;

	while (xr_next(p, &at, &block)) {
		if (xr_reference_time(&block, &middle))
			keep_time(flow, middle, by->now);
		take_delays(by, &block);
		take_summary(by, &block);
		if (!told && xr_voice(&block, &flow->voice)) {
			flow->voice_by = by->stream->ssrc;
			told = true;
		}
	}
}

/* --- the whole ------------------------------------------------------------------------------- */

void hearsay_take(struct worker *w, struct burst *b, unsigned int i)
{
	const struct speaker by = {b->leg[i], b->stream[i], short_time(b->now, w->hz)};
	const struct leg_config *config = by.leg->config;
	struct rtcp_cursor cursor = {burst_payload(b, i), b->length[i]};
	struct rtcp_report report;
	struct rtcp_packet p;
	uint32_t middle;

	by.leg->flow.rtcp_packets++;
	if (by.leg->flow.verify) /* it is still encrypted */
		return;
	while (rtcp_next(&cursor, &p)) {
		if (rtcp_sender_time(&p, &middle))
			keep_time(&by.leg->flow, middle, by.now);
		take_xr(&by, &p);
		for (unsigned int k = 0; k < LEG_HEARD && config->heard[k]; k++) {
			const struct flow *heard = &config->heard[k]->flow;
			const struct branch *via = config->heard_by[k];

			for (unsigned int r = 0; rtcp_report(&p, r, &report); r++) {
				answer_report(by.stream, heard, report.lsr, report.dlsr, by.now);
				keep_hearsay(&by.stream->hearsay, r, &report);
			}
			number_give_back(via ? &via->flow : heard, &p);
		}
	}
}
