/* SPDX-License-Identifier: BSD-3-Clause */
/* Loss and its bursts, delay, jitter and round-trip time, against RFC 3550 and RFC 3611. */
#include "dataplane/wire/rtcp.h"

#include "tests/rig/media.h"
#include "tests/rig/test.h"

#define SSRC 0x01020304
#define HZ   1000000000ULL /* the worker's clock in these tests: nanoseconds */

static struct bench *bench;
static struct leg_config config_a, config_b;
static struct leg_terms terms_a;
static struct leg *a, *b;

static int begin(void **state)
{
	bench->worker->hz = HZ;
	config_a = (struct leg_config){.terms = &terms_a};
	terms_a = (struct leg_terms){.users = 1};
	config_b = (struct leg_config){.terms = NULL};
	a = media_leg(bench, &config_a, 30000);
	b = media_leg(bench, &config_b, 40000);
	config_a.heard[0] = b;
	config_b.heard[0] = a;
	return 0;
}

static int end(void **state)
{
	media_leg_free(bench, a);
	media_leg_free(bench, b);
	return bench_is_idle(bench) ? 0 : -1;
}

static void meter(struct leg *leg, const struct packet *wire, uint64_t now)
{
	struct burst burst;

	media_burst(&burst, now);
	media_add(bench, &burst, leg, wire);
	crypt_unprotect_stage(bench->worker, &burst);
	meter_stage(bench->worker, &burst);
	media_free(&burst);
}

/* An RTP packet of 20 octets of payload. */
static void arrive(struct leg *leg, uint8_t payload_type, uint16_t seq, uint32_t timestamp,
		   uint64_t now)
{
	struct packet wire = packet_rtp(SSRC, seq, 0, -1, 20);

	wire.octets[1] = payload_type;
	oracle_put(wire.octets + 4, timestamp, 4);
	meter(leg, &wire, now);
}

static struct stream_report report(const struct leg *leg)
{
	struct stream_report r;

	stream_report(flow_stream(&leg->flow, SSRC), HZ, &r);
	return r;
}

/* --- sequence numbers (A.1, A.3) --- */

static void loss_is_what_did_not_come(void **state)
{
	static const struct {
		const char *what;
		uint16_t seq[8];
		int64_t lost;
	} cases[] = {
		{"in order", {1, 2, 3, 4, 5, 6, 7, 8}, 0},
		{"two are missing", {1, 2, 3, 6, 7, 8, 9, 10}, 2},
		{"late ones come after all", {1, 4, 2, 3, 5, 7, 6, 8}, 0},
		{"one comes twice", {1, 2, 2, 3, 4, 5, 6, 7}, -1},
		{"one lost at the wrap", {65533, 65534, 65535, 1, 2, 3, 4, 5}, 1},
		{"one late at the wrap", {65533, 65534, 0, 65535, 1, 2, 3, 4}, 0},
		/*
		 * A.1: one stray packet is not counted, and what follows is as if it had not been
		 */
		{"a stray one", {100, 101, 40000, 102, 103, 104, 105, 106}, 0},
		/* ... two in sequence are a restart; the one before it is the price */
		{"a restart", {100, 101, 103, 40000, 40001, 40002, 40003, 40004}, 1},
		{"a restart with loss", {100, 101, 103, 40000, 40001, 40003, 40004, 40005}, 2},
	};

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		for (unsigned int n = 0; n < 8; n++)
			arrive(a, 0, cases[k].seq[n], 160 * n, 20000000 * n);
		if (report(a).lost != cases[k].lost)
			fail_msg("%s: lost %ld, not %ld", cases[k].what, (long)report(a).lost,
				 (long)cases[k].lost);
		assert_int_equal(report(a).packets, 8);
		assert_int_equal(report(a).bytes, 8 * 32);
		stream_release_all(bench->worker, &a->flow);
	}
}

