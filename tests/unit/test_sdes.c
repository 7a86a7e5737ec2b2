/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "controlplane/sdp/sdes.h"
#include "tests/rig/test.h"

/* The key of RFC 4568 section 6.1's example, 30 octets. */
#define KEY30 "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
#define KEY28 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw=="
#define KEY44 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis="
#define KEY46 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ=="
#define CM80  "AES_CM_128_HMAC_SHA1_80"

static const struct {
	const char *value;
	int ret;
	uint32_t tag;
	enum srtp_suite suite;
	const char *why;
} cases[] = {
	{"1 " CM80 " inline:" KEY30, 0, 1, SUITE_AES_CM_128_HMAC_SHA1_80, NULL},
	{"999999999 aes_cm_128_hmac_sha1_32 INLINE:" KEY30 "|2^48", 0, 999999999,
	 SUITE_AES_CM_128_HMAC_SHA1_32, NULL},
	{"2 " CM80 " inline:" KEY30 "|1048576 KDR=0 WSH=64 -x=y", 0, 2,
	 SUITE_AES_CM_128_HMAC_SHA1_80, NULL},
	{"3 AEAD_AES_128_GCM inline:" KEY28, 0, 3, SUITE_AEAD_AES_128_GCM, NULL},
	{"3 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw", 0, 3,
	 SUITE_AEAD_AES_128_GCM, NULL},
	{"4 AEAD_AES_256_GCM inline:" KEY44, 0, 4, SUITE_AEAD_AES_256_GCM, NULL},
	{"5 AES_256_CM_HMAC_SHA1_80 inline:" KEY46, 0, 5, SUITE_AES_256_CM_HMAC_SHA1_80, NULL},
	{"6 AES_256_CM_HMAC_SHA1_32 inline:" KEY46, 0, 6, SUITE_AES_256_CM_HMAC_SHA1_32, NULL},

	{"1 F8_128_HMAC_SHA1_80 inline:" KEY30, -ENOTSUP, 0, 0, "suite"},
	{"1 A_SUITE_WITH_A_NAME_THAT_IS_MUCH_TOO_LONG_FOR_ANY inline:" KEY30, -ENOTSUP, 0, 0,
	 "suite"},
	{"1 " CM80 " inline:" KEY30 "|2^20|1:4", -ENOTSUP, 0, 0, "MKI"},
	{"1 " CM80 " inline:" KEY30 "|1:4", -ENOTSUP, 0, 0, "MKI"},
	{"1 " CM80 " inline:" KEY30 "|2^20|1:4;inline:" KEY30 "|2^20|2:4", -ENOTSUP, 0, 0,
	 "several"},
	{"1 " CM80 " inline:" KEY30 " KDR=1", -ENOTSUP, 0, 0, "derivation"},
	{"1 " CM80 " inline:" KEY30 " UNENCRYPTED_SRTP", -ENOTSUP, 0, 0, "unencrypted"},
	{"1 " CM80 " inline:" KEY30 " UNENCRYPTED_SRTCP", -ENOTSUP, 0, 0, "unencrypted"},
	{"1 " CM80 " inline:" KEY30 " UNAUTHENTICATED_SRTP", -ENOTSUP, 0, 0, "unauthenticated"},
	{"1 " CM80 " inline:" KEY30 " FEC_ORDER=FEC_SRTP", -ENOTSUP, 0, 0, "FEC"},
	{"1 " CM80 " inline:" KEY30 " FEC_KEY=inline:" KEY30, -ENOTSUP, 0, 0, "FEC"},
	{"1 " CM80 " inline:" KEY30 " SOMETHING", -ENOTSUP, 0, 0, "parameter"},

	{"", -EINVAL, 0, 0, "tag"},
	{"x " CM80 " inline:" KEY30, -EINVAL, 0, 0, "tag"},
	{"1000000000 " CM80 " inline:" KEY30, -EINVAL, 0, 0, "tag"},
	{"1", -EINVAL, 0, 0, "suite"},
	{"1 " CM80, -EINVAL, 0, 0, "inline"},
	{"1 " CM80 " outline:" KEY30, -EINVAL, 0, 0, "inline"},
	{"1 " CM80 " inline:" KEY28, -EINVAL, 0, 0, "base64"},
	{"1 " CM80 " inline:" KEY30 "A", -EINVAL, 0, 0, "base64"},
	{"1 " CM80 " inline:!0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj", -EINVAL, 0, 0, "base64"},
	{"1 " CM80 " inline:d0RmdmcmVCsp=Ec3QGZiNWpVLFJhQX1cfHAwJSoj", -EINVAL, 0, 0, "base64"},
	{"1 AEAD_AES_128_GCM inline:" KEY28 "=", -EINVAL, 0, 0, "base64"},
	{"1 " CM80 " inline:" KEY30 "|", -EINVAL, 0, 0, "lifetime"},
	{"1 " CM80 " inline:" KEY30 "|0", -EINVAL, 0, 0, "lifetime"},
	{"1 " CM80 " inline:" KEY30 "|2^49", -EINVAL, 0, 0, "lifetime"},
	{"1 " CM80 " inline:" KEY30 "|999999999999999", -EINVAL, 0, 0, "lifetime"},
	{"1 " CM80 " inline:" KEY30 "|soon", -EINVAL, 0, 0, "lifetime"},
};

