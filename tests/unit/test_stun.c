/* SPDX-License-Identifier: BSD-3-Clause */
/* STUN against RFC 5769's vectors and against messages made without our own code. */
#include <rte_byteorder.h>
#include <errno.h>

#include "dataplane/wire/stun.h"
#include "tests/rig/forge.h"
#include "tests/rig/oracle.h"
#include "tests/rig/test.h"

static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";

/* RFC 5769 2.1 */
static const uint8_t sample_request[] = {
	0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
	0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e,
	0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24,
	0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1,
	0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68,
	0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c,
	0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5,
	0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
};

/* RFC 5769 2.2 */
static const uint8_t sample_ipv4[] = {
	0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
	0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74,
	0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01,
	0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43, 0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99,
	0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b,
	0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
};

/* RFC 5769 2.3 */
static const uint8_t sample_ipv6[] = {
	0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
	0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74,
	0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x14, 0x00, 0x02,
	0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5,
	0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14, 0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6,
	0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75, 0xbf, 0xe3, 0xed, 0x41,
	0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c,
};

static struct stun_auth auth_of(const char *text)
{
	struct stun_auth auth;

	stun_auth_set(&auth, text);
	return auth;
}

static int parse(struct stun_message *m, const struct forge *r)
{
	return stun_parse(m, r->octets, r->length);
}

static void test_vectors_verify(void **state)
{
	static const struct {
		const uint8_t *octets;
		size_t length;
		uint16_t type;
	} vectors[] = {
		{sample_request, sizeof(sample_request), STUN_BINDING_REQUEST},
		{sample_ipv4, sizeof(sample_ipv4), STUN_BINDING_SUCCESS},
		{sample_ipv6, sizeof(sample_ipv6), STUN_BINDING_SUCCESS},
	};
	const struct stun_auth right = auth_of(password), wrong = auth_of("VOkJxbRl1RmTxUk/WvJxBT");

	for (size_t k = 0; k < sizeof(vectors) / sizeof(vectors[0]); k++) {
		struct stun_message m;

		assert_int_equal(stun_parse(&m, vectors[k].octets, vectors[k].length), 0);
		assert_int_equal(m.type, vectors[k].type);
		assert_true(stun_verify_fingerprint(&m));
		assert_true(stun_verify_integrity(&m, &right));
		assert_false(stun_verify_integrity(&m, &wrong));
	}
}

static void test_request_is_read(void **state)
{
	struct stun_message m;

	assert_int_equal(stun_parse(&m, sample_request, sizeof(sample_request)), 0);
	assert_int_equal(m.username_length, 9);
	assert_memory_equal(m.data + m.username, "evtj:h6vY", 9);
	assert_true(m.controlled);
	assert_false(m.controlling);
	assert_false(m.use_candidate);
	assert_int_equal(m.unknown_count, 0);
}

/* Cut anywhere, and cut with a length field that agrees. Exact copies let ASan see the ends. */
static void test_every_truncation(void **state)
{
	const struct stun_auth auth = auth_of(password);
	struct stun_message m;

	for (size_t length = 0; length < sizeof(sample_request); length++) {
		uint8_t *copy = malloc(length ? length : 1);

		memcpy(copy, sample_request, length);
		assert_int_equal(stun_parse(&m, copy, length), -EBADMSG);
		if (length >= 20) {
			oracle_put(copy + 2, length - 20, 2);
			if (stun_parse(&m, copy, length) == 0) {
				assert_false(stun_verify_fingerprint(&m));
				assert_true(m.integrity == 0 || stun_verify_integrity(&m, &auth));
			}
		}
		free(copy);
	}
}

/* Whatever bit is wrong: FINGERPRINT sees it, and with that made right, MESSAGE-INTEGRITY. */
static void test_every_bit_flip(void **state)
{
	const struct stun_auth auth = auth_of(password);
	const size_t unsigned_tail = 8;

	for (size_t bit = 0; bit < 8 * sizeof(sample_request); bit++) {
		struct forge r = {.length = sizeof(sample_request)};
		struct stun_message m;

		memcpy(r.octets, sample_request, r.length);
		r.octets[bit / 8] ^= 1 << bit % 8;
		if (parse(&m, &r) == 0)
			assert_false(stun_verify_fingerprint(&m));
		/* The length is written anew with FINGERPRINT, which nothing authenticates. */
		if (bit / 16 == 1 || bit / 8 >= sizeof(sample_request) - unsigned_tail)
			continue;
		r.length -= unsigned_tail;
		forge_fingerprint(&r);
		if (parse(&m, &r) == 0)
			assert_false(stun_verify_integrity(&m, &auth));
	}
}