static void sequence_numbers_wrap_many_times(void **state)
{
	uint64_t lost = 0;

	for (uint32_t n = 0; n < 300000; n++) {
		if (n % 1000 == 7) {
			lost++;
			continue;
		}
		arrive(a, 0, n, 160 * n, 20000000ULL * n);
	}
	assert_int_equal(report(a).lost, lost);
	assert_int_equal(report(a).packets, 300000 - lost);
	assert_in_range(report(a).jitter_us, 0, 8); /* a tick of 125 us in 16 packets */
}

static void bursts_of_loss_are_told_from_gaps(void **state)
{
	static const struct {
		const char *what;
		struct {
			uint16_t first, count;
		} gone[4];
		uint32_t lost, runs, bursts, packets, burst_lost;
	} cases[] = {
		{"none", {{0, 0}}, 0, 0, 0, 0, 0},
		{"two by themselves", {{50, 1}, {100, 1}}, 2, 2, 0, 0, 0},
		{"two in a row", {{50, 2}}, 2, 1, 1, 2, 2},
		{"15 came between", {{50, 1}, {66, 1}}, 2, 2, 1, 17, 2},
		{"16 came between", {{50, 1}, {67, 1}}, 2, 2, 0, 0, 0},
		{"two bursts", {{50, 1}, {52, 1}, {100, 3}}, 5, 3, 2, 6, 5},
		{"one by itself, and a burst", {{20, 1}, {100, 1}, {103, 2}}, 4, 3, 1, 5, 3},
		{"more than is remembered", {{50, 40}}, 40, 1, 1, 40, 40},
		{"and it goes on", {{50, 40}, {95, 1}}, 41, 2, 1, 46, 41},
	};

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct stream_faults f;

		for (unsigned int n = 0; n < 200; n++) {
			bool lost = false;

			for (unsigned int r = 0; r < 4; r++)
				lost |= n - cases[k].gone[r].first < cases[k].gone[r].count;
			if (!lost)
				arrive(a, 0, 65500 + n, 160 * n, 20000000 * n);
		}
		f = report(a).faults;
		assert_int_equal(f.runs, cases[k].runs);
		if (f.lost != cases[k].lost || f.bursts != cases[k].bursts ||
		    f.burst_packets != cases[k].packets || f.burst_lost != cases[k].burst_lost)
			fail_msg("%s: %u lost, %u bursts of %u packets, %u of them lost",
				 cases[k].what, f.lost, f.bursts, f.burst_packets, f.burst_lost);
		assert_int_equal(f.reordered + f.duplicates, 0);
		stream_release_all(bench->worker, &a->flow);
	}
}

static void what_a_restart_cuts_off_is_lost(void **state)
{
	static const uint16_t seq[] = {1, 2, 4, 5, 9000, 9001, 9002};

	for (unsigned int n = 0; n < RTE_DIM(seq); n++)
		arrive(a, 0, seq[n], 160 * n, 20000000 * n);
	assert_int_equal(report(a).faults.lost, 1);
	assert_int_equal(report(a).lost, 1);
}

static void disorder_is_no_loss(void **state)
{
	static const struct {
		const char *what;
		uint16_t seq[6];
		uint32_t reordered, duplicates;
	} cases[] = {
		{"in order", {1, 2, 3, 4, 5, 6}, 0, 0},
		{"one is late", {1, 3, 2, 4, 5, 6}, 1, 0},
		{"two are", {1, 4, 2, 3, 5, 6}, 2, 0},
		{"one comes twice", {1, 2, 2, 3, 4, 5}, 0, 1},
		{"later on", {1, 2, 3, 4, 2, 5}, 0, 1},
		{"late, and twice", {1, 3, 2, 2, 4, 5}, 1, 1},
		{"at the wrap", {65534, 0, 65535, 1, 65534, 2}, 1, 1},
	};
	uint16_t next;

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct stream_faults f;

		for (unsigned int n = 0; n < 6; n++)
			arrive(a, 0, cases[k].seq[n], 160 * n, 20000000 * n);
		next = cases[k].seq[5] + 1;
		for (unsigned int n = 6; n < 60; n++)
			arrive(a, 0, next++, 160 * n, 20000000 * n);
		f = report(a).faults;
		if (f.reordered != cases[k].reordered || f.duplicates != cases[k].duplicates ||
		    f.lost)
			fail_msg("%s: %u reordered, %u duplicates, %u lost", cases[k].what,
				 f.reordered, f.duplicates, f.lost);
		stream_release_all(bench->worker, &a->flow);
	}
}

