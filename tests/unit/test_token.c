/* SPDX-License-Identifier: BSD-3-Clause */
/* Bearer tokens: made, written down, read. */
#include "controlplane/access/token.h"

#include <errno.h>

#include "tests/rig/test.h"

#define HASH "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

static void test_reads_tokens(void **state)
{
	static const struct {
		const char *line;
		enum role role;
		uint64_t expires_s;
	} good[] = {
		{"ops viewer never " HASH, ROLE_VIEWER, 0},
		{"proxy-1.example_x@y operator 2027-01-31 " HASH, ROLE_OPERATOR, 1801440000},
		{"a admin 2027-01-31T12:30:00Z " HASH, ROLE_ADMIN, 1801398600},
		{"  a\tadmin  2028-02-29   " HASH " ", ROLE_ADMIN, 1835481600},
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char why[400] = "", line[TOKEN_LINE];
		struct token token, again;

		assert_int_equal(token_read(&token, good[i].line, why, sizeof(why)), 0);
		assert_int_equal(token.role, good[i].role);
		assert_int_equal(token.expires_s, good[i].expires_s);
		assert_int_equal(token.hash[0], 0x01);
		assert_int_equal(token.hash[15], 0xef);
		token_write(line, &token);
		assert_int_equal(token_read(&again, line, why, sizeof(why)), 0);
		assert_string_equal(again.name, token.name);
		assert_int_equal(again.role, token.role);
		assert_int_equal(again.expires_s, token.expires_s);
		assert_memory_equal(again.hash, token.hash, TOKEN_HASH);
	}
}

static void test_refuses_tokens(void **state)
{
	static const struct {
		const char *line, *says;
	} bad[] = {
		{"", "four parts"},
		{"ops viewer never", "four parts"},
		{"ops viewer never " HASH " more", "four parts"},
		{"o:ps viewer never " HASH, "is no name"},
		{"ops root never " HASH, "is no role"},
		{"ops nobody never " HASH, "is no role"},
		{"ops viewer soon " HASH, "is no time"},
		{"ops viewer 2027-02-30 " HASH, "is no time"},
		{"ops viewer 2027-1-3 " HASH, "is no time"},
		{"ops viewer 2027-01-31T25:00:00Z " HASH, "is no time"},
		{"ops viewer 2027-01-31T12:00:00 " HASH, "is no time"},
		{"ops viewer 1969-12-31 " HASH, "is no time"},
		{"ops viewer never " HASH "0", "hexadecimal digits"},
		{"ops viewer never 0123", "hexadecimal digits"},
		{"ops viewer never x123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		 "hexadecimal digits"},
	};
	char name[TOKEN_NAME + 1];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char why[400] = "";
		struct token token;

		if (token_read(&token, bad[i].line, why, sizeof(why)) != -EINVAL)
			fail_msg("\"%s\" is read", bad[i].line);
		if (!strstr(why, bad[i].says))
			fail_msg("\"%s\": %s", bad[i].line, why);
	}
	memset(name, 'a', TOKEN_NAME);
	name[TOKEN_NAME] = '\0';
	assert_false(token_is_name(name));
	name[TOKEN_NAME - 1] = '\0';
	assert_true(token_is_name(name));
}

static void test_makes_tokens(void **state)
{
	/* SHA-256 of "abc": FIPS 180-2, B.1. */
	static const uint8_t abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
	char text[2][TOKEN_TEXT];
	uint8_t hash[2][TOKEN_HASH], again[TOKEN_HASH];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(token_make(text[i], hash[i]), 0);
		assert_int_equal(strlen(text[i]), TOKEN_TEXT - 1);
		assert_int_equal(strncmp(text[i], TOKEN_PREFIX, strlen(TOKEN_PREFIX)), 0);
		token_hash(text[i], again);
		assert_memory_equal(again, hash[i], TOKEN_HASH);
	}
	assert_string_not_equal(text[0], text[1]);
	token_hash("abc", again);
	assert_memory_equal(again, abc, sizeof(abc));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_tokens),
		cmocka_unit_test(test_refuses_tokens),
		cmocka_unit_test(test_makes_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
