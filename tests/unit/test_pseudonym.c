/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands for participants' addresses. */
#include "controlplane/lib/pseudonym.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/api/shed.pb-c.h"
#include "tests/rig/test.h"

#define KEY  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
/*
 * HMAC-SHA256 of 16 octets of address and one for the length, by Python's hmac:
 * ::ffff:203.0.113.7, 128; 2001:db8::1, 128; 2001:db8::, 64; ::ffff:203.0.113.0, 120.
 */
#define IPV4 "ip4-46c6abde9d"
#define IPV6 "ip6-a8dce386c2"
#define NET6 "ip6-a2988ecc63"
#define NET4 "ip4-3bff48da7e"

static char directory[64], path[96], why[512];

static int set_up(void **state)
{
	strcpy(directory, "/tmp/tandem-key-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/key", directory);
	return 0;
}

static int tear_down(void **state)
{
	pseudonym_close();
	unlink(path);
	assert_int_equal(rmdir(directory), 0);
	return 0;
}

static int open_with(const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
	chmod(path, mode);
	return pseudonym_open(path, why, sizeof(why));
}

static void known_ones(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"203.0.113.7", IPV4},
		{"203.0.113.7:41000", IPV4 ":41000"},
		{"2001:db8::1", IPV6},
		{"[2001:db8::1]:41000", IPV6 ":41000"},
		{"2001:db8::/64", NET6 "/64"},
		{"203.0.113.0/24", NET4 "/24"},
		{"", NULL},
		{"AES_CM_128_HMAC_SHA1_80", NULL},
		{"203.0.113.7:", NULL},
		{"unix:/run/x", NULL},
		{"media stopped coming", NULL},
	};
	char text[ADDRESS_TEXT];

	assert_int_equal(open_with(KEY, 0600), 0);
	for (unsigned int k = 0; k < COUNT(cases); k++) {
		assert_int_equal(pseudonym_text(text, cases[k].text), cases[k].shown ? 0 : -EINVAL);
		if (cases[k].shown)
			assert_string_equal(text, cases[k].shown);
	}
}

static void lines(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"", ""},
		{"203.0.113.7 is not blocked; see tandemctl shed",
		 IPV4 " is not blocked; see tandemctl shed"},
		{"  from (203.0.113.7:41000), \"2001:db8::/64\": twice.",
		 "  from (" IPV4 ":41000), \"" NET6 "/64\": twice."},
		{"it was 203.0.113.7.", "it was " IPV4 "."},
		{"no address 1.2.3 at 12:30", "no address 1.2.3 at 12:30"},
	};
	char line[100];

	assert_int_equal(open_with(KEY, 0600), 0);
	for (unsigned int k = 0; k < COUNT(cases); k++)
		assert_string_equal(pseudonym_line(line, sizeof(line), cases[k].text),
				    cases[k].shown);
	assert_string_equal(pseudonym_line(line, 8, "from 203.0.113.7 on"), "from ip");
	pseudonym_close();
	assert_string_equal(pseudonym_line(line, sizeof(line), cases[2].text), cases[2].text);
}

/* The longest ones fit. */
static void long_ones(void **state)
{
	struct prefix prefix = {.length = 127};
	struct endpoint endpoint;
	char text[ADDRESS_TEXT];

	assert_int_equal(open_with(KEY, 0600), 0);
	assert_int_equal(address_parse(&prefix.address, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"),
			 0);
	endpoint = endpoint_make(&prefix.address, 65535);
	assert_int_equal(strlen(pseudonym_endpoint(text, &endpoint)),
			 strlen("ip6-0123456789:65535"));
	assert_int_equal(strlen(pseudonym_prefix(text, &prefix)), strlen("ip6-0123456789/127"));
}

static void while_they_are_off(void **state)
{
	char text[ADDRESS_TEXT];

	assert_false(pseudonym_is_on());
	assert_int_equal(pseudonym_text(text, "203.0.113.7:41000"), 0);
	assert_string_equal(text, "203.0.113.7:41000");
	assert_int_equal(pseudonym_text(text, "2001:db8::/64"), 0);
	assert_string_equal(text, "2001:db8::/64");
}

static void a_key_is_made_once(void **state)
{
	char first[ADDRESS_TEXT], again[ADDRESS_TEXT];
	struct stat about;

	assert_int_equal(pseudonym_open(path, why, sizeof(why)), 0);
	assert_true(pseudonym_is_on());
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0600);
	assert_int_equal(about.st_size, 65);
	assert_int_equal(pseudonym_text(first, "203.0.113.7"), 0);
	pseudonym_close();
	assert_int_equal(pseudonym_open(path, why, sizeof(why)), 0);
	assert_int_equal(pseudonym_text(again, "203.0.113.7"), 0);
	assert_string_equal(first, again);
	unlink(path);
	assert_int_equal(pseudonym_open(path, why, sizeof(why)), 0);
	assert_int_equal(pseudonym_text(again, "203.0.113.7"), 0);
	assert_string_not_equal(first, again);
}

