/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses, endpoints and prefixes: as texts, as octets of messages, and what is in what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "controlplane/lib/octets.h"
#include "controlplane/lib/prefix.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct address parsed(const char *text)
{
	struct address a;

	if (address_parse(&a, text))
		fail_msg("%s", text);
	return a;
}

static struct prefix prefix(const char *text)
{
	char why[160];
	struct prefix p;

	if (prefix_read(&p, text, why, sizeof(why)))
		fail_msg("%s", why);
	return p;
}

/* --- addresses ------------------------------------------------------------------------------- */

static void addresses(void **state)
{
	static const struct {
		const char *text, *shown; /* NULL if there is none */
		bool ipv4;
	} cases[] = {
		{"198.51.100.1", "198.51.100.1", true},
		{"0.0.0.0", "0.0.0.0", true},
		{"255.255.255.255", "255.255.255.255", true},
		{"2001:DB8:0::1", "2001:db8::1", false},
		{"::", "::", false},
		{"::1", "::1", false},
		{"::ffff:198.51.100.1", "198.51.100.1", true}, /* in IPv6's clothes */
		{"::198.51.100.1", "::198.51.100.1", false},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
		{"", NULL},
		{"198.51.100", NULL},
		{"198.51.100.256", NULL},
		{" 198.51.100.1", NULL},
		{"198.51.100.1 ", NULL},
		{"[::1]", NULL},
		{"fe80::1%eth0", NULL},
		{"example.com", NULL},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[ADDRESS_TEXT];
		struct address a;
		int error = address_parse(&a, cases[i].text);

		assert_int_equal(error, cases[i].shown ? 0 : -EINVAL);
		if (error)
			continue;
		assert_string_equal(address_text(text, &a), cases[i].shown);
		assert_int_equal(address_is_ipv4(&a), cases[i].ipv4);
	}
}

/* "::" stands for none, and 0.0.0.0 is an address. */
static void what_is_none(void **state)
{
	struct address none = parsed("::"), any = parsed("0.0.0.0");
	struct endpoint e = {.port = 0};

	assert_true(address_is_zero(&none));
	assert_false(address_is_zero(&any));
	assert_true(endpoint_is_zero(&e) && endpoint_is_unset(&e));
	e = endpoint_make(&none, 9);
	assert_false(endpoint_is_zero(&e) || endpoint_is_unset(&e));
	e = endpoint_make(&any, 0);
	assert_true(!endpoint_is_zero(&e) && endpoint_is_unset(&e));
}

