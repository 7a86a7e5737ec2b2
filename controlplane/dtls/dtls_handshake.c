/* SPDX-License-Identifier: BSD-3-Clause */
/* A handshake from its first flight to its end, and the clock beside it. */
#include <errno.h>
#include <stdio.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "controlplane/dtls/dtls_state.h"

#define RETRANSMIT_CAP_MS 4000
#define TEXT_MAX          256

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
static void release_keys(struct dtls *dtls)
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
	release_keys(dtls);
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

void dtls_arm(struct dtls *dtls)
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
	dtls_arm(dtls);
}

unsigned int dtls_next_interval(SSL *ssl, unsigned int last_us)
{
	struct dtls_peer *peer = SSL_get_app_data(ssl);
	const struct dtls *dtls = (void *)((char *)peer - offsetof(struct dtls, peer));

	if (!last_us)
		return dtls->config.retransmit_ms * 1000;
	return last_us < RETRANSMIT_CAP_MS * 1000 / 2 ? 2 * last_us : RETRANSMIT_CAP_MS * 1000;
}

void dtls_send(void *arg, const uint8_t *datagram, size_t length)
{
	struct dtls *dtls = arg;

	if (dtls->state == FREED)
		return;
	dtls->counters.sent++;
	dtls->config.send(dtls->config.arg, datagram, length);
}

/* --- steps ----------------------------------------------------------------------------------- */

void dtls_shake_hands(struct dtls *dtls)
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
void dtls_listen(struct dtls *dtls)
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
int dtls_set_fingerprints(struct dtls *dtls, const struct sdp_fingerprint *fingerprints,
			  unsigned int count)
{
	if (dtls->state == UP || dtls->state == OVER)
		return 0;
	if (dtls_peer_expect(&dtls->peer, fingerprints, count) < 0)
		return -EINVAL;
	if (dtls->state == UNPROVEN)
		release_keys(dtls);
	return 0;
}
