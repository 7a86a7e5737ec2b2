/* SPDX-License-Identifier: BSD-3-Clause */
/* A call's statistics under the names that proxies map to their variables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/wall_clock.h"
#include "controlplane/ng/ng_state.h"

/* --- quality --------------------------------------------------------------------------------- */

/* One of the MOS's kinds, which are told in tenths, with the stream's own figures beside it. */
static void put_sample(struct arena *arena, struct ng_value *ssrc, const char *name, double mos,
		       const Tandem__Relay__V1__Stream *stream, uint64_t now_s)
{
	const Tandem__Relay__V1__Quality *quality = stream->quality;
	struct ng_value *made = ng_put(ssrc, name, ng_dictionary(arena));

	ng_put(made, "MOS", ng_number(arena, lround(10 * mos)));
	ng_put(made, "round-trip time", ng_number(arena, lround(1000 * stream->rtt_ms)));
	ng_put(made, "jitter", ng_number(arena, lround(stream->jitter_ms)));
	ng_put(made, "packet loss", ng_number(arena, lround(quality->loss)));
	ng_put(made, "samples", ng_number(arena, quality->n_history ? quality->n_history : 1));
	ng_put(made, "reported at", ng_number(arena, now_s));
}

/* Before the first interval has ended, the whole is all of them. */
static void add_ssrc(struct arena *arena, struct ng_value *all,
		     const Tandem__Relay__V1__Stream *stream, uint64_t now_s)
{
	const Tandem__Relay__V1__Quality *q = stream->quality;
	struct ng_value *ssrc = ng_dictionary(arena);

	ng_put(ssrc, "cumulative loss", ng_number(arena, stream->lost));
	if (q) {
		put_sample(arena, ssrc, "average MOS", q->average_mos ? q->average_mos : q->mos,
			   stream, now_s);
		put_sample(arena, ssrc, "lowest MOS", q->lowest_mos ? q->lowest_mos : q->mos,
			   stream, now_s);
		put_sample(arena, ssrc, "highest MOS", q->highest_mos ? q->highest_mos : q->mos,
			   stream, now_s);
	}
	ng_put(all, arena_printf(arena, "%u", stream->ssrc), ssrc);
}

/* What is known from RTCP alone was not heard, and has no quality. */
static void add_ssrcs(struct arena *arena, struct ng_value *all,
		      const Tandem__Relay__V1__Flow *flow, uint64_t now_s)
{
	for (size_t k = 0; k < flow->n_streams; k++)
		if (flow->streams[k]->packets)
			add_ssrc(arena, all, flow->streams[k], now_s);
}

/* --- tags ------------------------------------------------------------------------------------ */

/* "198.51.100.1:20000", "[2001:db8::1]:20000" */
static struct ng_value *endpoint(struct arena *arena, const char *text)
{
	struct ng_value *made = ng_dictionary(arena);
	const char *colon = strrchr(text, ':');
	bool ipv6 = *text == '[';
	size_t length = colon ? (size_t)(colon - text) - 2 * ipv6 : 0;

	ng_put(made, "family", ng_text(arena, ipv6 ? "IPv6" : "IPv4"));
	ng_put(made, "address", ng_octets(arena, text + ipv6, length));
	ng_put(made, "port", ng_number(arena, colon ? atoi(colon + 1) : 0));
	return made;
}

static struct ng_value *counts(struct arena *arena, uint64_t packets, uint64_t bytes,
			       uint64_t errors)
{
	struct ng_value *made = ng_dictionary(arena);

	ng_put(made, "packets", ng_number(arena, packets));
	ng_put(made, "bytes", ng_number(arena, bytes));
	ng_put(made, "errors", ng_number(arena, errors));
	return made;
}

static uint64_t errors_of(const Tandem__Relay__V1__Flow *flow)
{
	return flow->auth_failures + flow->replays + flow->wrong_source + flow->other_drops;
}

static bool is_before(const Tandem__Relay__V1__Stream *one, const Tandem__Relay__V1__Stream *other)
{
	if (!other || !one->quality != !other->quality)
		return other ? one->quality != NULL : one->packets > 0;
	return one->packets > other->packets;
}

