/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/rebuild.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/octets.h"
#include "controlplane/lib/pseudonym.h"
#include "controlplane/session/exchange.h"
#include "controlplane/session/mend.h"
#include "controlplane/session/push.h"
#include "controlplane/session/call_state.h"
#include "dataplane/lib/log.h"

/* --- legs ------------------------------------------------------------------------------------ */

void rebuild_leg(struct leg *leg, const Tandem__Dataplane__V1__LegStatus *status)
{
	leg->epoch = status->key_epoch;
	leg->keyed = status->key_epoch != 0;
	leg->suite = status->suite;
	leg->counted.media = true;
}

static struct media_address *get_address(struct session *s, const Tandem__State__V2__Leg *state)
{
	struct address address;

	return octets_read(&address, &state->address) ? NULL
						      : networks_find(&s->networks, &address);
}

static int make_leg(struct party *party, const Tandem__State__V2__Leg *state)
{
	struct session *s = party->call->session;
	struct media_address *at = get_address(s, state);
	struct leg *leg;

	if (!at || !state->port || !state->id || session_find_leg(s, state->id) ||
	    leg_make(&leg, party, at, state->port, state->pair, state->id))
		return -EINVAL;
	leg->lines = state->lines;
	snprintf(leg->media, sizeof(leg->media), "%s", state->media);
	leg->pending = state->pending;
	leg->source_line = state->source_line;
	leg->handshake_ms = state->handshake_ms;
	leg->latch_epoch = state->latch_epoch;
	leg->pushed = true;
	if (state->source_line >= SDP_MEDIA_MAX || !state->lines ||
	    call_state_read_terms(&leg->terms, state->terms))
		return -EINVAL;
	return state->fingerprint
		       ? call_state_read_fingerprint(&leg->fingerprint, state->fingerprint)
		       : 0;
}

/* --- parties --------------------------------------------------------------------------------- */

static int make_party(struct call *call, const Tandem__State__V2__Party *state)
{
	struct party *party;

	if (!state->number || call_party_numbered(call, state->number))
		return -EINVAL;
	party = party_make(call, state->tag[0] ? state->tag : NULL, state->branch);
	if (!party)
		return -ENOMEM;
	party->number = state->number;
	if (call->parties_made < state->number)
		call->parties_made = state->number;
	party->answered = state->answered;
	party->told = true;
	party->listens = state->listens;
	if (state->joined_ms)
		party->joined = state->joined_ms;
	party->line_count = state->line_count;
	party->sdp_version = state->sdp_version;
	party->sdp_digest = state->sdp_digest;
	if (party_set_label(party, state->label))
		return -ENOMEM;
	for (size_t i = 0; i < state->n_mids; i++)
		if (state->mids[i]->line < SDP_MEDIA_MAX &&
		    strlen(state->mids[i]->text) <= SDP_MID_MAX)
			mids_learn(&party->mids, state->mids[i]->line, state->mids[i]->text);
	for (size_t i = 0; i < state->n_legs; i++)
		if (make_leg(party, state->legs[i]))
			return -EINVAL;
	return call_state_read_wish(&party->wish, state->wish);
}

/* What names a party by its number, once all of them are there. */
static void connect_party(struct call *call, const Tandem__State__V2__Party *state)
{
	struct party *party = call_party_numbered(call, state->number);
	struct leg *leg = TAILQ_FIRST(&party->legs);

	party->partner = call_party_numbered(call, state->partner);
	for (size_t i = 0; i < state->n_legs; i++, leg = TAILQ_NEXT(leg, entry))
		leg->source = call_party_numbered(call, state->legs[i]->source);
}

static void make_mute(struct call *call, const Tandem__State__V2__Mute *state)
{
	const struct party *from = call_party_numbered(call, state->from);
	const struct party *to = call_party_numbered(call, state->to);
	struct mute *mute;

	if ((state->from && !from) || (state->to && !to) ||
	    state->muting > TANDEM__RELAY__V1__MUTING__MUTING_SILENCE)
		return;
	mute = calloc(1, sizeof(*mute));
	if (!mute)
		return;
	*mute = (struct mute){.from = from,
			      .to = to,
			      .muting = (Tandem__Relay__V1__Muting)state->muting,
			      .events = state->events};
	TAILQ_INSERT_TAIL(&call->mutes, mute, entry);
}

static void make_medium(struct call *call, const Tandem__State__V2__Medium *state)
{
	struct medium *medium;

	if (state->line >= SDP_MEDIA_MAX)
		return;
	medium = &call->media[state->line];
	snprintf(medium->kind, sizeof(medium->kind), "%s", state->kind);
	medium->types[0] = state->types_low;
	medium->types[1] = state->types_high;
	free(medium->codecs);
	medium->codecs = strdup(state->codecs);
}

/* --- exchanges ------------------------------------------------------------------------------- */

