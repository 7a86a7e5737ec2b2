/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/keying.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "controlplane/lib/octets.h"
#include "controlplane/session/exchange.h"
#include "controlplane/session/watch.h"
#include "dataplane/lib/log.h"

/* --- who we are ------------------------------------------------------------------------------ */

/* Its association can not be had back, so the next SDP has to bring about another one. */
static bool is_spent(const struct leg *leg)
{
	bool keyed = leg->keyed && sdp_profile_has_dtls(leg->terms.profile);

	return leg->keys_lost || leg->failed[0] || (!leg->identity && !keyed);
}

/* Nobody has seen a handshake of a pending leg yet, whatever the offer before showed. */
static void hash_anew(struct leg *leg, const char *hash)
{
	if (leg->pending && leg->identity && strcmp(leg->fingerprint.hash, hash) != 0)
		leg->fingerprint = dtls_identity_hashed(leg->identity, hash);
}

int keying_identify(struct leg *leg, const char *hash)
{
	struct session *s = leg->session;
	struct dtls_identity *fresh;
	int error;

	if (leg->fingerprint.length && !is_spent(leg)) {
		hash_anew(leg, hash);
		return 0;
	}
	if (leg->identity && leg->identity == s->identity) {
		/* Only another fingerprint makes the participant begin anew (RFC 8842). */
		error = dtls_identity_make(&fresh);
		if (error)
			return error;
		dtls_identity_release(s->identity);
		s->identity = fresh;
	} else {
		error = dtls_identity_rotate(&s->identity, s->config.certificate_age_s);
		if (error < 0)
			return error;
	}
	dtls_identity_release(leg->identity);
	leg->identity = dtls_identity_hold(s->identity);
	leg->fingerprint = dtls_identity_hashed(leg->identity, hash);
	return 0;
}

int keying_identify_anew(struct leg *leg, const struct terms *next, const char *hash)
{
	if (leg->identity || !terms_new_association(&leg->terms, next))
		return 0;
	leg->fingerprint.length = 0;
	return keying_identify(leg, hash);
}

/* --- when the dataplane says no -------------------------------------------------------------- */

void keying_refused(struct leg *leg, const char *what)
{
	leg->keyed = false;
	/* What was refused is not offered again. */
	if (sdp_profile_has_sdes(leg->terms.profile) && !leg->party->wish.shared)
		terms_drop_keys(&leg->terms);
	snprintf(leg->failed, sizeof(leg->failed), "the dataplane refused the keys: %s", what);
	log_warn("call %s: leg %016jx: %s", leg->party->call->id, (uintmax_t)leg->id, leg->failed);
	watch_leg(WATCH(FAILED), leg, leg->failed);
}

/* --- SDES ------------------------------------------------------------------------------------ */

static bool same_key(const struct sdes *a, const struct sdes *b)
{
	return a->suite == b->suite &&
	       CRYPTO_memcmp(a->key_salt, b->key_salt, sizeof(a->key_salt)) == 0;
}

static struct push_key split(const struct sdes *sdes)
{
	return (struct push_key){sdes->key_salt,
				 sdes->key_salt + suite_info(sdes->suite)->key_length};
}

void keying_push_sdes(struct push *push, struct leg *leg, const struct terms *before)
{
	const struct terms *t = &leg->terms;

	if (!sdp_profile_has_sdes(t->profile) || t->local_count != 1 ||
	    !suite_info(t->remote_key.suite))
		return;
	if (leg->keyed && before->local_count == 1 && same_key(&before->local[0], &t->local[0]) &&
	    same_key(&before->remote_key, &t->remote_key))
		return;
	push_keys(push, leg,
		  &(struct push_keys){
			  .suite = t->remote_key.suite,
			  .receive = split(&t->remote_key),
			  .send = leg->party->wish.shared ? (struct push_key){NULL}
							  : split(&t->local[0]),
			  /* RFC 3711 3.3.1; a new address begins at 0 (RFC 4568 7.1.4). */
			  .goes_on = leg->keyed && sdp_profile_has_sdes(before->profile) &&
				     endpoint_equal(&before->remote, &t->remote),
		  });
}

