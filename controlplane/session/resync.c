/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/resync.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "controlplane/session/keying.h"
#include "controlplane/session/mend.h"
#include "controlplane/session/push.h"
#include "controlplane/session/rebuild.h"
#include "controlplane/session/state.h"
#include "dataplane/lib/log.h"

static void forget_seen(struct session *s)
{
	struct bridge *bridge;
	struct call *call;
	struct leg *leg;

	TAILQ_FOREACH (call, &s->by_age, entry)
		for_each_leg(leg, call) leg->seen = false;
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
		mend_unknown(s, status->leg);
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
	mend_missing(s);
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
