/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/view.h"

#include <inttypes.h>

#include "controlplane/ctl/columns.h"
#include "controlplane/ctl/words.h"

static const char *call_state(Tandem__Relay__V1__CallState state, char *text)
{
	return words_enum(&tandem__relay__v1__call_state__descriptor, (int)state, "CALL_", text);
}

static const char *link_state(Tandem__Relay__V1__LinkState state, char *text)
{
	if (state == TANDEM__RELAY__V1__LINK_STATE__LINK_NONE)
		return "";
	return words_enum(&tandem__relay__v1__link_state__descriptor, (int)state, "LINK_", text);
}

static const char *mode(Tandem__Relay__V1__Mode value, char *text)
{
	return words_enum(&tandem__relay__v1__mode__descriptor, (int)value, "MODE_", text);
}

/* As an SDP m-line writes it. */
static const char *profile(Tandem__Relay__V1__Profile value)
{
	static const char *const names[] = {
		"",          "RTP/AVP",          "RTP/AVPF",          "RTP/SAVP",
		"RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF",
	};

	return (unsigned)value < sizeof(names) / sizeof(names[0]) ? names[value] : "unknown";
}

static void add_mos(struct columns *columns, double mos)
{
	if (mos > 0)
		columns_add(columns, "%.2f", mos);
	else
		columns_add(columns, "%s", "");
}

void view_calls(FILE *out, Tandem__Relay__V1__CallSummary *const *calls, size_t count)
{
	static const char *const heads[] = {"CALL",    "STATE", ">AGE", ">LEGS", ">MOS",
					    ">LOWEST", "BY",    "WHY",  NULL};
	struct columns *columns = columns_new(heads);
	char text[WORDS_SIZE];

	for (size_t i = 0; i < count; i++) {
		columns_add(columns, "%s", calls[i]->call_id);
		columns_add(columns, "%s", call_state(calls[i]->state, text));
		columns_add(columns, "%s", words_duration(calls[i]->age_ms, text));
		columns_add(columns, "%" PRIu32, calls[i]->legs);
		add_mos(columns, calls[i]->mos);
		add_mos(columns, calls[i]->lowest_mos);
		columns_add(columns, "%s", calls[i]->driver);
		columns_add(columns, "%s", calls[i]->why);
	}
	if (count)
		columns_print(columns, out);
	else
		fputs("no calls\n", out);
	columns_free(columns);
}

static void view_legs(FILE *out, const Tandem__Relay__V1__Call *call)
{
	static const char *const heads[] = {">LEG",  "PARTICIPANT", "MEDIA",      "NETWORK",
					    "LOCAL", "REMOTE",      "PROFILE",    "ICE",
					    "DTLS",  "SUITE",       ">HANDSHAKE", NULL};
	struct columns *columns = columns_new(heads);
	char text[WORDS_SIZE];

	for (size_t i = 0; i < call->n_legs; i++) {
		const Tandem__Relay__V1__Leg *leg = call->legs[i];

		columns_add(columns, "%" PRIu64, leg->id);
		columns_add(columns, "%s", leg->tag);
		columns_add(columns, "%s", leg->media);
		columns_add(columns, "%s", leg->network);
		columns_add(columns, "%s", leg->local);
		columns_add(columns, "%s", leg->remote);
		columns_add(columns, "%s", profile(leg->profile));
		columns_add(columns, "%s", link_state(leg->ice, text));
		columns_add(columns, "%s", link_state(leg->dtls, text));
		columns_add(columns, "%s", leg->suite);
		if (leg->dtls == TANDEM__RELAY__V1__LINK_STATE__LINK_UP)
			columns_add(columns, "%" PRIu32 " ms", leg->handshake_ms);
		else
			columns_add(columns, "%s", "");
	}
	columns_print(columns, out);
	columns_free(columns);
}

static const char *party_state(Tandem__Relay__V1__PartyState state, char *text)
{
	if (state == TANDEM__RELAY__V1__PARTY_STATE__PARTY_IDLE)
		return "";
	return words_enum(&tandem__relay__v1__party_state__descriptor, (int)state, "PARTY_", text);
}

