/* SPDX-License-Identifier: BSD-3-Clause */
/* The wide sum of a payload against RFC 1071 taken literally, 16 bits at a time. */
#include "dataplane/wire/checksum.h"
#include "tests/rig/test.h"

static uint16_t literal(const uint8_t *p, uint32_t length)
{
	uint32_t sum = 0;

	for (uint32_t k = 0; k < length; k++) {
		sum += k % 2 ? p[k] << 8 : p[k];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* Every length, beginning anywhere; each in a block of its own size, so that a sanitizer sees. */
static void expect_equal(const uint8_t *octets, uint32_t most)
{
	for (uint32_t length = 0; length <= most; length++) {
		for (uint32_t shift = 0; shift < 8; shift++) {
			uint8_t *block = malloc(shift + length + 1);

			assert_non_null(block);
			memcpy(block + shift, octets, length);
			assert_int_equal(checksum_sum(block + shift, length),
					 literal(octets, length));
			free(block);
		}
	}
}

static void random_octets(void **state)
{
	uint8_t octets[1500];
	uint32_t x = 1;

	for (unsigned int k = 0; k < sizeof(octets); k++)
		octets[k] = (x = x * 1664525 + 1013904223) >> 24;
	expect_equal(octets, sizeof(octets));
}

/* Every addition carries. */
static void all_ones(void **state)
{
	uint8_t octets[1500];

	memset(octets, 0xff, sizeof(octets));
	expect_equal(octets, sizeof(octets));
}

static void nothing_but_zeros(void **state)
{
	const uint8_t octets[64] = {0};

	expect_equal(octets, sizeof(octets));
}

/* The largest datagram fits the sums. */
static void the_largest(void **state)
{
	uint8_t *octets = malloc(UINT16_MAX);

	assert_non_null(octets);
	memset(octets, 0xff, UINT16_MAX);
	assert_int_equal(checksum_sum(octets, UINT16_MAX), literal(octets, UINT16_MAX));
	free(octets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_octets),
		cmocka_unit_test(all_ones),
		cmocka_unit_test(nothing_but_zeros),
		cmocka_unit_test(the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