/* --- delay --- */

/* Packets of 20 ms, of which number 100 comes `late_ms` later than it could have. */
static struct stream_faults delay_one(uint32_t late_ms, uint32_t drift_ppm)
{
	struct stream_faults f;

	for (uint32_t n = 0; n < 3000; n++) {
		uint64_t at = 20000000ULL * n * (1000000 + drift_ppm) / 1000000;

		arrive(a, 0, n, 160 * n, at + (n == 100 ? late_ms * 1000000ULL : 0));
	}
	f = report(a).faults;
	stream_release_all(bench->worker, &a->flow);
	return f;
}

static void late_packets_are_counted_by_how_late(void **state)
{
	static const struct {
		uint32_t ms;
		int place;
	} cases[] = {{0, -1}, {19, -1}, {22, 0},  {39, 0},  {42, 1},   {62, 2},
		     {82, 3}, {119, 3}, {122, 4}, {199, 4}, {1900, 5}, {2100, -1}};

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct stream_faults f = delay_one(cases[k].ms, 0);

		for (int place = 0; place < STREAM_LATE; place++)
			if (f.late[place] != (place == cases[k].place))
				fail_msg("%u ms: %u at %d", cases[k].ms, f.late[place], place);
	}
}

/* A minute of a sender whose clock is slow by more than any crystal is. */
static void drifting_clocks_make_nothing_late(void **state)
{
	struct stream_faults f = delay_one(0, 500);

	for (int place = 0; place < STREAM_LATE; place++)
		assert_int_equal(f.late[place], 0);
}

/* How many packets of 20 ms are late in all, of a minute in which all after the first second are.
 */
static uint32_t step(uint32_t hz, uint8_t payload_type)
{
	uint32_t sum = 0;

	for (uint32_t n = 0; n < 3000; n++)
		arrive(a, payload_type, n, hz / 50 * n, 20000000ULL * n + (n < 50 ? 0 : 300000000));
	for (int place = 0; place < STREAM_LATE; place++)
		sum += report(a).faults.late[place];
	stream_release_all(bench->worker, &a->flow);
	return sum;
}

/* Another route: a jitter buffer adapts in seconds. */
static void a_step_in_delay_is_soon_forgotten(void **state)
{
	memset(terms_a.clock, 0, sizeof(terms_a.clock));
	terms_a.clock[111] = 1;
	terms_a.clock_hz[0] = 48000;
	assert_in_range(step(8000, 0), 1, 2);
	assert_in_range(step(48000, 111), 1, 2);
}

/* For 300 ms nothing comes, and then all of it at once: that a jitter buffer cannot play. */
static void what_was_held_up_is_late(void **state)
{
	uint32_t sum = 0;

	for (uint32_t n = 0; n < 200; n++)
		arrive(a, 0, n, 160 * n, 20000000ULL * (n >= 100 && n < 115 ? 115 : n));
	for (int place = 0; place < STREAM_LATE; place++)
		sum += report(a).faults.late[place];
	assert_in_range(sum, 12, 14);
}

