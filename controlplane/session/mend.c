/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/mend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "controlplane/session/path.h"
#include "controlplane/session/push.h"
#include "dataplane/lib/log.h"

/* The keys went with the dataplane. The old SDES keys must not come back: their packet index would
 * begin anew, and with it the keystream. */
static void lose_keys(struct leg *leg)
{
	leg->keys_lost = leg->keys_lost || leg->keyed;
	leg->keyed = false;
	OPENSSL_cleanse(leg->terms.local, sizeof(leg->terms.local));
	OPENSSL_cleanse(&leg->terms.remote_key, sizeof(leg->terms.remote_key));
	leg->terms.local_count = 0;
}

static void push_again(struct push *push, struct leg *leg)
{
	lose_keys(leg);
	leg->ice = leg->terms.ice ? TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CHECKING
				  : TANDEM__DATAPLANE__V1__ICE_STATE__ICE_NONE;
	push_leg(push, leg);
}

static void push_paths(struct push *push, const struct call *call)
{
	struct paths paths = paths_derive(call);

	paths_push_all(push, &paths);
	paths_free(&paths);
}

void mend_missing(struct session *s)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	struct party *party;
	struct call *call;
	struct leg *leg;
	unsigned int count = 0;

	if (!push)
		return;
	TAILQ_FOREACH (call, &s->by_age, entry) {
		for_each_leg(leg, call)
		{
			if (leg->seen)
				continue;
			push_again(push, leg);
			call->stale = true;
			count++;
		}
	}
	push_end(push);
	if (count)
		log_warn("the dataplane lost %u legs: they are pushed again, their keys are gone",
			 count);
}

void mend_stale(struct session *s)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	struct party *party;
	struct call *call;
	struct leg *leg;

	if (!push)
		return;
	TAILQ_FOREACH (call, &s->by_age, entry) {
		if (!call->stale && call->seen)
			continue;
		call->stale = false;
		for_each_leg(leg, call) push_leg(push, leg);
		push_paths(push, call);
		push_call(push, call);
	}
	push_end(push);
}

/* One leg on its way; it may be gone when the dataplane answers. */
struct again {
	struct session *session;
	uint64_t leg;
};

/* Refused once more: the next rounds try again. */
static void pushed_again(void *arg, int error, const char *what)
{
	struct again *again = arg;
	struct leg *leg = session_find_leg(again->session, again->leg);

	if (leg && error && error != -ENOTCONN) {
		leg->refused = true;
		snprintf(leg->failed, sizeof(leg->failed), "the dataplane refuses the leg: %s",
			 what);
		log_warn("call %s: leg %016jx: %s", leg->party->call->id, (uintmax_t)leg->id,
			 leg->failed);
	}
	free(again);
}

static void push_lost(struct session *s, struct leg *leg)
{
	struct again *again = calloc(1, sizeof(*again));
	struct push *push = again ? push_begin(s, pushed_again, NULL, again) : NULL;

	if (!push) {
		free(again);
		return;
	}
	*again = (struct again){s, leg->id};
	log_warn("call %s: leg %016jx is not in the dataplane: pushed again", leg->party->call->id,
		 (uintmax_t)leg->id);
	s->counts.mended++;
	push_again(push, leg);
	push_paths(push, leg->party->call);
	push_end(push);
}

void mend_lost(struct session *s, uint32_t round)
{
	struct party *party;
	struct call *call;
	struct leg *leg;

	TAILQ_FOREACH (call, &s->by_age, entry) {
		for_each_leg(leg, call)
		{
			if (leg->audited == round || !leg->pushed)
				leg->missed = 0;
			else if (++leg->missed >= 2)
				push_lost(s, leg);
			if (leg->audited == round && leg->refused) {
				leg->refused = false;
				leg->failed[0] = '\0';
			}
		}
	}
}

void mend_unknown(struct session *s, uint64_t id)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	const struct leg leg = {.id = id};

	if (!push)
		return;
	push_delete(push, &leg);
	push_end(push);
}

void mend_unknown_call(struct session *s, uint64_t key)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	struct call call = {.key = key, .kept = true};

	if (!push)
		return;
	push_forget_call(push, &call);
	push_end(push);
}