static void test_header_rules(void **state)
{
	struct stun_message m;
	struct forge r;

	forge_begin(&r, STUN_BINDING_REQUEST);
	assert_int_equal(parse(&m, &r), 0);
	assert_false(stun_verify_fingerprint(&m));
	r.octets[0] |= 0x40;
	assert_int_equal(parse(&m, &r), -EBADMSG);
	forge_begin(&r, STUN_BINDING_REQUEST);
	r.octets[4] ^= 1;
	assert_int_equal(parse(&m, &r), -EBADMSG);
	forge_begin(&r, STUN_BINDING_REQUEST);
	assert_int_equal(stun_parse(&m, r.octets, r.length + 4), -EBADMSG);
}

static void test_attribute_lengths(void **state)
{
	static const uint8_t value[32];
	static const struct {
		uint16_t type, length;
		int expected;
	} cases[] = {
		{0x0008, 20, 0},       {0x0008, 19, -EBADMSG}, {0x0008, 32, -EBADMSG},
		{0x8028, 4, 0},        {0x8028, 8, -EBADMSG},  {0x8028, 0, -EBADMSG},
		{0x0024, 4, 0},        {0x0024, 3, -EBADMSG},  {0x0025, 0, 0},
		{0x0025, 4, -EBADMSG}, {0x8029, 8, 0},         {0x8029, 4, -EBADMSG},
		{0x802a, 8, 0},        {0x802a, 7, -EBADMSG},  {0xc057, 13, 0},
	};

	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct stun_message m;
		struct forge r;

		forge_begin(&r, STUN_BINDING_REQUEST);
		forge_put(&r, cases[k].type, value, cases[k].length);
		assert_int_equal(parse(&m, &r), cases[k].expected);
	}
}

static void test_order(void **state)
{
	const struct stun_auth auth = auth_of(password);
	struct stun_message m;
	struct forge r;

	/* Of two, the first. */
	forge_begin(&r, STUN_BINDING_REQUEST);
	forge_put(&r, 0x0006, "first", 5);
	forge_put(&r, 0x0006, "second", 6);
	assert_int_equal(parse(&m, &r), 0);
	assert_int_equal(m.username_length, 5);
	assert_memory_equal(m.data + m.username, "first", 5);

	/* Behind MESSAGE-INTEGRITY nothing counts but FINGERPRINT: anybody could have added it. */
	forge_begin(&r, STUN_BINDING_REQUEST);
	forge_sign(&r, password);
	forge_put(&r, 0x0025, NULL, 0);
	forge_put(&r, 0x0006, "later", 5);
	forge_put(&r, 0x7777, NULL, 0);
	forge_put(&r, 0x8029, NULL, 0);
	forge_sign(&r, "another");
	forge_fingerprint(&r);
	assert_int_equal(parse(&m, &r), 0);
	assert_true(stun_verify_fingerprint(&m));
	assert_true(stun_verify_integrity(&m, &auth));
	assert_false(m.use_candidate || m.username || m.unknown_count || m.controlled);

	/* Behind FINGERPRINT there is nothing. */
	forge_begin(&r, STUN_BINDING_REQUEST);
	forge_fingerprint(&r);
	forge_put(&r, 0x8022, NULL, 0);
	assert_int_equal(parse(&m, &r), -EBADMSG);
}

static void test_unknown_attributes(void **state)
{
	struct stun_message m;
	struct forge r;

	forge_begin(&r, STUN_BINDING_REQUEST);
	forge_put(&r, 0x7fff, "x", 1);
	forge_put(&r, 0x8000, "y", 1);
	forge_put(&r, 0x0003, NULL, 0);
	assert_int_equal(parse(&m, &r), 0);
	assert_int_equal(m.unknown_count, 2);
	assert_int_equal(m.unknown[0], 0x7fff);
	assert_int_equal(m.unknown[1], 0x0003);
	for (int k = 0; k < STUN_UNKNOWN_MAX; k++)
		forge_put(&r, 0x4000 + k, NULL, 0);
	assert_int_equal(parse(&m, &r), 0);
	assert_int_equal(m.unknown_count, STUN_UNKNOWN_MAX);
}