/* RFC 4733: all packets of a tone have the timestamp of its beginning. */
static void a_tone_is_not_late(void **state)
{
	uint32_t sum = 0;

	for (uint32_t n = 0; n < 200; n++)
		arrive(a, n / 50 % 2 ? 101 : 0, n, 160 * (n / 50 % 2 ? n / 50 * 50 : n),
		       20000000ULL * n);
	for (int place = 0; place < STREAM_LATE; place++)
		sum += report(a).faults.late[place];
	assert_in_range(sum, 0, 2);
}

/* --- jitter (A.8) --- */

/* RFC 3550 6.4.1 in floating point. */
static void jitter_is_the_rfcs(uint32_t hz, uint8_t payload_type)
{
	static const int wobble_us[] = {0, 3000, -2000, 15000, 400, -9000, 120, 40000, 0, 777};
	double jitter = 0, last = 0;

	for (uint32_t n = 0; n < 2000; n++) {
		uint32_t timestamp = 0xffff0000u + n * (hz / 50);
		int64_t us = 1000000 + 20000LL * n + wobble_us[n % RTE_DIM(wobble_us)];
		double transit = us - 20000.0 * n;

		arrive(a, payload_type, n, timestamp, us * 1000);
		if (n)
			jitter +=
				((transit > last ? transit - last : last - transit) - jitter) / 16;
		last = transit;
	}
	assert_true(jitter > 5000);
	assert_in_range(report(a).jitter_us, jitter * 0.98 - 200, jitter * 1.02 + 200);
	stream_release_all(bench->worker, &a->flow);
}

static void jitter_follows_the_payload_types_clock(void **state)
{
	terms_a.clock[96] = 1;
	terms_a.clock_hz[0] = 90000;
	terms_a.clock[111] = 2;
	terms_a.clock_hz[1] = 48000;
	jitter_is_the_rfcs(8000, 0);
	jitter_is_the_rfcs(90000, 96);
	jitter_is_the_rfcs(48000, 111);
}

static void another_clock_is_no_jitter(void **state)
{
	memset(terms_a.clock, 0, sizeof(terms_a.clock));
	terms_a.clock[111] = 1;
	terms_a.clock_hz[0] = 48000;
	for (uint32_t n = 0; n < 20; n++)
		arrive(a, 111, n, 960 * n, 20000000ULL * n);
	assert_int_equal(report(a).payload_type, 111);
	for (uint32_t n = 20; n < 40; n++)
		arrive(a, 101, n, 160 * n, 20000000ULL * n); /* telephone-event at 8000 Hz */
	assert_int_equal(report(a).payload_type, 101);
	assert_in_range(report(a).jitter_us, 0, 130); /* one tick */
}

/* --- counters and RTCP --- */

static void a_flow_counts_what_it_accepted(void **state)
{
	struct packet rtcp = packet_rtcp(SSRC, 0);

	arrive(a, 0, 1, 0, 1000);
	arrive(a, 0, 2, 160, 2000);
	meter(a, &rtcp, 3000);
	assert_int_equal(flow_total(&a->flow).packets, 2);
	assert_int_equal(flow_total(&a->flow).bytes, 64);
	assert_int_equal(a->flow.rtcp_packets, 1);
	assert_int_equal(a->flow.last_packet, 2000); /* RTCP is no media */
	assert_int_equal(report(a).packets, 2);
	assert_int_equal(flow_total(&b->flow).packets, 0);
}

static struct packet sender_report(uint32_t ssrc, uint64_t ntp)
{
	struct packet w = {.class = CLASS_RTCP, .length = 28, .octets = {0x80, 200, 0, 6}};

	oracle_put(w.octets + 4, ssrc, 4);
	oracle_put(w.octets + 8, ntp, 8);
	return w;
}

/* Behind a sender report of its own, as compound packets are. */
static struct packet receiver_report(uint32_t ssrc, uint32_t lsr, uint32_t dlsr)
{
	struct packet w = sender_report(ssrc, 0x0102030405060708);
	struct packet rr = packet_rtcp(ssrc, 2);