/*
 * The voice that said most, or else what did: by it proxies find the quality of a tag. NULL:
 * nothing was heard.
 */
static const Tandem__Relay__V1__Stream *main_stream(const Tandem__Relay__V1__Flow *flow)
{
	const Tandem__Relay__V1__Stream *most = NULL;

	for (size_t k = 0; k < flow->n_streams; k++)
		if (is_before(flow->streams[k], most))
			most = flow->streams[k];
	return most;
}

/* What RTP and RTCP have in common; the port is the relay's. */
static struct ng_value *begin_stream(struct arena *arena, const Tandem__Relay__V1__Leg *leg,
				     unsigned int port, unsigned int remote_port, const char *kind)
{
	struct ng_value *made = endpoint(arena, leg->local), *stream = ng_dictionary(arena);
	struct ng_value *flags = ng_list(arena), *to;

	ng_put(stream, "local port", ng_number(arena, port));
	ng_put(stream, "local address", ng_text(arena, ng_get_text(made, "address")));
	ng_put(stream, "family", ng_text(arena, ng_get_text(made, "family")));
	for (unsigned int k = 0; *leg->remote && k < 2; k++) {
		to = endpoint(arena, leg->remote);
		ng_get(to, "port")->number += remote_port;
		ng_put(stream, k ? "advertised endpoint" : "endpoint", to);
	}
	if (*leg->suite)
		ng_put(stream, "crypto suite", ng_text(arena, leg->suite));
	ng_put(stream, "flags", flags);
	ng_add(flags, ng_text(arena, kind));
	if (*leg->remote)
		ng_add(flags, ng_text(arena, "filled"));
	if (leg->ice)
		ng_add(flags, ng_text(arena, "ICE"));
	return stream;
}

static struct ng_value *rtp_of(struct arena *arena, const Tandem__Relay__V1__Leg *leg,
			       uint64_t now_s)
{
	const char *colon = strrchr(leg->local, ':');
	struct ng_value *made = begin_stream(arena, leg, colon ? atoi(colon + 1) : 0, 0, "RTP");
	const Tandem__Relay__V1__Flow *flow = leg->flow;
	const Tandem__Relay__V1__Stream *heard = flow ? main_stream(flow) : NULL;

	if (!flow)
		return made;
	if (flow->silence_ms != UINT32_MAX)
		ng_put(made, "last packet", ng_number(arena, now_s - flow->silence_ms / 1000));
	if (heard)
		ng_put(made, "SSRC", ng_number(arena, heard->ssrc));
	if (flow->packets)
		ng_add(ng_get(made, "flags"), ng_text(arena, "confirmed"));
	ng_put(made, "stats", counts(arena, flow->packets, flow->bytes, errors_of(flow)));
	return made;
}

static struct ng_value *rtcp_of(struct arena *arena, const Tandem__Relay__V1__Leg *leg)
{
	struct ng_value *made = begin_stream(arena, leg, leg->rtcp_port, 1, "RTCP");

	if (leg->flow)
		ng_put(made, "stats", counts(arena, leg->flow->rtcp_packets, 0, 0));
	return made;
}

static struct ng_value *flags_of(struct arena *arena, const Tandem__Relay__V1__Leg *leg)
{
	struct ng_value *flags = ng_list(arena);

	ng_add(flags, ng_text(arena, "initialized"));
	if (!leg->rtcp_port)
		ng_add(flags, ng_text(arena, "rtcp-mux"));
	if (leg->dtls)
		ng_add(flags, ng_text(arena, "DTLS-SRTP"));
	else if (*leg->suite)
		ng_add(flags, ng_text(arena, "SDES"));
	if (leg->ice)
		ng_add(flags, ng_text(arena, "ICE"));
	return flags;
}

