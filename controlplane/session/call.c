/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/wall_clock.h"
#include "controlplane/session/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "controlplane/lib/octets.h"
#include "controlplane/session/counts.h"
#include "controlplane/session/exchange.h"
#include "controlplane/session/queue.h"
#include "controlplane/session/session_state.h"

/* 0: the random generator fails. */
static uint64_t fresh_id(void)
{
	uint64_t id = 0;

	while (id == 0)
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			return 0;
	return id;
}

/* --- calls ----------------------------------------------------------------------------------- */

struct call *call_make(struct session *session, const char *id)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->created = call->signalled = wall_clock_ms();
	call->session = session;
	call->references = 1;
	TAILQ_INIT(&call->requests);
	TAILQ_INIT(&call->parties);
	TAILQ_INIT(&call->exchanges);
	TAILQ_INIT(&call->mutes);
	call->key = fresh_id();
	call->id = strdup(id);
	if (!call->id || !call->key) {
		free(call->id);
		free(call);
		return NULL;
	}
	return call;
}

struct call *call_hold(struct call *call)
{
	call->references++;
	return call;
}

void call_release(struct call *call)
{
	struct exchange *exchange;
	struct party *party;
	struct mute *mute;

	if (!call || --call->references)
		return;
	while ((exchange = TAILQ_FIRST(&call->exchanges)))
		exchange_free(exchange);
	while ((party = TAILQ_FIRST(&call->parties)))
		party_free(party);
	while ((mute = TAILQ_FIRST(&call->mutes))) {
		TAILQ_REMOVE(&call->mutes, mute, entry);
		free(mute);
	}
	for (unsigned int line = 0; line < SDP_MEDIA_MAX; line++)
		free(call->media[line].codecs);
	departed_free(&call->departed);
	free(call->id);
	free(call->text);
	free(call);
}

void call_changed(struct call *call)
{
	free(call->text);
	call->text = NULL;
}

void call_note_answer(struct call *call)
{
	if (!call->answered)
		call->answered = wall_clock_ms();
}

bool call_is_answered(const struct call *call)
{
	const struct party *party;

	TAILQ_FOREACH (party, &call->parties, entry)
		if (party->answered)
			return true;
	return false;
}

/* --- parties --------------------------------------------------------------------------------- */

struct party *party_make(struct call *call, const char *tag, const char *branch)
{
	struct party *party = calloc(1, sizeof(*party));

	if (!party)
		return NULL;
	TAILQ_INIT(&party->legs);
	party->call = call;
	party->joined = wall_clock_ms();
	party->branch = strdup(branch);
	party->tag = tag ? strdup(tag) : NULL;
	if (!party->branch || (tag && !party->tag)) {
		free(party->branch);
		free(party->tag);
		free(party);
		return NULL;
	}
	party->number = ++call->parties_made;
	call->party_count++;
	call->session->counts.parties++;
	TAILQ_INSERT_TAIL(&call->parties, party, entry);
	call_changed(call);
	return party;
}

static void forget_mutes(const struct party *party)
{
	struct call *call = party->call;
	struct mute *mute = TAILQ_FIRST(&call->mutes);

	while (mute) {
		struct mute *next = TAILQ_NEXT(mute, entry);

		if (mute->from == party || mute->to == party) {
			TAILQ_REMOVE(&call->mutes, mute, entry);
			free(mute);
		}
		mute = next;
	}
}

void party_free(struct party *gone)
{
	struct call *call = gone->call;
	struct party *party;
	struct leg *leg;

	for_each_leg(leg, call)
	{
		if (leg->source == gone)
			leg->source = NULL;
	}
	TAILQ_FOREACH (party, &call->parties, entry)
		if (party->partner == gone)
			party->partner = NULL;
	forget_mutes(gone);
	while ((leg = TAILQ_FIRST(&gone->legs)))
		leg_free(leg);
	TAILQ_REMOVE(&call->parties, gone, entry);
	call->party_count--;
	call->session->counts.parties--;
	call_changed(call);
	mids_free(&gone->mids);
	free(gone->tag);
	free(gone->branch);
	free(gone->label);
	free(gone->formers);
	free(gone);
}

struct party *call_party(const struct call *call, const char *tag)
{
	struct party *party;

	TAILQ_FOREACH (party, &call->parties, entry)
		if (party->tag && strcmp(party->tag, tag) == 0)
			return party;
	return NULL;
}

struct party *call_party_labelled(const struct call *call, const char *label)
{
	struct party *party;

	TAILQ_FOREACH (party, &call->parties, entry)
		if (party->label && strcmp(party->label, label) == 0)
			return party;
	return NULL;
}