	oracle_put(rr.octets + 8 + 24 + 16, lsr, 4);
	oracle_put(rr.octets + 8 + 24 + 20, dlsr, 4);
	memcpy(w.octets + w.length, rr.octets, rr.length);
	w.length += rr.length;
	return w;
}

static void round_trips_are_measured(void **state)
{
	const uint64_t ntp = 0xe0000001abcd1234;
	const uint32_t middle = (uint32_t)(ntp >> 16);
	const uint64_t sent = 5000 * HZ;
	struct packet wire = sender_report(7, ntp);

	/* A's report passes to B, who waits 2 s and is 80 ms away. */
	meter(a, &wire, sent);
	wire = receiver_report(SSRC, middle, 2 << 16);
	meter(b, &wire, sent + 2 * HZ + 80 * HZ / 1000);
	assert_in_range(report(b).rtt_us, 79900, 80100);
	assert_int_equal(a->flow.streams->rtt_us, 0);

	/* Reports of others in between do not displace it. */
	for (unsigned int k = 0; k < FLOW_SENDER_REPORTS - 1; k++) {
		wire = sender_report(7 + k, ntp + ((uint64_t)(k + 1) << 20));
		meter(a, &wire, sent + k * HZ);
	}
	wire = receiver_report(SSRC, middle, 3 << 16);
	meter(b, &wire, sent + 3 * HZ + 10 * HZ / 1000);
	assert_in_range(report(b).rtt_us, 9900, 10100);

	/* Nonsense changes nothing: an unknown report, none, one without a peer. */
	wire = receiver_report(SSRC, middle + 1, 3 << 16);
	meter(b, &wire, sent + 9 * HZ);
	wire = receiver_report(SSRC, 0, 3 << 16);
	meter(b, &wire, sent + 9 * HZ);
	config_b.heard[0] = NULL;
	wire = receiver_report(SSRC, middle, 0);
	meter(b, &wire, sent + 9 * HZ);
	assert_in_range(report(b).rtt_us, 9900, 10100);

	/* A delay longer than the time that went by: very near, not hours away. */
	config_b.heard[0] = a;
	wire = receiver_report(SSRC, middle, 9 << 16);
	meter(b, &wire, sent + 8 * HZ);
	assert_int_equal(report(b).rtt_us, 1);
}

static void what_a_participant_hears_is_kept(void **state)
{
	struct packet wire = packet_rtcp(SSRC, 2);

	arrive(b, 0, 1, 160, 1000);
	oracle_put(wire.octets + 8, 0xabcdef01, 4);
	oracle_put(wire.octets + 12, 0x40fffffeu, 4);
	oracle_put(wire.octets + 20, 240, 4);
	meter(b, &wire, 2000);
	assert_int_equal(report(b).hearsay.ssrc, 0xabcdef01);
	assert_int_equal(report(b).hearsay.lost, -2);
	assert_int_equal(report(b).hearsay.jitter, 240);
	assert_int_equal(report(b).clock_hz, 8000);
	wire = packet_rtcp(SSRC, 0); /* without a word of it */
	meter(b, &wire, 3000);
	assert_int_equal(report(b).hearsay.ssrc, 0xabcdef01);
}

/* An extended report with one block, whose first octets are these; behind an empty report. */
static struct packet extended_report(const uint8_t *block, unsigned int octets)
{
	struct packet w = packet_rtcp(SSRC, 0);

	memset(w.octets + w.length, 0, 8 + octets);
	oracle_put(w.octets + w.length, 0x80cf0000 | (octets / 4 + 1), 4);
	oracle_put(w.octets + w.length + 4, SSRC, 4);
	memcpy(w.octets + w.length + 8, block, octets);
	w.length += 8 + octets;
	return w;
}

