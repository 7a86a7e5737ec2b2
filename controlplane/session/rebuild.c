/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/rebuild.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "controlplane/session/push.h"
#include "controlplane/session/state.h"
#include "dataplane/lib/log.h"

/* What of a leg the dataplane alone knows. */
static void take_over(struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status)
{
	leg->seen = leg->pushed = true;
	leg->ice = status->ice;
	leg_hear(leg, status->remote);
	leg->epoch = leg->epoch_held = status->key_epoch;
	leg->keyed = status->key_epoch != 0;
	leg->suite = status->suite;
}

static char *text_or_null(const char *text)
{
	return text[0] ? strdup(text) : NULL;
}

static struct call *get_call(struct session *s, const Tandem__State__V1__Leg *state)
{
	struct call *call = session_find_call(s, state->call_id);

	if (call)
		return call;
	call = call_make(s, state->call_id);
	if (!call)
		return NULL;
	call->tags[SIDE_A] = text_or_null(state->tag_a);
	call->tags[SIDE_B] = text_or_null(state->tag_b);
	call->created = state->created_ms;
	call->answered = state->answered;
	call->line_count = state->line_count;
	session_add_call(s, call);
	return call;
}

static struct bridge *get_bridge(struct call *call, const Tandem__State__V1__Leg *state)
{
	struct bridge *bridge;

	TAILQ_FOREACH (bridge, &call->bridges, entry)
		if (bridge->number == state->bridge)
			return bridge;
	bridge = bridge_make(call);
	if (!bridge)
		return NULL;
	bridge->number = state->bridge;
	bridge->lines = state->lines;
	bridge->pending = state->pending;
	strncpy(bridge->media, state->media, sizeof(bridge->media) - 1);
	if (call->bridges_made < bridge->number)
		call->bridges_made = bridge->number;
	return bridge;
}

static struct media_address *get_address(struct session *s, const Tandem__State__V1__Leg *state)
{
	struct sdp_address address = {.family = state->address.len == 4 ? AF_INET : AF_INET6};

	memcpy(address.ip, state->address.data, state->address.len);
	return networks_find(&s->networks, &address);
}

static int fill_leg(struct leg *leg, const Tandem__State__V1__Leg *state)
{
	if (state_read_terms(&leg->terms, state->terms))
		return -EINVAL;
	if (state->fingerprint && state_read_fingerprint(&leg->fingerprint, state->fingerprint))
		return -EINVAL;
	leg->handshake_ms = state->handshake_ms;
	leg->latch_epoch = state->latch_epoch;
	for (size_t i = 0; i < state->n_mids; i++)
		if (state->mids[i]->line < SDP_MEDIA_MAX &&
		    strlen(state->mids[i]->text) <= SDP_MID_MAX)
			mids_learn(&leg->bridge->call->mids[leg->side], state->mids[i]->line,
				   state->mids[i]->text);
	return 0;
}

int rebuild_leg(struct session *s, const Tandem__Dataplane__V1__LegStatus *status)
{
	Tandem__State__V1__Leg *state = state_unpack(status->blob.data, status->blob.len);
	struct media_address *at;
	struct bridge *bridge;
	struct call *call;
	struct leg *leg;
	int error = -EINVAL;

	if (!state)
		return -EINVAL;
	at = get_address(s, state);
	if (!at || !state->port)
		goto out;
	call = get_call(s, state);
	bridge = call ? get_bridge(call, state) : NULL;
	if (!bridge || bridge->legs[state->side])
		goto out;
	error = leg_make(&leg, bridge, state->side, at, state->port, state->pair, status->leg);
	if (error)
		goto out;
	error = fill_leg(leg, state);
	if (!error)
		error = state_read_wish(&call->wish[state->side], state->wish);
	if (error)
		leg_free(leg);
	else
		take_over(leg, status);
out:
	state_free(state);
	return error;
}

static bool is_whole(const struct bridge *bridge)
{
	return bridge->legs[SIDE_A] && bridge->legs[SIDE_B] &&
	       !(bridge->pending && bridge->call->answered);
}

static void finish_call(struct session *s, struct call *call, struct push *push)
{
	struct bridge *bridge = TAILQ_FIRST(&call->bridges);

	while (bridge) {
		struct bridge *next = TAILQ_NEXT(bridge, entry);

		if (!is_whole(bridge)) {
			log_warn("call %s: %s was not whole in the dataplane; deleted", call->id,
				 bridge->media);
			for (enum side side = SIDE_A; side < SIDES; side++)
				if (bridge->legs[side])
					push_delete(push, bridge->legs[side]);
			bridge_free(bridge);
		}
		bridge = next;
	}
	if (TAILQ_EMPTY(&call->bridges) || !call->tags[SIDE_A])
		session_drop_call(s, call, "nothing whole was left of it");
	else if (!call->answered)
		session_wait_for_answer(s, call);
}

void rebuild_finish(struct session *s)
{
	struct push *push = push_begin(s, NULL, NULL, NULL);
	struct call *call = TAILQ_FIRST(&s->by_age);

	while (push && call) {
		struct call *next = TAILQ_NEXT(call, entry);

		finish_call(s, call, push);
		call = next;
	}
	if (push)
		push_end(push);
	if (s->calls.count)
		log_info("took over %zu calls from the dataplane", s->calls.count);
}
