/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP XR, octet by octet: read as RFC 3611 has it, and made. */
#include "dataplane/wire/xr.h"

#include <string.h>

#include "controlplane/quality/xr_make.h"
#include "dataplane/wire/rtcp.h"
#include "tests/rig/test.h"

/* Figures of RFC 3611: 4.4, 4.5, 4.6, 4.7, and a block that nobody knows between them. */
static const uint8_t packet[] = {
	0x80,
	207,
	0,
	32, /* XR, 33 words */
	0x01,
	0x02,
	0x03,
	0x04,

	/* receiver reference time */
	4,
	0,
	0,
	2,
	0xe4,
	0x5c,
	0x12,
	0x34,
	0x56,
	0x78,
	0x9a,
	0xbc,
	/* unknown */
	200,
	0xff,
	0,
	1,
	1,
	2,
	3,
	4,
	/* DLRR, two of them */
	5,
	0,
	0,
	6,
	0x0a,
	0x0b,
	0x0c,
	0x0d,
	0x11,
	0x12,
	0x13,
	0x14,
	0x00,
	0x01,
	0x80,
	0x00,
	0x0a,
	0x0b,
	0x0c,
	0x0e,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	/* statistics summary: loss, no duplicates, jitter */
	6,
	0xa0,
	0,
	9,
	0x21,
	0x22,
	0x23,
	0x24,
	0xff,
	0xf0,
	0x00,
	0x10,
	0,
	0,
	1,
	2,
	0,
	0,
	0,
	9,
	0,
	0,
	0,
	1,
	0,
	0,
	0,
	99,
	0,
	0,
	0,
	40,
	0,
	0,
	0,
	3,
	64,
	64,
	64,
	0,
	/* VoIP metrics */
	7,
	0,
	0,
	8,
	0x31,
	0x32,
	0x33,
	0x34,
	13,
	26,
	128,
	5,
	0x01,
	0x2c,
	0x13,
	0x88,
	0x00,
	0x50,
	0x00,
	0x78,
	0xec,
	0xc0,
	55,
	16,
	81,
	127,
	39,
	38,
	0xb0,
	0,
	0x00,
	0x28,
	0x00,
	0x3c,
	0x00,
	0xc8,
};

struct found {
	unsigned int blocks, times, delays, summaries, voices;
	uint32_t middle;
	struct xr_delay delay[2];
	struct xr_summary summary;
	struct xr_voice voice;
};

static struct found read_packet(const uint8_t *octets, uint32_t length)
{
	struct found f = {0};
	uint8_t copy[sizeof(packet)];
	struct rtcp_cursor cursor = {copy, length};
	struct rtcp_packet p;
	struct xr_block block;
	uint32_t at = 0;

	memcpy(copy, octets, length);
	if (!rtcp_next(&cursor, &p))
		return f;
	while (xr_next(&p, &at, &block)) {
		unsigned int k = 0;

		f.blocks++;
		f.times += xr_reference_time(&block, &f.middle);
		while (k < 2 && xr_delay(&block, k, &f.delay[k]))
			k++;
		f.delays += k;
		f.summaries += xr_summary(&block, &f.summary);
		f.voices += xr_voice(&block, &f.voice);
	}
	return f;
}

static void every_block_is_read(void **state)
{
	const struct found f = read_packet(packet, sizeof(packet));

	assert_int_equal(f.blocks, 5);
	assert_int_equal(f.times, 1);
	assert_int_equal(f.middle, 0x12345678);
	assert_int_equal(f.delays, 2);
	assert_int_equal(f.delay[0].ssrc, 0x0a0b0c0d);
	assert_int_equal(f.delay[0].lrr, 0x11121314);
	assert_int_equal(f.delay[0].dlrr, 0x18000);
	assert_int_equal(f.delay[1].ssrc, 0x0a0b0c0e);
	assert_int_equal(f.delay[1].lrr, 0);
	assert_int_equal(f.summaries, 1);
	assert_int_equal(f.summary.ssrc, 0x21222324);
	assert_int_equal(f.summary.begin, 0xfff0);
	assert_int_equal(f.summary.end, 0x10);
	assert_true(f.summary.has_loss && f.summary.has_jitter);
	assert_int_equal(f.summary.lost, 258);
	assert_int_equal(f.summary.jitter, 40);
}

