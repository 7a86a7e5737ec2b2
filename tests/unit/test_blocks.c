/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocked prefixes as ranges, and strangers in a table of fixed size. */
#include "dataplane/blocks.h"
#include "dataplane/main/floods/block_list.h"
#include "dataplane/sources.h"

#include "dataplane/lib/address.h"
#include "tests/rig/test.h"

static struct shed_prefix prefix(const char *text, uint32_t length)
{
	struct shed_prefix p = {.length = length};
	struct address a;

	assert_int_equal(address_parse(&a, text), 0);
	memcpy(p.byte, a.octets, sizeof(p.byte));
	if (address_is_ipv4(&a))
		p.length += 96;
	return p;
}

static bool has(const struct block_list *list, const char *text)
{
	struct shed_prefix p = prefix(text, 0);
	struct shed_address a;

	memcpy(a.byte, p.byte, sizeof(a.byte));
	return block_list_has(list, &a);
}

static void ranges_end_where_prefixes_do(void **state)
{
	static const struct {
		const char *prefix;
		uint32_t length;
		const char *in[2], *out[2];
	} cases[] = {
		{"203.0.113.9",
		 32,
		 {"203.0.113.9", "203.0.113.9"},
		 {"203.0.113.8", "203.0.113.10"}},
		{"203.0.113.0",
		 24,
		 {"203.0.113.0", "203.0.113.255"},
		 {"203.0.112.255", "203.0.114.0"}},
		/* Bits behind the prefix are ignored. */
		{"203.0.113.77",
		 26,
		 {"203.0.113.64", "203.0.113.127"},
		 {"203.0.113.63", "203.0.113.128"}},
		{"0.0.0.0",
		 0,
		 {"0.0.0.0", "255.255.255.255"},
		 {"::fffe:ffff:ffff", "0:0:0:0:0:1::"}},
		{"2001:db8:bad::",
		 48,
		 {"2001:db8:bad::", "2001:db8:bad:ffff:ffff:ffff:ffff:ffff"},
		 {"2001:db8:bac:ffff:ffff:ffff:ffff:ffff", "2001:db8:bae::"}},
		{"::", 1, {"::", "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, {"8000::", "ffff::"}},
		{"ffff::",
		 128,
		 {"ffff::", "ffff::"},
		 {"ffff::1", "fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}},
	};

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct shed_prefix p = prefix(cases[k].prefix, cases[k].length);
		struct block_list *list = block_list_make(&p, 1);

		assert_int_equal(list->count, 1);
		for (unsigned int i = 0; i < 2; i++) {
			if (!has(list, cases[k].in[i]))
				fail_msg("%s is not in %s", cases[k].in[i], cases[k].prefix);
			if (has(list, cases[k].out[i]))
				fail_msg("%s is in %s", cases[k].out[i], cases[k].prefix);
		}
		block_list_release(list);
	}
}

static void no_list_blocks_nobody(void **state)
{
	struct block_list *list = block_list_make(NULL, 0);

	assert_false(has(NULL, "203.0.113.9"));
	assert_false(has(list, "203.0.113.9"));
	block_list_release(list);
	block_list_release(NULL);
}

static void everything_may_be_blocked(void **state)
{
	struct shed_prefix all[] = {prefix("::", 0), prefix("203.0.113.9", 32),
				    prefix("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128)};
	struct block_list *list = block_list_make(all, RTE_DIM(all));

	assert_int_equal(list->count, 1);
	assert_true(has(list, "::") && has(list, "203.0.113.9") &&
		    has(list, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
	block_list_release(list);
}

static void neighbours_and_nested_ones_are_one_range(void **state)
{
	struct shed_prefix some[] = {
		prefix("203.0.113.128", 25), prefix("203.0.113.0", 25),
		prefix("203.0.113.7", 32),   prefix("198.51.100.0", 24),
		prefix("203.0.113.200", 29), prefix("198.51.100.0", 26),
	};
	struct block_list *list = block_list_make(some, RTE_DIM(some));

	assert_int_equal(list->count, 2);
	assert_true(has(list, "203.0.113.255") && has(list, "198.51.100.255"));
	assert_false(has(list, "203.0.114.0") || has(list, "198.51.99.255"));
	block_list_release(list);
}

static bool matches(const struct shed_prefix *p, const struct shed_address *a)
{
	for (unsigned int bit = 0; bit < p->length; bit++)
		if ((p->byte[bit / 8] ^ a->byte[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

/* Many lists of prefixes in a few octets' space, so that they often nest, against one by one. */
static void agrees_with_one_by_one(void **state)
{
	struct shed_prefix some[40];

	srandom(4711);
	for (unsigned int round = 0; round < 300; round++) {
		unsigned int count = random() % RTE_DIM(some);
		struct block_list *list;

		for (unsigned int k = 0; k < count; k++) {
			some[k] = (struct shed_prefix){.length = 96 + 20 + random() % 13};
			some[k].byte[14] = random();
			some[k].byte[15] = random();
		}
		list = block_list_make(some, count);
		for (uint32_t host = 0; host < 65536; host += 1 + random() % 200) {
			struct shed_address a = {.byte = {[14] = host >> 8, [15] = host}};
			bool expected = false;

			for (unsigned int k = 0; k < count; k++)
				expected |= matches(&some[k], &a);
			assert_int_equal(block_list_has(list, &a), expected);
		}
		block_list_release(list);
	}
}

static void users_share_a_list(void **state)
{
	struct shed_prefix p = prefix("203.0.113.0", 24);
	struct block_list *list = block_list_make(&p, 1);

	list->users += 2;
	block_list_release(list);
	block_list_release(list);
	assert_true(has(list, "203.0.113.1"));
	block_list_release(list);
}

/* --- strangers ------------------------------------------------------------------------------- */

static struct source_table *table_create(void)
{
	struct source_table *t = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*t));

	memset(t, 0, sizeof(*t));
	t->seed = 4711;
	return t;
}

static struct shed_address host(uint64_t number)
{
	struct shed_address a = {
		.byte = {[10] = 0xff, [11] = 0xff, 198, 18 + (number >> 16), number >> 8, number}};

	return a;
}

static void what_was_added_is_found(void **state)
{
	struct source_table *t = table_create();
	struct shed_address a = host(1), nobody = {.byte = {0}};

	assert_null(source_find(t, &a));
	assert_null(source_find(t, &nobody));
	source_add(t, &a, 4711);
	assert_int_equal(*source_find(t, &a), 4711);
	*source_find(t, &a) = 4712;
	assert_int_equal(*source_find(t, &a), 4712);
	a = host(2);
	assert_null(source_find(t, &a));
	free(t);
}

static void the_least_recent_is_forgotten(void **state)
{
	struct source_table *t = table_create();
	struct shed_address kept = host(0);
	unsigned int found = 0;

	source_add(t, &kept, 0);
	for (uint32_t k = 1; k < 131072; k++) {
		struct shed_address a = host(k);

		source_add(t, &a, k);
		assert_int_equal(*source_find(t, &a), k);
		/* Who comes again and again is not the least recent. */
		assert_non_null(source_find(t, &kept));
	}
	for (uint32_t k = 1; k < 131072; k++) {
		struct shed_address a = host(k);

		found += source_find(t, &a) != NULL;
	}
	/* All sets are full. */
	assert_in_range(found, SHED_SOURCES * 95 / 100, SHED_SOURCES - 1);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_end_where_prefixes_do),
		cmocka_unit_test(no_list_blocks_nobody),
		cmocka_unit_test(everything_may_be_blocked),
		cmocka_unit_test(neighbours_and_nested_ones_are_one_range),
		cmocka_unit_test(agrees_with_one_by_one),
		cmocka_unit_test(users_share_a_list),
		cmocka_unit_test(what_was_added_is_found),
		cmocka_unit_test(the_least_recent_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
