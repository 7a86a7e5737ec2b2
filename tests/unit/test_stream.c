/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/srtp/index.h"
#include "dataplane/stream.h"

#include "tests/rig/media.h"
#include "tests/rig/test.h"

/* --- estimation --- */

static void estimates(void **state)
{
	static const struct {
		uint64_t highest;
		uint16_t seq;
		uint64_t index;
	} cases[] = {
		/* the first packet, wherever it begins */
		{INDEX_NONE, 0, 0},
		{INDEX_NONE, 0xffff, 0xffff},
		/* in order and a little late */
		{100, 101, 101},
		{100, 99, 99},
		{100, 100, 100},
		/* across the wrap, in order, with loss, and late */
		{0xffff, 0, 0x10000},
		{0xfff0, 5, 0x10005},
		{0x10000, 0xffff, 0xffff},
		{0x10005, 0xfff0, 0xfff0},
		{0x7fffffff, 0, 0x80000000},
		{0x80000003, 0xfffe, 0x7ffffffe},
		/* half the circle decides */
		{0x17fff, 0xffff, 0x1ffff},
		{0x17ffe, 0xffff, 0x0ffff},
		{0x18000, 0x0000, 0x10000},
		{0x18001, 0x0000, 0x20000},
		{0x18000, 0xffff, 0x1ffff},
		/* nothing comes from before the beginning: a leap ahead is what is left */
		{5, 0xfff0, 0xfff0},
		{0x7fff, 0xffff, 0xffff},
		{0x8000, 0, 0},
		{0x8001, 0, 0x10000},
		/* the end of a key's life */
		{INDEX_END - 1, 0xfffe, INDEX_END - 2},
		{INDEX_END - 1, 0, INDEX_END},
	};

	for (unsigned int k = 0; k < RTE_DIM(cases); k++)
		assert_int_equal(index_estimate(cases[k].highest, cases[k].seq), cases[k].index);
}

/* Deterministic, so that a failure comes again. */
static uint64_t seed = 88172645463325252ULL;

