/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One association of ours against a bare OpenSSL peer, in one process: two queues of datagrams are
 * the network, a uv loop is the clock, and a fault can befall one datagram of one direction.
 */
#ifndef TANDEM_TESTS_DTLS_RIG_H
#define TANDEM_TESTS_DTLS_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "controlplane/dtls/dtls_state.h"

#define RIG_QUEUE    256
#define RIG_GUARD_MS 5000
#define RIG_LABEL    "EXTRACTOR-dtls_srtp"
#define ALL_PROFILES                                                                               \
	"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM"

enum fault { NO_FAULT, LOSE, DUPLICATE, DELAY };
enum direction { TO_PEER, TO_US };

struct datagram {
	uint8_t data[DTLS_DATAGRAM_MAX];
	size_t length;
};

struct lane {
	struct datagram queue[RIG_QUEUE];
	unsigned int head, tail;
	unsigned int count; /* of all that were sent */
	size_t longest;
	enum fault fault;
	unsigned int fault_at;
	uint8_t lose_content; /* the next datagram whose first record has this type; 0: none */
	struct datagram held; /* delayed until the next one has gone */
};

struct rig {
	/* The peer, set before rig_start(). */
	const char *profiles;
	unsigned int peer_mtu;
	unsigned int alpn_length; /* makes its ClientHello long */
	int peer_version;
	unsigned int peer_interval_ms; /* its retransmission timer: 10 */
	bool peer_has_no_certificate, peer_is_rsa, peer_is_silent;
	/* Ours. */
	struct dtls_config config;
	bool give_fingerprint; /* the right one, before the handshake */
	bool free_in_callback;
	void (*before_us)(struct rig *rig); /* called ahead of each datagram for us */

	uv_loop_t loop;
	uv_timer_t clock;
	uint64_t guard;
	struct dtls *dtls;
	struct lane lanes[2];

	SSL_CTX *peer_context;
	X509 *peer_certificate;
	SSL *peer;
	struct dtls_bio peer_ends;
	bool peer_done;
	int peer_error; /* reason code of what ended its handshake */

	unsigned int done, failed, closed, restarted;
	struct dtls_result result;
	enum dtls_failure why;
	char text[256];
	struct datagram restart;
};

static struct dtls_identity *rig_identity;

static inline void lane_push(struct lane *lane, const uint8_t *data, size_t length)
{
	struct datagram *slot = &lane->queue[lane->tail++ % RIG_QUEUE];

	assert_true(length <= sizeof(slot->data));
	assert_true(lane->tail - lane->head < RIG_QUEUE);
	memcpy(slot->data, data, length);
	slot->length = length;
}

static inline void lane_send(struct lane *lane, const uint8_t *data, size_t length)
{
	enum fault fault = lane->count++ == lane->fault_at ? lane->fault : NO_FAULT;

	if (length > lane->longest)
		lane->longest = length;
	if (lane->lose_content == data[0]) {
		lane->lose_content = 0;
		return;
	}
	if (fault == LOSE)
		return;
	if (fault == DELAY) {
		memcpy(lane->held.data, data, length);
		lane->held.length = length;
		return;
	}
	lane_push(lane, data, length);
	if (fault == DUPLICATE)
		lane_push(lane, data, length);
	if (lane->held.length) {
		lane_push(lane, lane->held.data, lane->held.length);
		lane->held.length = 0;
	}
}

static inline void on_our_datagram(void *arg, const uint8_t *data, size_t length)
{
	struct rig *rig = arg;

	lane_send(&rig->lanes[TO_PEER], data, length);
}

static inline void on_peer_datagram(void *arg, const uint8_t *data, size_t length)
{
	struct rig *rig = arg;

	lane_send(&rig->lanes[TO_US], data, length);
}

static inline void rig_free_ours(struct rig *rig)
{
	dtls_free(rig->dtls);
	rig->dtls = NULL;
}

static inline void on_done(void *arg, const struct dtls_result *result)
{
	struct rig *rig = arg;

	rig->done++;
	rig->result = *result;
	if (rig->free_in_callback)
		rig_free_ours(rig);
}

static inline void on_fail(void *arg, enum dtls_failure why, const char *text)
{
	struct rig *rig = arg;

	rig->failed++;
	rig->why = why;
	snprintf(rig->text, sizeof(rig->text), "%s", text);
	if (rig->free_in_callback)
		rig_free_ours(rig);
}

static inline void on_closed(void *arg, const char *text)
{
	struct rig *rig = arg;

	rig->closed++;
	snprintf(rig->text, sizeof(rig->text), "%s", text);
}

static inline void on_restart(void *arg, const uint8_t *data, size_t length)
{
	struct rig *rig = arg;

	rig->restarted++;
	memcpy(rig->restart.data, data, length);
	rig->restart.length = length;
}

/* --- the peer -------------------------------------------------------------------------------- */

static inline int accept_any(int ok, X509_STORE_CTX *store)
{
	return 1;
}

