/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/why.h"

#include <inttypes.h>
#include <stdio.h>

#define SILENCE_MS  2000
#define LINK(state) TANDEM__RELAY__V1__LINK_STATE__LINK_##state

/* A leg that cannot carry media yet, or any more. */
static const char *why_not_up(const Tandem__Relay__V1__Leg *leg)
{
	if (leg->ice == LINK(LOST))
		return "ICE consent has expired: the participant no longer answers checks";
	if (leg->ice == LINK(FAILED))
		return "ICE has failed";
	if (leg->ice == LINK(WAITING))
		return "ICE: no check from the participant has come through yet";
	if (leg->dtls == LINK(FAILED))
		return "the DTLS handshake has failed";
	if (leg->dtls == LINK(LOST))
		return "the participant has closed DTLS";
	if (leg->dtls == LINK(WAITING))
		return "the DTLS handshake is not finished";
	return NULL;
}

/* Nothing was accepted: whatever was counted instead is the reason, the most telling one first. */
static void why_nothing(const Tandem__Relay__V1__Leg *leg, const Tandem__Relay__V1__Flow *flow,
			char *text, size_t size)
{
	if (flow && flow->auth_failures)
		snprintf(text, size,
			 "%" PRIu64 " packets failed authentication: the keys do not match",
			 flow->auth_failures);
	else if (flow && flow->wrong_source)
		snprintf(text, size, "%" PRIu64 " packets came, but not from %s",
			 flow->wrong_source, *leg->remote ? leg->remote : "an allowed address");
	else if (flow && flow->replays + flow->other_drops)
		snprintf(text, size, "%" PRIu64 " packets came, and none was acceptable",
			 flow->replays + flow->other_drops);
	else
		snprintf(text, size, "nothing has arrived at %s: is the way to it open?",
			 leg->local);
}

const char *why_silent(const Tandem__Relay__V1__Leg *leg, char *text, size_t size)
{
	const Tandem__Relay__V1__Flow *flow = leg->flow;
	const char *not_up = *leg->why ? leg->why : why_not_up(leg);

	if (not_up)
		snprintf(text, size, "%s", not_up);
	else if (!flow || !flow->packets)
		why_nothing(leg, flow, text, size);
	else if (flow->silence_ms > SILENCE_MS)
		snprintf(text, size, "it has sent nothing for %u seconds: on hold, muted or gone?",
			 flow->silence_ms / 1000);
	else if (!flow->sent_packets)
		snprintf(text, size, "its packets arrive, but the other side cannot be sent to");
	else
		return NULL;
	return text;
}