static uint64_t chance(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* Whatever is lost and however late packets are, within half the circle the index is found. */
static void finds_every_index(void **state)
{
	for (unsigned int run = 0; run < 50; run++) {
		uint64_t highest = chance(0x10000);

		for (unsigned int k = 0; k < 20000; k++) {
			uint64_t index = highest + chance(2) * chance(0x7fff);
			uint64_t late = chance(4) ? 0 : chance(0x7fff);

			index = index > late ? index - late : 0;
			assert_int_equal(index_estimate(highest, index), index);
			if (index > highest)
				highest = index;
		}
		assert_true(highest >> 16 > 100);
	}
}

/* --- windows --- */

#define MODEL_SPAN (1 << 20)

static void compare_with_model(unsigned int size)
{
	uint64_t window[STREAM_WINDOW / 64];
	static bool seen[MODEL_SPAN];
	uint64_t highest = INDEX_NONE, top = 0;
	unsigned int refused = 0, accepted = 0;

	memset(seen, 0, sizeof(seen));
	memset(window, 0xa5, sizeof(window)); /* whatever an earlier key left behind */
	while (top < MODEL_SPAN - 10 * size) {
		uint64_t ahead = chance(50) ? chance(3) : chance(4 * size);
		uint64_t index = top + ahead;
		bool fresh;

		if (chance(3) == 0) {
			uint64_t late = chance(size + size / 4);

			index = index > late ? index - late : 0;
		}
		fresh = highest == INDEX_NONE || index > top ||
			(top - index < size && !seen[index]);
		assert_int_equal(index_seen(window, size, highest, index), !fresh);
		if (!fresh) {
			refused++;
			continue;
		}
		index_add(window, size, &highest, index);
		seen[index] = true;
		if (accepted++ == 0 || index > top)
			top = index;
		assert_int_equal(highest, top);
	}
	assert_true(refused > 1000 && accepted > 1000);
}

static void the_window_is_the_model(void **state)
{
	compare_with_model(STREAM_WINDOW);
	compare_with_model(STREAM_RTCP_WINDOW);
}

static void the_window_has_edges(void **state)
{
	uint64_t window[STREAM_WINDOW / 64] = {0};
	uint64_t highest = INDEX_NONE;

	index_add(window, STREAM_WINDOW, &highest, 5000);
	assert_false(index_seen(window, STREAM_WINDOW, highest, 5000 - 1023));
	assert_true(index_seen(window, STREAM_WINDOW, highest, 5000 - 1024));
	index_add(window, STREAM_WINDOW, &highest, 5000 - 1023);
	assert_true(index_seen(window, STREAM_WINDOW, highest, 5000 - 1023));
	index_add(window, STREAM_WINDOW, &highest, 5001);
	assert_true(index_seen(window, STREAM_WINDOW, highest, 5000));
	index_add(window, STREAM_WINDOW, &highest, 5001 + 1024);
	assert_true(index_seen(window, STREAM_WINDOW, highest, 5001));
	assert_false(index_seen(window, STREAM_WINDOW, highest, 5002));
}

/* --- the pool --- */

static void a_flow_has_its_limit(void **state)
{
	struct bench *f = media_create(6);
	struct worker *w = f->worker;
	struct flow one = {0}, other = {0}; /* the first of each is its own */
	struct stream *s, *first = NULL;

	w->streams_per_flow = 5;
	for (uint32_t ssrc = 0; ssrc < 5; ssrc++) {
		assert_null(flow_stream(&one, ssrc));
		assert_int_equal(stream_add(w, &one, ssrc, 0, &s), DROP_NONE);
		assert_ptr_equal(flow_stream(&one, ssrc), s);
		assert_ptr_equal(one.streams, s);
		if (!first)
			first = s;
	}
	assert_int_equal(stream_add(w, &one, 5, 0, &s), DROP_STREAM_LIMIT);
	assert_null(flow_stream(&one, 5));
	assert_ptr_equal(flow_stream(&one, 0), first);

	for (uint32_t ssrc = 0; ssrc < 3; ssrc++)
		assert_int_equal(stream_add(w, &other, ssrc, 0, &s), DROP_NONE);
	assert_int_equal(stream_add(w, &other, 3, 0, &s), DROP_STREAM_POOL);
	assert_int_equal(w->free_stream_count, 0);

	stream_release_all(w, &one);
	assert_null(one.streams);
	assert_int_equal(one.stream_count, 0);
	assert_int_equal(w->free_stream_count, 4);
	assert_int_equal(stream_add(w, &other, 3, 0, &s), DROP_NONE);
	assert_int_equal(s->receive_highest[0], INDEX_NONE);
	assert_int_equal(s->meter.packets, 0);
	stream_release_all(w, &other);
	assert_int_equal(w->free_stream_count, 6);
	media_destroy(f);
}

static void new_keys_begin_anew(void **state)
{
	struct bench *f = media_create(1);
	struct worker *w = f->worker;
	struct flow flow = {0};
	struct stream *s;

	assert_int_equal(stream_add(w, &flow, 1, 0, &s), DROP_NONE);
	s->receive_highest[0] = s->receive_highest[1] = 7;
	s->receive_rtcp_highest[0] = s->receive_rtcp_highest[1] = 8;
	s->send_highest = 9;
	s->send_rtcp = 10;

	stream_new_receive_epoch(&flow, 3);
	assert_int_equal(s->receive_highest[1], INDEX_NONE);
	assert_int_equal(s->receive_rtcp_highest[1], INDEX_NONE);
	assert_int_equal(s->receive_highest[0], 7);
	assert_int_equal(s->receive_rtcp_highest[0], 8);
	assert_int_equal(s->send_highest, 9);

	stream_new_send_key(&flow, false);
	assert_int_equal(s->send_highest, INDEX_NONE);
	assert_int_equal(s->send_rtcp, 1);
	assert_int_equal(s->receive_highest[0], 7);
	stream_release_all(w, &flow);
	media_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(estimates),
		cmocka_unit_test(finds_every_index),
		cmocka_unit_test(the_window_is_the_model),
		cmocka_unit_test(the_window_has_edges),
		cmocka_unit_test(a_flow_has_its_limit),
		cmocka_unit_test(new_keys_begin_anew),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
