/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is let in by a TURN request's signature. */
#include "controlplane/turn/turn_credential.h"

#include <errno.h>

#include "tests/rig/forge.h"
#include "tests/rig/test.h"

#define REALM    "example.com"
#define EXPIRY   1790000000
#define USER     "1790000000:agent"
/* Of Python: base64.b64encode(hmac.new(b"a shared secret", USER, "sha1").digest()). */
#define PASSWORD "nabtujn287Yc6NorAxwZnQ+hjr0="
/* And hashlib.md5(USER + b":example.com:" + PASSWORD). */
static const uint8_t user_key[TURN_KEY] = {0xed, 0xeb, 0x8f, 0x2b, 0x70, 0xb4, 0xc2, 0x31,
					   0x44, 0x0e, 0x5f, 0x6d, 0xd7, 0xb6, 0x3c, 0x53};

static const struct turn_secret north = {.id = "north", .text = "north"};
static const struct turn_secret shared = {.id = "one", .text = "a shared secret"};

static struct turn_credentials credentials;
static uint8_t key[TURN_KEY];

static int set_up(void **state)
{
	memset(&credentials, 0, sizeof(credentials));
	credentials.secrets[0] = shared;
	credentials.secret_count = 1;
	credentials.users[0] = (struct turn_user){"carol", "her own"};
	credentials.user_count = 1;
	return 0;
}

/* Whether the request of that USERNAME and REALM, signed so, is let in. */
static bool lets_in(const char *user, size_t length, const char *realm, const char *password,
		    uint64_t now_s)
{
	struct turn_message request;
	struct forge f;

	forge_begin(&f, TURN_ALLOCATE);
	forge_put(&f, STUN_USERNAME, user, length);
	forge_put(&f, STUN_REALM, realm, strlen(realm));
	forge_put(&f, STUN_NONCE, "nonce", 5);
	forge_sign_as(&f, user, realm, password);
	assert_int_equal(turn_parse(&request, f.octets, f.length), 0);
	return turn_credentials_verify(&credentials, REALM, &request, now_s, key);
}

static bool lets(const char *user, const char *password, uint64_t now_s)
{
	return lets_in(user, strlen(user), REALM, password, now_s);
}

static void passwords_are_those_of_the_rest_scheme(void **state)
{
	static const struct {
		const struct turn_secret *secret;
		const char *user, *password;
	} cases[] = {
		{&shared, USER, PASSWORD},
		{&north, "1790000000:alice", "bkNQAGOiGcDMDatOUuHbbdAqDKY="},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char password[TURN_PASSWORD_MAX];

		turn_rest_password(password, cases[i].secret, cases[i].user);
		assert_string_equal(password, cases[i].password);
	}
}

static void lets_in_until_the_time_is_over(void **state)
{
	assert_true(lets(USER, PASSWORD, EXPIRY - 1));
	assert_memory_equal(key, user_key, sizeof(key));
	assert_false(lets(USER, PASSWORD, EXPIRY));
	assert_false(lets(USER, PASSWORD, EXPIRY + 1));
	assert_false(lets(USER, "nabtujn287Yc6NorAxwZnQ+hjr1=", 0));
	assert_false(lets("1790000001:agent", PASSWORD, 0));
}