static void endpoints(void **state)
{
	static const struct {
		const char *address;
		unsigned int port;
		const char *shown;
	} cases[] = {
		{"198.51.100.1", 20000, "198.51.100.1:20000"},
		{"198.51.100.1", 0, "198.51.100.1"},
		{"2001:db8::1", 65535, "[2001:db8::1]:65535"},
		{"2001:db8::1", 0, "2001:db8::1"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", 65535,
		 "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct address a = parsed(cases[i].address);
		const struct endpoint e = endpoint_make(&a, cases[i].port);
		char text[ADDRESS_TEXT];

		assert_string_equal(endpoint_text(text, &e), cases[i].shown);
		assert_int_equal(endpoint_port(&e), cases[i].port);
		assert_int_equal(e.reserved, 0);
	}
}

static void hosts(void **state)
{
	static const struct {
		const char *text;
		bool host;
	} cases[] = {
		{"198.51.100.1", true}, {"0.0.0.1", false}, {"127.0.0.1", false},
		{"224.0.0.1", false},   {"::", false},      {"::1", false},
		{"ff02::1", false},     {"fe80::1", true},  {"2001:db8::1", true},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct address a = parsed(cases[i].text);

		if (address_is_host(&a) != cases[i].host)
			fail_msg("%s", cases[i].text);
	}
}

/* --- bits ------------------------------------------------------------------------------------ */

static void bits(void **state)
{
	static const struct {
		uint8_t a[3], b[3];
		unsigned int length; /* of the longest beginning that both have */
	} cases[] = {
		{{0}, {0x80}, 0},           {{0xff}, {0xfe}, 7},
		{{0xff}, {0xff, 0x80}, 8},  {{0xff, 0x10}, {0xff, 0x18}, 12},
		{{1, 2, 3}, {1, 2, 2}, 23},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		for (unsigned int length = 0; length <= 24; length++)
			assert_int_equal(address_same_bits(cases[i].a, cases[i].b, length),
					 length <= cases[i].length);
}

/* --- prefixes -------------------------------------------------------------------------------- */

static void prefixes(void **state)
{
	static const struct {
		const char *text, *shown; /* NULL if it was refused */
		const char *why;
	} cases[] = {
		{"203.0.113.0/24", "203.0.113.0/24"},
		{"203.0.113.7", "203.0.113.7"},
		{"203.0.113.7/32", "203.0.113.7"},
		{"128.0.0.0/1", "128.0.0.0/1"},
		{"203.0.113.128/25", "203.0.113.128/25"},
		{"2001:db8::/32", "2001:db8::/32"},
		{"2001:db8::1", "2001:db8::1"},
		{"2001:0db8:0::/64", "2001:db8::/64"},
		{"2001:db8::/128", "2001:db8::"},
		{"203.0.113.7/24", NULL, "write 203.0.113.0/24"},
		{"2001:db8::1/64", NULL, "write 2001:db8::/64"},
		{"0.0.0.0/0", NULL, "no prefix"},
		{"203.0.113.0/33", NULL, "no prefix"},
		{"2001:db8::/129", NULL, "no prefix"},
		{"203.0.113.0/", NULL, "no prefix"},
		{"203.0.113.0/ 8", NULL, "no prefix"},
		{"203.0.113.0/+8", NULL, "no prefix"},
		{"203.0.113.0/8x", NULL, "no prefix"},
		{"203.0.113/24", NULL, "no prefix"},
		{"", NULL, "no prefix"},
		{"/8", NULL, "no prefix"},
		{"example.com", NULL, "no prefix"},
		{"2001:0db8:0000:0000:0000:0000:0000:00001111222233334444/64", NULL, "no prefix"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char why[160] = "", text[ADDRESS_TEXT];
		struct prefix p;
		int error = prefix_read(&p, cases[i].text, why, sizeof(why));

		assert_int_equal(error, cases[i].shown ? 0 : -EINVAL);
		if (error && !strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].text, why);
		if (!error)
			assert_string_equal(prefix_text(text, &p), cases[i].shown);
	}
}

static void prefixes_of_an_address(void **state)
{
	static const struct {
		const char *address;
		unsigned int length;
		const char *shown;
	} cases[] = {
		{"203.0.113.255", 128, "203.0.113.255"},
		{"203.0.113.255", 1000, "203.0.113.255"},
		{"203.0.113.255", 127, "203.0.113.254/31"},
		{"203.0.113.255", 96 + 9, "203.0.0.0/9"},
		{"203.0.113.255", 96, "0.0.0.0/0"},
		{"2001:db8::ff", 64, "2001:db8::/64"},
		{"2001:db8::ff", 125, "2001:db8::f8/125"},
		{"ffff::", 0, "::/0"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct address a = parsed(cases[i].address);
		const struct prefix p = prefix_of(&a, cases[i].length);
		char text[ADDRESS_TEXT];

		assert_string_equal(prefix_text(text, &p), cases[i].shown);
	}
}

static void what_a_prefix_contains(void **state)
{
	static const struct {
		const char *outer, *inner;
		bool contains;
	} cases[] = {
		{"203.0.113.0/24", "203.0.113.9", true},
		{"203.0.113.0/24", "203.0.112.9", false},
		{"203.0.113.0/25", "203.0.113.128", false},
		{"203.0.113.0/24", "203.0.0.0/16", false},
		{"203.0.113.9", "203.0.113.9", true},
		{"2001:db8::/32", "2001:db8::/64", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"203.0.113.0/24", "2001:db8::", false},
		{"::/1", "::1", true},
		{"::/1", "203.0.113.9", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct prefix outer = prefix(cases[i].outer), inner = prefix(cases[i].inner);

		assert_int_equal(prefix_contains(&outer, &inner), cases[i].contains);
		if (inner.length == 128)
			assert_int_equal(prefix_has(&outer, &inner.address), cases[i].contains);
	}
}

static void constants(void **state)
{
	static const struct prefix p = PREFIX_IPV4(203, 0, 113, 0, 24);
	char text[ADDRESS_TEXT];

	assert_string_equal(prefix_text(text, &p), "203.0.113.0/24");
}

/* --- octets ---------------------------------------------------------------------------------- */

static void octets(void **state)
{
	static const size_t lengths[] = {0, 1, 3, 5, 15, 17, 32};
	uint8_t room[32] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	ProtobufCBinaryData in = {4, room};
	char text[ADDRESS_TEXT];
	struct address a;

	assert_int_equal(octets_read(&a, &in), 0);
	assert_string_equal(address_text(text, &a), "32.1.13.184");
	assert_int_equal(octets_of(&a).len, 4);
	assert_memory_equal(octets_of(&a).data, room, 4);
	in.len = 16;
	assert_int_equal(octets_read(&a, &in), 0);
	assert_string_equal(address_text(text, &a), "2001:db8::1");
	assert_int_equal(octets_of(&a).len, 16);
	assert_memory_equal(octets_of(&a).data, room, 16);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		in.len = lengths[i];
		assert_int_equal(octets_read(&a, &in), -EINVAL);
	}
}

static void endpoints_of_messages(void **state)
{
	Tandem__Dataplane__V1__Endpoint message;
	const struct address a = parsed("198.51.100.1");
	struct endpoint e;

	octets_fill_endpoint(&message, &a, 20000);
	assert_int_equal(message.address.len, 4);
	assert_int_equal(message.port, 20000);
	e = octets_read_endpoint(&message);
	assert_true(address_equal(&e.address, &a) && endpoint_port(&e) == 20000);
	message.address.len = 3;
	e = octets_read_endpoint(&message);
	assert_true(endpoint_is_zero(&e));
	e = octets_read_endpoint(NULL);
	assert_true(endpoint_is_zero(&e));
}

static void sources_are_addresses_and_networks(void **state)
{
	uint8_t room[16] = {0x20, 0x01, 0x0d, 0xb8, [8] = 1, [15] = 1};
	ProtobufCBinaryData address = {16, room};
	char text[ADDRESS_TEXT];
	struct prefix p;

	assert_int_equal(octets_read_source(&p, &address), 0);
	assert_string_equal(prefix_text(text, &p), "2001:db8::/64");
	assert_int_equal(octets_prefix_length(&p), 64);
	address.len = 4;
	assert_int_equal(octets_read_source(&p, &address), 0);
	assert_string_equal(prefix_text(text, &p), "32.1.13.184");
	assert_int_equal(octets_prefix_length(&p), 32);
	address.len = 5;
	assert_int_equal(octets_read_source(&p, &address), -EINVAL);
	address.len = 4;
	assert_int_equal(octets_read_prefix(&p, &address, 33), -EINVAL);
	assert_int_equal(octets_read_prefix(&p, &address, 0), 0);
	assert_string_equal(prefix_text(text, &p), "0.0.0.0/0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(hosts),
		cmocka_unit_test(bits),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(prefixes_of_an_address),
		cmocka_unit_test(what_a_prefix_contains),
		cmocka_unit_test(constants),
		cmocka_unit_test(octets),
		cmocka_unit_test(endpoints_of_messages),
		cmocka_unit_test(sources_are_addresses_and_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