static inline unsigned int peer_interval(SSL *ssl, unsigned int last_us)
{
	const struct rig *rig = SSL_get_app_data(ssl);
	unsigned int first_ms = rig->peer_interval_ms ? rig->peer_interval_ms : 10;

	return last_us ? 2 * last_us : 1000 * first_ms;
}

static inline void peer_make_certificate(struct rig *rig)
{
	EVP_PKEY *key = rig->peer_is_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	assert_non_null(key);
	X509_set_version(certificate, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
	X509_set_pubkey(certificate, key);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	if (!rig->peer_has_no_certificate) {
		assert_int_equal(SSL_CTX_use_certificate(rig->peer_context, certificate), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(rig->peer_context, key), 1);
	}
	rig->peer_certificate = certificate;
	EVP_PKEY_free(key);
}

static inline void peer_set_long_hello(struct rig *rig)
{
	uint8_t alpn[4096];
	unsigned int used = 0;

	while (used < rig->alpn_length) {
		alpn[used] = 100;
		memset(alpn + used + 1, 'x', 100);
		used += 101;
	}
	assert_int_equal(SSL_set_alpn_protos(rig->peer, alpn, used), 0);
}

static inline void peer_renew(struct rig *rig)
{
	BIO *bio;

	SSL_free(rig->peer);
	rig->peer_done = false;
	rig->peer_error = 0;
	rig->peer_ends = (struct dtls_bio){.arg = rig, .send = on_peer_datagram};
	rig->peer = SSL_new(rig->peer_context);
	bio = dtls_bio_make(&rig->peer_ends);
	SSL_set_bio(rig->peer, bio, bio);
	SSL_set_app_data(rig->peer, rig);
	SSL_set_options(rig->peer, SSL_OP_NO_QUERY_MTU);
	assert_true(SSL_set_mtu(rig->peer, rig->peer_mtu ? rig->peer_mtu : 1200) > 0);
	DTLS_set_timer_cb(rig->peer, peer_interval);
	if (rig->alpn_length)
		peer_set_long_hello(rig);
	if (rig->config.role == DTLS_CLIENT)
		SSL_set_accept_state(rig->peer);
	else
		SSL_set_connect_state(rig->peer);
}

static inline void peer_make(struct rig *rig)
{
	int version = rig->peer_version ? rig->peer_version : DTLS1_2_VERSION;

	rig->peer_context = SSL_CTX_new(DTLS_method());
	SSL_CTX_set_security_level(rig->peer_context, version == DTLS1_VERSION ? 0 : 2);
	assert_int_equal(SSL_CTX_set_min_proto_version(rig->peer_context, version), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(rig->peer_context, version), 1);
	SSL_CTX_set_verify(rig->peer_context, SSL_VERIFY_PEER, accept_any);
	if (rig->profiles)
		assert_int_equal(SSL_CTX_set_tlsext_use_srtp(rig->peer_context, rig->profiles), 0);
	peer_make_certificate(rig);
	peer_renew(rig);
}

static inline void peer_step(struct rig *rig)
{
	uint8_t data[64];
	int rc, error;

	ERR_clear_error();
	if (rig->peer_done) {
		SSL_read(rig->peer, data, sizeof(data));
		return;
	}
	if (rig->peer_error)
		return;
	rc = SSL_do_handshake(rig->peer);
	error = SSL_get_error(rig->peer, rc);
	if (rc == 1)
		rig->peer_done = true;
	else if (error != SSL_ERROR_WANT_READ)
		rig->peer_error = error == SSL_ERROR_ZERO_RETURN ? SSL_R_SHUTDOWN_WHILE_IN_INIT
								 : ERR_GET_REASON(ERR_peek_error());
}

static inline void peer_take(struct rig *rig, const struct datagram *datagram)
{
	rig->peer_ends.input = datagram->data;
	rig->peer_ends.input_length = datagram->length;
	peer_step(rig);
	rig->peer_ends.input_length = 0;
}

/* --- the network and the clock --------------------------------------------------------------- */

static inline void on_clock(uv_timer_t *clock)
{
	struct rig *rig = clock->data;
	struct lane *out = &rig->lanes[TO_PEER], *in = &rig->lanes[TO_US];

	while (out->head != out->tail || in->head != in->tail) {
		if (out->head != out->tail)
			peer_take(rig, &out->queue[out->head++ % RIG_QUEUE]);
		if (in->head != in->tail) {
			const struct datagram *next = &in->queue[in->head++ % RIG_QUEUE];

			if (rig->before_us)
				rig->before_us(rig);
			if (rig->dtls)
				dtls_receive(rig->dtls, next->data, next->length);
		}
	}
	if (!rig->peer_is_silent && !rig->peer_done && !rig->peer_error)
		DTLSv1_handle_timeout(rig->peer);
}

static inline bool is_quiet(const struct rig *rig)
{
	return rig->lanes[TO_PEER].head == rig->lanes[TO_PEER].tail &&
	       rig->lanes[TO_US].head == rig->lanes[TO_US].tail;
}

/* Runs the loop until `wanted` holds; fails the test when it never does. */
#define rig_run_until(rig, wanted)                                                                 \
	do {                                                                                       \
		(rig)->guard = uv_hrtime() / 1000000 + RIG_GUARD_MS;                               \
		while (!(wanted)) {                                                                \
			if (uv_hrtime() / 1000000 > (rig)->guard)                                  \
				fail_msg("never: %s (ours: %s, peer: %d %s)", #wanted,             \
					 (rig)->text, (rig)->peer_error,                           \
					 SSL_state_string_long((rig)->peer));                      \
			uv_run(&(rig)->loop, UV_RUN_ONCE);                                         \
		}                                                                                  \
	} while (0)

/* Everything sent so far has arrived, and what it led to as well. */
static inline void rig_settle(struct rig *rig)
{
	rig_run_until(rig, is_quiet(rig));
	uv_run(&rig->loop, UV_RUN_NOWAIT);
}

static inline struct sdp_fingerprint rig_fingerprint(const struct rig *rig, const char *hash)
{
	struct sdp_fingerprint fingerprint;

	assert_int_equal(dtls_peer_fingerprint(&fingerprint, hash, rig->peer_certificate), 0);
	return fingerprint;
}

static inline void rig_start_ours(struct rig *rig)
{
	struct sdp_fingerprint fingerprint = rig_fingerprint(rig, "sha-256");

	assert_int_equal(dtls_start(&rig->dtls, &rig->config), 0);
	if (rig->give_fingerprint)
		assert_int_equal(dtls_set_fingerprints(rig->dtls, &fingerprint, 1), 0);
}

static inline void rig_init(struct rig *rig, enum dtls_role role)
{
	memset(rig, 0, sizeof(*rig));
	rig->profiles = ALL_PROFILES;
	rig->give_fingerprint = true;
	rig->config = (struct dtls_config){
		.loop = &rig->loop,
		.identity = rig_identity,
		.role = role,
		.retransmit_ms = 10,
		.limit_ms = RIG_GUARD_MS,
		.arg = rig,
		.send = on_our_datagram,
		.done = on_done,
		.fail = on_fail,
		.closed = on_closed,
		.restart = on_restart,
	};
}

static inline void rig_start(struct rig *rig)
{
	uv_loop_init(&rig->loop);
	uv_timer_init(&rig->loop, &rig->clock);
	rig->clock.data = rig;
	uv_timer_start(&rig->clock, on_clock, 1, 1);
	peer_make(rig);
	rig_start_ours(rig);
	if (!rig->peer_is_silent)
		peer_step(rig);
}

static inline void rig_stop(struct rig *rig)
{
	rig_free_ours(rig);
	uv_close((uv_handle_t *)&rig->clock, NULL);
	uv_run(&rig->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&rig->loop), 0);
	SSL_free(rig->peer);
	SSL_CTX_free(rig->peer_context);
	X509_free(rig->peer_certificate);
}

