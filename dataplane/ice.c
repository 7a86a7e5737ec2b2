/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICE-lite (RFC 8445): answers the participant's connectivity checks, remembers which of its
 * addresses passed one, and follows its nomination. A check that passes is also consent to be sent
 * to (RFC 7675); its age is judged by the main lcore.
 *
 * Only a nomination decides where the leg sends (RFC 8445 8.2, 12.1): until then media and DTLS are
 * heard from any address that passed, and the control plane answers each where it came from. Of
 * several nominations the latest holds: browsers move a running call to another network that way,
 * and agents that nominate every check (RFC 5245) come to rest on the pair they keep.
 */
#include <string.h>

#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/leg.h"
#include "dataplane/offence.h"
#include "dataplane/wire/reply.h"
#include "dataplane/seen.h"
#include "dataplane/stages.h"
#include "dataplane/turn_pass.h"
#include "dataplane/wire/stun.h"
#include "dataplane/expect.h"
#include "dataplane/worker.h"

#define STUN_TRANSACTION    8  /* offset of the id (RFC 8489 5) */
#define TRANSACTION_SECONDS 40 /* RFC 8489 6.2.1: 39.5 s */

/* Back by the TURN client's allocation, never by the wire. */
static void reply_relayed(struct worker *w, struct burst *b, unsigned int i, uint16_t length)
{
	const struct dataplane *d = w->dataplane;
	const struct endpoint local = {.address = d->addresses[b->local[i]].address,
				       .port = b->local_port[i]};

	turn_pass(w, b, i, b->allocation[i], length, &local);
}

static void reply(struct worker *w, struct burst *b, unsigned int i, uint16_t length,
		  enum worker_counter counter)
{
	w->counters[counter]++;
	if (unlikely(b->allocation[i]))
		return reply_relayed(w, b, i, length);
	reply_udp(b->mbuf[i], &w->dataplane->networks[b->network[i]], b->l3[i], length);
	burst_send(b, i, b->port[i]);
}

static void refuse(struct worker *w, struct burst *b, unsigned int i, enum stun_error code,
		   const struct stun_message *request, const struct stun_auth *auth)
{
	static const uint8_t counters[] = {
		[STUN_BAD_REQUEST - 400] = COUNTER_STUN_400,
		[STUN_UNAUTHENTICATED - 400] = COUNTER_STUN_401,
		[STUN_UNKNOWN_ATTRIBUTE - 400] = COUNTER_STUN_420,
		[STUN_ROLE_CONFLICT - 400] = COUNTER_STUN_487,
	};
	uint16_t length = stun_write_error(burst_payload(b, i), code, request, auth);

	reply(w, b, i, length, counters[code - 400]);
}

/* RFC 8445 7.2.2: the receiver's fragment, a colon, the sender's. */
static bool is_username(const struct leg_ice *ice, const struct stun_message *m)
{
	const uint8_t *username = m->data + m->username;
	size_t local = strlen(ice->local_ufrag), remote = strlen(ice->remote_ufrag);

	return local && m->username_length > local &&
	       memcmp(username, ice->local_ufrag, local) == 0 && username[local] == ':' &&
	       (!remote || (m->username_length == local + 1 + remote &&
			    memcmp(username + local + 1, ice->remote_ufrag, remote) == 0));
}

/* The credentials the check was made with. After an ICE restart the old ones serve until the first
 * nomination with the new (RFC 8445 9). NULL: wrong ones. */
static const struct leg_ice *find_credentials(const struct leg *leg, const struct stun_message *m)
{
	const struct leg_config *config = leg->config;
	const struct leg_ice *current = config->terms->credentials, *previous = current + 1;

	if (is_username(current, m))
		return stun_verify_integrity(m, &current->auth) ? current : NULL;
	if (leg->nominated_epoch != config->ice_epoch && is_username(previous, m))
		return stun_verify_integrity(m, &previous->auth) ? previous : NULL;
	return NULL;
}

static bool is_nominated(const struct leg *leg, const struct leg_pair *pair)
{
	return endpoint_equal(&pair->remote, &leg->remote[pair->component]);
}

static bool has_expired(const struct worker *w, const struct leg_pair *pair, uint64_t now)
{
	return now - pair->checked >= LEG_CONSENT_SECONDS * w->hz;
}