/* --- DTLS ------------------------------------------------------------------------------------ */

static void send_datagram(void *arg, const uint8_t *datagram, size_t length)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__Transmit transmit = TANDEM__DATAPLANE__V1__TRANSMIT__INIT;
	Tandem__Dataplane__V1__Endpoint to;
	struct leg *leg = arg;

	/* A handshake may begin on a pair that is validated and not nominated yet. */
	if (!endpoint_is_zero(&leg->dtls_from) &&
	    leg->ice != TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED) {
		octets_fill_endpoint(&to, &leg->dtls_from.address, endpoint_port(&leg->dtls_from));
		transmit.to = &to;
	}
	transmit.leg = leg->id;
	transmit.datagram.data = (uint8_t *)datagram;
	transmit.datagram.len = length;
	message.transmit = &transmit;
	client_request(leg->session->client, &message, NULL, NULL);
}

/* What is over keeps no memory, which for a handshake that failed is a hostile peer's to fill. */
static void end_association(struct leg *leg)
{
	dtls_free(leg->dtls);
	leg->dtls = NULL;
}

static void fail_leg(struct leg *leg, const char *why)
{
	char text[sizeof(leg->failed)];

	end_association(leg);
	snprintf(text, sizeof(text), "DTLS: %s", why);
	if (strcmp(text, leg->failed) == 0)
		return; /* it was said */
	memcpy(leg->failed, text, sizeof(text));
	log_warn("call %s: leg %016jx: %s", leg->party->call->id, (uintmax_t)leg->id, leg->failed);
	watch_leg(WATCH(FAILED), leg, leg->failed);
}

/* Keys on their way to the dataplane; their leg may be gone when it answers. */
struct delivery {
	struct session *session;
	uint64_t leg;
};

static void delivered(void *arg, int error, const char *what)
{
	struct delivery *delivery = arg;
	struct leg *leg = session_find_leg(delivery->session, delivery->leg);

	/* With the connection the resync sees which keys arrived. */
	if (leg && error && error != -ENOTCONN)
		keying_refused(leg, what);
	free(delivery);
}

static void on_done(void *arg, const struct dtls_result *result)
{
	struct leg *leg = arg;
	struct delivery *delivery = calloc(1, sizeof(*delivery));
	struct push *push = delivery ? push_begin(leg->session, delivered, NULL, delivery) : NULL;

	if (!push) {
		free(delivery);
		fail_leg(leg, "no memory for the keys");
		return;
	}
	delivery->session = leg->session;
	delivery->leg = leg->id;
	leg->handshake_ms = result->elapsed_ms;
	leg->session->counts.handshakes_done++;
	histogram_add(&leg->session->counts.handshake, &counts_seconds,
		      result->elapsed_ms / 1000.0);
	push_keys(push, leg,
		  &(struct push_keys){.suite = result->suite,
				      .receive = {result->rx.key, result->rx.salt},
				      .send = {result->tx.key, result->tx.salt}});
	push_call(push, leg->party->call); /* which has the time that it took */
	push_end(push);
	log_info("call %s: leg %016jx: DTLS is up in %u ms, %s, %s", leg->party->call->id,
		 (uintmax_t)leg->id, result->elapsed_ms, suite_name(result->suite), result->cipher);
}

static void on_fail(void *arg, enum dtls_failure why, const char *text)
{
	struct leg *leg = arg;

	leg->session->counts.handshakes_failed[why]++;
	fail_leg(leg, text);
}

static void on_closed(void *arg, const char *text)
{
	struct leg *leg = arg;

	end_association(leg);
	log_debug("call %s: leg %016jx: DTLS: %s", leg->party->call->id, (uintmax_t)leg->id, text);
}