static void test_parse(void **state)
{
	static const struct sdes empty;

	for (size_t i = 0; i < COUNT(cases); i++) {
		char why[SDES_WHY] = "";
		struct sdes sdes;
		int ret = sdes_parse(&sdes, cases[i].value, why, sizeof(why));

		if (ret != cases[i].ret || (cases[i].why && !strstr(why, cases[i].why)))
			fail_msg("case %zu: %d, %s", i, ret, why);
		if (ret)
			assert_memory_equal(&sdes, &empty, sizeof(sdes));
		assert_int_equal(sdes.tag, cases[i].tag);
		assert_int_equal(sdes.suite, cases[i].suite);
	}
}

static void test_octets(void **state)
{
	struct sdes sdes;
	char why[SDES_WHY];

	assert_int_equal(sdes_parse(&sdes, cases[0].value, why, sizeof(why)), 0);
	assert_memory_equal(sdes.key_salt, "wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#", 30);
	assert_int_equal(
		sdes_parse(&sdes, "5 AES_256_CM_HMAC_SHA1_80 inline:" KEY46, why, sizeof(why)), 0);
	for (uint8_t i = 0; i < 46; i++)
		assert_int_equal(sdes.key_salt[i], i);
}

static void test_make_and_print(void **state)
{
	for (enum srtp_suite s = SUITE_NONE + 1; s < SUITE_COUNT; s++) {
		struct sdes made, other, read;
		char value[SDES_VALUE_MAX];
		char why[SDES_WHY];

		assert_int_equal(sdes_make(&made, 999999999, s), 0);
		assert_int_equal(sdes_make(&other, 999999999, s), 0);
		assert_memory_not_equal(made.key_salt, other.key_salt, sizeof(made.key_salt));
		assert_int_equal(sdes_print(value, sizeof(value), &made), 0);
		assert_int_equal(sdes_parse(&read, value, why, sizeof(why)), 0);
		assert_memory_equal(&read, &made, sizeof(made));
		assert_int_equal(sdes_print(value, strlen(value), &made), -ENOBUFS);
		assert_int_equal(value[0], '\0');
	}
}

static void test_make_nothing(void **state)
{
	char value[SDES_VALUE_MAX];
	struct sdes sdes;

	assert_int_equal(sdes_make(&sdes, 1, SUITE_NONE), -EINVAL);
	assert_int_equal(sdes_make(&sdes, 1, SUITE_COUNT), -EINVAL);
	assert_int_equal(sdes_print(value, sizeof(value), &sdes), -EINVAL);
}

