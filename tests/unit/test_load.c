/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers say of their load, and how many more calls fit by that. */
#include "dataplane/load.h"

#include <string.h>

#include "controlplane/session/headroom.h"
#include "controlplane/session/workload.h"
#include "tests/rig/test.h"

#define HZ 2500000000ULL
#define US (HZ / 1000000)

static void packets_are_told_by_how_long_they_took(void **state)
{
	static const struct {
		uint64_t took;
		unsigned int place;
	} cases[] = {
		{0, 0},          {1 * US, 0},      {1 * US + 1, 1},      {2 * US, 1},
		{5 * US, 2},     {6 * US, 3},      {20 * US, 4},         {50 * US + 1, 6},
		{999 * US, 9},   {10000 * US, 12}, {10000 * US + 1, 13}, {HZ, 13},
		{5000 * US, 11}, {2001 * US, 11},
	};

	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct load load = {.departed = 1000};

		load_start(&load, HZ);
		load.departed += 7;
		load_depart(&load, 1000, 4711, 4711 + cases[k].took);
		for (unsigned int place = 0; place <= LOAD_BOUNDS; place++)
			if (load.latency[place] != (place == cases[k].place ? 7 : 0))
				fail_msg("%lu ticks: %lu packets in place %u",
					 (unsigned long)cases[k].took,
					 (unsigned long)load.latency[place], place);
		assert_int_equal(load.latency_sum, 7 * cases[k].took);
	}
}

static void a_burst_that_sends_nothing_takes_no_time(void **state)
{
	struct load load = {.departed = 5};

	load_start(&load, HZ);
	load_depart(&load, 5, 0, 400 * US);
	for (unsigned int place = 0; place <= LOAD_BOUNDS; place++)
		assert_int_equal(load.latency[place], 0);
	assert_int_equal(load.latency_sum, 0);
}

static void turns_are_busy_or_not(void **state)
{
	struct load load = {.busy = 0};

	load_turn(&load, 300, true);
	load_turn(&load, 700, false);
	load_turn(&load, 100, true);
	assert_int_equal(load.busy, 400);
	assert_int_equal(load.total, 1100);
}

/* --- the share of the last seconds ----------------------------------------------------------- */

static struct {
	Tandem__Dataplane__V1__Reply reply;
	Tandem__Dataplane__V1__Worker worker[2], *workers[2];
} said;

/* Milliseconds since the start. */
static const Tandem__Dataplane__V1__Reply *say(uint64_t total, uint64_t busy, uint64_t busy_other)
{
	tandem__dataplane__v1__reply__init(&said.reply);
	for (unsigned int k = 0; k < 2; k++) {
		said.workers[k] = &said.worker[k];
		tandem__dataplane__v1__worker__init(&said.worker[k]);
		said.worker[k].total_us = 1000 * total;
		said.worker[k].busy_us = 1000 * (k ? busy_other : busy);
	}
	said.reply.workers = said.workers;
	said.reply.n_workers = 2;
	return &said.reply;
}

static void the_share_is_of_the_last_seconds(void **state)
{
	static struct workload load;
	double busy[WORKLOAD_WORKERS];

	assert_int_equal(workload_busy(&load, say(100000, 1000, 1000), busy), 0);
	workload_take(&load, say(100000, 1000, 1000));
	/* Too soon to tell. */
	assert_int_equal(workload_busy(&load, say(100999, 1900, 1000), busy), 0);
	assert_int_equal(workload_busy(&load, say(102000, 2000, 1500), busy), 2);
	assert_float_equal(busy[0], 0.5, 1e-9);
	assert_float_equal(busy[1], 0.25, 1e-9);
	/* Right after a reading the one before it counts. */
	workload_take(&load, say(110000, 2000, 1000));
	assert_int_equal(workload_busy(&load, say(110500, 2000, 4150), busy), 2);
	assert_float_equal(busy[0], 1000 / 10500.0, 1e-9);
	assert_float_equal(busy[1], 0.3, 1e-9);
	/* Two readings at once are one. */
	workload_take(&load, say(110100, 2000, 1000));
	assert_int_equal(workload_busy(&load, say(110500, 2000, 4150), busy), 2);
	/* Another dataplane counts from 0. */
	assert_int_equal(workload_busy(&load, say(500, 100, 100), busy), 0);
	workload_reset(&load);
	assert_int_equal(workload_busy(&load, say(120000, 5000, 5000), busy), 0);
}

/* --- how many more --------------------------------------------------------------------------- */

static void what_ends_first_is_the_limit(void **state)
{
	static const struct {
		const char *what;
		struct headroom_now now;
		struct headroom_pool ports[2];
		struct headroom expected;
	} cases[] = {
		{"no call", {0, 1000, {0, 500}, NULL, 1, 0.01}, {{0, 100}}, {0, ""}},
		{"nobody knows how busy they are",
		 {10, 1000, {20, 480}, NULL, 1, -1},
		 {{20, 80}},
		 {0, ""}},
		{"calls", {10, 12, {20, 480}, NULL, 1, 0.1}, {{20, 80}}, {2, "calls"}},
		{"all calls that may be",
		 {12, 12, {20, 480}, NULL, 1, 0.1},
		 {{20, 80}},
		 {0, "calls"}},
		{"legs", {10, 1000, {20, 11}, NULL, 1, 0.1}, {{20, 80}}, {5, "legs"}},
		{"no leg left", {10, 1000, {20, 1}, NULL, 1, 0.1}, {{20, 80}}, {0, "legs"}},
		{"ports", {10, 1000, {20, 480}, NULL, 1, 0.1}, {{20, 80}}, {40, "ports"}},
		{"ports of the fuller address",
		 {10, 1000, {20, 480}, NULL, 2, 0.1},
		 {{10, 90}, {20, 30}},
		 {15, "ports"}},
		{"an address that nobody uses",
		 {10, 1000, {20, 480}, NULL, 2, 0.1},
		 {{20, 80}, {0, 0}},
		 {40, "ports"}},
		{"workers", {10, 1000, {20, 480}, NULL, 1, 0.2}, {{20, 80}}, {30, "workers"}},
		{"workers, near the end",
		 {100, 1000, {200, 4800}, NULL, 1, 0.64},
		 {{200, 8000}},
		 {25, "workers"}},
		{"workers, beyond it",
		 {100, 1000, {200, 4800}, NULL, 1, 0.95},
		 {{200, 8000}},
		 {0, "workers"}},
		{"idle workers", {10, 1000, {20, 480}, NULL, 1, 0}, {{20, 80}}, {40, "ports"}},
	};

	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct headroom_now now = cases[k].now;
		struct headroom h;

		now.ports = cases[k].ports;
		h = headroom_estimate(&now);
		if (h.calls != cases[k].expected.calls ||
		    strcmp(h.limit, cases[k].expected.limit) != 0)
			fail_msg("%s: %lu more, for %s", cases[k].what, (unsigned long)h.calls,
				 h.limit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_told_by_how_long_they_took),
		cmocka_unit_test(a_burst_that_sends_nothing_takes_no_time),
		cmocka_unit_test(turns_are_busy_or_not),
		cmocka_unit_test(the_share_is_of_the_last_seconds),
		cmocka_unit_test(what_ends_first_is_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
