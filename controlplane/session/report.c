/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "controlplane/session/why.h"

struct report {
	const struct call *call;
	Tandem__Relay__V1__Call *message;
	unsigned int leg_count;
};

Tandem__Relay__V1__CallState report_state(const struct call *call)
{
	const struct bridge *bridge;
	bool up = true;

	if (!call->answered)
		return TANDEM__RELAY__V1__CALL_STATE__CALL_OFFERED;
	TAILQ_FOREACH (bridge, &call->bridges, entry) {
		for (enum side side = SIDE_A; !bridge->pending && side < SIDES; side++) {
			if (bridge->legs[side]->failed[0])
				return TANDEM__RELAY__V1__CALL_STATE__CALL_FAILED;
			up &= why_is_up(bridge->legs[side]);
		}
	}
	if (call->offer)
		return TANDEM__RELAY__V1__CALL_STATE__CALL_REOFFERED;
	return up ? TANDEM__RELAY__V1__CALL_STATE__CALL_UP
		  : TANDEM__RELAY__V1__CALL_STATE__CALL_ANSWERED;
}

uint64_t report_age_ms(const struct call *call)
{
	struct timespec now;
	uint64_t ms;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	return ms > call->created ? ms - call->created : 0;
}

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

/* By name: how RTP/SAVP(F) is keyed is told by the link's state. */
static Tandem__Relay__V1__Profile shown_profile(enum sdp_profile profile)
{
	switch (profile) {
	case SDP_RTP_SAVP_DTLS:
		return TANDEM__RELAY__V1__PROFILE__PROFILE_RTP_SAVP;
	case SDP_RTP_SAVPF_DTLS:
		return TANDEM__RELAY__V1__PROFILE__PROFILE_RTP_SAVPF;
	default:
		return (Tandem__Relay__V1__Profile)profile;
	}
}

static char *copy(const char *text)
{
	char *copied = strdup(text ? text : "");

	return copied ? copied : (char *)protobuf_c_empty_string;
}

static void describe_leg(Tandem__Relay__V1__Leg *out, const struct leg *leg)
{
	const struct call *call = leg->bridge->call;
	char text[WHY_MAX];

	out->id = leg->id;
	out->tag = copy(call->tags[leg->side]);
	out->media = copy(leg->bridge->media);
	out->network = copy(leg->at->network);
	why_print_address(text, &leg->at->address, leg->port);
	out->local = copy(text);
	if (!leg->terms.ice && leg->terms.remote.port) {
		why_print_address(text, &leg->terms.remote, leg->terms.remote.port);
		out->remote = copy(text);
	}
	out->profile = shown_profile(leg->terms.profile);
	out->ice = ice_state(leg);
	out->dtls = dtls_state(leg);
	out->suite = copy(leg->keyed ? suite_name(leg->suite) : "");
	out->handshake_ms = leg->handshake_ms;
	why_leg(text, sizeof(text), leg, NULL);
	out->why = copy(text);
}

struct report *report_begin(const struct call *call)
{
	struct report *r = calloc(1, sizeof(*r));
	const struct bridge *bridge;
	unsigned int count = 0;

	if (!r)
		return NULL;
	TAILQ_FOREACH (bridge, &call->bridges, entry)
		count += SIDES;
	r->call = call;
	r->message = calloc(1, sizeof(*r->message));
	if (!r->message)
		goto out;
	tandem__relay__v1__call__init(r->message);
	r->message->call_id = copy(call->id);
	r->message->state = report_state(call);
	r->message->age_ms = report_age_ms(call);
	r->message->legs = calloc(count + 1, sizeof(r->message->legs[0]));
	if (!r->message->legs)
		goto out;
	TAILQ_FOREACH (bridge, &call->bridges, entry) {
		for (enum side side = SIDE_A; side < SIDES; side++) {
			Tandem__Relay__V1__Leg *leg =
				bridge->legs[side] ? calloc(1, sizeof(*leg)) : NULL;

			if (!leg)
				continue;
			tandem__relay__v1__leg__init(leg);
			describe_leg(leg, bridge->legs[side]);
			r->message->legs[r->message->n_legs++] = leg;
		}
	}
	return r;
out:
	report_free(r);
	return NULL;
}

static const struct leg *find_leg(const struct call *call, uint64_t id)
{
	const struct bridge *bridge;

	TAILQ_FOREACH (bridge, &call->bridges, entry)
		for (enum side side = SIDE_A; side < SIDES; side++)
			if (bridge->legs[side] && bridge->legs[side]->id == id)
				return bridge->legs[side];
	return NULL;
}

static void take_streams(Tandem__Relay__V1__Flow *flow,
			 const Tandem__Dataplane__V1__LegStatus *status)
{
	flow->streams = calloc(status->n_streams + 1, sizeof(flow->streams[0]));
	for (size_t i = 0; flow->streams && i < status->n_streams; i++) {
		const Tandem__Dataplane__V1__Stream *in = status->streams[i];
		Tandem__Relay__V1__Stream *out = calloc(1, sizeof(*out));

		if (!out)
			return;
		tandem__relay__v1__stream__init(out);
		out->ssrc = in->ssrc;
		out->payload_type = in->payload_type;
		out->packets = in->packets;
		out->bytes = in->bytes;
		out->lost = in->lost;
		out->jitter_ms = in->jitter_us / 1000.0;
		out->rtt_ms = in->rtt_us / 1000.0;
		out->renumbered = in->renumbered;
		flow->streams[flow->n_streams++] = out;
	}
}

static Tandem__Relay__V1__Flow *take_flow(const Tandem__Dataplane__V1__LegStatus *status)
{
	Tandem__Relay__V1__Flow *flow = calloc(1, sizeof(*flow));

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
	flow->mode = (Tandem__Relay__V1__Mode)status->mode;
	take_streams(flow, status);
	return flow;
}

static void set_text(char **field, const char *text)
{
	if (*field != protobuf_c_empty_string)
		free(*field);
	*field = copy(text);
}

void report_take(struct report *r, const Tandem__Dataplane__V1__LegStatus *status)
{
	const struct leg *leg = find_leg(r->call, status->leg);
	Tandem__Relay__V1__Leg *out = NULL;
	char text[WHY_MAX];

	for (size_t i = 0; leg && i < r->message->n_legs; i++)
		if (r->message->legs[i]->id == status->leg)
			out = r->message->legs[i];
	if (!out)
		return;
	if (!out->flow)
		out->flow = take_flow(status);
	out->shed_packets = status->shed_packets;
	set_text(&out->shed_reason, why_reason(status->shed_reason));
	if (status->remote &&
	    (status->remote->address.len == 4 || status->remote->address.len == 16)) {
		struct sdp_address remote = {.family = status->remote->address.len == 16 ? AF_INET6
											 : AF_INET};

		memcpy(remote.ip, status->remote->address.data, status->remote->address.len);
		why_print_address(text, &remote, status->remote->port);
		set_text(&out->remote, text);
	}
	why_leg(text, sizeof(text), leg, status);
	set_text(&out->why, text);
	/* What the dataplane confirmed meanwhile counts. */
	r->message->state = report_state(r->call);
}

Tandem__Relay__V1__Call *report_call(struct report *r)
{
	return r->message;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	if (r->message)
		tandem__relay__v1__call__free_unpacked(r->message, NULL);
	free(r);
}
