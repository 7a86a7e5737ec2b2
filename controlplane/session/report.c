/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/arena.h"
#include "controlplane/lib/drop_reason.h"
#include "controlplane/lib/octets.h"
#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/exchange.h"
#include "controlplane/session/path.h"
#include "controlplane/session/rating.h"
#include "controlplane/session/diagnose.h"
#include "controlplane/session/report_xr.h"

/* What a participant said of a stream that it hears, in reports or in XR. */
struct hearsay {
	struct hearsay *next;
	const Tandem__Relay__V1__Leg *by;
	uint32_t ssrc;
	int64_t lost;
	uint32_t jitter;           /* timestamp units */
	Tandem__Relay__V1__Xr *xr; /* NULL: it was a report */
};

/* A leg that is gone, as it was. */
struct ghost {
	struct ghost *next;
	struct leg leg;
	struct party party;
};

struct report {
	struct arena arena;
	const struct call *call;
	struct ghost *ghosts;
	struct hearsay *hearsay;
	Tandem__Relay__V1__Call message;
};

static uint64_t ms_since(uint64_t then)
{
	uint64_t now = wall_clock_ms();

	return now > then ? now - then : 0;
}

uint64_t report_age_ms(const struct call *call)
{
	return ms_since(call->created);
}

/* --- parties --------------------------------------------------------------------------------- */

static Tandem__Relay__V1__PartyState party_state(const struct party *party)
{
	if (exchange_find(party->call, NULL, party))
		return TANDEM__RELAY__V1__PARTY_STATE__PARTY_OFFERED;
	if (exchange_find(party->call, party, NULL))
		return TANDEM__RELAY__V1__PARTY_STATE__PARTY_OFFERING;
	return TANDEM__RELAY__V1__PARTY_STATE__PARTY_IDLE;
}

static void add_party(struct report *r, const struct party *party)
{
	Tandem__Relay__V1__Party *out =
		arena_add(&r->arena, &r->message.parties, &r->message.n_parties,
			  &tandem__relay__v1__party__descriptor);
	const struct party *partner = party_talks_with(party);

	if (!out)
		return;
	out->tag = arena_text(&r->arena, party->tag);
	out->branch = arena_text(&r->arena, party->branch);
	out->listens = party->listens;
	out->partner = arena_text(&r->arena, partner ? partner->tag : NULL);
	out->state = party_state(party);
	out->label = arena_text(&r->arena, party->label);
}

/* --- legs ------------------------------------------------------------------------------------ */

static Tandem__Relay__V1__LinkState ice_state(const struct leg *leg)
{
	if (!leg->terms.ice)
		return TANDEM__RELAY__V1__LINK_STATE__LINK_NONE;
	switch (leg->ice) {
	case TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED:
		return TANDEM__RELAY__V1__LINK_STATE__LINK_UP;
	case TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONSENT_LOST:
		return TANDEM__RELAY__V1__LINK_STATE__LINK_LOST;
	default:
		return TANDEM__RELAY__V1__LINK_STATE__LINK_WAITING;
	}
}

static Tandem__Relay__V1__LinkState dtls_state(const struct leg *leg)
{
	if (!sdp_profile_has_dtls(leg->terms.profile))
		return TANDEM__RELAY__V1__LINK_STATE__LINK_NONE;
	if (leg->failed[0])
		return TANDEM__RELAY__V1__LINK_STATE__LINK_FAILED;
	if (leg->keys_lost)
		return TANDEM__RELAY__V1__LINK_STATE__LINK_LOST;
	return leg->keyed ? TANDEM__RELAY__V1__LINK_STATE__LINK_UP
			  : TANDEM__RELAY__V1__LINK_STATE__LINK_WAITING;
}

/* By name: how it is keyed is told by the suite and the link's state. */
static Tandem__Relay__V1__Profile shown_profile(enum sdp_profile profile)
{
	const char *name = sdp_profile_name(profile);

	return (Tandem__Relay__V1__Profile)(name ? sdp_profile_find(name) : SDP_OTHER_PROFILE);
}

static char *show_endpoint(struct report *r, const struct endpoint *e)
{
	char text[ADDRESS_TEXT];

	return arena_text(&r->arena, endpoint_text(text, e));
}

static char *show_why(struct report *r, const struct leg *leg,
		      const Tandem__Dataplane__V1__LegStatus *status)
{
	char text[DIAGNOSE_MAX];

	diagnose_leg(text, sizeof(text), leg, status);
	return arena_text(&r->arena, text);
}

