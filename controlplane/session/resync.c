/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/resync.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "controlplane/session/keying.h"
#include "controlplane/session/push.h"
#include "controlplane/session/rebuild.h"
#include "controlplane/session/state.h"
#include "dataplane/lib/log.h"

#define for_each_leg(leg, call)                                                                    \
	TAILQ_FOREACH (bridge, &(call)->bridges, entry)                                            \
		for (enum side side_ = SIDE_A; side_ < SIDES; side_++)                             \
			if ((leg = bridge->legs[side_]))

static void forget_seen(struct session *s)
{
	struct bridge *bridge;
	struct call *call;
	struct leg *leg;

	TAILQ_FOREACH (call, &s->by_age, entry)
		for_each_leg(leg, call) leg->seen = false;
}

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

/*
 * A re-offer that is open repeats the SDES keys of the legs as they were. Should it be answered
 * now, they would come back by that way.
 */
static void close_offers(struct session *s)
{
	struct bridge *bridge;
	struct call *call;
	struct leg *leg;
	bool lost;

	TAILQ_FOREACH (call, &s->by_age, entry) {
		lost = false;
		for_each_leg(leg, call) lost |= !leg->seen && leg->keyed;
		if (!lost || !call->offer)
			continue;
		log_warn("call %s: the keys in its re-offer are lost: offer again", call->id);
		session_close_offer(s, call);
	}
}

static void push_again(struct push *push, struct leg *leg)
{
	lose_keys(leg);
	leg->ice = leg->terms.ice ? TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CHECKING
				  : TANDEM__DATAPLANE__V1__ICE_STATE__ICE_NONE;
	push_leg(push, leg);
}

static void push_missing(struct session *s)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	struct bridge *bridge;
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
			count++;
		}
	}
	push_end(push);
	if (count)
		log_warn("the dataplane lost %u legs: they are pushed again, their keys are gone",
			 count);
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
		log_warn("call %s: leg %016jx: %s", leg->bridge->call->id, (uintmax_t)leg->id,
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
	log_warn("call %s: leg %016jx is not in the dataplane: pushed again", leg->bridge->call->id,
		 (uintmax_t)leg->id);
	push_again(push, leg);
	push_end(push);
}

void resync_push_lost(struct session *s, uint32_t round)
{
	struct bridge *bridge;
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

void resync_delete_unknown(struct session *s, uint64_t id)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	const struct leg leg = {.id = id};

	if (!push)
		return;
	push_delete(push, &leg);
	push_end(push);
}

/* What was on its way when the connection broke may have arrived, or not. */
static void refresh(struct session *s, struct leg *leg,
		    const Tandem__Dataplane__V1__LegStatus *status)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);

	leg->seen = leg->pushed = true;
	leg->ice = status->ice;
	leg_hear(leg, status->remote);
	leg->epoch_held = status->key_epoch;
	if (push && !state_is_current(leg, status->blob.data, status->blob.len))
		push_leg(push, leg);
	if (leg->keyed && status->key_epoch < leg->epoch) {
		leg->keyed = false;
		leg->keys_lost = true;
		/* They were never used, so they may be pushed again. */
		if (push)
			keying_push_sdes(push, leg, &leg->terms);
	}
	if (push)
		push_end(push);
	keying_leg_up(leg);
}

static void take_status(struct session *s, const Tandem__Dataplane__V1__LegStatus *status)
{
	struct leg *leg = session_find_leg(s, status->leg);

	if (leg) {
		refresh(s, leg, status);
	} else if (s->synced || rebuild_leg(s, status)) {
		log_warn("leg %016jx of the dataplane belongs to no call; deleted",
			 (uintmax_t)status->leg);
		resync_delete_unknown(s, status->leg);
	}
}

static void ask_page(struct session *s, uint64_t after);

static void on_page(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct session *s = arg;

	if (error) {
		if (reply)
			log_error("dataplane: its legs cannot be read: %s", reply->what);
		return;
	}
	for (size_t i = 0; i < reply->n_legs; i++)
		take_status(s, reply->legs[i]);
	if (reply->next) {
		ask_page(s, reply->next);
		return;
	}
	if (!s->synced)
		rebuild_finish(s);
	close_offers(s);
	push_missing(s);
	s->synced = true;
	session_set_ready(s, true);
}

static void ask_page(struct session *s, uint64_t after)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetLegs get = TANDEM__DATAPLANE__V1__GET_LEGS__INIT;

	get.after = after;
	get.with_blob = true;
	message.get_legs = &get;
	client_request(s->client, &message, on_page, s);
}

void resync_up(void *arg, const Tandem__Dataplane__V1__Hello *hello)
{
	struct session *s = arg;
	int error = networks_update(&s->networks, hello);

	if (s->connected)
		s->connected(s->connected_arg);
	if (error)
		log_error("dataplane: its networks make no sense: %s", strerror(-error));
	if (s->synced && s->generation != hello->generation)
		log_warn("the dataplane restarted");
	s->generation = hello->generation;
	s->workers = hello->workers;
	s->legs_max = hello->legs_max;
	snprintf(s->dataplane_version, sizeof(s->dataplane_version), "%s", hello->version);
	snprintf(s->crypto_engine, sizeof(s->crypto_engine), "%s", hello->crypto_engine);
	forget_seen(s);
	audit_reset(s);
	ask_page(s, 0);
}

void resync_down(void *arg)
{
	session_set_ready(arg, false);
}
