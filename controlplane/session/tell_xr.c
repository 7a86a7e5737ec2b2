/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/tell_xr.h"

#include <stdio.h>

#include "controlplane/quality/xr_make.h"
#include "controlplane/session/client.h"
#include "controlplane/session/diagnose.h"
#include "controlplane/session/rating.h"
#include "controlplane/session/session_state.h"

#define WIDER 1.29 /* G.107.1 annex A */

static double ratio(double part, double all)
{
	return all > 0 ? part / all : 0;
}

/* Spreads what differs in few bits (splitmix64). */
static uint64_t spread(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static bool is_taken(const Tandem__Dataplane__V1__LegStatus *status, uint32_t ssrc)
{
	for (size_t k = 0; k < status->n_streams; k++)
		if (status->streams[k]->ssrc == ssrc)
			return true;
	return false;
}

/* Always the same for a leg, whatever control plane asks, but for who has chosen the same. */
static uint32_t choose_ssrc(const struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status)
{
	uint32_t ssrc = spread(leg->id);

	while (!ssrc || is_taken(status, ssrc))
		ssrc++;
	return ssrc;
}

/* What was before the relay's time, or between two calls, is not in the samples. */
static double packet_ms(const struct quality *q)
{
	const struct quality_sample *newest = q->count ? &q->samples[q->count - 1] : NULL;

	return newest ? ratio(newest->ms, newest->packets + newest->lost) : 0;
}

/* Of all that the stream has been, as the RFC has it. */
static void measure(struct xr_made *made, const struct leg *leg,
		    const Tandem__Dataplane__V1__Stream *stream, const struct quality *q)
{
	static const struct quality_reading nothing;
	const struct quality_reading reading = rating_read(leg, stream);
	struct quality_sample s = quality_rate(&nothing, &reading, q->codec, 0);
	double all = s.packets + s.lost, between = all - stream->burst_packets;
	double gap_lost = (double)stream->gone - stream->burst_lost;

	made->ssrc = stream->ssrc;
	made->lost = ratio(s.lost, all);
	made->discarded = ratio(s.late, all);
	made->burst_density = ratio(stream->burst_lost, stream->burst_packets);
	made->gap_density = ratio(gap_lost, between);
	made->burst_ms = ratio(stream->burst_packets, stream->bursts) * packet_ms(q);
	made->gap_ms = ratio(between, stream->bursts + 1.0) * packet_ms(q);
	made->round_trip_ms = leg->rtt_us / 1000.0;
	made->buffer_ms = s.buffer_ms;
	made->r = q->codec->wide ? s.r / WIDER : s.r;
	made->listening = s.listening;
	made->conversational = s.conversational;
}

/* That which was heard in the interval; of several the one that is told first. */
static const Tandem__Dataplane__V1__Stream *find_voice(
	const struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status,
	const struct quality **quality)
{
	for (size_t k = 0; k < status->n_streams; k++) {
		const struct rated *r = rated_find(&leg->rated, status->streams[k]->ssrc);

		if (!r || !r->quality.count || r->heard_ms != uv_now(leg->session->loop))
			continue;
		*quality = &r->quality;
		if (r->quality.codec)
			return status->streams[k];
	}
	return NULL;
}

/* Where it comes late or is lost, the next one says more. */
static void transmit(const struct leg *leg, uint8_t *octets, size_t length)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__Transmit transmit = TANDEM__DATAPLANE__V1__TRANSMIT__INIT;

	transmit.leg = leg->id;
	transmit.datagram.data = octets;
	transmit.datagram.len = length;
	transmit.rtcp = true;
	message.transmit = &transmit;
	client_request(leg->session->client, &message, NULL, NULL);
}

void tell_xr(const struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status)
{
	const Tandem__Dataplane__V1__Stream *stream;
	const struct quality *quality;
	uint8_t octets[XR_MAKE_MOST];
	char cname[XR_CNAME_MAX + 1];
	struct xr_made made = {.cname = cname};

	/* Whose keys are the other one's, the relay cannot speak to. */
	if (!leg->terms.voice_xr || leg->party->wish.shared || !diagnose_is_up(leg))
		return;
	stream = find_voice(leg, status, &quality);
	if (!stream)
		return;
	snprintf(cname, sizeof(cname), "%016jx", (uintmax_t)spread(~leg->id));
	made.by = choose_ssrc(leg, status);
	measure(&made, leg, stream, quality);
	transmit(leg, octets, xr_make(octets, &made));
}
