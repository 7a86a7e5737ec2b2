/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/srtp/number.h"

#include "dataplane/srtp/index.h"
#include "dataplane/leg.h"
#include "dataplane/lifetime.h"
#include "dataplane/wire/rtcp.h"
#include "dataplane/wire/rtp.h"
#include "dataplane/takeover.h"
#include "dataplane/stream.h"
#include "dataplane/worker.h"

/* Where a packet stands to those that were sent. */
enum place {
	PLACE_NEXT,   /* ahead, with at most as many lost as a network loses */
	PLACE_LATE,   /* behind, and not sent yet */
	PLACE_REPEAT, /* behind, and sent already */
	PLACE_LEAP,   /* far ahead, or too old to tell */
};

/* So many packets in a row, in sequence, are a new beginning. */
static const uint8_t proof[] = {
	[PLACE_LATE] = 20,  /* fewer may well come by another way */
	[PLACE_REPEAT] = 4, /* a path that changes delivers its last packets twice */
	[PLACE_LEAP] = 2,   /* RFC 3550 A.1 */
};

static enum place place_of(const struct stream *s, uint16_t seq, uint64_t *index)
{
	uint16_t number = seq + s->shift;
	int16_t ahead = number - (uint16_t)s->send_highest;

	if (s->send_highest == INDEX_NONE) {
		*index = number;
		return PLACE_NEXT;
	}
	*index = s->send_highest + ahead;
	if (likely(ahead > 0))
		return likely(ahead < RTP_MAX_DROPOUT) ? PLACE_NEXT : PLACE_LEAP;
	if (-ahead >= STREAM_WINDOW)
		return PLACE_LEAP;
	/* The first packet had rollover counter 0: there is nothing before that. */
	if (s->send_highest < (uint64_t)-ahead)
		return PLACE_REPEAT;
	return index_seen(s->windows->send, STREAM_WINDOW, s->send_highest, *index) ? PLACE_REPEAT
										    : PLACE_LATE;
}

/*
 * The packet is out of place: whether it is, with those before it, a new beginning. What is late
 * passes meanwhile. What leaps with a right tag is neither damaged nor a stranger's.
 */
static bool begins_anew(struct stream *s, uint16_t seq, enum place place, bool authentic)
{
	s->odd = s->odd && seq == s->odd_next ? s->odd + 1 : 1;
	s->odd_next = seq + 1;
	return s->odd >= proof[place] || (authentic && place != PLACE_LATE);
}

static void publish(struct flow *flow, const struct stream *s)
{
	uint64_t shift = (uint64_t)s->ssrc << 32 | s->shift;
	unsigned int k = 0;

	while (k < FLOW_SHIFTS && flow->shifts[k] >> 32 != s->ssrc)
		k++;
	if (k == FLOW_SHIFTS)
		k = flow->next_shift++ % FLOW_SHIFTS;
	__atomic_store_n(&flow->shifts[k], shift, __ATOMIC_RELAXED);
}

/* From here on the sender's numbers are others: the stream goes on with the next of its own. */
static void renumber(struct flow *flow, struct stream *s, uint16_t seq)
{
	const struct stream_meter *m = &s->meter;
	uint32_t received = m->highest + (int16_t)(seq - (uint16_t)m->highest);

	s->shift = (uint32_t)s->send_highest + 1 - received;
	s->renumbered++;
	publish(flow, s);
}

/* The first packet of a stream that goes on where another flow was. */
static void resume(struct flow *flow, struct stream *s, uint16_t seq, uint64_t *index)
{
	s->resumes = false;
	renumber(flow, s, seq);
	*index = s->send_highest + 1;
	s->odd = 0;
}

enum drop number_take(struct worker *w, struct leg *leg, struct flow *flow, struct stream *s,
		      uint8_t *rtp, uint64_t *index)
{
	uint16_t seq = rtp_seq(rtp);
	enum drop reason = unlikely(s->send_highest == INDEX_NONE) ? takeover_begin(flow, s, false)
								   : DROP_NONE;
	enum place place;

	if (unlikely(reason != DROP_NONE))
		return reason;
	place = place_of(s, seq, index);
	if (unlikely(s->resumes)) {
		resume(flow, s, seq, index);
	} else if (likely(place == PLACE_NEXT)) {
		s->odd = 0;
	} else if (begins_anew(s, seq, place, flow->secure)) {
		renumber(flow, s, seq);
		*index = s->send_highest + 1;
		s->odd = 0;
	} else if (place != PLACE_LATE) {
		return place == PLACE_LEAP ? DROP_LEAP : DROP_REPLAY;
	}
	if (unlikely(*index >= INDEX_END))
		return DROP_KEY_EXHAUSTED;
	index_add(s->windows->send, STREAM_WINDOW, &s->send_highest, *index);
	lifetime_watch(w, leg, s, *index, INDEX_END);
	if (unlikely(s->shift))
		rtp_write16(rtp + 2, *index);
	return DROP_NONE;
}

/* The index is spent whatever becomes of the packet: none is ever used twice. */
enum drop number_take_rtcp(struct worker *w, struct leg *leg, const struct flow *flow,
			   struct stream *s, uint64_t *index)
{
	enum drop reason = unlikely(s->send_rtcp == STREAM_RTCP_FIRST)
				   ? takeover_begin(flow, s, true)
				   : DROP_NONE;

	if (unlikely(reason != DROP_NONE))
		return reason;
	if (unlikely(s->send_rtcp >= INDEX_RTCP_OWN))
		return DROP_KEY_EXHAUSTED;
	*index = s->send_rtcp++;
	lifetime_watch(w, leg, s, *index, INDEX_RTCP_OWN);
	return DROP_NONE;
}

void number_forget(struct flow *flow)
{
	for (struct stream *s = flow->streams; s; s = s->next) {
		s->shift = 0;
		s->resumes = false;
	}
	for (unsigned int k = 0; k < FLOW_SHIFTS; k++)
		__atomic_store_n(&flow->shifts[k], 0, __ATOMIC_RELAXED);
}

/* --- numbers that come back ------------------------------------------------------------------ */

/* 0: the SSRC has the numbers that its sender gave it. */
static uint32_t shift_of(const struct flow *flow, uint32_t ssrc)
{
	for (unsigned int k = 0; k < FLOW_SHIFTS; k++) {
		uint64_t shift = __atomic_load_n(&flow->shifts[k], __ATOMIC_RELAXED);

		if (shift >> 32 == ssrc)
			return shift;
	}
	return 0;
}

void number_give_back(const struct flow *flow, const struct rtcp_packet *p)
{
	struct rtcp_numbers n = {.next = 0};

	while (rtcp_next_numbers(p, &n)) {
		uint32_t shift = shift_of(flow, n.ssrc);

		if (likely(!shift))
			continue;
		if (n.extended)
			rtp_write32(n.at, rtp_read32(n.at) - shift);
		for (unsigned int k = 0; k < n.count; k++)
			rtp_write16(n.at + 2 * k, rtp_read16(n.at + 2 * k) - shift);
	}
}