static struct ng_value *medium_of(struct arena *arena, const Tandem__Relay__V1__Leg *leg,
				  unsigned int index, uint64_t now_s)
{
	static const char *const protocols[] = {
		"",          "RTP/AVP",          "RTP/AVPF",         "RTP/SAVP",
		"RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"};
	struct ng_value *made = ng_dictionary(arena), *streams;

	ng_put(made, "index", ng_number(arena, index));
	ng_put(made, "type", ng_text(arena, leg->media));
	if ((unsigned int)leg->profile < sizeof(protocols) / sizeof(protocols[0]))
		ng_put(made, "protocol", ng_text(arena, protocols[leg->profile]));
	streams = ng_put(made, "streams", ng_list(arena));
	ng_add(streams, rtp_of(arena, leg, now_s));
	if (leg->rtcp_port)
		ng_add(streams, rtcp_of(arena, leg));
	ng_put(made, "flags", flags_of(arena, leg));
	return made;
}

static void add_partner(struct arena *arena, struct ng_value *tag, const char *key,
			const char *partner)
{
	struct ng_value *list = ng_put(tag, key, ng_list(arena));
	struct ng_value *one = *partner ? ng_add(list, ng_dictionary(arena)) : NULL;

	ng_put(one, "tag", ng_text(arena, partner));
	ng_put(one, "type", ng_text(arena, "offer/answer"));
}

static void add_tag(struct arena *arena, struct ng_value *tags, const Tandem__Relay__V1__Call *call,
		    const Tandem__Relay__V1__Party *party, uint64_t now_s)
{
	struct ng_value *made = ng_dictionary(arena), *medias;
	unsigned int index = 0;

	ng_put(made, "tag", ng_text(arena, party->tag));
	if (*party->branch)
		ng_put(made, "via-branch", ng_text(arena, party->branch));
	if (*party->label)
		ng_put(made, "label", ng_text(arena, party->label));
	ng_put(made, "created", ng_number(arena, now_s - call->age_ms / 1000));
	if (*party->partner)
		ng_put(made, "in dialogue with", ng_text(arena, party->partner));
	add_partner(arena, made, "subscriptions", party->partner);
	add_partner(arena, made, "subscribers", party->partner);
	medias = ng_put(made, "medias", ng_list(arena));
	for (size_t k = 0; k < call->n_legs; k++) {
		const Tandem__Relay__V1__Leg *leg = call->legs[k];

		if (strcmp(leg->tag, party->tag) == 0 && strcmp(leg->branch, party->branch) == 0)
			ng_add(medias, medium_of(arena, leg, ++index, now_s));
	}
	ng_put(tags, arena_text(arena, party->tag), made);
}

/* --- the whole ------------------------------------------------------------------------------- */

static struct ng_value *totals_of(struct arena *arena, const Tandem__Relay__V1__Call *call)
{
	struct ng_value *made = ng_dictionary(arena);
	uint64_t packets = 0, bytes = 0, errors = 0, rtcp = 0;

	for (size_t k = 0; k < call->n_legs; k++) {
		const Tandem__Relay__V1__Flow *flow = call->legs[k]->flow;

		if (!flow)
			continue;
		packets += flow->packets;
		bytes += flow->bytes;
		errors += errors_of(flow);
		rtcp += flow->rtcp_packets;
	}
	ng_put(made, "RTP", counts(arena, packets, bytes, errors));
	ng_put(made, "RTCP", counts(arena, rtcp, 0, 0));
	return made;
}

void ng_report_call(struct arena *arena, struct ng_value *reply,
		    const Tandem__Relay__V1__Call *call)
{
	struct ng_value *tags, *ssrcs;
	uint64_t now_ms = wall_clock_ms(), created_ms = now_ms - call->age_ms;

	ng_put(reply, "created", ng_number(arena, created_ms / 1000));
	ng_put(reply, "created_us", ng_number(arena, created_ms * 1000));
	ng_put(reply, "last signal", ng_number(arena, (now_ms - call->signalled_ms) / 1000));
	ng_put(reply, "totals", totals_of(arena, call));
	tags = ng_put(reply, "tags", ng_dictionary(arena));
	for (size_t k = 0; k < call->n_parties; k++)
		add_tag(arena, tags, call, call->parties[k], now_ms / 1000);
	ssrcs = ng_put(reply, "SSRC", ng_dictionary(arena));
	for (size_t k = 0; k < call->n_legs; k++)
		if (call->legs[k]->flow)
			add_ssrcs(arena, ssrcs, call->legs[k]->flow, now_ms / 1000);
}
