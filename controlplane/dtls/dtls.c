/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/dtls/dtls.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "controlplane/dtls/dtls_bio.h"
#include "controlplane/dtls/dtls_cookie.h"
#include "controlplane/dtls/dtls_peer.h"
#include "controlplane/dtls/dtls_record.h"

#define MTU_DEFAULT           1200
#define RETRANSMIT_DEFAULT_MS 200
#define RETRANSMIT_CAP_MS     4000
#define LIMIT_DEFAULT_MS      30000
#define TEXT_MAX              256
#define ALERT_GRACE_MS        3000

enum state {
	HANDSHAKE,
	UNPROVEN, /* the handshake is over, the SDP with the fingerprint has not come */
	UP,
	OVER, /* failed or closed: only a restart is told yet */
	FREED,
};

struct dtls {
	struct dtls_config config;
	enum state state;
	SSL *ssl;
	enum srtp_suite suite[SUITE_COUNT];
	const enum srtp_suite *suites; /* NULL: all */
	struct dtls_bio ends;
	struct dtls_peer peer;
	uv_timer_t timer;
	uint64_t deadline; /* uv_now() of the loop, ms */
	uint64_t began;    /* uv_hrtime(), ns; 0: no datagram yet */
	uint64_t ended;
	struct dtls_counters counters;
	struct dtls_cookie cookie;
	bool greeted;    /* a hello with the cookie came; without cookies always */
	uint8_t alerted; /* description of the last alert that was not authentic, and one more */

	/* ClientHello.random of this association, and of the last restart that was told. */
	bool has_hello;
	uint8_t hello[DTLS_RANDOM_LENGTH];
	uint8_t restart[DTLS_RANDOM_LENGTH];
};

/* --- the end of a handshake ------------------------------------------------------------------ */

static void fail(struct dtls *dtls, enum dtls_failure why, const char *text)
{
	dtls->state = OVER;
	uv_timer_stop(&dtls->timer);
	dtls->config.fail(dtls->config.arg, why, text);
}

static void say_goodbye(struct dtls *dtls)
{
	ERR_clear_error();
	if (SSL_alloc_buffers(dtls->ssl))
		SSL_shutdown(dtls->ssl);
}

/* The one gate that keys pass. */
static void judge(struct dtls *dtls)
{
	bool is_client = dtls->config.role == DTLS_CLIENT;
	struct dtls_result result = {0};

	if (!dtls->peer.count)
		return;
	if (!dtls_peer_match(&dtls->peer, SSL_get0_peer_certificate(dtls->ssl))) {
		/* OpenSSL lets nobody send bad_certificate after the handshake. */
		say_goodbye(dtls);
		fail(dtls, DTLS_FAIL_FINGERPRINT, dtls->peer.text);
		return;
	}
	result.suite = dtls_srtp_export(dtls->ssl, is_client ? &result.tx : &result.rx,
					is_client ? &result.rx : &result.tx);
	if (result.suite == SUITE_NONE) {
		fail(dtls, DTLS_FAIL_PROTOCOL, "OpenSSL cannot export the SRTP keys");
		return;
	}
	dtls->state = UP;
	result.elapsed_ms = (unsigned int)((dtls->ended - dtls->began) / 1000000);
	result.cipher = SSL_get_cipher_name(dtls->ssl);
	dtls->config.done(dtls->config.arg, &result);
	OPENSSL_cleanse(&result, sizeof(result));
}

static void establish(struct dtls *dtls)
{
	uv_timer_stop(&dtls->timer);
	dtls->ended = uv_hrtime();
	dtls->state = UNPROVEN;
	SSL_free_buffers(dtls->ssl);
	judge(dtls);
}

/* Says what ended it, of the error queue and of what is known of the peer. */
static enum dtls_failure explain(struct dtls *dtls, int error, char *text, size_t size)
{
	unsigned long code = ERR_peek_error();
	int reason = ERR_GET_REASON(code);
	const char *name;

