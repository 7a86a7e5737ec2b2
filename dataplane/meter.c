/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was accepted from a participant: counted, with loss and interarrival jitter (RFC 3550 A.1,
 * A.3, A.8), bursts of loss (RFC 3611 4.7.2), and what a jitter buffer has to wait for. What comes
 * by RTCP is hearsay.c's.
 */
#include "dataplane/hearsay.h"
#include "dataplane/leg.h"
#include "dataplane/move.h"
#include "dataplane/wire/rtp.h"
#include "dataplane/stages.h"
#include "dataplane/stream.h"
#include "dataplane/expect.h"
#include "dataplane/worker.h"

#define MAX_MISORDER 100         /* RFC 3550 A.1 */
#define JITTER_MOST  0x07ffffffu /* of one packet, so that the sum of 16 fits 32 bits */
#define SEEN_BITS    32u         /* of stream_meter.seen */
#define GMIN         16          /* RFC 3611 4.7.2 */
#define LATE_MOST    100         /* times STREAM_LATE_MS: nobody waits that long */
#define CREEP        8           /* packets for each unit that clocks may drift apart */
#define FOLLOW       128         /* packets that are late until most of that is forgotten */

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
	m->scale = (double)hz * (1ULL << STREAM_SCALE_BITS) / tsc_hz;
	m->slack = (uint64_t)hz * STREAM_LATE_MS / 1000;
	m->jitter = before ? (uint64_t)m->jitter * hz / before : 0;
	return true;
}

/* --- sequence numbers ------------------------------------------------------------------------ */

/* `count` of them, from the extended number `first` on, will not come any more. */
static void lose(struct stream_faults *f, uint32_t first, uint32_t count)
{
	bool near = f->lost && first - f->last_lost <= GMIN;

	if (near && !f->bursting) { /* the one before was the beginning of this burst */
		f->bursts++;
		f->burst_packets++;
		f->burst_lost++;
	} else if (!near && count > 1) {
		f->bursts++;
	}
	f->bursting = near || count > 1;
	if (f->bursting) {
		f->burst_packets += near ? first - f->last_lost + count - 1 : count;
		f->burst_lost += count;
	}
	f->runs += !f->lost || first - f->last_lost > 1;
	f->lost += count;
	f->last_lost = first + count - 1;
}

/* The `count` oldest of the numbers that `seen` tells of. */
static void lose_unseen(struct stream *s, uint32_t count)
{
	const struct stream_meter *m = &s->meter;

	for (uint32_t at = SEEN_BITS - 1; count; at--, count--)
		if (!(m->seen >> at & 1))
			lose(&s->faults, m->highest - at, 1);
}

static void begin_sequence(struct stream *s, uint16_t seq)
{
	struct stream_meter *m = &s->meter;

	if (m->packets > 1)
		lose_unseen(s, SEEN_BITS);
	s->lost += m->missing;
	s->faults.bursting = false;
	m->highest = seq;
	m->missing = 0;
	m->seen = UINT32_MAX;
	m->bad = false;
}

/* Numbers between it and those before have not come, or were lost long ago. */
static void skip(struct stream *s, uint16_t ahead)
{
	struct stream_meter *m = &s->meter;

	lose_unseen(s, RTE_MIN(ahead, SEEN_BITS));
	if (ahead > SEEN_BITS)
		lose(&s->faults, m->highest + 1, ahead - SEEN_BITS);
	m->seen = ahead < SEEN_BITS ? m->seen << ahead | 1 : 1;
	m->highest += ahead;
	m->missing += ahead - 1;
}

static void come_late(struct stream *s, uint16_t behind)
{
	struct stream_meter *m = &s->meter;

	m->missing--;
	if (behind < SEEN_BITS && m->seen >> behind & 1) {
		s->faults.duplicates++;
		return;
	}
	s->faults.reordered++;
	if (behind < SEEN_BITS)
		m->seen |= 1u << behind;
}

/* RFC 3550 A.1 without probation. True: the sender restarted its sequence numbers. */
static __rte_noinline bool count_out_of_order(struct stream *s, uint16_t seq)
{
	struct stream_meter *m = &s->meter;
	uint16_t ahead = seq - (uint16_t)m->highest;

	if (m->packets == 1) {
		begin_sequence(s, seq);
	} else if (ahead && ahead < RTP_MAX_DROPOUT) {
		skip(s, ahead);
	} else if (!ahead || ahead > UINT16_MAX + 1 - MAX_MISORDER) {
		come_late(s, -ahead);
	} else if (m->bad && seq == m->next_bad) {
		/* Two packets in sequence after a leap are a restart, one is an accident. */
		begin_sequence(s, seq);
		return true;
	} else {
		m->next_bad = seq + 1;
		m->bad = true;
	}
	return false;
}

