/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/slab.h"

#include <rte_malloc.h>

#include "tests/rig/bench.h"
#include "tests/rig/test.h"

#define SIZE 200
#define MANY 5000 /* more than one chunk has */

static void objects_are_apart(void **state)
{
	static uint8_t *objects[MANY];
	struct slab slab = {.size = SIZE};

	for (unsigned int k = 0; k < MANY; k++) {
		objects[k] = slab_take(&slab);
		assert_non_null(objects[k]);
		assert_int_equal((uintptr_t)objects[k] % RTE_CACHE_LINE_SIZE, 0);
		memset(objects[k], k, SIZE);
	}
	for (unsigned int k = 0; k < MANY; k++)
		for (unsigned int i = 0; i < SIZE; i++)
			assert_int_equal(objects[k][i], (uint8_t)k);
	slab_release(&slab);
}

static void last_put_is_taken_first(void **state)
{
	struct slab slab = {.size = SIZE};
	void *a = slab_take(&slab), *b = slab_take(&slab);

	slab_put(&slab, NULL);
	slab_put(&slab, a);
	slab_put(&slab, b);
	assert_ptr_equal(slab_take(&slab), b);
	assert_ptr_equal(slab_take(&slab), a);
	slab_release(&slab);
}

/* Legs that come and go leave nothing behind that grows. */
static void memory_is_used_again(void **state)
{
	struct rte_malloc_socket_stats before, after;
	struct slab slab = {.size = SIZE};
	void *objects[MANY];

	for (unsigned int turn = 0; turn < 3; turn++) {
		for (unsigned int k = 0; k < MANY; k++)
			objects[k] = slab_take(&slab);
		rte_malloc_get_socket_stats(0, turn ? &after : &before);
		for (unsigned int k = 0; k < MANY; k++)
			slab_put(&slab, objects[k * 7 % MANY]);
	}
	assert_int_equal(after.heap_allocsz_bytes, before.heap_allocsz_bytes);
	slab_release(&slab);
}

static void release_gives_all_back(void **state)
{
	struct rte_malloc_socket_stats before, after;
	struct slab slab = {.size = SIZE};

	rte_malloc_get_socket_stats(0, &before);
	for (unsigned int k = 0; k < MANY; k++)
		slab_take(&slab);
	slab_release(&slab);
	rte_malloc_get_socket_stats(0, &after);
	assert_int_equal(after.heap_allocsz_bytes, before.heap_allocsz_bytes);
	assert_null(slab.free);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_apart),
		cmocka_unit_test(last_put_is_taken_first),
		cmocka_unit_test(memory_is_used_again),
		cmocka_unit_test(release_gives_all_back),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