static int make_plans(struct exchange *x, struct end *end, Tandem__State__V2__Plan *const *states,
		      size_t count)
{
	struct session *s = x->call->session;

	end->plans = calloc(count + 1, sizeof(end->plans[0]));
	if (!end->plans)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct plan *plan = &end->plans[end->plan_count++];

		plan->leg = session_find_leg(s, states[i]->leg);
		plan->lines = states[i]->lines;
		snprintf(plan->media, sizeof(plan->media), "%s", states[i]->media);
		if (!plan->leg || plan->leg->party != end->party ||
		    call_state_read_terms(&plan->terms, states[i]->terms))
			return -EINVAL;
	}
	return 0;
}

static int fill_exchange(struct exchange *x, const Tandem__State__V2__Exchange *state)
{
	struct sdp_error why;

	x->first = state->first;
	x->answered = state->answered;
	if (sdp_parse(&x->sdp, state->sdp, strlen(state->sdp), &why) ||
	    call_state_read_wish(&x->from.wish, state->from_wish) ||
	    call_state_read_wish(&x->to.wish, state->to_wish))
		return -EINVAL;
	return make_plans(x, &x->from, state->from_plans, state->n_from_plans) ||
			       make_plans(x, &x->to, state->to_plans, state->n_to_plans)
		       ? -EINVAL
		       : 0;
}

static void make_exchange(struct call *call, const Tandem__State__V2__Exchange *state)
{
	struct party *from = call_party_numbered(call, state->from);
	struct party *to = call_party_numbered(call, state->to);
	struct exchange *x = to && (from || !state->from) ? exchange_make(call, from, to) : NULL;

	if (!x)
		return;
	if (fill_exchange(x, state)) {
		log_warn("call %s: an offer of it cannot be read; offer again", call->id);
		exchange_free(x);
		return;
	}
	exchange_wait(x);
}

/* --- the whole ------------------------------------------------------------------------------- */

static int fill_call(struct call *call, const Tandem__State__V2__Call *state)
{
	call->created = state->created_ms;
	call->signalled = state->signalled_ms ? state->signalled_ms : state->created_ms;
	call->answered = state->answered_ms;
	departed_read(&call->departed, state);
	snprintf(call->driver, sizeof(call->driver), "%s", state->driver);
	call->revision = state->revision;
	call->kept = call->seen = true;
	for (size_t i = 0; i < state->n_media; i++)
		make_medium(call, state->media[i]);
	for (size_t i = 0; i < state->n_parties; i++)
		if (make_party(call, state->parties[i]))
			return -EINVAL;
	for (size_t i = 0; i < state->n_parties; i++)
		connect_party(call, state->parties[i]);
	for (size_t i = 0; i < state->n_mutes; i++)
		make_mute(call, state->mutes[i]);
	for (size_t i = 0; i < state->n_exchanges; i++)
		make_exchange(call, state->exchanges[i]);
	return 0;
}

/* One that has ended, and another with its name since then: the end of the first went astray. */
static bool is_latest(struct session *s, const Tandem__State__V2__Call *state)
{
	struct call *other = session_find_call(s, state->call_id);

	if (!other)
		return true;
	if (other->created > state->created_ms)
		return false;
	session_drop_call(s, other, CALL_END(REPLACED), "there is a later one with its name");
	return true;
}

/* The control plane died as the call ended: its record is what was known then. */
static int tell_ended(struct session *s, uint64_t key, const ProtobufCBinaryData *octets)
{
	Tandem__Relay__V1__CallRecord *record =
		tandem__relay__v1__call_record__unpack(NULL, octets->len, octets->data);
	struct arena arena = {NULL};
	const ProtobufCMessage *shown;

	if (!record)
		return -EINVAL;
	record->incomplete = true;
	shown = pseudonym_copy(&arena, &record->base);
	if (shown)
		records_tell(s, key, (const Tandem__Relay__V1__CallRecord *)shown);
	if (!s->recorder)
		mend_unknown_call(s, key);
	arena_clear(&arena);
	tandem__relay__v1__call_record__free_unpacked(record, NULL);
	return shown ? 0 : -ENOMEM;
}

int rebuild_call(struct session *s, uint64_t key, const uint8_t *octets, size_t size)
{
	Tandem__State__V2__Call *state = call_state_unpack(octets, size);
	struct call *call = NULL;
	int error = -EINVAL;

	if (state && state->record.len) {
		error = tell_ended(s, key, &state->record);
		call_state_free(state);
		return error;
	}
	if (state && state->call_id[0] && is_latest(s, state))
		call = call_make(s, state->call_id);
	if (call) {
		call->key = key;
		error = fill_call(call, state);
	}
	if (error) {
		call_release(call);
	} else {
		session_add_call(s, call);
		counts_add_call(call, false);
		session_end_at(call, state->ends_ms);
	}
	call_state_free(state);
	return error;
}

static void finish_call(struct session *s, struct call *call, struct push *push)
{
	if (call_is_answered(call) || !TAILQ_EMPTY(&call->exchanges))
		exchange_sweep(call, push);
	else
		session_drop_call(s, call, CALL_END(UNANSWERED),
				  "its offer went with the control plane");
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
