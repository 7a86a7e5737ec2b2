/* SPDX-License-Identifier: BSD-3-Clause */
/* The E-model against what is published of it, and what becomes of a stream's counts. */
#include "controlplane/session/rated.h"

#include <math.h>

#include "tests/rig/test.h"

static void assert_near(const char *what, double value, double expected, double by)
{
	if (fabs(value - expected) > by)
		fail_msg("%s: %.3f, not %.3f", what, value, expected);
}

/* --- the model --- */

/* G.107 annex B, table B.1: the values between the classes of quality. */
static void mos_follows_r(void **state)
{
	static const struct {
		double r, mos;
	} cases[] = {{-5, 1},    {0, 1},     {50, 2.58},   {60, 3.10}, {70, 3.60},
		     {80, 4.03}, {90, 4.34}, {93.2, 4.41}, {100, 4.5}, {120, 4.5}};

	for (size_t k = 0; k < COUNT(cases); k++)
		assert_near("MOS", emodel_mos(cases[k].r), cases[k].mos, 0.007);
}

static struct emodel_rating rate(const char *codec, double loss, double burst, double delay_ms)
{
	const struct emodel_way way = {voice_codec_find(codec), loss, burst, delay_ms};

	assert_non_null(way.codec);
	return emodel_rate(&way);
}

/* G.107 table 2 with no delay: R 93.2. With loss: G.113 appendix I, Ie,eff by G.107 (7-29). */
static void known_ratings(void **state)
{
	static const struct {
		const char *codec;
		double percent, burst, delay_ms, r;
	} cases[] = {
		{"PCMU", 0, 1, 0, 93.2},
		{"PCMA", 0, 1, 0, 93.2},
		{"G729", 0, 1, 0, 82.2},
		{"G723", 0, 1, 0, 78.2},
		{"GSM-EFR", 0, 1, 0, 88.2},
		{"PCMU", 1, 1, 0, 93.2 - 95.0 / 26.1},
		{"PCMU", 5, 1, 0, 93.2 - 475.0 / 30.1},
		{"PCMU", 5, 2, 0, 93.2 - 475.0 / 27.6},
		{"G729", 2, 1, 0, 82.2 - 168.0 / 21},
		/* G.114: up to 150 ms hardly anybody minds, 400 ms nobody should plan. */
		{"PCMU", 0, 1, 100, 90.7},
		{"PCMU", 0, 1, 150, 89.5},
		{"PCMU", 0, 1, 400, 62.2},
		/* G.107.1: 129 for a perfect wide band; G.722 at 64 kbit/s impairs 13. */
		{"L16", 0, 1, 0, 128.9},
		{"G722", 0, 1, 0, 115.9},
	};

	for (size_t k = 0; k < COUNT(cases); k++)
		assert_near(cases[k].codec,
			    rate(cases[k].codec, cases[k].percent / 100, cases[k].burst,
				 cases[k].delay_ms)
				    .r,
			    cases[k].r, 0.3);
}

static void delay_is_for_those_who_talk(void **state)
{
	struct emodel_rating far = rate("PCMU", 0, 1, 400), near = rate("PCMU", 0, 1, 0);

	assert_near("MOS-LQ", far.listening, near.listening, 0.001);
	assert_near("MOS-CQ", far.conversational, 3.2, 0.05);
	assert_near("MOS-CQ", near.conversational, 4.41, 0.01);
}

static void more_of_anything_is_never_better(void **state)
{
	static const char *const names[] = {"PCMU", "G729", "G722", "opus"};

	for (size_t k = 0; k < COUNT(names); k++)
		for (double loss = 0; loss < 1; loss += 0.05)
			for (double delay = 0; delay < 1000; delay += 50) {
				struct emodel_rating less = rate(names[k], loss, 1, delay),
						     more = rate(names[k], loss + 0.01, 1, delay);

				assert_true(more.r <= less.r && more.listening <= less.listening);
				assert_true(less.conversational <= less.listening);
				more = rate(names[k], loss, 1.5, delay);
				assert_true(more.r <= less.r);
				more = rate(names[k], loss, 1, delay + 10);
				assert_true(more.r <= less.r);
				assert_true(less.conversational >= 1 && less.listening <= 4.5);
			}
}

