/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/owner.h"

#include "controlplane/session/session_state.h"

bool owner_of_leg(struct session *s, uint64_t id, struct owner *owner)
{
	const struct leg *leg = session_find_leg(s, id);

	if (!leg)
		return false;
	owner->call_id = leg->party->call->id;
	owner->tag = leg->party->tag ? leg->party->tag : "";
	return true;
}

/* Where its media comes from: as the dataplane said last, or else as the SDP did. */
static const struct endpoint *source_of(const struct leg *leg)
{
	return !endpoint_is_zero(&leg->heard) || leg->terms.ice ? &leg->heard : &leg->terms.remote;
}

static bool comes_from(const struct call *call,
		       bool (*is_such)(void *arg, const struct address *address), void *arg)
{
	const struct party *party;
	const struct leg *leg;

	for_each_leg(leg, call)
	{
		if (!endpoint_is_zero(source_of(leg)) && is_such(arg, &source_of(leg)->address))
			return true;
	}
	return false;
}

unsigned int owner_count(const struct session *s,
			 bool (*is_such)(void *arg, const struct address *address), void *arg)
{
	const struct call *call;
	unsigned int count = 0;

	TAILQ_FOREACH (call, &s->by_age, entry)
		count += comes_from(call, is_such, arg);
	return count;
}