	if (error == SSL_ERROR_ZERO_RETURN) {
		snprintf(text, size, "the peer closed the association (close_notify)");
		return DTLS_FAIL_ALERT;
	}
	if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
		if (dtls->peer.mismatch) {
			snprintf(text, size, "%s", dtls->peer.text);
			return DTLS_FAIL_FINGERPRINT;
		}
		snprintf(text, size, "the peer accepts none of our SRTP profiles (use_srtp)");
		return DTLS_FAIL_NO_SRTP;
	}
	if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_WRONG_SSL_VERSION ||
	    reason == SSL_R_WRONG_VERSION_NUMBER) {
		snprintf(text, size, "the peer does not speak DTLS 1.2");
		return DTLS_FAIL_PROTOCOL;
	}
	if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
		snprintf(text, size, "alert from the peer: %s",
			 SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
		return DTLS_FAIL_ALERT;
	}
	name = ERR_reason_error_string(code);
	snprintf(text, size, "DTLS: %s", name ? name : "OpenSSL gave no reason");
	return DTLS_FAIL_PROTOCOL;
}

/* --- time ------------------------------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer);

static void arm(struct dtls *dtls)
{
	uint64_t now = uv_now(dtls->config.loop);
	uint64_t wait = dtls->deadline > now ? dtls->deadline - now : 0;
	struct timeval left;

	if (dtls->state != HANDSHAKE || !dtls->greeted)
		return;
	/* OpenSSL counts on the wall clock; should that step back, we still look in again. */
	if (DTLSv1_get_timeout(dtls->ssl, &left)) {
		uint64_t ms = (uint64_t)left.tv_sec * 1000 + ((uint64_t)left.tv_usec + 999) / 1000;

		if (ms > RETRANSMIT_CAP_MS)
			ms = RETRANSMIT_CAP_MS;
		if (ms < wait)
			wait = ms;
	}
	uv_timer_start(&dtls->timer, on_timer, wait, 0);
}

static void fail_for_time(struct dtls *dtls)
{
	char text[TEXT_MAX];

	if (!dtls->counters.received)
		snprintf(text, sizeof(text), "no DTLS from the peer within %u ms",
			 dtls->config.limit_ms);
	else
		snprintf(text, sizeof(text),
			 "handshake not over within %u ms: %llu datagrams came, %llu pieces of "
			 "them no DTLS for a %s; OpenSSL says: %s",
			 dtls->config.limit_ms, (unsigned long long)dtls->counters.received,
			 (unsigned long long)dtls->counters.discarded,
			 dtls->config.role == DTLS_SERVER ? "server" : "client",
			 SSL_state_string_long(dtls->ssl));
	if (dtls->alerted)
		snprintf(text, sizeof(text), "alert from the peer, as it seems: %s",
			 SSL_alert_desc_string_long(dtls->alerted - 1));
	fail(dtls, DTLS_FAIL_TIMEOUT, text);
}

static void on_timer(uv_timer_t *timer)
{
	struct dtls *dtls = timer->data;
	int rc;

	if (uv_now(dtls->config.loop) >= dtls->deadline) {
		fail_for_time(dtls);
		return;
	}
	ERR_clear_error();
	rc = DTLSv1_handle_timeout(dtls->ssl);
	if (rc < 0) {
		fail_for_time(dtls); /* OpenSSL gives up after a dozen */
		return;
	}
	dtls->counters.expired += (uint64_t)rc;
	arm(dtls);
}

static unsigned int next_interval(SSL *ssl, unsigned int last_us)
{
	struct dtls_peer *peer = SSL_get_app_data(ssl);
	const struct dtls *dtls = (void *)((char *)peer - offsetof(struct dtls, peer));

	if (!last_us)
		return dtls->config.retransmit_ms * 1000;
	return last_us < RETRANSMIT_CAP_MS * 1000 / 2 ? 2 * last_us : RETRANSMIT_CAP_MS * 1000;
}

static void send_datagram(void *arg, const uint8_t *datagram, size_t length)
{
	struct dtls *dtls = arg;

	if (dtls->state == FREED)
		return;
	dtls->counters.sent++;
	dtls->config.send(dtls->config.arg, datagram, length);
}

/* --- what the peer sends --------------------------------------------------------------------- */

