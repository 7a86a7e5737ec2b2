/* SPDX-License-Identifier: BSD-3-Clause */
/* How many allocations each user has. */
#include "controlplane/turn/turn_lease.h"

#include "tests/rig/test.h"

#define MANY 20000

static struct turn_leases leases;

static int set_up(void **state)
{
	return turn_leases_open(&leases);
}

static int tear_down(void **state)
{
	turn_leases_close(&leases);
	return 0;
}

static void each_counts_once(void **state)
{
	assert_int_equal(turn_lease_count(&leases, "a"), 0);
	assert_int_equal(turn_lease_add(&leases, 1, "a"), 0);
	assert_int_equal(turn_lease_add(&leases, 1, "a"), 0);
	assert_int_equal(turn_lease_add(&leases, 2, "a"), 0);
	assert_int_equal(turn_lease_add(&leases, 3, "b"), 0);
	assert_int_equal(turn_lease_count(&leases, "a"), 2);
	assert_int_equal(turn_lease_count(&leases, "b"), 1);
	/* Whose it is was said when it came. */
	assert_int_equal(turn_lease_add(&leases, 3, "a"), 0);
	assert_int_equal(turn_lease_count(&leases, "a"), 2);
	assert_int_equal(turn_lease_count(&leases, "b"), 1);
}

static void what_goes_counts_no_longer(void **state)
{
	turn_lease_remove(&leases, 7);
	assert_int_equal(turn_lease_add(&leases, 1, "a"), 0);
	assert_int_equal(turn_lease_add(&leases, UINT64_MAX, "a"), 0);
	turn_lease_remove(&leases, 1);
	turn_lease_remove(&leases, 1);
	assert_int_equal(turn_lease_count(&leases, "a"), 1);
	turn_lease_remove(&leases, UINT64_MAX);
	assert_int_equal(turn_lease_count(&leases, "a"), 0);
	assert_int_equal(turn_lease_add(&leases, 1, "a"), 0);
	assert_int_equal(turn_lease_count(&leases, "a"), 1);
}

static void names_are_whole_names(void **state)
{
	assert_int_equal(turn_lease_add(&leases, 1, "ab"), 0);
	assert_int_equal(turn_lease_add(&leases, 2, ""), 0);
	assert_int_equal(turn_lease_count(&leases, "a"), 0);
	assert_int_equal(turn_lease_count(&leases, "abc"), 0);
	assert_int_equal(turn_lease_count(&leases, "AB"), 0);
	assert_int_equal(turn_lease_count(&leases, ""), 1);
}

static void everything_is_forgotten(void **state)
{
	char user[16];

	for (uint64_t id = 1; id <= MANY; id++) {
		snprintf(user, sizeof(user), "u%u", (unsigned int)(id % 100));
		assert_int_equal(turn_lease_add(&leases, id, user), 0);
	}
	assert_int_equal(turn_lease_count(&leases, "u42"), MANY / 100);
	for (uint64_t id = 2; id <= MANY; id += 2)
		turn_lease_remove(&leases, id);
	assert_int_equal(turn_lease_count(&leases, "u42"), 0);
	assert_int_equal(turn_lease_count(&leases, "u43"), MANY / 100);
	turn_leases_forget(&leases);
	assert_int_equal(turn_lease_count(&leases, "u43"), 0);
	assert_int_equal(turn_lease_add(&leases, 1, "u43"), 0);
	assert_int_equal(turn_lease_count(&leases, "u43"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_counts_once),
		TEST(what_goes_counts_no_longer),
		TEST(names_are_whole_names),
		TEST(everything_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