static void codecs_have_names(void **state)
{
	assert_ptr_equal(voice_codec_find("pcmu"), voice_codec_find("PCMU"));
	assert_true(voice_codec_find("OPUS")->wide);
	assert_null(voice_codec_find("telephone-event"));
	assert_null(voice_codec_find("CN"));
	assert_null(voice_codec_find("VP8"));
}

/* --- intervals --- */

#define PACKETS 500 /* of 20 ms: an interval of 10 s */

static void an_interval_is_rated(void **state)
{
	static const struct {
		const char *what;
		int64_t lost;
		uint32_t runs, late[QUALITY_LATE];
		double late_packets, buffer_ms, listening;
	} cases[] = {
		{"nothing is wrong", 0, 0, {0}, 0, 20, 4.41},
		{"5 % lost one by one", 25, 25, {0}, 0, 20, 3.93},
		{"5 % lost in runs of 5", 25, 5, {0}, 0, 20, 3.83},
		{"duplicates", -5, 0, {0}, 0, 20, 4.41},
		{"few are late", 0, 0, {3, 1}, 4, 20, 4.35},
		{"all are a bit late", 0, 0, {400}, 0, 40, 4.41},
		{"many are", 0, 0, {100, 50, 20, 10, 6}, 0, 200, 4.41},
		{"some come too late for any", 0, 0, {0, 0, 0, 0, 0, 25}, 25, 250, 3.89},
	};
	const struct voice_codec *codec = voice_codec_find("PCMU");

	for (size_t k = 0; k < COUNT(cases); k++) {
		struct quality_reading before = {.packets = 7000,
						 .lost = 40,
						 .gone = 40,
						 .runs = 3,
						 .late = {9, 9, 9, 9, 9, 9}};
		struct quality_reading now = before;
		struct quality_sample s;

		now.packets += PACKETS - (cases[k].lost > 0 ? cases[k].lost : 0);
		now.lost += cases[k].lost;
		now.gone += cases[k].lost > 0 ? cases[k].lost : 0;
		now.runs += cases[k].runs;
		for (int n = 0; n < QUALITY_LATE; n++)
			now.late[n] += cases[k].late[n];
		s = quality_rate(&before, &now, codec, 10000);
		assert_near(cases[k].what, s.late, cases[k].late_packets, 0.01);
		assert_near(cases[k].what, s.delay_ms, cases[k].buffer_ms + 20, 0.01);
		assert_near(cases[k].what, s.listening, cases[k].listening, 0.05);
	}
}

static void nothing_is_rated_by_little(void **state)
{
	const struct quality_reading before = {.packets = 100};
	struct quality_reading now = {.packets = 105};

	struct quality q;

	quality_begin(&q, &before, 0);
	quality_take(&q, &now, voice_codec_find("PCMU"), 10000);
	assert_int_equal(q.count, 1);
	assert_true(q.samples[0].listening == 0 && !q.rated_ms);
	quality_end(&q);
	now.packets = 600;
	assert_true(quality_rate(&before, &now, NULL, 10000).listening == 0);
	assert_true(quality_rate(&before, &now, NULL, 10000).packets == 500);
	/* Silence is no loss: it is the diagnosis' to tell. */
	assert_true(quality_rate(&before, &before, voice_codec_find("PCMU"), 1).listening == 0);
}

/* --- history --- */

static void history_is_bounded_and_complete(void **state)
{
	const struct voice_codec *codec = voice_codec_find("PCMA");
	struct quality_reading now = {.packets = 0};
	double ms = 0, packets = 0, lost = 0;
	struct quality q;

	quality_begin(&q, &now, 1000);
	for (unsigned int n = 1; n <= 1000; n++) {
		now.packets += PACKETS;
		if (n == 500) { /* one bad interval */
			now.packets -= 100;
			now.lost = now.gone = 100;
			now.runs = 100;
		}
		quality_take(&q, &now, codec, 1000 + 10000 * n);
		assert_in_range(q.count, 1, QUALITY_SAMPLES);
	}
	for (unsigned int k = 0; k < q.count; k++) {
		ms += q.samples[k].ms;
		packets += q.samples[k].packets;
		lost += q.samples[k].lost;
		assert_true(q.samples[k].listening > 4);
	}
	assert_near("ms", ms, 10000000, 0.5);
	assert_near("packets", packets, now.packets, 0.5);
	assert_near("lost", lost, 100, 0.01);
	assert_near("worst", q.worst, 2.57, 0.05);
	assert_near("best", q.best, 4.4, 0.02);
	assert_near("average", quality_average(&q), 4.39, 0.02);
	quality_end(&q);
}