static void test_choose(void **state)
{
	static const char *const lines[] = {
		"1 " CM80 " inline:" KEY30 "|1:4",
		"2 AEAD_AES_256_GCM inline:" KEY44,
		"3 " CM80 " inline:" KEY30,
		"4 nonsense",
	};
	static const struct {
		uint32_t suites, tag;
		const char *why;
	} choices[] = {
		{~0U, 2, NULL},
		{1U << SUITE_AES_CM_128_HMAC_SHA1_80, 3, NULL},
		{1U << SUITE_AEAD_AES_128_GCM, 0, "MKI"},
	};
	struct sdes sdes;
	char why[SDES_WHY];

	for (size_t i = 0; i < COUNT(choices); i++) {
		int ret = sdes_choose(&sdes, lines, COUNT(lines), choices[i].suites, why,
				      sizeof(why));

		assert_int_equal(ret, choices[i].why ? -ENOENT : 0);
		assert_int_equal(sdes.tag, choices[i].tag);
		if (choices[i].why)
			assert_non_null(strstr(why, choices[i].why));
	}
	assert_int_equal(
		sdes_choose(&sdes, lines + 2, 1, 1U << SUITE_AEAD_AES_128_GCM, why, sizeof(why)),
		-ENOENT);
	assert_non_null(strstr(why, "not among those allowed"));
	assert_int_equal(sdes_choose(&sdes, NULL, 0, ~0U, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "no a=crypto"));
}

static void test_choose_all(void **state)
{
	static const char *const lines[] = {
		"1 " CM80 " inline:" KEY30 "|1:4",
		"2 AEAD_AES_256_GCM inline:" KEY44,
		"3 " CM80 " inline:" KEY30 "|2^20",
		"4 " CM80 " inline:" KEY30 " UNENCRYPTED_SRTP",
		"5 " CM80 " inline:" KEY30,
		"6 AES_256_CM_HMAC_SHA1_80 inline:" KEY46,
		"7 AES_CM_128_HMAC_SHA1_32 inline:" KEY30,
		"8 AES_256_CM_HMAC_SHA1_32 inline:" KEY46,
		"9 AEAD_AES_128_GCM inline:" KEY28,
		"10 " CM80 " inline:" KEY30,
	};
	static const uint32_t all[] = {2, 3, 6, 7, 8, 9};
	struct sdes sdes[SUITE_COUNT];
	char why[SDES_WHY];

	assert_int_equal(sdes_choose_all(sdes, lines, COUNT(lines), ~0U, why, sizeof(why)),
			 COUNT(all));
	for (unsigned int i = 0; i < COUNT(all); i++)
		assert_int_equal(sdes[i].tag, all[i]);
	assert_memory_equal(sdes[1].key_salt, "wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#", 30);
	assert_int_equal(sdes_choose_all(sdes, lines, COUNT(lines),
					 1U << SUITE_AES_CM_128_HMAC_SHA1_80, why, sizeof(why)),
			 1);
	assert_int_equal(sdes[0].tag, 3);
	assert_int_equal(sdes_choose_all(sdes, lines, 1, ~0U, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "MKI"));
	assert_int_equal(
		sdes_choose_all(sdes, lines + 1, 1, 1U << SUITE_AEAD_AES_128_GCM, why, sizeof(why)),
		0);
	assert_non_null(strstr(why, "not among those allowed"));
	assert_int_equal(sdes_choose_all(sdes, NULL, 0, ~0U, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "no a=crypto"));
}

static void test_suites(void **state)
{
	assert_int_equal(suite_find_use_srtp(0x0001), SUITE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(suite_find_use_srtp(0x0008), SUITE_AEAD_AES_256_GCM);
	assert_int_equal(suite_find_use_srtp(0), SUITE_NONE);
	assert_null(suite_info(SUITE_NONE));
	assert_null(suite_info(SUITE_COUNT));
	assert_string_equal(suite_name(SUITE_COUNT), "unknown");
	assert_string_equal(suite_name(SUITE_NONE), "none");
	for (enum srtp_suite s = SUITE_NONE + 1; s < SUITE_COUNT; s++) {
		assert_int_equal(suite_find(suite_name(s)), s);
		assert_true(suite_info(s)->key_length <= SUITE_KEY_MAX);
		assert_true(suite_info(s)->salt_length <= SUITE_SALT_MAX);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),          cmocka_unit_test(test_octets),
		cmocka_unit_test(test_make_and_print), cmocka_unit_test(test_make_nothing),
		cmocka_unit_test(test_choose),         cmocka_unit_test(test_choose_all),
		cmocka_unit_test(test_suites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