static void voice_is_read(void **state)
{
	const struct found f = read_packet(packet, sizeof(packet));
	const struct xr_voice *v = &f.voice;

	assert_int_equal(f.voices, 1);
	assert_int_equal(v->ssrc, 0x31323334);
	assert_int_equal(v->lost, 13);
	assert_int_equal(v->discarded, 26);
	assert_int_equal(v->burst_density, 128);
	assert_int_equal(v->gap_density, 5);
	assert_int_equal(v->burst_ms, 300);
	assert_int_equal(v->gap_ms, 5000);
	assert_int_equal(v->round_trip_ms, 80);
	assert_int_equal(v->end_system_ms, 120);
	assert_int_equal(v->r, 81);
	assert_int_equal(v->mos_lq, 39);
	assert_int_equal(v->mos_cq, 38);
	assert_int_equal(v->buffer_ms, 40);
	assert_int_equal(v->buffer_most_ms, 60);
}

/* Whatever a block says of its length, the packet's is what counts; too short is not there. */
static void lengths_are_believed_by_none(void **state)
{
	static const struct {
		const char *what;
		uint8_t octets[64];
		uint32_t length;
		unsigned int blocks, times, delays, summaries, voices;
	} cases[] = {
		{"no block", {0x80, 207, 0, 1}, 8, 0, 0, 0, 0, 0},
		{"half of a packet's header", {0x80, 207, 0, 0}, 4, 0, 0, 0, 0, 0},
		{"a header alone", {0x80, 207, 0, 2, 0, 0, 0, 0, 7, 0, 0, 0}, 12, 1, 0, 0, 0, 0},
		{"longer than the packet",
		 {0x80, 207, 0, 2, 0, 0, 0, 0, 7, 0, 0, 8},
		 12,
		 0,
		 0,
		 0,
		 0,
		 0},
		{"as long as can be",
		 {0x80, 207, 0, 2, 0, 0, 0, 0, 4, 0, 0xff, 0xff},
		 12,
		 0,
		 0,
		 0,
		 0,
		 0},
		{"time, too short", {0x80, 207, 0, 3, 0, 0, 0, 0, 4, 0, 0, 1}, 16, 1, 0, 0, 0, 0},
		{"time, longer than it needs",
		 {0x80, 207, 0, 5, 0, 0, 0, 0, 4, 0, 0, 3},
		 24,
		 1,
		 1,
		 0,
		 0,
		 0},
		{"delay, one and a half",
		 {0x80, 207, 0, 6, 0, 0, 0, 0, 5, 0, 0, 4},
		 28,
		 1,
		 0,
		 1,
		 0,
		 0},
		{"summary, too short",
		 {0x80, 207, 0, 10, 0, 0, 0, 0, 6, 0xe0, 0, 8},
		 44,
		 1,
		 0,
		 0,
		 0,
		 0},
		{"voice, too short", {0x80, 207, 0, 9, 0, 0, 0, 0, 7, 0, 0, 7}, 40, 1, 0, 0, 0, 0},
		{"voice", {0x80, 207, 0, 10, 0, 0, 0, 0, 7, 0, 0, 8}, 44, 1, 0, 0, 0, 1},
		{"no XR", {0x80, 206, 0, 10, 0, 0, 0, 0, 7, 0, 0, 8}, 44, 0, 0, 0, 0, 0},
	};

	for (size_t k = 0; k < COUNT(cases); k++) {
		const struct found f = read_packet(cases[k].octets, cases[k].length);

		if (f.blocks != cases[k].blocks || f.times != cases[k].times ||
		    f.delays != cases[k].delays || f.summaries != cases[k].summaries ||
		    f.voices != cases[k].voices)
			fail_msg("%s: %u blocks, %u times, %u delays, %u summaries, %u voices",
				 cases[k].what, f.blocks, f.times, f.delays, f.summaries, f.voices);
	}
}

/* --- making ---------------------------------------------------------------------------------- */

