/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/call_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/arena.h"
#include "controlplane/lib/octets.h"
#include "controlplane/session/exchange.h"
#include "controlplane/sdp/text.h"
#include "dataplane/api/cleanse.h"

#define VERSION 2

/* An array of pointers to so many messages, and each of them, in one piece; NULL if there is no
 * memory. */
#define TAKE_LIST(arena, type, count) (type **)take_list(arena, sizeof(type), count)

static void **take_list(struct arena *arena, size_t size, size_t count)
{
	void **list = arena_take(arena, (count + 1) * sizeof(list[0]));
	char *messages = arena_take(arena, count * size);

	if (!list || !messages)
		return NULL;
	for (size_t i = 0; i < count; i++)
		list[i] = messages + i * size;
	return list;
}

static Tandem__State__V2__Wish *write_wish(struct arena *arena, const struct wish *wish)
{
	Tandem__State__V2__Wish *out = arena_take(arena, sizeof(*out));

	if (!out)
		return NULL;
	tandem__state__v2__wish__init(out);
	out->network = (char *)wish->network;
	out->family = wish->family;
	out->profile = wish->profile;
	out->ice = wish->ice;
	out->rtcp_mux = wish->rtcp_mux;
	out->latch = wish->latch;
	out->shared_keys = wish->shared;
	out->keying = wish->keying;
	out->opportunistic = wish->opportunistic;
	out->takes_keys = wish->takes_keys;
	out->as_offered = wish->as_offered;
	out->none_added = wish->none_added;
	if (!address_is_zero(&wish->source))
		out->source = octets_of(&wish->source);
	out->refuses_ice = wish->refuses_ice;
	out->refuses_mux = wish->refuses_mux;
	out->follows_mux = wish->follows_mux;
	out->setup = wish->setup;
	out->hash = (char *)wish->hash;
	out->marking = wish->marking;
	out->suites = arena_take(arena, SUITE_COUNT * sizeof(out->suites[0]));
	for (unsigned int i = 0; out->suites && i < wish->suite_count; i++)
		out->suites[out->n_suites++] = wish->suites[i];
	return out;
}

static void write_fingerprint(Tandem__State__V2__Fingerprint *out, const struct sdp_fingerprint *f)
{
	tandem__state__v2__fingerprint__init(out);
	out->hash = (char *)f->hash;
	out->octets.data = (uint8_t *)f->bytes;
	out->octets.len = f->length;
}

static Tandem__State__V2__Endpoint *write_endpoint(struct arena *arena, const struct endpoint *e)
{
	Tandem__State__V2__Endpoint *out =
		endpoint_is_zero(e) ? NULL : arena_take(arena, sizeof(*out));

	if (!out)
		return NULL;
	tandem__state__v2__endpoint__init(out);
	out->address = octets_of(&e->address);
	out->port = endpoint_port(e);
	return out;
}

static void write_clocks(Tandem__State__V2__Terms *out, struct arena *arena, const struct terms *t)
{
	out->clocks = arena_take(arena, 128 * sizeof(out->clocks[0]));
	for (uint32_t type = 0; out->clocks && type < 128; type++)
		if (t->clock_rate[type])
			out->clocks[out->n_clocks++] =
				type << 24 | (t->clock_rate[type] & 0xffffff);
}

static Tandem__State__V2__Terms *write_terms(struct arena *arena, const struct terms *t)
{
	Tandem__State__V2__Terms *out = arena_take(arena, sizeof(*out));

	if (!out)
		return NULL;
	tandem__state__v2__terms__init(out);
	out->profile = t->profile;
	out->latch = t->latch;
	out->latch_signalled = t->latch_signalled;
	out->pace = t->pace;
	out->voice_xr = t->voice_xr;
	out->marking = t->marking;
	out->rtcp_mux = t->rtcp_mux;
	out->rtcp_mux_only = t->rtcp_mux_only;
	out->ice = t->ice;
	out->local_ufrag = (char *)t->local_ufrag;
	out->local_pwd = (char *)t->local_pwd;
	out->remote_ufrag = (char *)t->remote_ufrag;
	out->remote = write_endpoint(arena, &t->remote);
	out->remote_rtcp = write_endpoint(arena, &t->remote_rtcp);
	out->receive = t->receive;
	out->send = t->send;
	out->setup = t->setup;
	out->tls_id = (char *)t->tls_id;
	out->fingerprints = TAKE_LIST(arena, Tandem__State__V2__Fingerprint, t->fingerprint_count);
	for (unsigned int i = 0; out->fingerprints && i < t->fingerprint_count; i++)
		write_fingerprint(out->fingerprints[out->n_fingerprints++], &t->fingerprints[i]);
	write_clocks(out, arena, t);
	return out;
}

/* --- parties --------------------------------------------------------------------------------- */