static void test_keys_of_all_lengths(void **state)
{
	static const size_t lengths[] = {0, 1, 22, 63, 64, 65, 256};
	char key[257];

	for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
		struct stun_message m;
		struct stun_auth auth;
		struct forge r;

		memset(key, 'a' + k, lengths[k]);
		key[lengths[k]] = '\0';
		forge_begin(&r, STUN_BINDING_REQUEST);
		forge_put(&r, 0x0006, "evtj:h6vY", 9);
		forge_sign(&r, key);
		assert_int_equal(parse(&m, &r), 0);
		auth = auth_of(key);
		assert_true(stun_verify_integrity(&m, &auth));
		auth = auth_of("other");
		assert_false(stun_verify_integrity(&m, &auth));
	}
}

static void check_answer(const uint8_t *message, uint16_t length, uint16_t type, bool is_signed)
{
	assert_true(length <= STUN_RESPONSE_MAX);
	assert_int_equal(forge_load16(message), type);
	assert_int_equal(forge_load16(message + 2), length - 20);
	assert_memory_equal(message + 4, sample_request + 4, 16);
	assert_true(forge_has_fingerprint(message, length));
	assert_int_equal(forge_is_signed(message, password), is_signed);
}

static void test_success(void **state)
{
	const struct stun_auth auth = auth_of(password);
	struct endpoint mapped = {.port = rte_cpu_to_be_16(32853)};
	uint8_t message[STUN_RESPONSE_MAX];
	uint16_t length;

	memcpy(message, sample_request, sizeof(sample_request));
	mapped.address = address_from_ipv4((uint8_t[]){192, 0, 2, 1});
	length = stun_write_success(message, &mapped, &auth);
	check_answer(message, length, STUN_BINDING_SUCCESS, true);
	assert_int_equal(length, 20 + 12 + 24 + 8);
	/* The same address as the vector's, under the same transaction id. */
	assert_memory_equal(message + 20, sample_ipv4 + 36, 12);

	memcpy(message, sample_request, sizeof(sample_request));
	mapped.address =
		address_from_ipv6((uint8_t[]){0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78, 0x00,
					      0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77});
	length = stun_write_success(message, &mapped, &auth);
	check_answer(message, length, STUN_BINDING_SUCCESS, true);
	assert_int_equal(length, 20 + 24 + 24 + 8);
	assert_memory_equal(message + 20, sample_ipv6 + 36, 24);
}

static void test_errors(void **state)
{
	static const enum stun_error codes[] = {STUN_BAD_REQUEST, STUN_UNAUTHENTICATED,
						STUN_UNKNOWN_ATTRIBUTE, STUN_ROLE_CONFLICT};
	const struct stun_auth auth = auth_of(password);
	const struct stun_message request = {.unknown_count = 3,
					     .unknown = {0x7fff, 0x0003, 0x4242}};
	static const uint8_t unknown[] = {0x7f, 0xff, 0x00, 0x03, 0x42, 0x42};

	for (size_t k = 0; k < 2 * sizeof(codes) / sizeof(codes[0]); k++) {
		enum stun_error code = codes[k / 2];
		uint8_t message[STUN_RESPONSE_MAX];
		const uint8_t *value;
		uint16_t length, size;

		memcpy(message, sample_request, sizeof(sample_request));
		length = stun_write_error(message, code, &request, k % 2 ? &auth : NULL);
		check_answer(message, length, STUN_BINDING_ERROR, k % 2);
		value = forge_find(message, 0x0009, &size);
		assert_non_null(value);
		assert_true(size > 4);
		assert_int_equal(forge_load16(value), 0);
		assert_int_equal(value[2] * 100 + value[3], code);
		value = forge_find(message, 0x000a, &size);
		assert_int_equal(value != NULL, code == STUN_UNKNOWN_ATTRIBUTE);
		if (value) {
			assert_int_equal(size, sizeof(unknown));
			assert_memory_equal(value, unknown, sizeof(unknown));
		}
	}
}

static void test_longest_error_fits(void **state)
{
	const struct stun_auth auth = auth_of(password);
	struct stun_message request = {.unknown_count = STUN_UNKNOWN_MAX};
	uint8_t *message = malloc(STUN_RESPONSE_MAX);
	uint16_t length;

	memcpy(message, sample_request, sizeof(sample_request));
	length = stun_write_error(message, STUN_UNKNOWN_ATTRIBUTE, &request, &auth);
	check_answer(message, length, STUN_BINDING_ERROR, true);
	free(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_verify),
		cmocka_unit_test(test_request_is_read),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_every_bit_flip),
		cmocka_unit_test(test_header_rules),
		cmocka_unit_test(test_attribute_lengths),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_unknown_attributes),
		cmocka_unit_test(test_keys_of_all_lengths),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_longest_error_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