/* --- what every test does -------------------------------------------------------------------- */

static struct rig rig;

static inline void handshake(void)
{
	rig_start(&rig);
	rig_run_until(&rig, rig.failed || (rig.done && rig.peer_done));
	assert_int_equal(rig.failed, 0);
	assert_int_equal(rig.done, 1);
}

/* The peer derives the keys by itself, as RFC 5764 section 4.2 lays them out. */
static inline void check_keys(void)
{
	const struct suite_info *info = suite_info(rig.result.suite);
	bool client = rig.config.role == DTLS_CLIENT;
	const struct dtls_keys *c = client ? &rig.result.tx : &rig.result.rx;
	const struct dtls_keys *s = client ? &rig.result.rx : &rig.result.tx;
	uint8_t block[128];

	assert_non_null(info);
	assert_int_equal(SSL_get_selected_srtp_profile(rig.peer)->id, info->use_srtp);
	assert_int_equal(SSL_export_keying_material(rig.peer, block,
						    2u * (info->key_length + info->salt_length),
						    RIG_LABEL, strlen(RIG_LABEL), NULL, 0, 0),
			 1);
	assert_memory_equal(c->key, block, info->key_length);
	assert_memory_equal(s->key, block + info->key_length, info->key_length);
	assert_memory_equal(c->salt, block + 2 * info->key_length, info->salt_length);
	assert_memory_equal(s->salt, block + 2 * info->key_length + info->salt_length,
			    info->salt_length);
	assert_string_equal(rig.result.cipher, SSL_get_cipher_name(rig.peer));
}

static inline void check_failure(enum dtls_failure why, const char *text)
{
	rig_run_until(&rig, rig.failed || rig.done);
	assert_int_equal(rig.done, 0);
	assert_int_equal(rig.failed, 1);
	assert_int_equal(rig.why, why);
	if (!strstr(rig.text, text))
		fail_msg("\"%s\" is not in \"%s\"", text, rig.text);
}

static inline int make_identity(void **state)
{
	return dtls_identity_make(&rig_identity);
}

static inline int release_identity(void **state)
{
	dtls_identity_release(rig_identity);
	return 0;
}

#endif
