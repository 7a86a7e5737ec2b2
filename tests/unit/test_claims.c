/* SPDX-License-Identifier: BSD-3-Clause */
/* Which flow has an SSRC: one, though several ask at the same time. */
#include "dataplane/claims.h"

#include <pthread.h>

#include "tests/rig/test.h"

#define ROUNDS 20000
#define LANES  2

static void first_come_first_served(void **state)
{
	struct claims claims = {.users = 1};

	assert_int_equal(claims_take(&claims, 7, 1, 0), DROP_NONE);
	assert_int_equal(claims_take(&claims, 7, 1, 0), DROP_NONE);
	assert_int_equal(claims_take(&claims, 7, 2, 0), DROP_SSRC_TAKEN);
	assert_int_equal(claims_take(&claims, 8, 2, 0), DROP_NONE);
	assert_int_equal(claims_take(&claims, 8, 1, 9), DROP_SSRC_TAKEN);
	/* 0 is an SSRC like any other. */
	assert_int_equal(claims_take(&claims, 0, 2, 0), DROP_NONE);
	assert_int_equal(claims_take(&claims, 0, 1, 0), DROP_SSRC_TAKEN);
}

/* What was left is for those who know what was sent. */
static void what_was_left(void **state)
{
	struct claims claims = {.users = 1};

	claims_take(&claims, 0, 1, 0);
	claims_take(&claims, 7, 1, 0);
	claims_take(&claims, 8, 2, 0);
	claims_leave(&claims, 1, 3);
	for (uint32_t ssrc = 0; ssrc <= 7; ssrc += 7) {
		assert_int_equal(claims_take(&claims, ssrc, 2, 0), DROP_SSRC_TAKEN);
		assert_int_equal(claims_take(&claims, ssrc, 2, 2), DROP_SSRC_TAKEN);
		assert_int_equal(claims_take(&claims, ssrc, 3, 3), DROP_NONE);
		assert_int_equal(claims_take(&claims, ssrc, 2, 3), DROP_SSRC_TAKEN);
	}
	assert_int_equal(claims_take(&claims, 8, 3, 3), DROP_SSRC_TAKEN);
}

static void so_many_and_no_more(void **state)
{
	struct claims claims = {.users = 1};

	for (uint32_t ssrc = 0; ssrc < CLAIMS; ssrc++)
		assert_int_equal(claims_take(&claims, ssrc, 1 + ssrc % 2, 0), DROP_NONE);
	assert_int_equal(claims_take(&claims, CLAIMS, 1, 0), DROP_SSRC_TAKEN);
	assert_int_equal(claims_take(&claims, CLAIMS - 1, 2, 0), DROP_NONE);
}

/* --- two workers ----------------------------------------------------------------------------- */

static struct claims tables[ROUNDS];
static bool taken[LANES][ROUNDS][CLAIMS];
static pthread_barrier_t start;

/* All SSRCs, each worker in an order of its own. */
static void *claim_all(void *arg)
{
	uintptr_t lane = (uintptr_t)arg;

	pthread_barrier_wait(&start);
	for (unsigned int round = 0; round < ROUNDS; round++)
		for (unsigned int k = 0; k < CLAIMS; k++) {
			uint32_t ssrc = lane ? CLAIMS - 1 - k : k;

			taken[lane][round][ssrc] =
				claims_take(&tables[round], ssrc, 1 + lane, 0) == DROP_NONE;
		}
	return NULL;
}

static void each_has_one(void **state)
{
	pthread_t threads[LANES];

	pthread_barrier_init(&start, NULL, LANES);
	for (uintptr_t lane = 0; lane < LANES; lane++)
		assert_int_equal(pthread_create(&threads[lane], NULL, claim_all, (void *)lane), 0);
	for (unsigned int lane = 0; lane < LANES; lane++)
		pthread_join(threads[lane], NULL);
	pthread_barrier_destroy(&start);
	for (unsigned int round = 0; round < ROUNDS; round++)
		for (uint32_t ssrc = 0; ssrc < CLAIMS; ssrc++)
			assert_int_equal(taken[0][round][ssrc] + taken[1][round][ssrc], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_come_first_served),
		cmocka_unit_test(what_was_left),
		cmocka_unit_test(so_many_and_no_more),
		cmocka_unit_test(each_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
