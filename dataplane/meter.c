/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was accepted from a participant: counted, with loss and interarrival jitter (RFC 3550 A.1,
 * A.3, A.8), and the round-trip time between relay and participant (6.4.1).
 */
#include "dataplane/branch.h"
#include "dataplane/leg.h"
#include "dataplane/move.h"
#include "dataplane/srtp/number.h"
#include "dataplane/wire/rtcp.h"
#include "dataplane/wire/rtp.h"
#include "dataplane/stages.h"
#include "dataplane/stream.h"
#include "dataplane/expect.h"
#include "dataplane/worker.h"

#define MAX_MISORDER 100         /* RFC 3550 A.1 */
#define JITTER_MOST  0x07ffffffu /* of one packet, so that the sum of 16 fits 32 bits */

/* True: the clock is another one, and earlier timestamps cannot be compared with new ones. */
static bool set_payload_type(struct stream_meter *m, const struct leg_config *config,
			     uint8_t payload_type, uint64_t tsc_hz)
{
	const struct leg_terms *terms = config->terms;
	uint8_t clock = terms ? terms->clock[payload_type] : 0;
	uint32_t hz = clock ? terms->clock_hz[clock - 1] : LEG_CLOCK_DEFAULT;
	uint32_t before = stream_clock(m->scale, tsc_hz);

	m->payload_type = payload_type;
	if (hz == before)
		return false;
	m->scale = (double)hz * (1ULL << 48) / tsc_hz;
	m->jitter = before ? (uint64_t)m->jitter * hz / before : 0;
	return true;
}

static void begin_sequence(struct stream_meter *m, uint16_t seq)
{
	m->base = seq;
	m->highest = seq;
	m->received = 1;
	m->bad = false;
}

/* RFC 3550 A.1 without probation. True: the sender restarted its sequence numbers. */
static bool count_sequence(struct stream *s, uint16_t seq)
{
	struct stream_meter *m = &s->meter;
	uint16_t ahead = seq - (uint16_t)m->highest;

	if (likely(ahead < RTP_MAX_DROPOUT)) {
		m->highest += ahead;
	} else if (ahead <= UINT16_MAX + 1 - MAX_MISORDER) {
		/* Two packets in sequence after a leap are a restart, one is an accident. */
		if (m->bad && seq == m->next_bad) {
			s->lost += (int64_t)(m->highest - m->base + 1) - m->received;
			begin_sequence(m, seq);
			return true;
		}
		m->next_bad = seq + 1;
		m->bad = true;
		return false;
	}
	m->received++;
	return false;
}

static void count_jitter(struct stream_meter *m, uint32_t transit)
{
	int32_t d = transit - m->transit;
	uint32_t size = d < 0 ? -(uint32_t)d : (uint32_t)d;

	m->jitter += RTE_MIN(size, JITTER_MOST) - ((m->jitter + 8) >> 4);
}

static void meter_rtp(struct worker *w, struct burst *b, unsigned int i)
{
	struct shed_port *port = expect_port(w->dataplane, b, i);
	struct stream *s = b->stream[i];
	struct stream_meter *m = &s->meter;
	const uint8_t *p = burst_payload(b, i);
	uint8_t payload_type = rtp_payload_type(p);
	uint16_t seq = rtp_seq(p);
	bool incomparable = false;
	uint32_t transit;

	if (port)
		expect_sequence(port, b->leg[i], s, seq, clock_ns(&w->dataplane->clock, b->now));
	b->leg[i]->flow.last_packet = b->now;
	m->packets++;
	m->bytes += b->length[i];
	if (b->leg[i]->flow.verify) /* the tag is still there */
		m->bytes -= b->leg[i]->flow.receive->tag;
	if (unlikely(m->packets == 1))
		begin_sequence(m, seq);
	else
		incomparable = count_sequence(s, seq);
	if (unlikely(!m->scale || payload_type != m->payload_type))
		incomparable |= set_payload_type(m, b->leg[i]->config, payload_type, w->hz);

	transit = (uint32_t)(((unsigned __int128)b->now * m->scale) >> 48) - rtp_timestamp(p);
	if (likely(!incomparable))
		count_jitter(m, transit);
	m->transit = transit;
}

static uint32_t short_time(uint64_t tsc, uint64_t hz)
{
	return (tsc / hz << 16) + (tsc % hz << 16) / hz;
}

/* For the worker of the other direction, where the answer to this report will arrive. */
static void keep_sender_report(struct flow *flow, uint32_t middle, uint32_t now)
{
	uint64_t *slot = &flow->sender_reports[flow->next_sender_report++ % FLOW_SENDER_REPORTS];

	__atomic_store_n(slot, (uint64_t)middle << 32 | now, __ATOMIC_RELAXED);
}

/* The participant says how long ago it got a sender report of a leg that it hears. */
static void answer_report(struct stream *s, const struct flow *heard, const struct rtcp_report *r,
			  uint32_t now)
{
	for (unsigned int k = 0; r->lsr && k < FLOW_SENDER_REPORTS; k++) {
		uint64_t sent = __atomic_load_n(&heard->sender_reports[k], __ATOMIC_RELAXED);
		int32_t rtt = now - (uint32_t)sent - r->dlsr;

		if (sent >> 32 != r->lsr)
			continue;
		/* Clocks tick in 15 us: what comes out as nothing or less is very near. */
		s->rtt_us = rtt > 0 ? RTE_MAX((uint64_t)rtt * 1000000 >> 16, 1ULL) : 1;
		return;
	}
}

static void meter_rtcp(struct worker *w, struct burst *b, unsigned int i)
{
	struct leg *leg = b->leg[i];
	const struct leg_config *config = leg->config;
	struct rtcp_cursor cursor = {burst_payload(b, i), b->length[i]};
	uint32_t now = short_time(b->now, w->hz);
	struct rtcp_report report;
	struct rtcp_packet p;
	uint32_t middle;

	leg->flow.rtcp_packets++;
	if (leg->flow.verify) /* it is still encrypted */
		return;
	while (rtcp_next(&cursor, &p)) {
		if (rtcp_sender_time(&p, &middle))
			keep_sender_report(&leg->flow, middle, now);
		for (unsigned int k = 0; k < LEG_HEARD && config->heard[k]; k++) {
			const struct flow *heard = &config->heard[k]->flow;
			const struct branch *by = config->heard_by[k];

			for (unsigned int r = 0; rtcp_report(&p, r, &report); r++)
				answer_report(b->stream[i], heard, &report, now);
			number_give_back(by ? &by->flow : heard, &p);
		}
	}
}

void meter_stage(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++) {
		if (b->class[i] == CLASS_RTP) {
			meter_rtp(w, b, i);
			if (unlikely(b->handed_over))
				move_count(w, b->leg[i], b->mbuf[i]->hash.usr, b->port[i], b->now);
			else if (unlikely(b->leg[i]->flow.strayed))
				b->leg[i]->flow.strayed = 0;
		} else if (b->class[i] == CLASS_RTCP)
			meter_rtcp(w, b, i);
	}
}