static void what_is_made_is_what_the_rfc_has(void **state)
{
	static const struct xr_made made = {
		.by = 0x01020304,
		.cname = "abcde",
		.ssrc = 0x31323334,
		.lost = 0.05,     /* * 256 = 12.8 */
		.discarded = 0.1, /* 25.6 */
		.burst_density = 0.5,
		.gap_density = 0.02, /* 5.12 */
		.burst_ms = 300.4,
		.gap_ms = 5000,
		.round_trip_ms = 79.6,
		.buffer_ms = 40,
		.r = 81.3,
		.listening = 3.94,
		.conversational = 3.76,
	};
	static const uint8_t expected[] = {
		0x80, 201, 0,   1,   0x01, 0x02, 0x03, 0x04, /* RR */
		0x81, 202, 0,   3,   0x01, 0x02, 0x03, 0x04, /* SDES */
		1,    5,   'a', 'b', 'c',  'd',  'e',  0,    /* CNAME, and its end */
		0x80, 207, 0,   10,  0x01, 0x02, 0x03, 0x04, /* XR */
		7,    0,   0,   8,   0x31, 0x32, 0x33, 0x34, /* VoIP metrics */
		12,   25,  128, 5,   0x01, 0x2c, 0x13, 0x88, /* parts, durations */
		0,    80,  0,   0,   127,  127,  127,  16,   /* delays, levels, Gmin */
		81,   127, 39,  38,  0,    0,    0,    40,   /* ratings, buffer */
		0,    40,  0,   40,
	};
	uint8_t out[XR_MAKE_MOST];

	assert_int_equal(xr_make(out, &made), sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
}

static void what_is_not_known_says_so(void **state)
{
	static const struct xr_made made = {.by = 1, .cname = "", .ssrc = 2};
	uint8_t out[XR_MAKE_MOST];
	size_t length = xr_make(out, &made);
	const uint8_t *block = out + length - 36;

	assert_int_equal(length, 8 + 12 + 8 + 36);
	for (unsigned int k = 8; k < 20; k++)
		assert_int_equal(block[k], 0);
	assert_int_equal(block[24], 127);
	assert_int_equal(block[26], 127);
	assert_int_equal(block[27], 127);
}

static void nothing_is_too_large_for_its_place(void **state)
{
	static const struct xr_made made = {
		.by = UINT32_MAX,
		.cname = "a name that is much longer than there is room for",
		.ssrc = UINT32_MAX,
		.lost = 1,
		.discarded = 7,
		.burst_density = -0.5,
		.burst_ms = 1e9,
		.gap_ms = 65535.7,
		.round_trip_ms = -3,
		.r = 129,
		.listening = 4.5,
	};
	uint8_t out[XR_MAKE_MOST];
	size_t length = xr_make(out, &made);
	const uint8_t *block = out + length - 36;
	struct rtcp_cursor cursor = {out, length};
	unsigned int packets = 0;
	struct rtcp_packet p;

	while (rtcp_next(&cursor, &p))
		packets++;
	assert_int_equal(packets, 3);
	assert_int_equal(cursor.left, 0);
	assert_int_equal(out[8 + 9], XR_CNAME_MAX);
	assert_memory_equal(block + 8, ((uint8_t[]){255, 255, 0, 0, 255, 255, 255, 255, 0, 0}), 10);
	assert_int_equal(block[24], 100);
	assert_int_equal(block[26], 45);
}

/* Ends of the CNAME, at each place in a word. */
static void what_is_made_is_read(void **state)
{
	static const char name[] = "0123456789abcdef0123456789abcde";

	for (size_t length = 0; length <= XR_CNAME_MAX; length++) {
		const struct xr_made made = {
			.by = 1, .cname = name + XR_CNAME_MAX - length, .ssrc = 9};
		uint8_t out[XR_MAKE_MOST];
		struct rtcp_cursor cursor = {out, xr_make(out, &made)};
		struct rtcp_packet p;
		struct xr_block block;
		struct xr_voice v;
		uint32_t at = 0;

		assert_true(rtcp_next(&cursor, &p) && p.type == RTCP_RR);
		assert_true(rtcp_next(&cursor, &p) && p.type == 202);
		assert_int_equal(p.data[p.length - 1], 0);
		assert_true(rtcp_next(&cursor, &p) && xr_next(&p, &at, &block));
		assert_true(xr_voice(&block, &v));
		assert_int_equal(v.ssrc, 9);
		assert_false(xr_next(&p, &at, &block));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_block_is_read),
		cmocka_unit_test(voice_is_read),
		cmocka_unit_test(lengths_are_believed_by_none),
		cmocka_unit_test(what_is_made_is_what_the_rfc_has),
		cmocka_unit_test(what_is_not_known_says_so),
		cmocka_unit_test(nothing_is_too_large_for_its_place),
		cmocka_unit_test(what_is_made_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