static void keys_that_are_none(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		int error;
		const char *why;
	} cases[] = {
		{"", 0600, -EINVAL, "no key of 64 digits"},
		{KEY KEY, 0600, -EINVAL, "no key of 64 digits"},
		{"000102030405060708090a0b0c0d0e0f10111213141516171819", 0600, -EINVAL, "no key"},
		{"x00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0600, -EINVAL,
		 "no key"},
		{KEY, 0640, -EPERM, "chmod 600"},
		{KEY, 0604, -EPERM, "chmod 600"},
	};

	for (unsigned int k = 0; k < COUNT(cases); k++) {
		assert_int_equal(open_with(cases[k].text, cases[k].mode), cases[k].error);
		assert_non_null(strstr(why, cases[k].why));
		assert_non_null(strstr(why, path));
		assert_false(pseudonym_is_on());
	}
	assert_int_equal(pseudonym_open("/nowhere/key", why, sizeof(why)), -ENOENT);
}

static void what_messages_say(void **state)
{
	Tandem__Relay__V1__Leg leg = TANDEM__RELAY__V1__LEG__INIT, *legs[] = {&leg};
	Tandem__Relay__V1__Call call = TANDEM__RELAY__V1__CALL__INIT;
	Tandem__Relay__V1__QueryReply query = TANDEM__RELAY__V1__QUERY_REPLY__INIT;
	Tandem__Shed__V1__DroppedPacket packet = TANDEM__SHED__V1__DROPPED_PACKET__INIT;
	const Tandem__Relay__V1__QueryReply *shown;
	const Tandem__Shed__V1__DroppedPacket *other;
	struct arena arena = {NULL};

	call.legs = legs;
	call.n_legs = 1;
	call.call_id = (char *)"203.0.113.7";
	query.call = &call;
	leg.local = (char *)"198.51.100.1:20000";
	leg.remote = (char *)"203.0.113.7:41000";
	leg.why = (char *)"on hold";
	packet.source = (char *)"203.0.113.7:41000";
	packet.destination = (char *)"198.51.100.1:20000";
	packet.octets = (ProtobufCBinaryData){3, (uint8_t *)"abc"};
	assert_ptr_equal(pseudonym_copy(&arena, &query.base), &query);

	assert_int_equal(open_with(KEY, 0600), 0);
	shown = (const void *)pseudonym_copy(&arena, &query.base);
	assert_string_equal(shown->call->legs[0]->remote, IPV4 ":41000");
	assert_string_equal(shown->call->legs[0]->local, "198.51.100.1:20000");
	assert_string_equal(shown->call->legs[0]->why, "on hold");
	assert_string_equal(shown->call->call_id, "203.0.113.7");
	assert_string_equal(leg.remote, "203.0.113.7:41000");
	other = (const void *)pseudonym_copy(&arena, &packet.base);
	assert_string_equal(other->source, IPV4 ":41000");
	assert_string_equal(other->destination, "198.51.100.1:20000");
	assert_int_equal(other->octets.len, 0);
	pseudonym_message(&arena, &query.base);
	assert_string_equal(leg.remote, IPV4 ":41000");
	arena_clear(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(known_ones),         TEST(lines),
		TEST(long_ones),          TEST(while_they_are_off),
		TEST(a_key_is_made_once), TEST(keys_that_are_none),
		TEST(what_messages_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