/* The main lcore may have found consent expired, or be about to while this check is handled: the
 * second's margin is so that one of the two always sees the other. */
static bool may_be_muted(const struct worker *w, const struct leg_pair *pair, uint64_t now)
{
	return now - pair->checked >= (LEG_CONSENT_SECONDS - 1) * w->hz;
}

/* Nobody is sent to through this pair, nor will be, so another address may have its place. */
static bool is_replaceable(const struct leg *leg, const struct leg_pair *pair)
{
	return !is_nominated(leg, pair) && leg->wanted[pair->component] != pair - leg->pairs + 1;
}

/* Of an ICE that was restarted since, or else checked longer ago. */
static bool is_staler(const struct leg *leg, const struct leg_pair *a, const struct leg_pair *b)
{
	bool outdated = a->ice_epoch != leg->config->ice_epoch;

	if (outdated != (b->ice_epoch != leg->config->ice_epoch))
		return outdated;
	return a->checked < b->checked;
}

static struct leg_pair *find_pair(struct leg *leg, const struct endpoint *remote,
				  unsigned int component)
{
	for (unsigned int k = 0; k < leg->pair_count; k++)
		if (leg->pairs[k].component == component &&
		    endpoint_equal(&leg->pairs[k].remote, remote))
			return &leg->pairs[k];
	return NULL;
}

/* NULL if all pairs are in use. */
static struct leg_pair *add_pair(struct leg *leg, const struct endpoint *remote,
				 unsigned int component, uint64_t now)
{
	struct leg_pair *pair = NULL;

	if (leg->pair_count < LEG_PAIRS) {
		pair = &leg->pairs[leg->pair_count];
	} else {
		for (unsigned int k = 0; k < LEG_PAIRS; k++)
			if (is_replaceable(leg, &leg->pairs[k]) &&
			    (!pair || is_staler(leg, &leg->pairs[k], pair)))
				pair = &leg->pairs[k];
		if (!pair)
			return NULL;
	}
	*pair = (struct leg_pair){.remote = *remote, .component = component, .checked = now};
	if (pair == &leg->pairs[leg->pair_count])
		leg->pair_count++;
	expect_peers(leg, component);
	return pair;
}

/*
 * A check shows who has the password, not that its sender is at that address: another one gets
 * media once something authentic came from there (leg_prefer), or who has it now fell silent. Where
 * media has a tag, that is what tells whether it is heard; RTP without one is heard by address.
 */
static bool may_send_at_once(const struct worker *w, const struct leg *leg,
			     const struct leg_pair *pair, uint64_t now)
{
	unsigned int component = pair->component;
	const struct leg_pair *old;

	/* Nothing came from the old one that would speak for it. */
	if (endpoint_is_unset(&leg->remote[component]) || !leg->flow.last_packet)
		return true;
	for (old = leg->pairs; old < leg->pairs + leg->pair_count; old++)
		if (old->component == component && is_nominated(leg, old))
			break;
	if (old == leg->pairs + leg->pair_count || has_expired(w, old, now))
		return true;
	return leg->wanted[component] == pair - leg->pairs + 1 && now - leg->heard >= w->hz;
}

/* The silence of who is sent to now is counted from here, unless it was already. */
static void want(struct leg *leg, const struct leg_pair *pair, uint64_t now)
{
	if (!leg->wanted[pair->component])
		leg->heard = now;
	leg_want(leg, pair->component, pair - leg->pairs + 1);
}

/*
 * The check passed: notes its address and its consent, and follows a nomination. The main lcore is
 * also told when consent returns to the nominated pair after it had expired.
 */
static enum drop validate(struct worker *w, struct burst *b, unsigned int i, bool nominates,
			  uint32_t epoch)
{
	struct leg *leg = b->leg[i];
	unsigned int component = b->component[i];
	struct leg_pair *pair = find_pair(leg, &b->source[i], component);
	bool learn;
	uint64_t before;

	if (!pair)
		pair = add_pair(leg, &b->source[i], component, b->now);
	if (!pair)
		return DROP_ICE_PAIRS_FULL;
	if (is_nominated(leg, pair)) {
		learn = may_be_muted(w, pair, b->now) ||
			(nominates && leg->nominated_epoch != epoch);
		if (nominates)
			leg_want(leg, component, 0);
	} else {
		learn = nominates && may_send_at_once(w, leg, pair, b->now);
		if (nominates && !learn)
			want(leg, pair, b->now);
	}

	before = pair->checked;
	pair->checked = b->now;
	if (learn && !leg_learn(w, leg, component, &pair->remote)) {
		/* Unanswered, the check comes again, and all of this with it. */
		pair->checked = before;
		return DROP_PUNT_FULL;
	}
	if (pair->ice_epoch < epoch)
		pair->ice_epoch = epoch;
	if (nominates)
		leg->nominated_epoch = epoch;
	return DROP_NONE;
}