static void write_leg(Tandem__State__V2__Leg *out, struct arena *arena, const struct leg *leg)
{
	tandem__state__v2__leg__init(out);
	out->id = leg->id;
	out->lines = leg->lines;
	out->media = (char *)leg->media;
	out->pending = leg->pending;
	out->source = leg->source ? leg->source->number : 0;
	out->source_line = leg->source_line;
	out->address = octets_of(&leg->at->address);
	out->port = leg->port;
	out->pair = leg->pair;
	out->handshake_ms = leg->handshake_ms;
	out->latch_epoch = leg->latch_epoch;
	out->terms = write_terms(arena, &leg->terms);
	if (leg->fingerprint.length)
		out->fingerprint = arena_take(arena, sizeof(*out->fingerprint));
	if (out->fingerprint)
		write_fingerprint(out->fingerprint, &leg->fingerprint);
}

static void write_mids(Tandem__State__V2__Party *out, struct arena *arena, const struct mids *mids)
{
	out->mids = TAKE_LIST(arena, Tandem__State__V2__Mid, SDP_MEDIA_MAX);
	for (unsigned int line = 0; out->mids && line < SDP_MEDIA_MAX; line++) {
		if (!mids->text[line])
			continue;
		tandem__state__v2__mid__init(out->mids[out->n_mids]);
		out->mids[out->n_mids]->line = line;
		out->mids[out->n_mids++]->text = mids->text[line];
	}
}

static void write_party(Tandem__State__V2__Party *out, struct arena *arena,
			const struct party *party)
{
	const struct leg *leg;
	size_t count = 0;

	tandem__state__v2__party__init(out);
	out->number = party->number;
	out->tag = party->tag ? party->tag : (char *)"";
	out->label = party->label ? party->label : (char *)"";
	out->joined_ms = party->joined;
	out->branch = party->branch;
	out->answered = party->answered;
	out->listens = party->listens;
	out->partner = party->partner ? party->partner->number : 0;
	out->line_count = party->line_count;
	out->sdp_version = party->sdp_version;
	out->sdp_digest = party->sdp_digest;
	out->wish = write_wish(arena, &party->wish);
	write_mids(out, arena, &party->mids);
	TAILQ_FOREACH (leg, &party->legs, entry)
		count++;
	out->legs = TAKE_LIST(arena, Tandem__State__V2__Leg, count);
	if (!out->legs)
		return;
	TAILQ_FOREACH (leg, &party->legs, entry)
		write_leg(out->legs[out->n_legs++], arena, leg);
}

static void write_parties(Tandem__State__V2__Call *out, struct arena *arena,
			  const struct call *call)
{
	const struct party *party;
	const struct mute *mute;
	size_t count = 0;

	out->parties = TAKE_LIST(arena, Tandem__State__V2__Party, call->party_count);
	if (out->parties)
		TAILQ_FOREACH (party, &call->parties, entry)
			write_party(out->parties[out->n_parties++], arena, party);
	TAILQ_FOREACH (mute, &call->mutes, entry)
		count++;
	out->mutes = TAKE_LIST(arena, Tandem__State__V2__Mute, count);
	if (!out->mutes)
		return;
	TAILQ_FOREACH (mute, &call->mutes, entry) {
		Tandem__State__V2__Mute *one = out->mutes[out->n_mutes++];

		tandem__state__v2__mute__init(one);
		one->from = mute->from ? mute->from->number : 0;
		one->to = mute->to ? mute->to->number : 0;
		one->muting = mute->muting;
		one->events = mute->events;
	}
}

static void write_media(Tandem__State__V2__Call *out, struct arena *arena, const struct call *call)
{
	out->media = TAKE_LIST(arena, Tandem__State__V2__Medium, SDP_MEDIA_MAX);
	for (unsigned int line = 0; out->media && line < SDP_MEDIA_MAX; line++) {
		const struct medium *medium = &call->media[line];
		Tandem__State__V2__Medium *one = out->media[out->n_media];

		if (!medium->codecs)
			continue;
		tandem__state__v2__medium__init(one);
		one->line = line;
		one->kind = (char *)medium->kind;
		one->types_low = medium->types[0];
		one->types_high = medium->types[1];
		one->codecs = medium->codecs;
		out->n_media++;
	}
}

/* --- exchanges ------------------------------------------------------------------------------- */

static bool has_keys(const struct end *end)
{
	for (unsigned int i = 0; i < end->plan_count; i++)
		if (sdp_profile_has_sdes(end->plans[i].terms.profile))
			return true;
	return false;
}

static char *write_sdp(struct arena *arena, const struct sdp *sdp)
{
	struct text text = {.limit = SDP_SIZE_MAX};
	char *copy;

	for (unsigned int l = 0; l < sdp->line_count; l++) {
		text_append(&text, sdp->lines[l].text, sdp->lines[l].length);
		text_append(&text, "\r\n", 2);
	}
	copy = arena_text(arena, text.error ? "" : text.data);
	text_wipe(&text);
	return copy;
}

static Tandem__State__V2__Plan **write_plans(size_t *count, struct arena *arena,
					     const struct end *end)
{
	Tandem__State__V2__Plan **list = TAKE_LIST(arena, Tandem__State__V2__Plan, end->plan_count);

	for (unsigned int i = 0; list && i < end->plan_count; i++) {
		const struct plan *plan = &end->plans[i];

		tandem__state__v2__plan__init(list[i]);
		list[i]->leg = plan->leg->id;
		list[i]->lines = plan->lines;
		list[i]->media = (char *)plan->media;
		list[i]->terms = write_terms(arena, &plan->terms);
	}
	*count = list ? end->plan_count : 0;
	return list;
}

