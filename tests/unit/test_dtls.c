/* SPDX-License-Identifier: BSD-3-Clause */
/* DTLS-SRTP handshakes: both roles against a bare OpenSSL peer over a faulty network. */
#include "tests/rig/pair.h"

static void test_every_suite_in_both_roles(void **state)
{
	static const struct {
		enum srtp_suite suite;
		const char *profile;
	} cases[] = {
		{SUITE_AEAD_AES_128_GCM, "SRTP_AEAD_AES_128_GCM"},
		{SUITE_AEAD_AES_256_GCM, "SRTP_AEAD_AES_256_GCM"},
		{SUITE_AES_CM_128_HMAC_SHA1_80, "SRTP_AES128_CM_SHA1_80"},
		{SUITE_AES_CM_128_HMAC_SHA1_32, "SRTP_AES128_CM_SHA1_32"},
	};

	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			pair_init(role);
			pair.profiles = cases[i].profile;
			pair_handshake();
			assert_int_equal(pair.result.suite, cases[i].suite);
			pair_expect_keys();
		}
	}
}

static void test_our_order_decides_when_we_are_server(void **state)
{
	static const enum srtp_suite order[] = {SUITE_AES_CM_128_HMAC_SHA1_80,
						SUITE_AEAD_AES_256_GCM};

	pair_init(DTLS_SERVER);
	pair_handshake();
	assert_int_equal(pair.result.suite, SUITE_AEAD_AES_128_GCM);

	pair_init(DTLS_SERVER);
	pair.config.suites = order;
	pair.config.suite_count = 2;
	pair_handshake();
	assert_int_equal(pair.result.suite, SUITE_AES_CM_128_HMAC_SHA1_80);
}

static void test_rsa_server(void **state)
{
	pair_init(DTLS_CLIENT);
	pair.peer_is_rsa = true;
	pair_handshake();
	pair_expect_keys();
	assert_non_null(strstr(pair.result.cipher, "RSA"));
}

static unsigned int hello_fragments;

/* Handshake record, epoch 0, client_hello, a fragment of less than the message. */
static void count_hello_fragments(void)
{
	const struct lane *lane = &pair.lanes[TO_US];
	const uint8_t *p = lane->queue[(lane->head - 1) % PAIR_QUEUE].data;

	if (p[0] == 22 && p[4] == 0 && p[13] == 1 && memcmp(p + 14, p + 22, 3) != 0)
		hello_fragments++;
}

static void test_fragmented_client_hello(void **state)
{
	pair_init(DTLS_SERVER);
	pair.peer_mtu = 256;
	pair.alpn_length = 1500; /* about what a post-quantum key share takes */
	pair.before_us = count_hello_fragments;
	hello_fragments = 0;
	pair_handshake();
	pair_expect_keys();
	assert_true(hello_fragments >= 6);
}

static void test_small_mtu(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		pair_init(role);
		pair.config.mtu = 256;
		pair_handshake();
		pair_expect_keys();
		assert_true(pair.lanes[TO_PEER].longest <= 256);
		assert_true(pair.lanes[TO_PEER].count >= 3);
	}
}

/*
 * Each fault befalls each datagram of each direction once; small datagrams make the flights long.
 * The peer must end its handshake as well: our last flight, when lost, is sent again on demand.
 */
static void test_faults(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		for (unsigned int fate = LOSE; fate <= DELAY; fate++) {
			for (unsigned int i = 0; i < 14; i++) {
				struct lane *lane;

				pair_init(role);
				pair.config.mtu = 400;
				pair.peer_mtu = 400;
				lane = &pair.lanes[i % 2];
				lane->fault = fate;
				lane->fault_at = i / 2;
				pair_handshake();
				pair_expect_keys();
			}
		}
	}
}

static void test_lost_last_flight_is_answered(void **state)
{
	struct dtls_counters counters;

	pair_init(DTLS_SERVER);
	pair.lanes[TO_PEER].lose_content = 20; /* change_cipher_spec, and finished behind it */
	pair_start();
	pair_run_until(pair.done && pair.peer_done);
	assert_int_equal(pair.lanes[TO_PEER].lose_content, 0);
	counters = pair.dtls->counters;
	assert_true(counters.sent >= 3);
	assert_int_equal(pair.failed + pair.closed + pair.restarted, 0);
}

static void test_no_srtp(void **state)
{
	static const enum srtp_suite gcm[] = {SUITE_AEAD_AES_256_GCM};

	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		for (int disjoint = 0; disjoint < 2; disjoint++) {
			pair_init(role);
			pair.profiles = disjoint ? "SRTP_AES128_CM_SHA1_80" : NULL;
			pair.config.suites = gcm;
			pair.config.suite_count = 1;
			pair_start();
			pair_expect_failure(DTLS_FAIL_NO_SRTP, "use_srtp");
			pair_run_until(pair.peer_error);
			assert_int_equal(pair.peer_error, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
		}
	}
}

static void test_dtls_1_0_is_refused(void **state)
{
	/* A server of 1.0 alone refuses our hello by an alert, a client of 1.0 is refused by us. */
	pair_init(DTLS_SERVER);
	pair.peer_version = DTLS1_VERSION;
	pair_start();
	pair_expect_failure(DTLS_FAIL_PROTOCOL, "does not speak DTLS 1.2");

	pair_init(DTLS_CLIENT);
	pair.peer_version = DTLS1_VERSION;
	pair_start();
	pair_run_until(pair.failed || pair.done);
	assert_int_equal(pair.done, 0);
}

