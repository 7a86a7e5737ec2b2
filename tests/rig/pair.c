/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/pair.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/srtp.h>

#define LABEL "EXTRACTOR-dtls_srtp"

struct pair pair;
static struct dtls_identity *identity;

static void lane_push(struct lane *lane, const uint8_t *data, size_t length)
{
	struct datagram *slot = &lane->queue[lane->tail++ % PAIR_QUEUE];

	assert_true(length <= sizeof(slot->data));
	assert_true(lane->tail - lane->head < PAIR_QUEUE);
	memcpy(slot->data, data, length);
	slot->length = length;
}

/* `arg` is the lane. */
static void lane_send(void *arg, const uint8_t *data, size_t length)
{
	struct lane *lane = arg;
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

static void free_ours(void)
{
	dtls_free(pair.dtls);
	pair.dtls = NULL;
}

static void on_done(void *arg, const struct dtls_result *result)
{
	pair.done++;
	pair.result = *result;
	if (pair.free_in_callback)
		free_ours();
}

static void on_fail(void *arg, enum dtls_failure why, const char *text)
{
	pair.failed++;
	pair.why = why;
	snprintf(pair.text, sizeof(pair.text), "%s", text);
	if (pair.free_in_callback)
		free_ours();
}

static void on_closed(void *arg, const char *text)
{
	pair.closed++;
	snprintf(pair.text, sizeof(pair.text), "%s", text);
}

static void on_restart(void *arg, const uint8_t *data, size_t length)
{
	pair.restarted++;
	memcpy(pair.restart.data, data, length);
	pair.restart.length = length;
}

static int accept_any(int ok, X509_STORE_CTX *store)
{
	return 1;
}

static unsigned int peer_interval(SSL *ssl, unsigned int last_us)
{
	unsigned int first_ms = pair.peer_interval_ms ? pair.peer_interval_ms : 10;

	return last_us ? 2 * last_us : 1000 * first_ms;
}

static void peer_make_certificate(void)
{
	EVP_PKEY *key = pair.peer_is_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	assert_non_null(key);
	X509_set_version(certificate, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
	X509_set_pubkey(certificate, key);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	if (!pair.peer_has_no_certificate) {
		assert_int_equal(SSL_CTX_use_certificate(pair.peer_context, certificate), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(pair.peer_context, key), 1);
	}
	pair.peer_certificate = certificate;
	EVP_PKEY_free(key);
}

static void peer_set_long_hello(void)
{
	uint8_t alpn[4096];
	unsigned int used = 0;

	while (used < pair.alpn_length) {
		alpn[used] = 100;
		memset(alpn + used + 1, 'x', 100);
		used += 101;
	}
	assert_int_equal(SSL_set_alpn_protos(pair.peer, alpn, used), 0);
}

void pair_renew_peer(void)
{
	BIO *bio;

	SSL_free(pair.peer);
	pair.peer_done = false;
	pair.peer_error = 0;
	pair.peer_ends = (struct dtls_bio){.arg = &pair.lanes[TO_US], .send = lane_send};
	pair.peer = SSL_new(pair.peer_context);
	bio = dtls_bio_make(&pair.peer_ends);
	SSL_set_bio(pair.peer, bio, bio);
	SSL_set_options(pair.peer, SSL_OP_NO_QUERY_MTU);
	assert_true(SSL_set_mtu(pair.peer, pair.peer_mtu ? pair.peer_mtu : 1200) > 0);
	DTLS_set_timer_cb(pair.peer, peer_interval);
	if (pair.alpn_length)
		peer_set_long_hello();
	if (pair.config.role == DTLS_CLIENT)
		SSL_set_accept_state(pair.peer);
	else
		SSL_set_connect_state(pair.peer);
}

static void peer_make(void)
{
	int version = pair.peer_version ? pair.peer_version : DTLS1_2_VERSION;

	pair.peer_context = SSL_CTX_new(DTLS_method());
	SSL_CTX_set_security_level(pair.peer_context, version == DTLS1_VERSION ? 0 : 2);
	assert_int_equal(SSL_CTX_set_min_proto_version(pair.peer_context, version), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(pair.peer_context, version), 1);
	SSL_CTX_set_verify(pair.peer_context, SSL_VERIFY_PEER, accept_any);
	if (pair.profiles)
		assert_int_equal(SSL_CTX_set_tlsext_use_srtp(pair.peer_context, pair.profiles), 0);
	peer_make_certificate();
	pair_renew_peer();
}

void pair_step_peer(void)
{
	uint8_t data[64];
	int rc, error;

	ERR_clear_error();
	if (pair.peer_done) {
		SSL_read(pair.peer, data, sizeof(data));
		return;
	}
	if (pair.peer_error)
		return;
	rc = SSL_do_handshake(pair.peer);
	error = SSL_get_error(pair.peer, rc);
	if (rc == 1)
		pair.peer_done = true;
	else if (error != SSL_ERROR_WANT_READ)
		pair.peer_error = error == SSL_ERROR_ZERO_RETURN ? SSL_R_SHUTDOWN_WHILE_IN_INIT
								 : ERR_GET_REASON(ERR_peek_error());
}

void pair_take(const struct datagram *datagram)
{
	pair.peer_ends.input = datagram->data;
	pair.peer_ends.input_length = datagram->length;
	pair_step_peer();
	pair.peer_ends.input_length = 0;
}

static void on_clock(uv_timer_t *clock)
{
	struct lane *out = &pair.lanes[TO_PEER], *in = &pair.lanes[TO_US];

	while (out->head != out->tail || in->head != in->tail) {
		if (out->head != out->tail)
			pair_take(&out->queue[out->head++ % PAIR_QUEUE]);
		if (in->head != in->tail) {
			const struct datagram *next = &in->queue[in->head++ % PAIR_QUEUE];

			if (pair.before_us)
				pair.before_us();
			if (pair.dtls)
				dtls_receive(pair.dtls, next->data, next->length);
		}
	}
	if (!pair.peer_is_silent && !pair.peer_done && !pair.peer_error)
		DTLSv1_handle_timeout(pair.peer);
}

static bool is_quiet(void)
{
	return pair.lanes[TO_PEER].head == pair.lanes[TO_PEER].tail &&
	       pair.lanes[TO_US].head == pair.lanes[TO_US].tail;
}

void pair_settle(void)
{
	pair_run_until(is_quiet());
	uv_run(&pair.loop, UV_RUN_NOWAIT);
}

struct sdp_fingerprint pair_fingerprint(const char *hash)
{
	struct sdp_fingerprint fingerprint;

	assert_int_equal(dtls_peer_fingerprint(&fingerprint, hash, pair.peer_certificate), 0);
	return fingerprint;
}

void pair_start_ours(void)
{
	struct sdp_fingerprint fingerprint = pair_fingerprint("sha-256");

	assert_int_equal(dtls_start(&pair.dtls, &pair.config), 0);
	if (pair.give_fingerprint)
		assert_int_equal(dtls_set_fingerprints(pair.dtls, &fingerprint, 1), 0);
}

static void stop(void)
{
	if (!pair.started)
		return;
	pair.started = false;
	free_ours();
	uv_close((uv_handle_t *)&pair.clock, NULL);
	uv_run(&pair.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&pair.loop), 0);
	SSL_free(pair.peer);
	SSL_CTX_free(pair.peer_context);
	X509_free(pair.peer_certificate);
}

void pair_init(enum dtls_role role)
{
	stop();
	memset(&pair, 0, sizeof(pair));
	pair.profiles = ALL_PROFILES;
	pair.give_fingerprint = true;
	pair.config = (struct dtls_config){
		.loop = &pair.loop,
		.identity = identity,
		.role = role,
		.retransmit_ms = 10,
		.limit_ms = PAIR_GUARD_MS,
		.arg = &pair.lanes[TO_PEER],
		.send = lane_send,
		.done = on_done,
		.fail = on_fail,
		.closed = on_closed,
		.restart = on_restart,
	};
}

void pair_start(void)
{
	pair.started = true;
	uv_loop_init(&pair.loop);
	uv_timer_init(&pair.loop, &pair.clock);
	uv_timer_start(&pair.clock, on_clock, 1, 1);
	peer_make();
	pair_start_ours();
	if (!pair.peer_is_silent)
		pair_step_peer();
}

void pair_handshake(void)
{
	pair_start();
	pair_run_until(pair.failed || (pair.done && pair.peer_done));
	assert_int_equal(pair.failed, 0);
	assert_int_equal(pair.done, 1);
}

void pair_expect_keys(void)
{
	const struct suite_info *info = suite_info(pair.result.suite);
	bool client = pair.config.role == DTLS_CLIENT;
	const struct dtls_keys *c = client ? &pair.result.tx : &pair.result.rx;
	const struct dtls_keys *s = client ? &pair.result.rx : &pair.result.tx;
	uint8_t block[128];

	assert_non_null(info);
	assert_int_equal(SSL_get_selected_srtp_profile(pair.peer)->id, info->use_srtp);
	assert_int_equal(SSL_export_keying_material(pair.peer, block,
						    2u * (info->key_length + info->salt_length),
						    LABEL, strlen(LABEL), NULL, 0, 0),
			 1);
	assert_memory_equal(c->key, block, info->key_length);
	assert_memory_equal(s->key, block + info->key_length, info->key_length);
	assert_memory_equal(c->salt, block + 2 * info->key_length, info->salt_length);
	assert_memory_equal(s->salt, block + 2 * info->key_length + info->salt_length,
			    info->salt_length);
	assert_string_equal(pair.result.cipher, SSL_get_cipher_name(pair.peer));
}

void pair_expect_failure(enum dtls_failure why, const char *text)
{
	pair_run_until(pair.failed || pair.done);
	assert_int_equal(pair.done, 0);
	assert_int_equal(pair.failed, 1);
	assert_int_equal(pair.why, why);
	if (!strstr(pair.text, text))
		fail_msg("\"%s\" is not in \"%s\"", text, pair.text);
}

int pair_group_start(void **state)
{
	return dtls_identity_make(&identity);
}

int pair_group_stop(void **state)
{
	stop();
	dtls_identity_release(identity);
	return 0;
}
