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
#include "dataplane/reply.h"
#include "dataplane/stages.h"
#include "dataplane/stun.h"
#include "dataplane/vouch.h"
#include "dataplane/worker.h"

static void reply(struct worker *w, struct burst *b, unsigned int i, uint16_t length,
		  enum worker_counter counter)
{
	reply_udp(b->mbuf[i], w->dataplane->network_by_port[b->port[i]], b->l3[i], length);
	burst_send(b, i, b->port[i]);
	w->counters[counter]++;
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

/* Nobody may be sent to through this pair any more, so another address may have its place. */
static bool is_replaceable(const struct worker *w, const struct leg *leg,
			   const struct leg_pair *pair, uint64_t now)
{
	uint32_t epoch = leg->config->ice_epoch;
	bool outdated = pair->ice_epoch != epoch && leg->nominated_epoch == epoch;

	return !is_nominated(leg, pair) && (outdated || has_expired(w, pair, now));
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

/* NULL: LEG_PAIRS addresses have consent. */
static struct leg_pair *add_pair(const struct worker *w, struct leg *leg,
				 const struct endpoint *remote, unsigned int component,
				 uint64_t now)
{
	struct leg_pair *pair = NULL;

	if (leg->pair_count < LEG_PAIRS) {
		pair = &leg->pairs[leg->pair_count];
	} else {
		for (unsigned int k = 0; k < LEG_PAIRS; k++)
			if (is_replaceable(w, leg, &leg->pairs[k], now) &&
			    (!pair || leg->pairs[k].checked < pair->checked))
				pair = &leg->pairs[k];
		if (!pair)
			return NULL;
	}
	*pair = (struct leg_pair){.remote = *remote, .component = component, .checked = now};
	if (pair == &leg->pairs[leg->pair_count])
		leg->pair_count++;
	vouch_peers(leg, component);
	return pair;
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
		pair = add_pair(w, leg, &b->source[i], component, b->now);
	if (!pair)
		return DROP_ICE_PAIRS_FULL;
	if (is_nominated(leg, pair))
		learn = may_be_muted(w, pair, b->now) ||
			(nominates && leg->nominated_epoch != epoch);
	else
		learn = nominates;

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

static void check(struct worker *w, struct burst *b, unsigned int i, const struct stun_message *m)
{
	const struct leg_config *config = b->leg[i]->config;
	const struct leg_ice *ice;
	bool current;
	enum drop reason;
	uint16_t length;

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

	current = ice == config->terms->credentials;
	reason = validate(w, b, i, current && m->use_candidate, config->ice_epoch - !current);
	if (reason != DROP_NONE)
		return burst_drop(b, i, reason);
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