static void test_silent_peer(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		struct dtls_counters counters;

		pair_init(role);
		pair.peer_is_silent = true;
		pair.config.no_cookie = true; /* else time begins with the hello that has it */
		pair.config.limit_ms = 400;
		pair_start();
		uv_timer_stop(&pair.clock); /* what we send goes nowhere */
		pair_expect_failure(DTLS_FAIL_TIMEOUT, "no DTLS from the peer within 400 ms");
		counters = pair.dtls->counters;
		if (role == DTLS_CLIENT)
			assert_in_range(counters.sent, 3, 6); /* at 0, 10, 30, 70, 150, 310 ms */
		else
			assert_int_equal(counters.sent, 0);
	}
}

/* Every datagram of the peer's comes after these. */
static void throw_garbage(void)
{
	static const struct {
		size_t length;
		uint8_t data[64];
	} pieces[] = {
		{1, {22}},
		{12, {22, 254, 253}},
		/* Record longer than the datagram, of length 0, of TLS, of RTP. */
		{20, {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 1, 0}},
		{13, {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0}},
		{14, {22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1}},
		{20, {0x80, 0, 1, 2}},
		/* Epoch 0: application data, a warning, a fragment beyond its message. */
		{14, {23, 254, 253, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0}},
		{15, {21, 254, 253, 0, 0, 0, 0, 0, 0, 1, 2, 0, 2, 1, 90}},
		{26, {22, 254, 253, 0, 0, 0, 0, 0, 0, 1, 3, 0, 13,
		      1,  0,   0,   1, 0, 0, 0, 0, 1, 0, 0, 1, 0}},
		/* A message of nobody's, and one of 16 MB. */
		{25, {22, 254, 253, 0, 0, 0, 0, 0, 0, 1, 4, 0, 12, 200}},
		{25, {22, 254, 253, 0, 0, 0, 0, 0, 0, 1, 5, 0, 12, 11, 255, 255, 255}},
		/* Epochs 1 and 2, before there are keys and with a tag that is wrong. */
		{45, {22, 254, 253, 0, 1, 0, 0, 0, 0, 1, 6, 0, 32, 1, 2, 3}},
		{45, {21, 254, 253, 0, 1, 0, 0, 0, 0, 1, 7, 0, 32, 4, 5, 6}},
		{45, {22, 254, 253, 0, 2, 0, 0, 0, 0, 1, 8, 0, 32, 7, 8, 9}},
	};
	uint8_t noise[DTLS_DATAGRAM_MAX + 1];

	for (unsigned int i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		dtls_receive(pair.dtls, pieces[i].data, pieces[i].length);
	dtls_receive(pair.dtls, noise, 0);
	for (unsigned int i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 131 + 7);
	dtls_receive(pair.dtls, noise, sizeof(noise));
	noise[0] = 22;
	dtls_receive(pair.dtls, noise, 1000);
}

static void test_garbage_harms_nobody(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		struct dtls_counters counters;

		pair_init(role);
		pair.before_us = throw_garbage;
		pair_handshake();
		pair_expect_keys();
		counters = pair.dtls->counters;
		assert_true(counters.discarded >= 14);
		throw_garbage();
		assert_int_equal(pair.failed + pair.closed + pair.restarted, 0);
	}
}

/* OpenSSL would keep a hundred of them, 16 KB each, for anybody. */
static void test_records_before_their_keys_are_not_kept(void **state)
{
	static const uint8_t early[45] = {22, 254, 253, 0, 1, 0, 0, 0, 0, 1, 6, 0, 32};

	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		struct dtls_counters counters;

		pair_init(role);
		pair_start();
		for (unsigned int i = 0; i < 50; i++)
			dtls_receive(pair.dtls, early, sizeof(early));
		counters = pair.dtls->counters;
		assert_int_equal(counters.discarded, 50);
		pair_run_until(pair.done && pair.peer_done);
	}
}

static void test_bad_configuration(void **state)
{
	static const enum srtp_suite no_profile[] = {SUITE_AES_256_CM_HMAC_SHA1_80};
	struct dtls *dtls = NULL;

	pair_init(DTLS_CLIENT);
	uv_loop_init(&pair.loop);
	pair.config.mtu = 255;
	assert_int_equal(dtls_start(&dtls, &pair.config), -EINVAL);
	pair.config.mtu = DTLS_DATAGRAM_MAX + 1;
	assert_int_equal(dtls_start(&dtls, &pair.config), -EINVAL);
	pair.config.mtu = 0;
	pair.config.suites = no_profile;
	pair.config.suite_count = 1;
	assert_int_equal(dtls_start(&dtls, &pair.config), -EINVAL);
	pair.config.suite_count = 0;
	assert_int_equal(dtls_start(&dtls, &pair.config), -EINVAL);
	assert_null(dtls);
	assert_int_equal(pair.lanes[TO_PEER].count, 0);
	assert_int_equal(uv_loop_close(&pair.loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_suite_in_both_roles),
		cmocka_unit_test(test_our_order_decides_when_we_are_server),
		cmocka_unit_test(test_rsa_server),
		cmocka_unit_test(test_fragmented_client_hello),
		cmocka_unit_test(test_small_mtu),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_lost_last_flight_is_answered),
		cmocka_unit_test(test_no_srtp),
		cmocka_unit_test(test_dtls_1_0_is_refused),
		cmocka_unit_test(test_silent_peer),
		cmocka_unit_test(test_garbage_harms_nobody),
		cmocka_unit_test(test_records_before_their_keys_are_not_kept),
		cmocka_unit_test(test_bad_configuration),
	};

	return cmocka_run_group_tests(tests, pair_group_start, pair_group_stop);
}
