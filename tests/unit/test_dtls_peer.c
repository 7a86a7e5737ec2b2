/* SPDX-License-Identifier: BSD-3-Clause */
/* Which peers get keys: the fingerprint decides, whenever it comes. */
#include "tests/rig/pair.h"

static void test_fingerprint_mismatch(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		struct sdp_fingerprint wrong;
		char text[96];

		pair_init(role);
		pair.give_fingerprint = false;
		pair_start();
		wrong = pair_fingerprint("sha-256");
		snprintf(text, sizeof(text),
			 "is sha-256 %02X:%02X:%02X:%02X..., its SDP says "
			 "%02X:%02X:%02X:%02X...",
			 wrong.bytes[0], wrong.bytes[1], wrong.bytes[2], wrong.bytes[3],
			 wrong.bytes[0] ^ 1, wrong.bytes[1], wrong.bytes[2], wrong.bytes[3]);
		wrong.bytes[0] ^= 1;
		assert_int_equal(dtls_set_fingerprints(pair.dtls, &wrong, 1), 0);
		pair_expect_failure(DTLS_FAIL_FINGERPRINT, text);
		pair_run_until(pair.peer_error);
		assert_int_equal(pair.peer_error, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE);
	}
}

static void test_late_fingerprint(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		struct sdp_fingerprint right;

		pair_init(role);
		pair.give_fingerprint = false;
		pair_start();
		pair_run_until(pair.peer_done);
		pair_settle();
		assert_int_equal(pair.done + pair.failed, 0);
		right = pair_fingerprint("sha-384");
		assert_int_equal(dtls_set_fingerprints(pair.dtls, &right, 1), 0);
		assert_int_equal(pair.done, 1);
		pair_expect_keys();
	}
}

static void test_late_fingerprint_mismatch(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		struct sdp_fingerprint wrong;

		pair_init(role);
		pair.give_fingerprint = false;
		pair_start();
		pair_run_until(pair.peer_done);
		pair_settle();
		wrong = pair_fingerprint("sha-256");
		wrong.bytes[31] ^= 0x80;
		assert_int_equal(dtls_set_fingerprints(pair.dtls, &wrong, 1), 0);
		pair_expect_failure(DTLS_FAIL_FINGERPRINT, "fingerprint mismatch");
		pair_run_until(SSL_get_shutdown(pair.peer) & SSL_RECEIVED_SHUTDOWN);
		/* Too late to try another. */
		wrong.bytes[31] ^= 0x80;
		assert_int_equal(dtls_set_fingerprints(pair.dtls, &wrong, 1), 0);
		assert_int_equal(pair.done, 0);
	}
}

/* 's' and 'S': sha-1 right and wrong; 'l' and 'L': the same of sha-256; 'm': md5. */
static void test_which_fingerprint_counts(void **state)
{
	static const struct {
		const char *listed;
		int rc;
		bool passes;
	} cases[] = {
		{"l", 0, true},   {"s", 0, true},  {"Ll", 0, true},       {"lL", 0, true},
		{"sl", 0, true},  {"Sl", 0, true}, {"sL", 0, false},      {"LL", 0, false},
		{"mL", 0, false}, {"ml", 0, true}, {"m", -EINVAL, false}, {"", -EINVAL, false},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sdp_fingerprint list[2];
		unsigned int n = 0;

		pair_init(DTLS_SERVER);
		pair.give_fingerprint = false;
		pair_start();
		for (const char *c = cases[i].listed; *c; c++, n++) {
			list[n] = pair_fingerprint(strchr("lL", *c) ? "sha-256" : "sha-1");
			if (*c == 'S' || *c == 'L')
				list[n].bytes[0] ^= 0xff;
			if (*c == 'm') {
				strcpy(list[n].hash, "md5");
				list[n].length = 16;
			}
		}
		assert_int_equal(dtls_set_fingerprints(pair.dtls, list, n), cases[i].rc);
		if (!cases[i].rc) {
			pair_run_until(pair.done || pair.failed);
			assert_int_equal(pair.done, cases[i].passes);
		}
	}
}

static void test_peer_without_certificate(void **state)
{
	pair_init(DTLS_SERVER);
	pair.peer_has_no_certificate = true;
	pair_start();
	pair_expect_failure(DTLS_FAIL_PROTOCOL, "certificate");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fingerprint_mismatch),
		cmocka_unit_test(test_late_fingerprint),
		cmocka_unit_test(test_late_fingerprint_mismatch),
		cmocka_unit_test(test_which_fingerprint_counts),
		cmocka_unit_test(test_peer_without_certificate),
	};

	return cmocka_run_group_tests(tests, pair_group_start, pair_group_stop);
}