int party_set_label(struct party *party, const char *label)
{
	char *copy;

	if (!label[0])
		return 0;
	copy = strdup(label);
	if (!copy)
		return -ENOMEM;
	free(party->label);
	party->label = copy;
	call_changed(party->call);
	return 0;
}

struct party *call_party_on(const struct call *call, const char *branch)
{
	struct party *party;

	TAILQ_FOREACH (party, &call->parties, entry)
		if (strcmp(party->branch, branch) == 0)
			return party;
	return NULL;
}

struct party *call_party_numbered(const struct call *call, unsigned int number)
{
	struct party *party;

	TAILQ_FOREACH (party, &call->parties, entry)
		if (party->number == number)
			return party;
	return NULL;
}

const char *party_name(const struct party *party)
{
	return party->tag ? party->tag : party->branch;
}

struct party *party_talks_with(const struct party *party)
{
	return party->partner && party->partner->partner == party ? party->partner : NULL;
}

struct leg *party_leg(const struct party *party, unsigned int line)
{
	struct leg *leg;

	TAILQ_FOREACH (leg, &party->legs, entry)
		if (!leg->pending && leg->lines & 1u << line)
			return leg;
	return NULL;
}

/* --- legs ------------------------------------------------------------------------------------ */

/* `port` is taken for it, and given back where it cannot be made. */
static int add_leg(struct leg **out, struct party *party, struct media_address *at,
		   unsigned int port, bool pair, uint64_t id)
{
	struct session *session = party->call->session;
	struct leg *leg = calloc(1, sizeof(*leg));

	if (leg)
		leg->id = id ? id : fresh_id();
	if (!leg || !leg->id) {
		ports_give(at->ports, port, pair, uv_now(session->loop));
		free(leg);
		return leg ? -EIO : -ENOMEM;
	}
	leg->session = session;
	leg->party = party;
	leg->pending = true;
	leg->at = at;
	leg->port = port;
	leg->pair = pair;
	TAILQ_INSERT_TAIL(&party->legs, leg, entry);
	session_add_leg(session, leg);
	counts_add_leg(leg);
	*out = leg;
	return 0;
}

int leg_make(struct leg **leg, struct party *party, struct media_address *at, unsigned int port,
	     bool pair, uint64_t id)
{
	int taken = port ? ports_claim(at->ports, port, pair)
			 : ports_take(at->ports, pair, uv_now(party->call->session->loop));

	*leg = NULL;
	if (taken < 0)
		return taken;
	return add_leg(leg, party, at, port ? port : (unsigned int)taken, pair, id);
}

int leg_make_again(struct leg **leg, struct party *party, struct media_address *at,
		   unsigned int line, bool pair)
{
	const struct former *former = party->formers ? &party->formers[line] : NULL;
	uint64_t now = uv_now(party->call->session->loop);

	*leg = NULL;
	if (!former || former->at != at ||
	    ports_take_again(at->ports, former->port, pair, former->given, now))
		return -EADDRINUSE;
	return add_leg(leg, party, at, former->port, pair, 0);
}

void leg_leave(struct leg *leg)
{
	struct party *party = leg->party;
	struct former was = {leg->at, leg->port, uv_now(leg->session->loop)};

	if (!party->formers)
		party->formers = calloc(SDP_MEDIA_MAX, sizeof(*party->formers));
	if (party->formers && leg->lines)
		party->formers[__builtin_ctz(leg->lines)] = was;
	leg_free(leg);
}

void leg_retire(struct leg *leg)
{
	if (leg->retired)
		return;
	leg->retired = true;
	session_remove_leg(leg->session, leg);
	counts_remove_leg(leg);
	dtls_free(leg->dtls);
	leg->dtls = NULL;
}

void leg_free(struct leg *leg)
{
	leg_retire(leg);
	ports_give(leg->at->ports, leg->port, leg->pair, uv_now(leg->session->loop));
	dtls_identity_release(leg->identity);
	TAILQ_REMOVE(&leg->party->legs, leg, entry);
	call_changed(leg->party->call);
	terms_wipe(&leg->terms);
	rated_free(&leg->rated);
	free(leg->why);
	free(leg);
}

struct endpoint leg_remote(const struct leg *leg)
{
	if (!endpoint_is_zero(&leg->heard) || leg->terms.ice)
		return leg->heard;
	return endpoint_is_unset(&leg->terms.remote) ? leg->heard : leg->terms.remote;
}

void leg_hear(struct leg *leg, const Tandem__Dataplane__V1__Endpoint *remote)
{
	leg->heard = octets_read_endpoint(remote);
	call_changed(leg->party->call);
}
