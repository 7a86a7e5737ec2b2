/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/ports.h"

#include <errno.h>

#include "tests/rig/test.h"

static void pairs_are_even_and_odd(void **state)
{
	bool seen[10] = {false};
	struct ports *p;

	assert_int_equal(ports_open(&p, 20000, 20009, 0), 0);
	for (int i = 0; i < 5; i++) {
		int port = ports_take(p, true, 0);

		assert_in_range(port, 20000, 20008);
		assert_int_equal(port % 2, 0);
		assert_false(seen[port - 20000]);
		seen[port - 20000] = true;
	}
	assert_int_equal(ports_used(p), 10);
	assert_int_equal(ports_free(p), 0);
	assert_int_equal(ports_take(p, true, 0), -EADDRNOTAVAIL);
	assert_int_equal(ports_take(p, false, 0), -EADDRNOTAVAIL);
	ports_close(p);
}

static void singles_use_both_halves(void **state)
{
	struct ports *p;
	int port[4];

	assert_int_equal(ports_open(&p, 20000, 20003, 0), 0);
	for (int i = 0; i < 4; i++) {
		port[i] = ports_take(p, false, 0);
		assert_true(port[i] > 0);
	}
	assert_int_equal(port[0] ^ 1, port[1]); /* the half comes before the next pair is split */
	assert_int_equal(ports_take(p, false, 0), -EADDRNOTAVAIL);
	ports_give(p, port[0], false, 0);
	assert_int_equal(ports_take(p, true, 0), -EADDRNOTAVAIL);
	ports_give(p, port[1], false, 0);
	assert_int_equal(ports_take(p, true, 0), port[0] & ~1);
	ports_close(p);
}

static void quarantine_holds(void **state)
{
	struct ports *p;
	int port;

	assert_int_equal(ports_open(&p, 20000, 20001, 5000), 0);
	port = ports_take(p, true, 100);
	assert_int_equal(port, 20000);
	ports_give(p, port, true, 1000);
	assert_int_equal(ports_take(p, true, 5999), -EADDRNOTAVAIL);
	assert_int_equal(ports_free(p), 2);
	assert_int_equal(ports_take(p, true, 6000), port);
	ports_give(p, port, true, 6000);
	/* A single's quarantine holds the whole pair back once both are free. */
	port = ports_take(p, false, 20000);
	ports_give(p, port, false, 30000);
	assert_int_equal(ports_take(p, true, 34999), -EADDRNOTAVAIL);
	assert_int_equal(ports_take(p, true, 35000), 20000);
	ports_close(p);
}

static void the_longest_free_comes_first(void **state)
{
	struct ports *p;
	int first, second;

	assert_int_equal(ports_open(&p, 20000, 20003, 0), 0);
	first = ports_take(p, true, 0);
	second = ports_take(p, true, 0);
	ports_give(p, second, true, 1);
	ports_give(p, first, true, 2);
	assert_int_equal(ports_take(p, true, 3), second);
	assert_int_equal(ports_take(p, true, 3), first);
	ports_close(p);
}

static void claims(void **state)
{
	struct ports *p;

	assert_int_equal(ports_open(&p, 20000, 20003, 5000), 0);
	assert_int_equal(ports_claim(p, 20001, true), -ERANGE);
	assert_int_equal(ports_claim(p, 19999, false), -ERANGE);
	assert_int_equal(ports_claim(p, 20004, false), -ERANGE);
	assert_int_equal(ports_claim(p, 20001, false), 0);
	assert_int_equal(ports_claim(p, 20001, false), -EADDRINUSE);
	assert_int_equal(ports_claim(p, 20000, true), -EADDRINUSE);
	assert_int_equal(ports_claim(p, 20000, false), 0);
	assert_int_equal(ports_claim(p, 20002, true), 0);
	assert_int_equal(ports_used(p), 4);
	ports_close(p);
}

static void wrong_ranges(void **state)
{
	struct ports *p;

	assert_int_equal(ports_open(&p, 20001, 20010, 0), -EINVAL);
	assert_int_equal(ports_open(&p, 20000, 20010, 0), -EINVAL);
	assert_int_equal(ports_open(&p, 20010, 20001, 0), -EINVAL);
	assert_int_equal(ports_open(&p, 0, 9, 0), -EINVAL);
	assert_int_equal(ports_open(&p, 65534, 65537, 0), -EINVAL);
	assert_int_equal(ports_open(&p, 65534, 65535, 0), 0);
	ports_close(p);
}

/* Whatever is done in whatever order, no port is handed out twice and none is lost. */
static void random_walk(void **state)
{
	struct {
		int port;
		bool pair;
	} held[64];
	bool taken[64] = {false};
	unsigned int count = 0, used = 0;
	struct ports *p;

	srandom(1);
	assert_int_equal(ports_open(&p, 30000, 30063, 3), 0);
	for (uint64_t now = 0; now < 20000; now++) {
		bool pair = random() % 2;
		int port;

		if (count && random() % 2) {
			unsigned int i = random() % count;

			ports_give(p, held[i].port, held[i].pair, now);
			taken[held[i].port - 30000] = false;
			if (held[i].pair)
				taken[held[i].port - 29999] = false;
			used -= 1 + held[i].pair;
			held[i] = held[--count];
		} else if ((port = ports_take(p, pair, now)) > 0) {
			assert_false(taken[port - 30000]);
			taken[port - 30000] = true;
			if (pair) {
				assert_false(taken[port - 29999]);
				taken[port - 29999] = true;
			}
			held[count].port = port;
			held[count++].pair = pair;
			used += 1 + pair;
		}
		assert_int_equal(ports_used(p), used);
	}
	while (count--)
		ports_give(p, held[count].port, held[count].pair, 20000);
	for (int i = 0; i < 32; i++)
		assert_true(ports_take(p, true, 30000) > 0);
	ports_close(p);
}

/* Out of quarantine by who had it last, and by nobody else. */
static void taken_again(void **state)
{
	struct ports *p;

	assert_int_equal(ports_open(&p, 20000, 20001, 1000), 0);
	assert_int_equal(ports_take(p, true, 0), 20000);
	ports_give(p, 20000, true, 10);
	assert_int_equal(ports_take(p, true, 500), -EADDRNOTAVAIL);
	assert_int_equal(ports_take_again(p, 20000, true, 9, 500), -EADDRINUSE);
	assert_int_equal(ports_take_again(p, 20000, true, 10, 500), 0);
	assert_int_equal(ports_take_again(p, 20000, true, 10, 500), -EADDRINUSE);
	ports_give(p, 20000, true, 600);
	assert_int_equal(ports_take_again(p, 20000, true, 10, 700), -EADDRINUSE);
	assert_int_equal(ports_take_again(p, 20000, true, 10, 1600), 0);
	assert_int_equal(ports_take_again(p, 19999, false, 0, 5000), -EADDRINUSE);
	ports_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_again),
		cmocka_unit_test(pairs_are_even_and_odd),
		cmocka_unit_test(singles_use_both_halves),
		cmocka_unit_test(quarantine_holds),
		cmocka_unit_test(the_longest_free_comes_first),
		cmocka_unit_test(claims),
		cmocka_unit_test(wrong_ranges),
		cmocka_unit_test(random_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