static void view_parties(FILE *out, const Tandem__Relay__V1__Call *call)
{
	static const char *const heads[] = {"PARTY", "BRANCH", "TALKS WITH", "OFFER", NULL};
	struct columns *columns = columns_new(heads);
	char text[WORDS_SIZE];

	for (size_t i = 0; i < call->n_parties; i++) {
		const Tandem__Relay__V1__Party *party = call->parties[i];

		columns_add(columns, "%s", party->tag);
		columns_add(columns, "%s", party->branch);
		columns_add(columns, "%s", party->listens ? "(listens)" : party->partner);
		columns_add(columns, "%s", party_state(party->state, text));
	}
	columns_print(columns, out);
	columns_free(columns);
}

static const char *tag_of(const Tandem__Relay__V1__Call *call, uint64_t leg)
{
	for (size_t i = 0; i < call->n_legs; i++)
		if (call->legs[i]->id == leg)
			return call->legs[i]->tag;
	return "";
}

/* Who hears whom, and how protected. */
static void view_paths(FILE *out, const Tandem__Relay__V1__Call *call)
{
	static const char *const heads[] = {">FROM LEG", "SPEAKER",  ">TO LEG", "HEARD BY", "MODE",
					    ">PASSED",   ">DROPPED", "WHY NOT", NULL};
	struct columns *columns = columns_new(heads);
	char text[WORDS_SIZE];

	for (size_t i = 0; i < call->n_paths; i++) {
		const Tandem__Relay__V1__Path *path = call->paths[i];

		columns_add(columns, "%" PRIu64, path->from);
		columns_add(columns, "%s", tag_of(call, path->from));
		columns_add(columns, "%" PRIu64, path->to);
		columns_add(columns, "%s", tag_of(call, path->to));
		columns_add(columns, "%s", mode(path->mode, text));
		columns_add(columns, "%" PRIu64, path->sent_packets);
		columns_add(columns, "%" PRIu64, path->dropped);
		columns_add(columns, "%s", path->why);
	}
	if (call->n_paths) {
		fputc('\n', out);
		columns_print(columns, out);
	}
	columns_free(columns);
}

/* One line per leg: what came from its participant, and what became of it. */
static void view_flows(FILE *out, const Tandem__Relay__V1__Call *call)
{
	static const char *const heads[] = {
		">LEG",         "FROM",      ">PACKETS",      ">OCTETS",      ">PASSED ON", ">RTCP",
		">AUTH FAILED", ">REPLAYED", ">WRONG SOURCE", ">OTHER DROPS", ">LAST",      NULL};
	static const Tandem__Relay__V1__Flow none = TANDEM__RELAY__V1__FLOW__INIT;
	struct columns *columns = columns_new(heads);
	char text[WORDS_SIZE];

	for (size_t i = 0; i < call->n_legs; i++) {
		const Tandem__Relay__V1__Flow *flow = call->legs[i]->flow ?: &none;

		columns_add(columns, "%" PRIu64, call->legs[i]->id);
		columns_add(columns, "%s", call->legs[i]->tag);
		columns_add(columns, "%" PRIu64, flow->packets);
		columns_add(columns, "%" PRIu64, flow->bytes);
		columns_add(columns, "%" PRIu64, flow->sent_packets);
		columns_add(columns, "%" PRIu64, flow->rtcp_packets);
		columns_add(columns, "%" PRIu64, flow->auth_failures);
		columns_add(columns, "%" PRIu64, flow->replays);
		columns_add(columns, "%" PRIu64, flow->wrong_source);
		columns_add(columns, "%" PRIu64, flow->other_drops);
		columns_add(columns, "%s",
			    flow->packets ? words_duration(flow->silence_ms, text) : "never");
	}
	columns_print(columns, out);
	columns_free(columns);
}

static void add_stream(struct columns *columns, uint64_t leg,
		       const Tandem__Relay__V1__Stream *stream)
{
	double expected = (double)stream->packets + (double)stream->lost;

	columns_add(columns, "%" PRIu64, leg);
	columns_add(columns, "%08" PRIx32, stream->ssrc);
	if (stream->codec[0])
		columns_add(columns, "%s", stream->codec);
	else
		columns_add(columns, "%" PRIu32, stream->payload_type);
	columns_add(columns, "%" PRIu64, stream->packets);
	columns_add(columns, "%" PRIu64, stream->bytes);
	columns_add(columns, "%" PRId64, stream->lost);
	if (expected > 0 && stream->lost >= 0)
		columns_add(columns, "%.2f %%", 100.0 * (double)stream->lost / expected);
	else
		columns_add(columns, "%s", "");
	columns_add(columns, "%.1f ms", stream->jitter_ms);
	if (stream->rtt_ms > 0)
		columns_add(columns, "%.1f ms", stream->rtt_ms);
	else
		columns_add(columns, "%s", "");
	add_mos(columns, stream->quality ? stream->quality->mos : 0);
	add_mos(columns, stream->quality ? stream->quality->lowest_mos : 0);
	if (stream->renumbered)
		columns_add(columns, "%" PRIu32, stream->renumbered);
	else
		columns_add(columns, "%s", "");
}