/* Those of the wished suites that DTLS can agree on; none left: all. */
static unsigned int choose_suites(const struct wish *wish, enum srtp_suite *suites)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < wish->suite_count; i++)
		if (suite_info(wish->suites[i])->use_srtp)
			suites[count++] = wish->suites[i];
	return count;
}

/* Before the first answer it is the offer's. */
static const struct wish *wish_of(const struct leg *leg)
{
	const struct wish *wish = leg->pending ? exchange_wish(leg->party->call, leg) : NULL;

	return wish ? wish : &leg->party->wish;
}

static void start(struct leg *leg)
{
	enum srtp_suite suites[SUITE_COUNT];
	struct dtls_config config = {
		.loop = leg->session->loop,
		.identity = leg->identity,
		.role = leg->terms.setup == SDP_ACTIVE ? DTLS_CLIENT : DTLS_SERVER,
		.no_cookie = !leg->session->config.dtls_cookie,
		.arg = leg,
		.send = send_datagram,
		.done = on_done,
		.fail = on_fail,
		.closed = on_closed,
	};
	int error;

	if (!leg->identity) {
		fail_leg(leg, "the certificate is lost since the control plane restarted; a "
			      "re-offer brings a new one");
		return;
	}
	leg->session->counts.handshakes_begun++;
	config.suite_count = choose_suites(wish_of(leg), suites);
	config.suites = config.suite_count ? suites : NULL;
	error = dtls_start(&leg->dtls, &config);
	if (error) {
		fail_leg(leg, strerror(-error));
		return;
	}
	/* A client's first flight may have failed it. */
	if (leg->dtls && leg->terms.fingerprint_count &&
	    dtls_set_fingerprints(leg->dtls, leg->terms.fingerprints, leg->terms.fingerprint_count))
		fail_leg(leg, "no fingerprint in the SDP has a known hash; use sha-256");
}

/* A handshake that failed is none: the next one may be the participant's. */
static bool idle(const struct leg *leg)
{
	return sdp_profile_has_dtls(leg->terms.profile) && !leg->dtls && !leg->keyed &&
	       !leg->keys_lost;
}

static bool reachable(const struct leg *leg)
{
	if (leg->terms.ice)
		return leg->ice == TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED;
	return !endpoint_is_unset(&leg->terms.remote);
}

void keying_leg_up(struct leg *leg)
{
	if (leg->terms.setup == SDP_ACTIVE && idle(leg) && reachable(leg))
		start(leg);
}

void keying_receive(struct leg *leg, const Tandem__Dataplane__V1__Endpoint *from,
		    const uint8_t *datagram, size_t length)
{
	leg->dtls_from = octets_read_endpoint(from);
	/* As a client only a re-offer, or another address, tells that it is worth a further try. */
	if (leg->terms.setup != SDP_ACTIVE && idle(leg))
		start(leg);
	if (leg->dtls)
		dtls_receive(leg->dtls, datagram, length);
}

static void forget(struct leg *leg)
{
	end_association(leg);
	leg->keyed = leg->keys_lost = false;
	leg->failed[0] = '\0';
}

void keying_agree_dtls(struct leg *leg, const struct terms *before)
{
	const struct terms *t = &leg->terms;

	if (!sdp_profile_has_dtls(t->profile)) {
		if (sdp_profile_has_dtls(before->profile) || leg->failed[0])
			forget(leg);
		return;
	}
	/* An association that began as a server, before the answer came, may go on. */
	if (leg->keys_lost || leg->failed[0] ||
	    (terms_new_association(before, t) &&
	     (!leg->dtls || before->fingerprint_count || t->setup == SDP_ACTIVE)))
		forget(leg);
	if (leg->dtls && dtls_set_fingerprints(leg->dtls, t->fingerprints, t->fingerprint_count))
		fail_leg(leg, "no fingerprint in the SDP has a known hash; use sha-256");
	keying_leg_up(leg);
}
