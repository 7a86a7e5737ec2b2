/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/rating.h"

#include <math.h>

#include "controlplane/session/session_state.h"

#define IDLE_MS 120000 /* then another SSRC may have the place */

void rating_name(char name[MEDIA_NAME], const struct leg *leg, unsigned int payload_type)
{
	const struct call *call = leg->party->call;

	name[0] = '\0';
	for (unsigned int line = 0; line < SDP_MEDIA_MAX && !name[0]; line++)
		if (leg->lines >> line & 1 && payload_type < 128)
			media_name(name, &call->media[line], payload_type);
}

/* Who hears it, as long as there is one other; NULL. */
static const struct leg *leg_behind(const struct leg *leg)
{
	const struct party *partner = party_talks_with(leg->party);

	return partner && leg->lines ? party_leg(partner, __builtin_ctz(leg->lines)) : NULL;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* From the one to the other: half of both round trips, or where one is not known of the whole. */
static uint32_t delay_us(const struct leg *leg, const struct leg *behind)
{
	uint32_t round_trip = leg->rtt_us;

	if (behind)
		round_trip += behind->rtt_us;
	if (behind && (!leg->rtt_us || !behind->rtt_us))
		round_trip = larger(round_trip, 1000 * larger(leg->far_ms, behind->far_ms));
	return round_trip / 2;
}

/* RFC 3611 4.7.3: each says what it adds to a round trip, so a way has half of both. */
static uint32_t ends_us(const struct leg *leg, const struct leg *behind)
{
	uint32_t one = leg->end_system_ms, other = behind ? behind->end_system_ms : 0;

	return one && other ? 500 * (one + other) : 1000 * larger(one, other);
}

struct quality_reading rating_read(const struct leg *leg,
				   const Tandem__Dataplane__V1__Stream *stream)
{
	const struct leg *behind = leg_behind(leg);
	struct quality_reading r = {
		.packets = stream->packets,
		.lost = stream->lost,
		.gone = stream->gone,
		.runs = stream->runs,
		.jitter_us = stream->jitter_us,
		.delay_us = delay_us(leg, behind),
		.ends_us = ends_us(leg, behind),
	};

	for (size_t k = 0; k < stream->n_late && k < QUALITY_LATE; k++)
		r.late[k] = stream->late[k];
	return r;
}

/* Voice alone: nothing else is rated. */
static void begin(struct leg *leg, uint32_t ssrc, const struct quality_reading *reading,
		  uint64_t now)
{
	struct rated *r = rated_add(&leg->rated, ssrc, now > IDLE_MS ? now - IDLE_MS : 0);

	if (!r)
		return;
	r->heard_ms = now;
	quality_begin(&r->quality, reading, now);
}

static void take_stream(struct leg *leg, const Tandem__Dataplane__V1__Stream *stream, uint64_t now)
{
	const struct quality_reading reading = rating_read(leg, stream);
	struct rated *r = rated_find(&leg->rated, stream->ssrc);
	const struct voice_codec *codec;
	char name[MEDIA_NAME];
	float mos;

	rating_name(name, leg, stream->payload_type);
	codec = voice_codec_find(name);
	if (!r) {
		/* What is known from RTCP alone was not heard. */
		if (codec && stream->packets)
			begin(leg, stream->ssrc, &reading, now);
		return;
	}
	if (stream->packets != r->quality.last.packets)
		r->heard_ms = now;
	mos = quality_take(&r->quality, &reading, codec, now);
	if (mos)
		histogram_add(
			&leg->session->counts.interval_mos[voice_codec_number(r->quality.codec)],
			&counts_mos, mos);
}

void rating_hear(struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status)
{
	for (size_t k = 0; k < status->n_streams; k++) {
		const Tandem__Dataplane__V1__Stream *stream = status->streams[k];

		if (stream->rtt_us)
			leg->rtt_us = stream->rtt_us;
		if (stream->xr && stream->xr->round_trip_ms)
			leg->far_ms = stream->xr->round_trip_ms;
		if (stream->xr && stream->xr->end_system_ms)
			leg->end_system_ms = stream->xr->end_system_ms;
	}
}

/* The stream that the sender of this one hears; NULL: none that is rated. */
static struct rated *heard_by(const struct leg *by, const Tandem__Dataplane__V1__Stream *said)
{
	const struct call *call = by->party->call;
	const struct party *party;
	const struct leg *leg;
	struct rated *r = NULL;

	if (!said->heard_ssrc)
		return NULL;
	for_each_leg(leg, call)
	{
		if (leg != by && (r = rated_find(&leg->rated, said->heard_ssrc)))
			return r;
	}
	return NULL;
}

static void take_hearsay(const struct leg *by, const Tandem__Dataplane__V1__Stream *said)
{
	struct rated *r = heard_by(by, said);

	if (!r)
		return;
	if (r->missing_by != by->id) {
		/* Each counts for itself: what two say has no difference. */
		if (session_find_leg(by->session, r->missing_by))
			return;
		r->missing_by = by->id;
		r->missing = said->heard_lost;
	}
	r->missing_before = r->missing;
	r->missing = said->heard_lost;
}

double rating_missing(const struct leg *by, const Tandem__Dataplane__V1__Stream *said)
{
	const struct rated *r = heard_by(by, said);
	double came = r && r->missing_by == by->id
			      ? r->quality.latest.packets + r->quality.latest.lost
			      : 0;
	double part = came > 0 ? (r->missing - r->missing_before) / came : 0;

	return fmin(fmax(part, 0), 1);
}

static void rate_call(struct call *call)
{
	const struct party *party;
	const struct leg *leg;
	const struct rated *r;

	call->mos = 0;
	for_each_leg(leg, call) LIST_FOREACH (
		r, &leg->rated,
		entry) if (r->quality.latest.conversational &&
			   (!call->mos || r->quality.latest.conversational < call->mos)) call->mos =
		r->quality.latest.conversational;
	if (call->mos && (!call->lowest_mos || call->mos < call->lowest_mos))
		call->lowest_mos = call->mos;
}

void rating_take(struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status)
{
	uint64_t now = uv_now(leg->session->loop);
	struct rated *r;

	rating_hear(leg, status);
	for (size_t k = 0; k < status->n_streams; k++) {
		take_stream(leg, status->streams[k], now);
		take_hearsay(leg, status->streams[k]);
	}
	/* The dataplane has forgotten it for another one. */
	LIST_FOREACH (r, &leg->rated, entry)
		if (r->quality.last_ms != now)
			r->quality.latest = (struct quality_sample){0};
	rate_call(leg->party->call);
}
