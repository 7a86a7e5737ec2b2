/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/rating.h"

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

/* The other one's half of the way, as long as there is one other. */
static uint32_t rtt_behind(const struct leg *leg)
{
	const struct party *partner = party_talks_with(leg->party);
	const struct leg *other =
		partner && leg->lines ? party_leg(partner, __builtin_ctz(leg->lines)) : NULL;

	return other ? other->rtt_us : 0;
}

struct quality_reading rating_read(const struct leg *leg,
				   const Tandem__Dataplane__V1__Stream *stream)
{
	struct quality_reading r = {
		.packets = stream->packets,
		.lost = stream->lost,
		.gone = stream->gone,
		.runs = stream->runs,
		.jitter_us = stream->jitter_us,
		.delay_us = (leg->rtt_us + rtt_behind(leg)) / 2,
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
	quality_take(&r->quality, &reading, codec, now);
}

void rating_hear(struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status)
{
	for (size_t k = 0; k < status->n_streams; k++)
		if (status->streams[k]->rtt_us)
			leg->rtt_us = status->streams[k]->rtt_us;
}

void rating_take(struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status)
{
	uint64_t now = uv_now(leg->session->loop);

	rating_hear(leg, status);
	for (size_t k = 0; k < status->n_streams; k++)
		take_stream(leg, status->streams[k], now);
}