static void view_streams(FILE *out, const Tandem__Relay__V1__Call *call)
{
	static const char *const heads[] = {
		">LEG",    "SSRC", "CODEC", ">PACKETS",    ">OCTETS",     ">LOST", ">LOSS",
		">JITTER", ">RTT", ">MOS",  ">LOWEST MOS", ">RENUMBERED", NULL};
	struct columns *columns = columns_new(heads);
	size_t streams = 0;

	for (size_t i = 0; i < call->n_legs; i++) {
		const Tandem__Relay__V1__Flow *flow = call->legs[i]->flow;

		for (size_t j = 0; flow && j < flow->n_streams; j++, streams++)
			add_stream(columns, call->legs[i]->id, flow->streams[j]);
	}
	if (streams) {
		fputc('\n', out);
		columns_print(columns, out);
	}
	columns_free(columns);
}

static void view_shed_packets(FILE *out, const Tandem__Relay__V1__Call *call)
{
	unsigned lines = 0;

	for (size_t i = 0; i < call->n_legs; i++) {
		const Tandem__Relay__V1__Leg *leg = call->legs[i];

		if (!leg->shed_packets)
			continue;
		fprintf(out, "%sshed: %" PRIu64 " packets to leg %" PRIu64, lines++ ? "" : "\n",
			leg->shed_packets, leg->id);
		if (*leg->shed_reason) {
			fputs(", the last one as ", out);
			words_print(out, leg->shed_reason);
		}
		fputs("; tandemctl shed top shows who sends them\n", out);
	}
}

static void view_reasons(FILE *out, const Tandem__Relay__V1__Call *call)
{
	size_t silent = 0;

	fputc('\n', out);
	for (size_t i = 0; i < call->n_legs; i++) {
		const Tandem__Relay__V1__Leg *leg = call->legs[i];

		if (!*leg->why)
			continue;
		silent++;
		fputs("no ", out);
		words_print(out, *leg->media ? leg->media : "media");
		fputs(" from ", out);
		words_print(out, *leg->tag ? leg->tag : "the participant");
		fputs(": ", out);
		words_print(out, leg->why);
		fputc('\n', out);
	}
	if (!silent)
		fputs("media passes from every participant\n", out);
}

void view_call(FILE *out, const Tandem__Relay__V1__Call *call)
{
	char state[WORDS_SIZE], age[WORDS_SIZE];

	fputs("call ", out);
	words_print(out, call->call_id);
	fprintf(out, ": %s, %s old\n", call_state(call->state, state),
		words_duration(call->age_ms, age));
	if (!call->n_legs) {
		fputs("\nit has no legs yet\n", out);
		return;
	}
	fputc('\n', out);
	view_parties(out, call);
	fputc('\n', out);
	view_legs(out, call);
	fputc('\n', out);
	view_flows(out, call);
	view_paths(out, call);
	view_streams(out, call);
	view_xr(out, call);
	view_shed_packets(out, call);
	view_reasons(out, call);
}

void view_watch(FILE *out, const Tandem__Relay__V1__WatchEvent *event)
{
	char when[WORDS_SIZE], kind[WORDS_SIZE];

	words_time(event->time_ms, when);
	fprintf(out, "%s  ", when);
	words_print(out, event->call_id);
	fprintf(out, "  %s",
		words_enum(&tandem__relay__v1__watch_kind__descriptor, (int)event->kind, "WATCH_",
			   kind));
	if (*event->tag || *event->branch) {
		fputs("  ", out);
		words_print(out, *event->tag ? event->tag : event->branch);
	}
	if (event->leg)
		fprintf(out, "  leg %" PRIu64, event->leg);
	if (*event->text) {
		fputs("  ", out);
		words_print(out, event->text);
	}
	fputc('\n', out);
}