static bool count_sequence(struct stream *s, uint16_t seq)
{
	struct stream_meter *m = &s->meter;

	if (unlikely(seq != (uint16_t)(m->highest + 1) || !(m->seen >> (SEEN_BITS - 1))))
		return count_out_of_order(s, seq);
	m->highest++;
	m->seen = m->seen << 1 | 1;
	return false;
}

/* --- time ------------------------------------------------------------------------------------ */

static void count_jitter(struct stream_meter *m, uint32_t transit)
{
	int32_t d = transit - m->transit;
	uint32_t size = d < 0 ? -(uint32_t)d : (uint32_t)d;

	m->jitter += RTE_MIN(size, JITTER_MOST) - ((m->jitter + 8) >> 4);
}

/* As late as the packet before was: what comes goes on behind, as after a hold or a new route. */
static bool is_steady(const struct stream_meter *m, uint32_t transit)
{
	int32_t d = transit - m->transit;

	return (int32_t)(m->transit - m->fastest) > m->slack && d < m->slack / 2 &&
	       d > -(m->slack / 2);
}

/*
 * `fastest` follows, as a jitter buffer does: at once what stays behind, and slowly what wanders.
 * Of the packets of one timestamp, which are those of a tone or of a picture, one counts.
 */
static __rte_noinline void count_late(struct stream *s, uint32_t transit, uint32_t timestamp)
{
	static const uint8_t times[STREAM_LATE] = STREAM_LATE_TIMES;
	struct stream_meter *m = &s->meter;
	uint32_t late = transit - m->fastest;
	unsigned int k = STREAM_LATE - 1;

	/* Who sets the clock of the timestamps back is not late for ever. */
	if (late > LATE_MOST * m->slack) {
		m->fastest += late;
		return;
	}
	if (timestamp == s->faults.late_timestamp)
		return;
	s->faults.late_timestamp = timestamp;
	m->fastest += is_steady(m, transit) ? late : late / FOLLOW;
	while (late <= (uint32_t)times[k] * m->slack)
		k--;
	s->faults.late[k]++;
}

/* How far behind the fastest packet it is, which is what a jitter buffer has to wait for. */
static void count_delay(struct stream *s, uint16_t seq, uint32_t transit, uint32_t timestamp)
{
	struct stream_meter *m = &s->meter;
	int32_t late = transit - m->fastest;

	if (late < 0)
		m->fastest = transit;
	else if (unlikely(late > m->slack))
		count_late(s, transit, timestamp);
	m->fastest += !(seq % CREEP);
}

static void meter_rtp(struct worker *w, struct burst *b, unsigned int i)
{
	struct shed_port *port = expect_port(w->dataplane, b, i);
	struct stream *s = b->stream[i];
	struct stream_meter *m = &s->meter;
	const uint8_t *p = burst_payload(b, i);
	uint8_t payload_type = rtp_payload_type(p);
	uint16_t seq = rtp_seq(p);
	bool incomparable;
	uint32_t transit;

	if (port)
		expect_sequence(port, b->leg[i], s, seq, clock_ns(&w->dataplane->clock, b->now));
	b->leg[i]->flow.last_packet = b->now;
	m->packet_word++;
	m->byte_word += b->length[i];
	if (unlikely(b->leg[i]->flow.verify)) /* the tag is still there */
		m->byte_word -= b->leg[i]->flow.receive->tag;
	incomparable = count_sequence(s, seq);
	if (unlikely(!m->scale || payload_type != m->payload_type))
		incomparable |= set_payload_type(m, b->leg[i]->config, payload_type, w->hz);

	transit = (uint32_t)(((unsigned __int128)b->now * m->scale) >> STREAM_SCALE_BITS) -
		  rtp_timestamp(p);
	if (likely(!incomparable)) {
		count_jitter(m, transit);
		count_delay(s, seq, transit, rtp_timestamp(p));
	} else {
		m->fastest = transit;
	}
	m->transit = transit;
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
			hearsay_take(w, b, i);
	}
}