static void write_exchange(Tandem__State__V2__Exchange *out, struct arena *arena,
			   const struct exchange *x)
{
	tandem__state__v2__exchange__init(out);
	out->from = x->from.party ? x->from.party->number : 0;
	out->to = x->to.party->number;
	out->first = x->first;
	out->answered = x->answered;
	out->sdp = write_sdp(arena, x->sdp);
	out->from_wish = write_wish(arena, &x->from.wish);
	out->to_wish = write_wish(arena, &x->to.wish);
	out->from_plans = write_plans(&out->n_from_plans, arena, &x->from);
	out->to_plans = write_plans(&out->n_to_plans, arena, &x->to);
}

static void write_exchanges(Tandem__State__V2__Call *out, struct arena *arena,
			    const struct call *call)
{
	const struct exchange *x;
	size_t count = 0;

	TAILQ_FOREACH (x, &call->exchanges, entry)
		count++;
	out->exchanges = TAKE_LIST(arena, Tandem__State__V2__Exchange, count);
	if (!out->exchanges)
		return;
	TAILQ_FOREACH (x, &call->exchanges, entry)
		if (x->sdp && !has_keys(&x->from) && !has_keys(&x->to))
			write_exchange(out->exchanges[out->n_exchanges++], arena, x);
}

/* --- the whole ------------------------------------------------------------------------------- */

static int pack(struct call_state_blob *blob, const Tandem__State__V2__Call *state)
{
	size_t size = tandem__state__v2__call__get_packed_size(state);

	if (size > CALL_STATE_MOST)
		return -EMSGSIZE;
	blob->octets = malloc(size);
	if (!blob->octets)
		return -ENOMEM;
	blob->size = tandem__state__v2__call__pack(state, blob->octets);
	return 0;
}

int call_state_pack(struct call_state_blob *blob, const struct call *call)
{
	Tandem__State__V2__Call state = TANDEM__STATE__V2__CALL__INIT;
	struct arena arena = {NULL};
	int error;

	*blob = (struct call_state_blob){NULL};
	state.version = VERSION;
	state.call_id = call->id;
	state.created_ms = call->created;
	state.signalled_ms = call->signalled;
	state.ends_ms = call->ends;
	state.driver = (char *)call->driver;
	state.revision = call->revision;
	state.answered_ms = call->answered;
	state.departed_legs = call->departed.legs;
	state.n_departed_legs = call->departed.leg_count;
	state.departed_parties = call->departed.parties;
	state.n_departed_parties = call->departed.party_count;
	state.left_out = call->departed.left_out;
	write_media(&state, &arena, call);
	write_parties(&state, &arena, call);
	write_exchanges(&state, &arena, call);
	error = arena.failed ? -ENOMEM : pack(blob, &state);
	if (error == -EMSGSIZE) {
		state.left_out += state.n_departed_legs + state.n_departed_parties;
		state.n_departed_legs = state.n_departed_parties = 0;
		error = pack(blob, &state);
	}
	if (error == -EMSGSIZE) {
		state.n_exchanges = 0;
		error = pack(blob, &state);
	}
	arena_clear(&arena);
	return error;
}

int call_state_pack_ended(struct call_state_blob *blob, const struct call *call,
			  const Tandem__Relay__V1__CallRecord *record)
{
	Tandem__State__V2__Call state = TANDEM__STATE__V2__CALL__INIT;
	size_t size = tandem__relay__v1__call_record__get_packed_size(record);
	uint8_t *octets = malloc(size + 1);
	int error = -ENOMEM;

	*blob = (struct call_state_blob){NULL};
	if (!octets)
		return error;
	state.version = VERSION;
	state.call_id = call->id;
	state.record.len = tandem__relay__v1__call_record__pack(record, octets);
	state.record.data = octets;
	error = pack(blob, &state);
	free(octets);
	return error;
}

void call_state_blob_free(struct call_state_blob *blob)
{
	if (blob->octets)
		explicit_bzero(blob->octets, blob->size);
	free(blob->octets);
	*blob = (struct call_state_blob){NULL};
}

bool call_state_is_current(const struct call *call, const uint8_t *octets, size_t size)
{
	struct call_state_blob now;
	bool same;

	if (call_state_pack(&now, call))
		return false;
	same = now.size == size && memcmp(now.octets, octets, size) == 0;
	call_state_blob_free(&now);
	return same;
}

Tandem__State__V2__Call *call_state_unpack(const uint8_t *octets, size_t size)
{
	Tandem__State__V2__Call *state =
		tandem__state__v2__call__unpack(&cleanse_allocator, size, octets);

	if (state && state->version == VERSION)
		return state;
	call_state_free(state);
	return NULL;
}

void call_state_free(Tandem__State__V2__Call *state)
{
	if (state)
		tandem__state__v2__call__free_unpacked(state, &cleanse_allocator);
}
