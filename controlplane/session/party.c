/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/party.h"

#include <sys/socket.h>

#include "controlplane/session/session_state.h"

bool party_of_leg(struct session *s, uint64_t id, struct party *party)
{
	const struct leg *leg = session_find_leg(s, id);
	const struct call *call;

	if (!leg)
		return false;
	call = leg->bridge->call;
	party->call_id = call->id;
	party->tag = call->tags[leg->side] ? call->tags[leg->side] : "";
	return true;
}

/* Where its media comes from: as the dataplane said last, or else as the SDP did. */
static const struct sdp_address *address_of(const struct leg *leg)
{
	return leg->heard.family != AF_UNSPEC || leg->terms.ice ? &leg->heard : &leg->terms.remote;
}

static bool comes_from(const struct call *call,
		       bool (*is_such)(void *arg, const struct sdp_address *address), void *arg)
{
	const struct bridge *bridge;

	TAILQ_FOREACH (bridge, &call->bridges, entry) {
		for (enum side side = SIDE_A; side < SIDES; side++) {
			const struct leg *leg = bridge->legs[side];

			if (leg && address_of(leg)->family != AF_UNSPEC &&
			    is_such(arg, address_of(leg)))
				return true;
		}
	}
	return false;
}

unsigned int party_count(const struct session *s,
			 bool (*is_such)(void *arg, const struct sdp_address *address), void *arg)
{
	const struct call *call;
	unsigned int count = 0;

	TAILQ_FOREACH (call, &s->by_age, entry)
		count += comes_from(call, is_such, arg);
	return count;
}
