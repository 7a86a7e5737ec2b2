/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/hep/hep.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/hep/hep_address.h"
#include "controlplane/hep/hep_frame.h"
#include "controlplane/hep/hep_json.h"
#include "controlplane/lib/wall_clock.h"
#include "controlplane/quality/quality.h"
#include "dataplane/api/dataplane.pb-c.h"

#define OTHERS 1024 /* octets of a frame beside its payload; CALL_TEXT_MAX and the password's */

struct hep {
	struct hep_config config;
	struct hep_sender *sender;
	struct session_meter meter;
	struct session_record_watcher *records;
};

/* A payload of `length` octets; 0: it could not be made. */
static void send_payload(struct hep *h, struct hep_frame *frame, size_t length, uint64_t time_ms)
{
	const size_t room = length + OTHERS;
	uint8_t *out = length ? hep_sender_room(h->sender, room) : NULL;

	if (!out)
		return;
	frame->time_us = time_ms * 1000;
	frame->capture_id = h->config.capture_id;
	frame->password = h->config.password[0] ? h->config.password : NULL;
	hep_sender_add(h->sender, hep_frame_write(out, room, frame));
}

/* --- RTCP ------------------------------------------------------------------------------------ */

static void send_rtcp(struct hep *h, const struct hep_rtcp *report, const char *call_id,
		      const struct endpoint *from, const struct endpoint *to)
{
	char json[HEP_JSON_MAX];
	struct hep_frame frame = {.from = *from,
				  .to = *to,
				  .type = HEP_RTCP,
				  .correlation = call_id,
				  .payload = json};

	send_payload(h, &frame, hep_json_rtcp(json, sizeof(json), report), report->time_ms);
}

static double part(double some, double all)
{
	return all > 0 && some > 0 ? some / all : 0;
}

/* What the relay would tell the sender of the stream, of what came to it. */
static void tell_own(struct hep *h, const struct session_interval *in, const struct endpoint *from,
		     uint64_t now)
{
	const Tandem__Dataplane__V1__Stream *stream = in->stream;
	const double sent = (double)stream->packets + stream->gone;
	struct hep_rtcp report = {
		.time_ms = now,
		.ssrc = stream->heard_ssrc,
		.hears = true,
		.heard = stream->ssrc,
		.lost = stream->lost,
		.jitter = llround(stream->jitter_us / 1e6 * stream->clock_hz),
		.burst_density = part(stream->burst_lost, stream->burst_packets),
		.gap_density = part((double)stream->gone - stream->burst_lost,
				    sent - stream->burst_packets),
		.rtt_ms = stream->rtt_us / 1e3,
	};

	if (in->quality) {
		const struct quality_sample *s = &in->quality->latest;

		report.voice = true;
		report.loss = part(s->lost, s->packets + s->lost);
		report.discarded = part(s->late, s->packets + s->lost);
		report.delay_ms = s->delay_ms;
	}
	send_rtcp(h, &report, in->call_id, &in->at, from);
}

/* What the sender of the stream says of what it hears. */
static void tell_heard(struct hep *h, const struct session_interval *in,
		       const struct endpoint *from, uint64_t now)
{
	const Tandem__Dataplane__V1__Stream *stream = in->stream;
	const struct hep_rtcp report = {
		.time_ms = now,
		.ssrc = stream->ssrc,
		.sends = stream->packets > 0,
		.packets = stream->packets,
		.octets = stream->bytes,
		.hears = true,
		.heard = stream->heard_ssrc,
		.loss = in->missing,
		.lost = stream->heard_lost,
		.jitter = stream->heard_jitter,
	};

	send_rtcp(h, &report, in->call_id, from, &in->at);
}

/* --- how it sounds --------------------------------------------------------------------------- */

static void send_stats(struct hep *h, const struct hep_stats *stats)
{
	char json[HEP_JSON_MAX];
	struct hep_frame frame = {.from = stats->from,
				  .to = stats->to,
				  .type = HEP_RTP_STATS,
				  .correlation = stats->call_id,
				  .payload = json};

	send_payload(h, &frame, hep_json_stats(json, sizeof(json), stats), stats->time_ms);
}

/* Of the intervals that are kept. */
static void take_jitter(struct hep_stats *stats, const struct quality *q)
{
	double sum = 0, ms = 0;

	for (unsigned int k = 0; k < q->count; k++) {
		sum += (double)q->samples[k].jitter_ms * q->samples[k].ms;
		ms += q->samples[k].ms;
		stats->worst_jitter_ms = fmax(stats->worst_jitter_ms, q->samples[k].jitter_ms);
	}
	stats->mean_jitter_ms = ms > 0 ? sum / ms : stats->jitter_ms;
}