static void add_leg(struct report *r, const struct leg *leg)
{
	Tandem__Relay__V1__Leg *out = arena_add(&r->arena, &r->message.legs, &r->message.n_legs,
						&tandem__relay__v1__leg__descriptor);
	struct endpoint local = endpoint_make(&leg->at->address, leg->port);

	if (!out)
		return;
	out->id = leg->id;
	out->tag = arena_text(&r->arena, leg->party->tag);
	out->branch = arena_text(&r->arena, leg->party->branch);
	out->media = arena_text(&r->arena, leg->media);
	out->network = arena_text(&r->arena, leg->at->network);
	out->local = show_endpoint(r, &local);
	out->rtcp_port = leg->pair && !leg->terms.rtcp_mux ? leg->port + 1 : 0;
	if (!leg->terms.ice && !endpoint_is_unset(&leg->terms.remote))
		out->remote = show_endpoint(r, &leg->terms.remote);
	out->profile = shown_profile(leg->terms.profile);
	out->ice = ice_state(leg);
	out->dtls = dtls_state(leg);
	out->suite = arena_text(&r->arena, leg->keyed ? suite_name(leg->suite) : "");
	out->handshake_ms = leg->handshake_ms;
	out->why = show_why(r, leg, NULL);
}

/* --- paths ----------------------------------------------------------------------------------- */

static const char *why_not(const struct path *path)
{
	switch (path->muting) {
	case TANDEM__RELAY__V1__MUTING__MUTING_BLOCK:
		return "blocked";
	case TANDEM__RELAY__V1__MUTING__MUTING_SILENCE:
		return "silenced";
	default:
		return path->held ? "on hold" : "";
	}
}