/* A participant that never sends asks by a reference time, and is answered with a DLRR block. */
static void who_never_sends_has_a_round_trip(void **state)
{
	const uint8_t time[12] = {4, 0, 0, 2, 0xe0, 0, 0x55, 0x66, 0x77, 0x88, 0, 0};
	uint8_t delay[28] = {5, 0, 0, 6, 1, 1, 1,    1,    0,    0,    0, 0, 0,    0,
			     0, 0, 1, 2, 3, 4, 0x55, 0x66, 0x77, 0x88, 0, 1, 0x80, 0};
	struct packet wire = extended_report(time, sizeof(time));

	meter(a, &wire, 5000 * HZ);
	assert_int_equal(report(a).rtt_us, 0);
	wire = extended_report(delay, sizeof(delay));
	meter(b, &wire, 5000 * HZ + 1500 * HZ / 1000 + 30 * HZ / 1000);
	assert_in_range(report(b).rtt_us, 29900, 30100);
	assert_int_equal(report(a).rtt_us, 0);
	delay[20] = 0x56; /* of a time that nobody said */
	wire = extended_report(delay, sizeof(delay));
	meter(b, &wire, 5009 * HZ);
	assert_in_range(report(b).rtt_us, 29900, 30100);
}

static struct packet summary(uint16_t begin, uint16_t end, uint8_t flags, uint32_t lost)
{
	uint8_t block[40] = {6, flags, 0, 9, 0xab, 0xcd, 0xef, 0x01};

	oracle_put(block + 8, begin, 2);
	oracle_put(block + 10, end, 2);
	oracle_put(block + 12, lost, 4);
	oracle_put(block + 28, 33, 4);
	return extended_report(block, sizeof(block));
}

static void summaries_stand_in_for_reports(void **state)
{
	struct packet wire = summary(100, 200, 0x80, 3);

	arrive(b, 0, 1, 160, 1000);
	meter(b, &wire, 2000);
	assert_int_equal(report(b).hearsay.ssrc, 0xabcdef01);
	assert_int_equal(report(b).hearsay.lost, 3);
	assert_int_equal(report(b).hearsay.jitter, 0);
	meter(b, &wire, 3000); /* the same one again */
	assert_int_equal(report(b).hearsay.lost, 3);
	wire = summary(200, 300, 0xa0, 4);
	meter(b, &wire, 4000);
	assert_int_equal(report(b).hearsay.lost, 7);
	assert_int_equal(report(b).hearsay.jitter, 33);
	wire = summary(300, 400, 0x20, 100); /* says nothing of loss */
	meter(b, &wire, 5000);
	assert_int_equal(report(b).hearsay.lost, 7);

	/* Who reports says all that: nothing counts twice. */
	wire = packet_rtcp(SSRC, 1);
	oracle_put(wire.octets + 8, 0xabcdef01, 4);
	oracle_put(wire.octets + 12, 9, 4);
	meter(b, &wire, 6000);
	wire = summary(400, 500, 0xa0, 50);
	meter(b, &wire, 7000);
	assert_int_equal(report(b).hearsay.lost, 9);
}

static void voice_metrics_are_kept(void **state)
{
	uint8_t block[36] = {7, 0, 0, 8, 0xab, 0xcd, 0xef, 0x01, 13, 26, 128, 5};
	struct packet wire;

	oracle_put(block + 16, 0x00500078, 4);
	oracle_put(block + 24, 0x517f2726, 4);
	wire = extended_report(block, sizeof(block));
	arrive(b, 0, 1, 160, 1000);
	meter(b, &wire, 2000);
	assert_int_equal(b->flow.voice_by, SSRC);
	assert_int_equal(b->flow.voice.ssrc, 0xabcdef01);
	assert_int_equal(b->flow.voice.discarded, 26);
	assert_int_equal(b->flow.voice.round_trip_ms, 80);
	assert_int_equal(b->flow.voice.end_system_ms, 120);
	assert_int_equal(b->flow.voice.mos_cq, 38);
	/* The latest counts, and what is cut short does not. */
	block[9] = 30;
	wire = extended_report(block, sizeof(block));
	meter(b, &wire, 3000);
	assert_int_equal(b->flow.voice.discarded, 30);
	block[3] = 9;
	block[9] = 31;
	wire = extended_report(block, sizeof(block));
	meter(b, &wire, 4000);
	assert_int_equal(b->flow.voice.discarded, 30);
}