static void shake_hands(struct dtls *dtls)
{
	char text[TEXT_MAX];
	enum dtls_failure why;
	int rc, error;

	ERR_clear_error();
	rc = SSL_do_handshake(dtls->ssl);
	if (dtls->state != HANDSHAKE)
		return;
	if (rc == 1) {
		establish(dtls);
		return;
	}
	error = SSL_get_error(dtls->ssl, rc);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return;
	why = explain(dtls, error, text, sizeof(text));
	fail(dtls, why, text);
}

/*
 * After the handshake two things can come: the peer's last flight once more, which OpenSSL answers
 * with ours, and an alert. The record buffers, 33 KB, exist only meanwhile.
 */
static void listen_on(struct dtls *dtls)
{
	char nothing[16], text[TEXT_MAX];
	int rc, error;

	ERR_clear_error();
	if (!SSL_alloc_buffers(dtls->ssl))
		return;
	rc = SSL_read(dtls->ssl, nothing, sizeof(nothing));
	error = SSL_get_error(dtls->ssl, rc);
	SSL_free_buffers(dtls->ssl);
	if (rc > 0 || error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return;
	explain(dtls, error, text, sizeof(text));
	if (dtls->state == UNPROVEN) {
		fail(dtls, DTLS_FAIL_ALERT, text);
	} else if (dtls->state == UP) {
		dtls->state = OVER;
		if (dtls->config.closed)
			dtls->config.closed(dtls->config.arg, text);
	}
}

/* Whether the peer's change_cipher_spec was read, so that epoch 1 can be. */
static bool has_read_key(const struct dtls *dtls)
{
	switch (SSL_get_state(dtls->ssl)) {
	case TLS_ST_SR_CHANGE:
	case TLS_ST_CR_CHANGE:
	case TLS_ST_SR_FINISHED:
	case TLS_ST_CR_FINISHED:
	case TLS_ST_OK:
		return true;
	default:
		return false;
	}
}

static bool has_cookie(const struct dtls *dtls)
{
	return dtls->config.role == DTLS_SERVER && !dtls->config.no_cookie;
}

/* A ClientHello again is a retransmission or a late copy; one with another random is a restart. */
static bool is_restart(struct dtls *dtls, const struct dtls_record *record)
{
	const uint8_t *random = dtls_record_hello_random(record);

	if (!random || !dtls->has_hello || !dtls_record_is_plausible(record, true) ||
	    (dtls->state == HANDSHAKE && (dtls->config.role == DTLS_CLIENT || has_cookie(dtls))) ||
	    (dtls->state == UNPROVEN && has_cookie(dtls)))
		return false;
	if (memcmp(random, dtls->hello, DTLS_RANDOM_LENGTH) == 0 ||
	    memcmp(random, dtls->restart, DTLS_RANDOM_LENGTH) == 0)
		return false;
	memcpy(dtls->restart, random, DTLS_RANDOM_LENGTH);
	return true;
}

static void remember_hello(struct dtls *dtls, const struct dtls_record *record)
{
	const uint8_t *random = dtls_record_hello_random(record);

	if (!random || dtls->has_hello)
		return;
	memcpy(dtls->hello, random, DTLS_RANDOM_LENGTH);
	dtls->has_hello = true;
}

static int renew(struct dtls *dtls);

/* Whether what a server gets in the clear is of a peer who sees what we send. */
static bool is_greeted(struct dtls *dtls, struct dtls_record *record, uint8_t *room)
{
	uint8_t request[DTLS_COOKIE_REQUEST_MAX];

	if (!has_cookie(dtls) || dtls->state == UP || dtls->state == OVER)
		return true;
	switch (dtls_cookie_judge(&dtls->cookie, record, room)) {
	case COOKIE_RIGHT:
		break;
	case COOKIE_ASK:
		dtls->counters.asked++;
		send_datagram(dtls, request, dtls_cookie_request(&dtls->cookie, request));
		return false;
	case COOKIE_GATHER:
		return false;
	case COOKIE_REST:
	case COOKIE_NO_HELLO:
		if (dtls->greeted)
			return true;
		/* fall through */
	case COOKIE_REFUSE:
		dtls->counters.discarded++;
		return false;
	}
	if (dtls->has_hello &&
	    memcmp(dtls_record_hello_random(record), dtls->hello, DTLS_RANDOM_LENGTH) != 0 &&
	    renew(dtls))
		return false;
	if (!dtls->greeted)
		dtls->deadline = uv_now(dtls->config.loop) + dtls->config.limit_ms;
	dtls->greeted = true;
	return true;
}

/* It may be the peer's or anybody's: the handshake has a while to prove it wrong. */
static void heed_alert(struct dtls *dtls, uint8_t description)
{
	uint64_t deadline = uv_now(dtls->config.loop) + ALERT_GRACE_MS;

	dtls->alerted = description + 1;
	if (deadline < dtls->deadline)
		dtls->deadline = deadline;
}

static bool is_admitted(struct dtls *dtls, const struct dtls_record *record)
{
	if (record->epoch == 0 && record->content == DTLS_ALERT && dtls->state == HANDSHAKE) {
		if (dtls->greeted && record->body_length == 2)
			heed_alert(dtls, record->body[1]);
		return false;
	}
	if (record->epoch == 0)
		return dtls->state == HANDSHAKE &&
		       dtls_record_is_plausible(record, dtls->config.role == DTLS_SERVER);
	return record->epoch == 1 && dtls->state != OVER && has_read_key(dtls) &&
	       record->content != DTLS_CHANGE_CIPHER_SPEC;
}

static void take(struct dtls *dtls, struct dtls_record *record)
{
	uint8_t room[DTLS_COOKIE_RECORD_MAX];

	if (record->content == DTLS_APPLICATION_DATA && record->epoch == 1) {
		dtls->counters.ignored++;
		return;
	}
	if (record->epoch == 0 && !is_greeted(dtls, record, room))
		return;
	if (!is_admitted(dtls, record)) {
		dtls->counters.discarded++;
		return;
	}
	if (!dtls->began)
		dtls->began = uv_hrtime();
	remember_hello(dtls, record);
	dtls->ends.input = record->start;
	dtls->ends.input_length = record->length;
	if (dtls->state == HANDSHAKE)
		shake_hands(dtls);
	else
		listen_on(dtls);
	dtls->ends.input_length = 0;
}

void dtls_receive(struct dtls *dtls, const uint8_t *datagram, size_t length)
{
	const uint8_t *next = datagram;
	size_t left = length;

	dtls->counters.received++;
	if (length > DTLS_DATAGRAM_MAX)
		left = 0;
	while (left && dtls->state != FREED) {
		struct dtls_record record;

		if (!dtls_record_read(&record, next, left))
			break;
		if (is_restart(dtls, &record)) {
			if (dtls->config.restart)
				dtls->config.restart(dtls->config.arg, datagram, length);
			return;
		}
		next += record.length;
		left -= record.length;
		take(dtls, &record);
	}
	if (left || length > DTLS_DATAGRAM_MAX)
		dtls->counters.discarded++;
	arm(dtls);
}

int dtls_set_fingerprints(struct dtls *dtls, const struct sdp_fingerprint *fingerprints,
			  unsigned int count)
{
	if (dtls->state == UP || dtls->state == OVER)
		return 0;
	if (dtls_peer_expect(&dtls->peer, fingerprints, count) < 0)
		return -EINVAL;
	if (dtls->state == UNPROVEN)
		judge(dtls);
	return 0;
}

void dtls_count(const struct dtls *dtls, struct dtls_counters *out)
{
	*out = dtls->counters;
}

/* --- life ------------------------------------------------------------------------------------ */

static int prepare(struct dtls *dtls)
{
	const struct dtls_config *config = &dtls->config;
	BIO *bio;
	int rc;

	ERR_clear_error();
	dtls->ssl = SSL_new(dtls_identity_context(config->identity));
	if (!dtls->ssl)
		return -ENOMEM;
	dtls->ends.arg = dtls;
	dtls->ends.send = send_datagram;
	bio = dtls_bio_make(&dtls->ends);
	if (!bio)
		return -ENOMEM;
	SSL_set_bio(dtls->ssl, bio, bio);
	SSL_set_app_data(dtls->ssl, &dtls->peer);
	DTLS_set_timer_cb(dtls->ssl, next_interval);
	if (!SSL_set_mtu(dtls->ssl, config->mtu))
		return -EINVAL;
	if (config->role == DTLS_CLIENT)
		SSL_set_connect_state(dtls->ssl);
	else
		SSL_set_accept_state(dtls->ssl);
	rc = dtls_srtp_offer(dtls->ssl, dtls->suites, config->suite_count);
	if (rc == 0 && has_cookie(dtls))
		rc = dtls_cookie_prime(dtls->ssl, &dtls->ends, &dtls->cookie);
	return rc;
}

/* Forgets the handshake, whoever's it was; the cookie stays. */
static int renew(struct dtls *dtls)
{
	SSL *before = dtls->ssl;
	int rc = prepare(dtls);

	if (rc) {
		SSL_free(dtls->ssl);
		dtls->ssl = before;
		return rc;
	}
	SSL_free(before);
	uv_timer_stop(&dtls->timer);
	dtls->state = HANDSHAKE;
	dtls->peer.mismatch = false;
	dtls->greeted = dtls->has_hello = false;
	dtls->began = 0;
	return 0;
}

static void set_default(unsigned int *value, unsigned int otherwise)
{
	if (!*value)
		*value = otherwise;
}

/* The caller's are read once. */
static int copy_suites(struct dtls *dtls, const struct dtls_config *config)
{
	if (config->suites && config->suite_count > SUITE_COUNT)
		return -EINVAL;
	for (unsigned int i = 0; config->suites && i < config->suite_count; i++)
		dtls->suite[i] = config->suites[i];
	dtls->suites = config->suites ? dtls->suite : NULL;
	dtls->config.suites = NULL;
	return 0;
}

int dtls_start(struct dtls **out, const struct dtls_config *config)
{
	struct dtls *dtls = calloc(1, sizeof(*dtls));
	int rc = -ENOMEM;

	if (!dtls)
		return -ENOMEM;
	dtls->config = *config;
	set_default(&dtls->config.mtu, MTU_DEFAULT);
	set_default(&dtls->config.retransmit_ms, RETRANSMIT_DEFAULT_MS);
	set_default(&dtls->config.limit_ms, LIMIT_DEFAULT_MS);
	if (dtls->config.mtu < DTLS_MTU_MIN || dtls->config.mtu > DTLS_DATAGRAM_MAX) {
		rc = -EINVAL;
		goto out_free;
	}
	rc = copy_suites(dtls, config);
	if (rc == 0)
		rc = dtls_cookie_make(&dtls->cookie);
	if (rc == 0)
		rc = prepare(dtls);
	if (rc < 0)
		goto out_ssl;
	dtls->greeted = !has_cookie(dtls);
	rc = uv_timer_init(config->loop, &dtls->timer);
	if (rc < 0)
		goto out_ssl;
	dtls->timer.data = dtls;
	dtls_identity_hold(config->identity);
	uv_update_time(config->loop);
	dtls->deadline = uv_now(config->loop) + dtls->config.limit_ms;
	*out = dtls;
	if (config->role == DTLS_CLIENT) {
		dtls->began = uv_hrtime();
		shake_hands(dtls);
		SSL_get_client_random(dtls->ssl, dtls->hello, sizeof(dtls->hello));
		dtls->has_hello = true;
	}
	arm(dtls);
	return 0;

out_ssl:
	SSL_free(dtls->ssl);
out_free:
	free(dtls);
	return rc;
}

static void on_timer_closed(uv_handle_t *timer)
{
	struct dtls *dtls = timer->data;

	SSL_free(dtls->ssl);
	dtls_identity_release(dtls->config.identity);
	free(dtls);
}

void dtls_free(struct dtls *dtls)
{
	if (!dtls)
		return;
	/* We may be inside a call of OpenSSL's: the close callback is not. */
	dtls->state = FREED;
	uv_close((uv_handle_t *)&dtls->timer, on_timer_closed);
}

void dtls_close(struct dtls *dtls)
{
	if (dtls->state == UP || dtls->state == UNPROVEN)
		say_goodbye(dtls);
	dtls_free(dtls);
}