static void tell_sound(struct hep *h, const struct session_interval *in,
		       const struct endpoint *from, uint64_t now)
{
	const struct quality *q = in->quality;
	struct hep_stats stats = {
		.call_id = in->call_id,
		.party = in->party,
		.codec = in->codec,
		.from = *from,
		.to = in->at,
		.time_ms = now,
		.ssrc = in->stream->ssrc,
		.payload_type = in->stream->payload_type,
		.clock_hz = in->stream->clock_hz,
		.packets = llroundf(q->latest.packets),
		.lost = q->latest.lost,
		.jitter_ms = q->latest.jitter_ms,
		.mos = q->latest.conversational,
		.lowest_mos = q->worst,
		.mean_mos = quality_average(q),
		.r = q->latest.r,
	};

	take_jitter(&stats, q);
	send_stats(h, &stats);
}

static void on_interval(void *arg, const struct session_interval *in)
{
	struct hep *h = arg;
	const struct endpoint from = hep_participant(&in->from);
	uint64_t now = wall_clock_ms();

	if (in->stream->packets && (!in->quality || in->quality->latest.packets > 0))
		tell_own(h, in, &from, now);
	if (in->stream->heard_ssrc)
		tell_heard(h, in, &from, now);
	if (in->quality && in->quality->latest.packets > 0)
		tell_sound(h, in, &from, now);
}

/* --- the end --------------------------------------------------------------------------------- */

static void tell_whole(struct hep *h, const Tandem__Relay__V1__CallRecord *record,
		       const Tandem__Relay__V1__Leg *leg, const Tandem__Relay__V1__Stream *stream)
{
	const Tandem__Relay__V1__Quality *q = stream->quality;
	const struct hep_stats stats = {
		.call_id = record->call_id,
		.party = leg->tag[0] ? leg->tag : leg->branch,
		.codec = stream->codec,
		.from = hep_participant_text(leg->remote),
		.to = hep_participant_text(leg->local),
		.time_ms = wall_clock_ms(),
		.ssrc = stream->ssrc,
		.payload_type = stream->payload_type,
		.clock_hz = stream->clock_hz,
		.packets = stream->packets,
		.octets = stream->bytes,
		.reordered = stream->reordered,
		.lost = stream->lost > 0 ? stream->lost : 0,
		.jitter_ms = stream->jitter_ms,
		.mean_jitter_ms = stream->jitter_ms,
		.worst_jitter_ms = stream->jitter_ms,
		.mos = q->mos,
		.lowest_mos = q->lowest_mos ? q->lowest_mos : q->mos,
		.mean_mos = q->average_mos ? q->average_mos : q->mos,
		.r = q->r,
		.whole = true,
	};

	send_stats(h, &stats);
}

static void on_record(void *arg, const Tandem__Relay__V1__CallRecord *record)
{
	for (size_t i = 0; i < record->n_legs; i++) {
		const Tandem__Relay__V1__Leg *leg = record->legs[i]->leg;

		for (size_t k = 0; leg && leg->flow && k < leg->flow->n_streams; k++)
			if (leg->flow->streams[k]->quality)
				tell_whole(arg, record, leg, leg->flow->streams[k]);
	}
}

/* --- life ------------------------------------------------------------------------------------ */

int hep_start(struct hep **out, struct session *session, uv_loop_t *loop,
	      const struct hep_config *config)
{
	struct hep *h;
	int error;

	*out = NULL;
	if (!config->server.host[0])
		return 0;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->config = *config;
	error = hep_sender_open(&h->sender, loop, &config->server);
	if (error) {
		free(h);
		return error;
	}
	h->records = session_watch_records(session, on_record, h);
	if (!h->records) {
		hep_sender_close(h->sender);
		free(h);
		return -ENOMEM;
	}
	h->meter = (struct session_meter){.interval = on_interval, .arg = h};
	session_meter(session, &h->meter);
	*out = h;
	return 0;
}

void hep_stop(struct hep *h)
{
	if (!h)
		return;
	session_unmeter(&h->meter);
	session_unwatch_records(h->records);
	hep_sender_close(h->sender);
	free(h);
}

struct hep_counts hep_counts(const struct hep *h)
{
	return h ? hep_sender_counts(h->sender) : (struct hep_counts){0};
}
