/* SPDX-License-Identifier: BSD-3-Clause */
/* Which peers get keys: the fingerprint decides, whenever it comes. */
#include "tests/unit/dtls_rig.h"

static void test_fingerprint_mismatch(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		struct sdp_fingerprint wrong;
		char text[96];

		rig_init(&rig, role);
		rig.give_fingerprint = false;
		rig_start(&rig);
		wrong = rig_fingerprint(&rig, "sha-256");
		snprintf(text, sizeof(text),
			 "is sha-256 %02X:%02X:%02X:%02X..., its SDP says "
			 "%02X:%02X:%02X:%02X...",
			 wrong.bytes[0], wrong.bytes[1], wrong.bytes[2], wrong.bytes[3],
			 wrong.bytes[0] ^ 1, wrong.bytes[1], wrong.bytes[2], wrong.bytes[3]);
		wrong.bytes[0] ^= 1;
		assert_int_equal(dtls_set_fingerprints(rig.dtls, &wrong, 1), 0);
		check_failure(DTLS_FAIL_FINGERPRINT, text);
		rig_run_until(&rig, rig.peer_error);
		assert_int_equal(rig.peer_error, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE);
		rig_stop(&rig);
	}
}

static void test_late_fingerprint(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		struct sdp_fingerprint right;

		rig_init(&rig, role);
		rig.give_fingerprint = false;
		rig_start(&rig);
		rig_run_until(&rig, rig.peer_done);
		rig_settle(&rig);
		assert_int_equal(rig.done + rig.failed, 0);
		right = rig_fingerprint(&rig, "sha-384");
		assert_int_equal(dtls_set_fingerprints(rig.dtls, &right, 1), 0);
		assert_int_equal(rig.done, 1);
		check_keys();
		rig_stop(&rig);
	}
}

static void test_late_fingerprint_mismatch(void **state)
{
	for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
		struct sdp_fingerprint wrong;

		rig_init(&rig, role);
		rig.give_fingerprint = false;
		rig_start(&rig);
		rig_run_until(&rig, rig.peer_done);
		rig_settle(&rig);
		wrong = rig_fingerprint(&rig, "sha-256");
		wrong.bytes[31] ^= 0x80;
		assert_int_equal(dtls_set_fingerprints(rig.dtls, &wrong, 1), 0);
		check_failure(DTLS_FAIL_FINGERPRINT, "fingerprint mismatch");
		rig_run_until(&rig, SSL_get_shutdown(rig.peer) & SSL_RECEIVED_SHUTDOWN);
		/* Too late to try another. */
		wrong.bytes[31] ^= 0x80;
		assert_int_equal(dtls_set_fingerprints(rig.dtls, &wrong, 1), 0);
		assert_int_equal(rig.done, 0);
		rig_stop(&rig);
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

		rig_init(&rig, DTLS_SERVER);
		rig.give_fingerprint = false;
		rig_start(&rig);
		for (const char *c = cases[i].listed; *c; c++, n++) {
			list[n] = rig_fingerprint(&rig, strchr("lL", *c) ? "sha-256" : "sha-1");
			if (*c == 'S' || *c == 'L')
				list[n].bytes[0] ^= 0xff;
			if (*c == 'm') {
				strcpy(list[n].hash, "md5");
				list[n].length = 16;
			}
		}
		assert_int_equal(dtls_set_fingerprints(rig.dtls, list, n), cases[i].rc);
		if (!cases[i].rc) {
			rig_run_until(&rig, rig.done || rig.failed);
			assert_int_equal(rig.done, cases[i].passes);
		}
		rig_stop(&rig);
	}
}

static void test_peer_without_certificate(void **state)
{
	rig_init(&rig, DTLS_SERVER);
	rig.peer_has_no_certificate = true;
	rig_start(&rig);
	check_failure(DTLS_FAIL_PROTOCOL, "certificate");
	rig_stop(&rig);
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

	return cmocka_run_group_tests(tests, make_identity, release_identity);
}