static void add_path(struct report *r, const struct path *path)
{
	Tandem__Relay__V1__Path *out = arena_add(&r->arena, &r->message.paths, &r->message.n_paths,
						 &tandem__relay__v1__path__descriptor);

	if (!out)
		return;
	out->from = path->from;
	out->to = path->to;
	out->muting = path->muting;
	out->why = arena_text(&r->arena, why_not(path));
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool is_of(const struct party *only, const struct path *path)
{
	const struct leg *leg;

	if (!only)
		return true;
	TAILQ_FOREACH (leg, &only->legs, entry)
		if (leg->id == path->from || leg->id == path->to)
			return true;
	return false;
}

static struct report *finish(struct report *r)
{
	if (!r->arena.failed)
		return r;
	report_free(r);
	return NULL;
}

struct report *report_begin_leg(const struct leg *leg)
{
	struct report *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->call = leg->party->call;
	tandem__relay__v1__call__init(&r->message);
	add_leg(r, leg);
	return finish(r);
}

struct report *report_begin(const struct call *call, const struct party *only)
{
	struct report *r = calloc(1, sizeof(*r));
	struct paths paths = paths_derive(call);
	const struct party *party;
	const struct leg *leg;

	if (!r)
		goto out;
	r->call = call;
	tandem__relay__v1__call__init(&r->message);
	r->message.call_id = arena_text(&r->arena, call->id);
	r->message.state = report_state(call);
	r->message.age_ms = report_age_ms(call);
	r->message.signalled_ms = ms_since(call->signalled);
	TAILQ_FOREACH (party, &call->parties, entry) {
		if (only && party != only)
			continue;
		add_party(r, party);
		TAILQ_FOREACH (leg, &party->legs, entry)
			add_leg(r, leg);
	}
	for (unsigned int i = 0; i < paths.count; i++)
		if (is_of(only, &paths.list[i]))
			add_path(r, &paths.list[i]);
	r = finish(r);
out:
	paths_free(&paths);
	return r;
}

/* --- how it sounds --------------------------------------------------------------------------- */

static double percent(double part, double all)
{
	return all > 0 ? 100 * part / all : 0;
}

static void add_history(struct report *r, Tandem__Relay__V1__Quality *out, const struct quality *q)
{
	out->lowest_mos = q->worst;
	out->average_mos = quality_average(q);
	out->highest_mos = q->best;
	for (unsigned int k = 0; k < q->count; k++) {
		const struct quality_sample *s = &q->samples[k];
		Tandem__Relay__V1__Interval *interval =
			arena_add(&r->arena, &out->history, &out->n_history,
				  &tandem__relay__v1__interval__descriptor);

		if (!interval)
			return;
		interval->ms = s->ms;
		interval->packets = llround(s->packets);
		interval->lost = llround(s->lost);
		interval->late = llround(s->late);
		interval->jitter_ms = s->jitter_ms;
		interval->delay_ms = s->delay_ms;
		interval->mos = s->conversational;
		interval->listening_mos = s->listening;
	}
}

/* All of the stream as one interval. */
static void take_quality(struct report *r, Tandem__Relay__V1__Stream *out, const struct leg *leg,
			 const Tandem__Dataplane__V1__Stream *in)
{
	static const struct quality_reading nothing;
	const struct rated *rated = rated_find(&leg->rated, in->ssrc);
	const struct quality_reading reading = rating_read(leg, in);
	const struct voice_codec *codec;
	struct quality_sample s;
	char name[MEDIA_NAME];

	rating_name(name, leg, in->payload_type);
	out->codec = arena_text(&r->arena, name);
	codec = voice_codec_find(name);
	if (!codec && rated)
		codec = rated->quality.codec;
	s = quality_rate(&nothing, &reading, codec, 0);
	if (!s.listening)
		return;
	out->quality = arena_take(&r->arena, sizeof(*out->quality));
	if (!out->quality)
		return;
	tandem__relay__v1__quality__init(out->quality);
	out->quality->mos = s.conversational;
	out->quality->listening_mos = s.listening;
	out->quality->r = s.r;
	out->quality->loss = percent(s.lost, s.packets + s.lost);
	out->quality->late = percent(s.late, s.packets + s.lost);
	out->quality->delay_ms = s.delay_ms;
	if (rated)
		add_history(r, out->quality, &rated->quality);
}

static void take_faults(Tandem__Relay__V1__Stream *out, const Tandem__Dataplane__V1__Stream *in)
{
	double expected = (double)in->packets + in->gone;

	out->duplicates = in->duplicates;
	out->reordered = in->reordered;
	out->bursts = in->bursts;
	out->burst_loss = percent(in->burst_lost, in->burst_packets);
	out->gap_loss = percent((double)in->gone - in->burst_lost, expected - in->burst_packets);
}

static void take_report(struct report *r, const Tandem__Relay__V1__Leg *by,
			const Tandem__Dataplane__V1__Stream *in)
{
	struct hearsay *h = in->heard_ssrc ? arena_take(&r->arena, sizeof(*h)) : NULL;

	if (!h)
		return;
	*h = (struct hearsay){
		.next = r->hearsay,
		.by = by,
		.ssrc = in->heard_ssrc,
		.lost = in->heard_lost,
		.jitter = in->heard_jitter,
	};
	r->hearsay = h;
}

static void take_xr(struct report *r, const Tandem__Relay__V1__Leg *by,
		    const Tandem__Dataplane__V1__Xr *in)
{
	struct hearsay *h = in ? arena_take(&r->arena, sizeof(*h)) : NULL;

	if (!h)
		return;
	*h = (struct hearsay){
		.next = r->hearsay, .by = by, .ssrc = in->ssrc, .xr = report_xr(&r->arena, in)};
	if (h->xr)
		r->hearsay = h;
}

static void tell_report(struct report *r, const struct hearsay *h,
			Tandem__Relay__V1__Stream *stream)
{
	stream->heard = arena_take(&r->arena, sizeof(*stream->heard));
	if (!stream->heard)
		return;
	tandem__relay__v1__hearsay__init(stream->heard);
	stream->heard->lost = h->lost;
	if (stream->clock_hz)
		stream->heard->jitter_ms = 1000.0 * h->jitter / stream->clock_hz;
}

/* To the stream that it is about, once all legs have told. */
static void give_hearsay(struct report *r, const struct hearsay *h)
{
	for (size_t i = 0; i < r->message.n_legs; i++) {
		const Tandem__Relay__V1__Flow *flow = r->message.legs[i]->flow;

		for (size_t k = 0; flow && r->message.legs[i] != h->by && k < flow->n_streams;
		     k++) {
			Tandem__Relay__V1__Stream *stream = flow->streams[k];

			if (stream->ssrc != h->ssrc)
				continue;
			if (h->xr && !stream->xr)
				stream->xr = h->xr;
			else if (!h->xr && !stream->heard)
				tell_report(r, h, stream);
		}
	}
}

static void take_streams(struct report *r, Tandem__Relay__V1__Flow *flow, const struct leg *leg,
			 const Tandem__Dataplane__V1__LegStatus *status)
{
	for (size_t i = 0; i < status->n_streams; i++) {
		const Tandem__Dataplane__V1__Stream *in = status->streams[i];
		Tandem__Relay__V1__Stream *out =
			arena_add(&r->arena, &flow->streams, &flow->n_streams,
				  &tandem__relay__v1__stream__descriptor);

		if (!out)
			return;
		out->ssrc = in->ssrc;
		out->payload_type = in->payload_type;
		out->packets = in->packets;
		out->bytes = in->bytes;
		out->lost = in->lost;
		out->jitter_ms = in->jitter_us / 1000.0;
		out->rtt_ms = in->rtt_us / 1000.0;
		out->renumbered = in->renumbered;
		out->clock_hz = in->clock_hz;
		take_faults(out, in);
		if (leg && in->packets)
			take_quality(r, out, leg, in);
	}
}

static Tandem__Relay__V1__Flow *take_flow(struct report *r, const struct leg *leg,
					  const Tandem__Dataplane__V1__LegStatus *status)
{
	Tandem__Relay__V1__Flow *flow = arena_take(&r->arena, sizeof(*flow));

	if (!flow)
		return NULL;
	tandem__relay__v1__flow__init(flow);
	flow->packets = status->packets;
	flow->bytes = status->bytes;
	flow->rtcp_packets = status->rtcp_packets;
	flow->sent_packets = status->sent_packets;
	flow->auth_failures = status->auth_failures;
	flow->replays = status->replays;
	flow->wrong_source = status->wrong_source;
	flow->other_drops = status->other_drops;
	flow->silence_ms = status->silence_ms;
	take_streams(r, flow, leg, status);
	return flow;
}

static void take_paths(struct report *r, const Tandem__Dataplane__V1__LegStatus *status)
{
	for (size_t i = 0; i < status->n_paths; i++) {
		const Tandem__Dataplane__V1__Path *in = status->paths[i];

		for (size_t k = 0; k < r->message.n_paths; k++) {
			Tandem__Relay__V1__Path *out = r->message.paths[k];

			if (out->from != status->leg || out->to != in->to)
				continue;
			out->mode = (Tandem__Relay__V1__Mode)in->mode;
			out->sent_packets = in->sent_packets;
			out->dropped = in->dropped;
			if (!out->why[0] && in->dropped && !in->sent_packets)
				out->why = arena_text(&r->arena, in->last_drop_text);
		}
	}
}

static void take_remote(struct report *r, Tandem__Relay__V1__Leg *out,
			const Tandem__Dataplane__V1__Endpoint *in)
{
	struct endpoint remote = octets_read_endpoint(in);

	if (!endpoint_is_zero(&remote))
		out->remote = show_endpoint(r, &remote);
}

/* NULL if its party has left. */
static struct leg *find_leg(const struct call *call, uint64_t id)
{
	const struct party *party;
	struct leg *leg;

	for_each_leg(leg, call)
	{
		if (leg->id == id)
			return leg;
	}
	return NULL;
}

void report_keep_leg(struct report *r, struct leg *leg)
{
	struct ghost *ghost = arena_take(&r->arena, sizeof(*ghost));

	if (!ghost)
		return;
	ghost->party.call = leg->party->call;
	ghost->leg = *leg;
	ghost->leg.party = &ghost->party;
	ghost->leg.dtls = NULL;
	ghost->leg.identity = NULL;
	rated_move(&ghost->leg.rated, &leg->rated);
	ghost->next = r->ghosts;
	r->ghosts = ghost;
}

static struct leg *find_ghost(const struct report *r, uint64_t id)
{
	struct ghost *ghost = r->ghosts;

	while (ghost && ghost->leg.id != id)
		ghost = ghost->next;
	return ghost ? &ghost->leg : NULL;
}

void report_take(struct report *r, const Tandem__Dataplane__V1__LegStatus *status)
{
	struct leg *leg = find_leg(r->call, status->leg) ?: find_ghost(r, status->leg);
	Tandem__Relay__V1__Leg *out = NULL;

	if (leg)
		rating_hear(leg, status);

	for (size_t i = 0; i < r->message.n_legs; i++)
		if (r->message.legs[i]->id == status->leg)
			out = r->message.legs[i];
	if (!out)
		return;
	if (!out->flow)
		out->flow = take_flow(r, leg, status);
	for (size_t i = 0; i < status->n_streams; i++) {
		take_report(r, out, status->streams[i]);
		take_xr(r, out, status->streams[i]->xr);
	}
	take_paths(r, status);
	out->shed_packets = status->shed_packets;
	out->shed_reason = arena_text(&r->arena, drop_reason_name(status->shed_reason));
	take_remote(r, out, status->remote);
	if (!leg)
		return;
	out->why = show_why(r, leg, status);
	/* What the dataplane confirmed meanwhile counts. */
	r->message.state = report_state(r->call);
}

Tandem__Relay__V1__Call *report_call(struct report *r)
{
	for (const struct hearsay *h = r->hearsay; h; h = h->next)
		give_hearsay(r, h);
	r->hearsay = NULL;
	for (size_t i = 0; i < r->message.n_legs; i++) {
		Tandem__Relay__V1__Leg *leg = r->message.legs[i];
		char text[DIAGNOSE_MAX];

		diagnose_sound(text, sizeof(text), leg);
		if (!leg->why[0])
			leg->why = arena_text(&r->arena, text);
	}
	return &r->message;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	for (struct ghost *ghost = r->ghosts; ghost; ghost = ghost->next)
		rated_free(&ghost->leg.rated);
	arena_clear(&r->arena);
	free(r);
}