static void needs_a_time_in_the_name(void **state)
{
	static const struct {
		const char *user;
		bool let;
	} cases[] = {
		{"1790000000", true},       {"1790000000:", true},
		{"agent", false},           {"", false},
		{":agent", false},          {"-1:agent", false},
		{" 1790000000:a", false},   {"+1790000000:a", false},
		{"1790000000 :a", false},   {"0x7fffffff:a", false},
		{"1790000000agent", false}, {"99999999999999999999999:a", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char password[TURN_PASSWORD_MAX];

		turn_rest_password(password, &shared, cases[i].user);
		if (lets(cases[i].user, password, 1) != cases[i].let)
			fail_msg("\"%s\"", cases[i].user);
	}
}

static void any_secret_in_force_will_do(void **state)
{
	char why[160];

	assert_false(lets("1790000000:alice", "bkNQAGOiGcDMDatOUuHbbdAqDKY=", 0));
	assert_int_equal(turn_secret_put(&credentials, "north", "north", why, sizeof(why)), 0);
	assert_true(lets("1790000000:alice", "bkNQAGOiGcDMDatOUuHbbdAqDKY=", 0));
	assert_true(lets(USER, PASSWORD, 0));
	assert_int_equal(turn_secret_remove(&credentials, "one"), 0);
	assert_true(lets("1790000000:alice", "bkNQAGOiGcDMDatOUuHbbdAqDKY=", 0));
	assert_false(lets(USER, PASSWORD, 0));
	assert_int_equal(turn_secret_remove(&credentials, "north"), 0);
	assert_false(lets("1790000000:alice", "bkNQAGOiGcDMDatOUuHbbdAqDKY=", 0));
}

static void another_realm_is_refused(void **state)
{
	assert_false(lets_in(USER, sizeof(USER) - 1, "example.org", PASSWORD, 0));
	assert_false(lets_in(USER, sizeof(USER) - 1, "example.co", PASSWORD, 0));
	assert_false(lets_in(USER, sizeof(USER) - 1, "example.com.", PASSWORD, 0));
	assert_true(lets_in(USER, sizeof(USER) - 1, "example.com", PASSWORD, 0));
}

static void users_of_their_own_have_one_password(void **state)
{
	char password[TURN_PASSWORD_MAX];

	assert_true(lets("carol", "her own", UINT64_MAX));
	assert_false(lets("carol", "her owN", 0));
	assert_false(lets("Carol", "her own", 0));
	turn_rest_password(password, &shared, "carol");
	assert_false(lets("carol", password, 0));
	/* Nor does a name that has the form of another scheme get the other's password. */
	strcpy(credentials.users[0].name, USER);
	assert_false(lets(USER, PASSWORD, 0));
	assert_true(lets(USER, "her own", EXPIRY + 1));
}

/* What is signed and what is compared must be the same name. */
static void a_name_with_a_nul_is_refused(void **state)
{
	static const char names[][20] = {"carol", "carol\0x", "1790000000:agent\0x"};

	assert_true(lets_in(names[0], 5, REALM, "her own", 0));
	assert_false(lets_in(names[0], 6, REALM, "her own", 0));
	assert_false(lets_in(names[1], 7, REALM, "her own", 0));
	assert_false(lets_in(names[2], 18, REALM, PASSWORD, 0));
}

static void a_long_name_is_refused(void **state)
{
	char user[510], password[TURN_PASSWORD_MAX];

	memset(user, 'x', sizeof(user));
	memcpy(user, "1790000000:", 11);
	user[508] = '\0';
	turn_rest_password(password, &shared, user);
	assert_true(lets(user, password, 0));
	user[508] = 'x';
	user[509] = '\0';
	turn_rest_password(password, &shared, user);
	assert_false(lets(user, password, 0));
}

static void names_count_without_their_time(void **state)
{
	static const char *const cases[][2] = {
		{"1790000000:agent", "agent"},
		{"agent", "agent"},
		{"1790000000", ""}, /* whoever has no name but a time is one user */
		{"1:2:agent", "2:agent"},
		{":agent", ":agent"},
		{"7:", ""},
		{"a1:b", "a1:b"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char name[32];

		turn_user_name(name, sizeof(name), cases[i][0]);
		assert_string_equal(name, cases[i][1]);
	}
}

static void configured_pairs_are_read(void **state)
{
	struct turn_secret secret;
	struct turn_user user;
	char why[160], text[300];

	assert_int_equal(turn_secret_read(&secret, "2026:a:b c", why, sizeof(why)), 0);
	assert_string_equal(secret.id, "2026");
	assert_string_equal(secret.text, "a:b c");
	assert_int_equal(turn_user_read(&user, "carol:x", why, sizeof(why)), 0);
	assert_int_equal(turn_secret_read(&secret, "", why, sizeof(why)), -EINVAL);
	assert_int_equal(turn_secret_read(&secret, "id:", why, sizeof(why)), -EINVAL);
	assert_int_equal(turn_secret_read(&secret, ":text", why, sizeof(why)), -EINVAL);
	assert_int_equal(turn_user_read(&user, "carol", why, sizeof(why)), -EINVAL);
	memset(text, 'x', sizeof(text));
	text[1] = ':';
	text[2 + TURN_SECRET_MAX] = '\0';
	assert_int_equal(turn_secret_read(&secret, text, why, sizeof(why)), -EINVAL);
	text[2 + TURN_SECRET_MAX - 1] = '\0';
	assert_int_equal(turn_secret_read(&secret, text, why, sizeof(why)), 0);
}

static void secrets_come_and_go(void **state)
{
	char why[160], id[2] = "a", text[TURN_SECRET_MAX + 1];
	static const char *const bad[] = {"", "a:b", "a\nb", "a\x7f",
					  "0123456789012345678901234567890 "};

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(turn_secret_put(&credentials, bad[i], "x", why, sizeof(why)),
				 -EINVAL);
	memset(text, 'x', sizeof(text));
	text[TURN_SECRET_MAX] = '\0';
	assert_int_equal(turn_secret_put(&credentials, "a", text, why, sizeof(why)), -EINVAL);
	assert_int_equal(turn_secret_put(&credentials, "a", "", why, sizeof(why)), -EINVAL);
	assert_int_equal(credentials.secret_count, 1);
	for (; credentials.secret_count < TURN_SECRETS; id[0]++)
		assert_int_equal(turn_secret_put(&credentials, id, "x", why, sizeof(why)), 0);
	assert_int_equal(turn_secret_put(&credentials, "z", "x", why, sizeof(why)), -ENOSPC);
	/* One that is there is replaced, and is the last one then. */
	assert_int_equal(turn_secret_put(&credentials, "one", "y", why, sizeof(why)), 0);
	assert_int_equal(credentials.secret_count, TURN_SECRETS);
	assert_string_equal(turn_secret_find(&credentials, "")->text, "y");
	assert_string_equal(turn_secret_find(&credentials, "a")->text, "x");
	assert_null(turn_secret_find(&credentials, "z"));
	assert_int_equal(turn_secret_remove(&credentials, "z"), -ENOENT);
	assert_int_equal(turn_secret_remove(&credentials, ""), -ENOENT);
	assert_int_equal(turn_secret_remove(&credentials, "one"), 0);
	assert_int_equal(credentials.secret_count, TURN_SECRETS - 1);
	/* Nothing is left of it. */
	for (size_t i = 0; i < sizeof(struct turn_secret); i++)
		assert_int_equal(((uint8_t *)&credentials.secrets[TURN_SECRETS - 1])[i], 0);
}

static void all_secrets_of_an_id_go(void **state)
{
	credentials.secrets[1] = north;
	credentials.secrets[2] = shared;
	credentials.secret_count = 3;
	assert_int_equal(turn_secret_remove(&credentials, "one"), 0);
	assert_int_equal(credentials.secret_count, 1);
	assert_string_equal(credentials.secrets[0].id, "north");
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(passwords_are_those_of_the_rest_scheme),
		TEST(lets_in_until_the_time_is_over),
		TEST(needs_a_time_in_the_name),
		TEST(any_secret_in_force_will_do),
		TEST(another_realm_is_refused),
		TEST(users_of_their_own_have_one_password),
		TEST(a_name_with_a_nul_is_refused),
		TEST(a_long_name_is_refused),
		TEST(names_count_without_their_time),
		TEST(configured_pairs_are_read),
		TEST(secrets_come_and_go),
		TEST(all_secrets_of_an_id_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