static void a_pause_is_no_bad_quality(void **state)
{
	const struct voice_codec *codec = voice_codec_find("PCMA");
	struct quality_reading now = {.packets = 0};
	struct quality q;

	quality_begin(&q, &now, 0);
	for (unsigned int n = 1; n <= 200; n++) {
		now.packets += n % 2 ? PACKETS : 0;
		quality_take(&q, &now, codec, 10000 * n);
	}
	assert_near("worst", q.worst, 4.4, 0.02);
	assert_near("average", quality_average(&q), 4.4, 0.02);
	for (unsigned int k = 0; k < q.count; k++)
		assert_near("sample", q.samples[k].listening, 4.41, 0.01);
	quality_end(&q);
}

static void what_was_before_is_another_interval(void **state)
{
	const struct voice_codec *codec = voice_codec_find("PCMA");
	struct quality_reading now = {.packets = 9500, .lost = 500, .gone = 500, .runs = 500};
	struct quality q;

	quality_begin(&q, &now, 0);
	assert_true(quality_average(&q) == 0);
	now.packets += PACKETS;
	quality_take(&q, &now, codec, 10000);
	assert_near("interval", q.worst, 4.4, 0.02);
	assert_near("average", quality_average(&q), 4.4, 0.02);
	quality_end(&q);
}

static void counts_that_begin_anew_are_no_interval(void **state)
{
	const struct voice_codec *codec = voice_codec_find("PCMA");
	struct quality_reading now = {.packets = 9000, .lost = 30, .gone = 30, .runs = 30};
	struct quality q;

	quality_begin(&q, &now, 0);
	now = (struct quality_reading){.packets = 100};
	quality_take(&q, &now, codec, 10000);
	assert_int_equal(q.count, 0);
	now.packets += PACKETS;
	quality_take(&q, &now, codec, 20000);
	assert_int_equal(q.count, 1);
	assert_near("packets", q.samples[0].packets, PACKETS, 0.1);
	quality_end(&q);
}

/* The payload type that was seen last is that of a tone, or of comfort noise. */
static void an_interval_that_ends_in_a_tone_is_rated(void **state)
{
	struct quality_reading now = {.packets = 0};
	struct quality q;

	quality_begin(&q, &now, 0);
	for (unsigned int n = 1; n <= 4; n++) {
		now.packets += PACKETS;
		quality_take(&q, &now, n % 2 ? voice_codec_find("PCMA") : NULL, 10000 * n);
	}
	assert_int_equal(q.rated_ms, 40000);
	quality_end(&q);
}

/* --- streams of a leg --- */

static void who_is_heard_keeps_its_place(void **state)
{
	struct rated_list list = LIST_HEAD_INITIALIZER(list);
	struct rated *r;

	for (uint32_t ssrc = 1; ssrc <= 8; ssrc++) {
		r = rated_add(&list, ssrc, 0);
		assert_non_null(r);
		r->heard_ms = 1000 * ssrc;
	}
	assert_null(rated_add(&list, 9, 1000));
	r = rated_add(&list, 9, 3500);
	assert_non_null(r);
	r->heard_ms = 9000;
	assert_null(rated_find(&list, 1));
	for (uint32_t ssrc = 2; ssrc <= 9; ssrc++)
		assert_int_equal(rated_find(&list, ssrc)->ssrc, ssrc);
	rated_free(&list);
	assert_true(LIST_EMPTY(&list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mos_follows_r),
		cmocka_unit_test(known_ratings),
		cmocka_unit_test(delay_is_for_those_who_talk),
		cmocka_unit_test(more_of_anything_is_never_better),
		cmocka_unit_test(codecs_have_names),
		cmocka_unit_test(an_interval_is_rated),
		cmocka_unit_test(nothing_is_rated_by_little),
		cmocka_unit_test(history_is_bounded_and_complete),
		cmocka_unit_test(a_pause_is_no_bad_quality),
		cmocka_unit_test(what_was_before_is_another_interval),
		cmocka_unit_test(counts_that_begin_anew_are_no_interval),
		cmocka_unit_test(an_interval_that_ends_in_a_tone_is_rated),
		cmocka_unit_test(who_is_heard_keeps_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