/* The answer to the pair's last check was lost (RFC 8489 6.2.1): it is given again. */
static bool is_retransmission(const struct worker *w, const struct burst *b, unsigned int i,
			      uint64_t hash)
{
	const struct leg_pair *pair = find_pair(b->leg[i], &b->source[i], b->component[i]);

	return pair && pair->last == hash >> 40 &&
	       b->now - pair->checked < TRANSACTION_SECONDS * w->hz;
}

static void check(struct worker *w, struct burst *b, unsigned int i, const struct stun_message *m)
{
	const struct leg_config *config = b->leg[i]->config;
	const struct leg_ice *ice;
	bool current;
	enum drop reason;
	uint16_t length;
	uint64_t hash = 0;

	if (!m->username || !m->integrity)
		return refuse(w, b, i, STUN_BAD_REQUEST, m, NULL);
	ice = find_credentials(b->leg[i], m);
	if (!ice) {
		/* How often this is answered is bounded where floods are shed (ebpf/policy.h). */
		offence_note(w, b, i, OFFENCE_PASSWORD);
		return refuse(w, b, i, STUN_UNAUTHENTICATED, m, NULL);
	}
	if (m->unknown_count)
		return refuse(w, b, i, STUN_UNKNOWN_ATTRIBUTE, m, &ice->auth);
	/*
	 * A lite agent is controlled and can be nothing else (RFC 8445 6.1.1), so it never switches
	 * roles as 7.3.1.1 has full agents do by tie-breaker: it is the peer that must.
	 */
	if (m->controlled)
		return refuse(w, b, i, STUN_ROLE_CONFLICT, m, &ice->auth);

	if (ice->seen) {
		hash = seen_hash(ice->seen, m->data + STUN_TRANSACTION);
		if (seen_has(ice->seen, hash)) {
			if (!is_retransmission(w, b, i, hash))
				return burst_drop(b, i, DROP_STUN_REPLAY);
			length = stun_write_success(burst_payload(b, i), &b->source[i], &ice->auth);
			return reply(w, b, i, length, COUNTER_STUN_SUCCESS);
		}
	}
	current = ice == config->terms->credentials;
	reason = validate(w, b, i, current && m->use_candidate, config->ice_epoch - !current);
	if (reason != DROP_NONE)
		return burst_drop(b, i, reason);
	if (ice->seen) {
		seen_add(ice->seen, hash);
		find_pair(b->leg[i], &b->source[i], b->component[i])->last = hash >> 40;
	}
	length = stun_write_success(burst_payload(b, i), &b->source[i], &ice->auth);
	reply(w, b, i, length, COUNTER_STUN_SUCCESS);
}

static void handle(struct worker *w, struct burst *b, unsigned int i)
{
	struct stun_message m;

	if (stun_parse(&m, burst_payload(b, i), b->length[i]))
		return burst_drop(b, i, DROP_STUN_MALFORMED);
	if (m.type == STUN_BINDING_INDICATION) {
		w->counters[COUNTER_STUN_INDICATION]++;
		return burst_finish(b, i);
	}
	if (m.type != STUN_BINDING_REQUEST)
		return burst_drop(b, i, DROP_STUN_UNHANDLED);
	if (!stun_verify_fingerprint(&m))
		return burst_drop(b, i, DROP_STUN_FINGERPRINT);
	if (!reply_fits(b->mbuf[i], b->payload[i] + STUN_RESPONSE_MAX))
		return burst_drop(b, i, DROP_NO_ROOM);
	check(w, b, i, &m);
}

void ice_stage(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++)
		if (b->class[i] == CLASS_STUN)
			handle(w, b, i);
}