static void compound_rtcp_is_bounded(void **state)
{
	static struct {
		uint8_t octets[40];
		uint32_t length;
		unsigned int packets;
	} cases[] = {
		{{0x80, 201, 0, 1}, 8, 1},
		{{0x80, 201, 0, 1, 0, 0, 0, 0, 0x80, 203, 0, 0}, 12, 2},
		{{0x80, 201, 0, 1, 0, 0, 0, 0, 0x80, 203, 0, 1}, 12, 1}, /* longer than it is */
		{{0x80, 201, 0, 1, 0, 0, 0, 0, 0x40, 203, 0, 0}, 12, 1}, /* not version 2 */
		{{0x80, 201, 0, 1, 0, 0, 0, 0, 0x80, 203, 0}, 11, 1},
		{{0x80, 201, 0xff, 0xff}, 8, 0},
		{{0x80}, 1, 0},
		{{0}, 0, 0},
	};

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct rtcp_cursor cursor = {cases[k].octets, cases[k].length};
		struct rtcp_packet p;
		unsigned int packets = 0;

		while (rtcp_next(&cursor, &p))
			packets++;
		assert_int_equal(packets, cases[k].packets);
	}
}

static void report_blocks_are_bounded(void **state)
{
	/* It says that it has three blocks and has room for one. */
	struct packet w = packet_rtcp(SSRC, 1);
	struct rtcp_cursor cursor = {w.octets, w.length};
	struct rtcp_report r;
	struct rtcp_packet p;
	uint32_t middle;

	w.octets[0] = 0x83;
	assert_true(rtcp_next(&cursor, &p));
	assert_true(rtcp_report(&p, 0, &r));
	assert_int_equal(r.ssrc, 0x08090a0b);
	assert_int_equal(r.lsr, 0x18191a1b);
	assert_int_equal(r.dlsr, 0x1c1d1e1f);
	assert_false(rtcp_report(&p, 1, &r));
	assert_false(rtcp_sender_time(&p, &middle));
	p.type = RTCP_SR; /* too short for a sender's block behind its header */
	assert_true(rtcp_sender_time(&p, &middle));
	assert_false(rtcp_report(&p, 0, &r));
	p.length = 24;
	assert_false(rtcp_sender_time(&p, &middle));
	p.type = 202;
	assert_false(rtcp_report(&p, 0, &r));
}

static int start(void **state)
{
	if (bench_environment(NULL))
		return -1;
	bench = media_create(16);
	return 0;
}

static int stop(void **state)
{
	media_destroy(bench);
	return 0;
}

#define METERED(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		METERED(loss_is_what_did_not_come),
		METERED(sequence_numbers_wrap_many_times),
		METERED(bursts_of_loss_are_told_from_gaps),
		METERED(what_a_restart_cuts_off_is_lost),
		METERED(disorder_is_no_loss),
		METERED(late_packets_are_counted_by_how_late),
		METERED(drifting_clocks_make_nothing_late),
		METERED(a_step_in_delay_is_soon_forgotten),
		METERED(what_was_held_up_is_late),
		METERED(a_tone_is_not_late),
		METERED(jitter_follows_the_payload_types_clock),
		METERED(another_clock_is_no_jitter),
		METERED(a_flow_counts_what_it_accepted),
		METERED(round_trips_are_measured),
		METERED(what_a_participant_hears_is_kept),
		METERED(who_never_sends_has_a_round_trip),
		METERED(summaries_stand_in_for_reports),
		METERED(voice_metrics_are_kept),
		METERED(compound_rtcp_is_bounded),
		METERED(report_blocks_are_bounded),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
