/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The workers' own first stage in the whole pipeline: who gets through, what is counted where, and
 * what operators see of it. Packet by packet the policy is tested by test_shed.c.
 */
#include "dataplane/blocks.h"
#include "dataplane/main/floods/block_list.h"
#include "dataplane/main/floods/rates.h"
#include "dataplane/sources.h"
#include "dataplane/clock.h"
#include "ebpf/sketch.h"

#include "tests/rig/browser.h"

#define STRANGER "198.51.100.77"
#define MS       (rte_get_tsc_hz() / 1000)

/* One a second, and a few at once: on however slow a machine, a test takes less than a minute. */
static const struct shed_rate slow = {1000000000, 4000000};

static int set_up(void **state)
{
	struct scene *s;
	struct dataplane *d;

	scene_set_up(state);
	s = *state;
	d = &s->relay->dataplane;
	clock_set(&d->clock);
	rates_put_default(d->shed_rule);
	d->shed_rule->seed = 4711;
	for (unsigned int n = 0; n < RELAY_NETWORKS; n++)
		d->ports[n].judged = true;
	for (unsigned int k = 0; k < s->workers; k++)
		assert_int_equal(worker_judge(d->workers[k]), 0);
	return 0;
}

static uint64_t sheds(const struct scene *s, enum shed_reason reason)
{
	uint64_t sum = 0;

	for (unsigned int k = 0; k < s->workers; k++)
		sum += s->relay->dataplane.workers[k]->sheds[reason];
	return sum;
}

static uint64_t all_sheds(const struct scene *s)
{
	uint64_t sum = 0;

	for (unsigned int reason = SHED_TO_DATAPLANE + 1; reason < SHED_REASON_COUNT; reason++)
		sum += sheds(s, reason);
	return sum;
}

/* The only verdict that dropped, and no stage behind it dropped anything. */
static void expect_shed(const struct scene *s, enum shed_reason reason, uint64_t count)
{
	assert_int_equal(s->relay->sent_count, 0);
	assert_int_equal(sheds(s, reason), count);
	assert_int_equal(all_sheds(s), count);
	assert_int_equal(relay_all_drops(s->relay), 0);
}

static bool take_sample(struct scene *s, struct shed_sample *sample)
{
	return !rte_ring_sc_dequeue_elem(s->relay->dataplane.workers[0]->samples, sample,
					 sizeof(*sample));
}

static uint32_t counted(const struct scene *s, const char *text)
{
	const struct dataplane *d = &s->relay->dataplane;
	struct address address = bench_address(text);
	struct shed_address source;

	memcpy(source.byte, address.octets, sizeof(source.byte));
	source = sketch_source(&source);
	return sketch_count(d->shed_sketch, &source, d->shed_rule->seed);
}

/* --- calls go on as if nobody judged --------------------------------------------------------- */

static void a_call_passes(void **state)
{
	struct scene *s = *state;
	struct packet m, c;

	scene_call(s, false, true);
	for (uint16_t seq = 100; seq < 110; seq++) {
		m = scene_rtp(seq);
		c = packet_protect(m, &s->browser.receive, seq);
		scene_pass(s, &s->browser, &c, &s->phone, &m);
		c = packet_protect(m, &s->browser.send, seq);
		scene_pass(s, &s->phone, &m, &s->browser, &c);
	}
	m = scene_rtcp();
	scene_send(s, &s->phone, &m);
	c = packet_protect(m, &s->browser.send, 1);
	scene_expect(s, &s->browser, &c);
	assert_int_equal(all_sheds(s), 0);
	assert_true(sheds(s, SHED_TO_DATAPLANE) >= 21);
}

static void over_ipv6_too(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);
	struct endpoint stranger = bench_endpoint("2001:db8:1::77", 1000);

	scene_put_side(s, &s->phone, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT, false, false);
	scene_put_side(s, &s->browser, 2, 1, PUBLIC_IPV6, BROWSER_LEG, BROWSER6, BROWSER_PORT,
		       false, false);
	relay_run(s->relay);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	scene_pass(s, &s->browser, &m, &s->phone, &m);
	scene_send_from(s, &s->browser, &stranger, &m);
	expect_shed(s, SHED_STRANGER_MEDIA, 1);
	assert_int_equal(counted(s, "2001:db8:1::78"), 1); /* of the same /64 */
}

static void what_is_not_ours_is_left_to_classify(void **state)
{
	struct endpoint from = browser_at(40000), to = bench_endpoint("198.51.100.200", 20000);
	struct scene *s = *state;
	uint8_t frame[256];
	size_t length = bench_put_udp(frame, &s->relay->at[PUBLIC], &from, &to, "?", 1);

	relay_inject(s->relay, PUBLIC, 0, frame, length);
	relay_run(s->relay);
	assert_int_equal(sheds(s, SHED_TO_KERNEL), 1);
	scene_expect_drops(s, DROP_NOT_OURS, 1);
}

static uint64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* --- strangers ------------------------------------------------------------------------------- */

static void a_stranger_is_shed_and_seen(void **state)
{
	const struct endpoint stranger = bench_endpoint(STRANGER, 1000);
	struct scene *s = *state;
	struct shed_sample sample;
	uint64_t began = monotonic();
	uint32_t index;

	browser_put(s, &(struct terms){.remote_port = 40000});
	index = browser_leg(s)->index;
	browser_send(s, &stranger, scene_rtp(1));
	expect_shed(s, SHED_STRANGER_MEDIA, 1);
	assert_int_equal(browser_gate(s, 0)->shed, 1);
	assert_int_equal(browser_gate(s, 0)->shed_reason, SHED_STRANGER_MEDIA);
	assert_int_equal(counted(s, STRANGER), 1);

	assert_true(take_sample(s, &sample));
	assert_int_equal(sample.reason, SHED_STRANGER_MEDIA);
	assert_int_equal(sample.leg, index);
	assert_int_equal(sample.length, 14 + 20 + 8 + 172);
	assert_int_equal(sample.captured, SHED_SAMPLE_OCTETS);
	assert_memory_equal(sample.source.byte, stranger.address.octets, 16);
	assert_memory_equal(&sample.octets[42], scene_rtp(1).octets, SHED_SAMPLE_OCTETS - 42);
	/* By the clock that an XDP program has. */
	assert_in_range(sample.time, began, monotonic());
	assert_false(take_sample(s, &sample));
}

/* The TSC began long before CLOCK_MONOTONIC, as in a machine that was resumed, or long after it. */
static void a_clock_far_from_the_tsc(void **state)
{
	static const int64_t years[] = {-30, -1, 1, 30};
	const struct endpoint stranger = bench_endpoint(STRANGER, 1000);
	const struct endpoint participant = bench_endpoint(BROWSER, 40000);
	struct scene *s = *state;
	struct dataplane *d = &s->relay->dataplane;
	struct shed_sample sample;

	browser_put(s, &(struct terms){.remote_port = 40000});
	for (unsigned int k = 0; k < RTE_DIM(years); k++) {
		uint64_t passed;

		d->clock.ahead = years[k] * 365 * 86400 * 1000000000;
		if (years[k] < 0) /* of what there is of the TSC */
			d->clock.ahead = -(int64_t)(clock_ns(&(struct clock){d->clock.ns_per_tick},
							     rte_rdtsc()) /
						    -years[k]);
		browser_send(s, &participant, scene_rtp(100 * k));
		passed = sheds(s, SHED_TO_DATAPLANE);
		browser_send(s, &participant, scene_rtp(100 * k + 1));
		assert_int_equal(sheds(s, SHED_TO_DATAPLANE), passed + 1);
		browser_send(s, &stranger, scene_rtp(1));
		assert_int_equal(sheds(s, SHED_STRANGER_MEDIA), k + 1);
		while (take_sample(s, &sample))
			;
	}
}

static void closed_ports_are_shed(void **state)
{
	const struct endpoint stranger = bench_endpoint(STRANGER, 1000);
	struct scene *s = *state;
	struct shed_sample sample;

	browser_put(s, &(struct terms){.remote_port = 40000});
	s->browser.local.port = rte_cpu_to_be_16(BROWSER_LEG + 100);
	browser_send(s, &stranger, scene_rtp(1));
	expect_shed(s, SHED_CLOSED_PORT, 1);
	assert_true(take_sample(s, &sample));
	assert_int_equal(sample.reason, SHED_CLOSED_PORT);
}

static void an_ice_check_lets_dtls_through_at_once(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;

	browser_put(s, &(struct terms){.ice = true});
	browser_send(s, &from, browser_hello());
	expect_shed(s, SHED_STRANGER_DTLS, 1);
	browser_send(s, &from, ICE_CHECK);
	assert_int_equal(s->relay->sent_count, 1);
	s->relay->sent_count = s->relay->event_count = 0;
	browser_send(s, &from, browser_hello());
	expect_shed(s, SHED_STRANGER_DTLS, 1);
	assert_int_equal(relay_counter(s->relay, COUNTER_PUNT), 1);
	assert_int_equal(s->relay->event_count, 1);
	assert_int_equal(s->relay->events[0].port, 40000);
	/* From next door it is a stranger's still. */
	browser_send(s, &(struct endpoint){.address = from.address, .port = 1}, browser_hello());
	expect_shed(s, SHED_STRANGER_DTLS, 2);
}

static void a_check_for_another_port_is_shed(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;

	browser_put(s, &(struct terms){.ice = true});
	browser_send(s, &from, browser_check("other:h6vY", PASSWORD, false));
	expect_shed(s, SHED_STUN_UFRAG, 1);
}

static void a_leg_latches_and_then_no_more(void **state)
{
	const struct endpoint from = browser_at(50000), stranger = bench_endpoint(STRANGER, 1000);
	struct scene *s = *state;
	struct packet m = scene_rtp(1);

	scene_put_side(s, &s->phone, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT, false, false);
	browser_put(s, &(struct terms){.mux = true, .latch_ms = 60000});
	browser_send(s, &from, m);
	scene_expect(s, &s->phone, &m);
	browser_send(s, &stranger, m);
	expect_shed(s, SHED_STRANGER_MEDIA, 1);
	m = scene_rtp(2);
	browser_send(s, &from, m);
	scene_expect(s, &s->phone, &m);
}

static void only_the_signalled_host_latches_if_told_so(void **state)
{
	const struct endpoint from = browser_at(50000), stranger = bench_endpoint(STRANGER, 40000);
	struct scene *s = *state;

	browser_put(s, &(struct terms){
			       .remote_port = 40000, .latch_ms = 60000, .latch_signalled = true});
	browser_send(s, &stranger, scene_rtp(1));
	expect_shed(s, SHED_STRANGER_MEDIA, 1);
	browser_send(s, &from, scene_rtp(1));
	browser_expect_peers(s, 0, PEERS(from));
}

/* --- on the right 5-tuple -------------------------------------------------------------------- */

static void replays_are_shed(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;

	browser_put(s, &(struct terms){.remote_port = 40000, .secure = true});
	scene_put_keys(s, &s->browser, 1, 0);
	for (uint16_t seq = 1; seq <= 5; seq++)
		browser_send(s, &from, packet_protect(scene_rtp(seq), &s->browser.receive, seq));
	assert_int_equal(all_sheds(s), 0);
	for (uint16_t seq = 1; seq <= 5; seq++)
		browser_send(s, &from, packet_protect(scene_rtp(seq), &s->browser.receive, seq));
	assert_int_equal(sheds(s, SHED_REPLAY), 5);
	assert_int_equal(relay_drops(s->relay, DROP_REPLAY), 0);
}

/* As many forgeries as one likes: the participant's own rate is not touched. */
static void forgeries_leave_the_calls_rate_alone(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;
	uint64_t media, passed;
	struct packet m;

	browser_put(s, &(struct terms){.remote_port = 40000, .secure = true});
	scene_put_keys(s, &s->browser, 1, 0);
	for (uint16_t seq = 1; seq <= 3; seq++)
		browser_send(s, &from, packet_protect(scene_rtp(seq), &s->browser.receive, seq));
	browser_gate(s, 0)->media =
		(struct shed_rate){100000000, 1000000}; /* 10 a second, 10 at once */
	s->relay->dataplane.shed_rule->unknown = slow;
	media = browser_gate(s, 0)->due[SHED_MEDIA];
	for (uint16_t k = 0; k < 500; k++) {
		m = packet_rtp(k % 2 ? 0xdecafbad : 77, 20000 + 7 * k, 0, -1, 160);
		browser_send(s, &from, m);
	}
	passed = relay_drops(s->relay, DROP_AUTH_FAILED);
	assert_in_range(passed, 4, 60);
	assert_int_equal(sheds(s, SHED_UNKNOWN_RATE), 500 - passed);
	assert_int_equal(browser_gate(s, 0)->due[SHED_MEDIA], media);
	browser_send(s, &from, packet_protect(scene_rtp(4), &s->browser.receive, 4));
	assert_int_equal(browser_gate(s, 0)->stream[0].highest, 4);
	assert_int_equal(sheds(s, SHED_MEDIA_RATE), 0);
}

/* Five seconds of media that a network held back are no flood, whatever the head-room. */
static void a_stall_is_no_flood(void **state)
{
	static const uint32_t limits[] = {50, 500};
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;
	struct dataplane *d = &s->relay->dataplane;

	for (unsigned int k = 0; k < RTE_DIM(limits); k++) {
		uint16_t seq = 1000 * k;
		uint64_t before;

		browser_put(
			s, &(struct terms){.remote_port = 40000, .pps = limits[k], .at_once = 300});
		for (unsigned int sent = 0; sent < 20; sent++)
			browser_send(s, &from, scene_rtp(seq++));
		d->clock.ahead += 5000000000;
		before = sheds(s, SHED_TO_DATAPLANE);
		for (unsigned int sent = 0; sent < 250; sent++) {
			uint8_t frame[RELAY_FRAME];
			struct packet m = scene_rtp(seq++);
			size_t length = bench_put_udp(frame, &s->relay->at[PUBLIC], &from,
						      &s->browser.local, m.octets, m.length);

			relay_inject(s->relay, PUBLIC, 0, frame, length);
			if (sent % 64 == 63 || sent == 249)
				relay_run(s->relay);
			s->relay->sent_count = 0;
		}
		assert_int_equal(sheds(s, SHED_TO_DATAPLANE), before + 250);
	}
}

static void a_mad_participant_is_bounded(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;

	browser_put(s, &(struct terms){.remote_port = 40000});
	browser_gate(s, 0)->media =
		(struct shed_rate){2000000000, 2000000}; /* 1 in 2 seconds, 2 at once */
	for (uint16_t seq = 1; seq <= 10; seq++)
		browser_send(s, &from, scene_rtp(seq));
	/* The first one is of an SSRC that is not known yet. */
	assert_in_range(sheds(s, SHED_MEDIA_RATE), 6, 7);
}

/* --- blocks ---------------------------------------------------------------------------------- */

static void block(struct scene *s, const struct shed_prefix *prefix)
{
	struct block_list *list = prefix ? block_list_make(prefix, 1) : NULL;

	assert_int_equal(worker_order(s->relay->dataplane.workers[0],
				      (struct order){.kind = ORDER_BLOCKS, .object = list}),
			 0);
	relay_run(s->relay);
}

static void blocked_sources_are_shed(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct shed_prefix prefix = {.length = 96 + 24};
	struct scene *s = *state;

	memcpy(prefix.byte, from.address.octets, sizeof(prefix.byte));
	browser_put(s, &(struct terms){.remote_port = 40000});
	browser_send(s, &from, scene_rtp(1));
	block(s, &prefix);
	browser_send(s, &from, scene_rtp(2));
	assert_int_equal(sheds(s, SHED_BLOCKED), 1);
	assert_int_equal(browser_gate(s, 0)->stream[0].highest, 1);
	prefix.byte[14] ^= 1;
	block(s, &prefix); /* the list before is freed: the sanitizer sees to it */
	browser_send(s, &from, scene_rtp(2));
	assert_int_equal(all_sheds(s), 1);
	assert_int_equal(browser_gate(s, 0)->stream[0].highest, 2);
	block(s, NULL);
	assert_null(s->relay->dataplane.workers[0]->blocks);
}

/* --- what is seen of it ---------------------------------------------------------------------- */

static void a_flood_gives_few_samples(void **state)
{
	const struct endpoint stranger = bench_endpoint(STRANGER, 1000);
	struct scene *s = *state;
	struct shed_sample sample;
	uint64_t begin = rte_rdtsc(), most;
	unsigned int samples = 0;

	browser_put(s, &(struct terms){.remote_port = 40000});
	for (unsigned int k = 0; k < 2000; k++)
		browser_send(s, &stranger, k % 2 ? scene_rtp(k) : browser_hello());
	most = 2 * ((rte_rdtsc() - begin) / (4 * MS) + 1);
	while (take_sample(s, &sample))
		samples++;
	assert_in_range(samples, 2, most);
	assert_int_equal(counted(s, STRANGER), 2000);
}

static void what_a_worker_finds_forged_is_seen_too(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;
	struct shed_sample sample;

	browser_put(s, &(struct terms){.remote_port = 40000, .secure = true});
	scene_put_keys(s, &s->browser, 1, 0);
	browser_send(s, &from, scene_rtp(1));
	assert_int_equal(relay_drops(s->relay, DROP_AUTH_FAILED), 1);
	assert_int_equal(counted(s, BROWSER), 1);
	assert_true(take_sample(s, &sample));
	assert_int_equal(sample.reason, OFFENCE_DROP(DROP_AUTH_FAILED));
	assert_int_equal(sample.leg, browser_leg(s)->index);
	assert_memory_equal(sample.source.byte, from.address.octets, 16);
	/* SRTP may have been deciphered in place: what follows the header is nobody's. */
	assert_int_equal(sample.length, 14 + 20 + 8 + 172);
	assert_int_equal(sample.captured, 14 + 20 + 8 + 8);
	assert_false(take_sample(s, &sample));
}

static void a_wrong_password_is_answered_and_seen(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;
	struct shed_sample sample;

	browser_put(s, &(struct terms){.ice = true});
	browser_send(s, &from, browser_check(UFRAG ":h6vY", "nobody knows this password", false));
	assert_int_equal(s->relay->sent_count, 1);
	assert_int_equal(relay_counter(s->relay, COUNTER_STUN_401), 1);
	browser_expect_peers(s, 0, 0, NULL);
	assert_true(counted(s, BROWSER) >= 1);
	assert_true(take_sample(s, &sample));
	assert_int_equal(sample.reason, OFFENCE_PASSWORD);
	assert_int_equal(sample.leg, browser_leg(s)->index);
	/* It is the request that is shown, not the answer. */
	assert_memory_equal(&sample.octets[42], "\0\x01", 2);
}

static void wrong_passwords_are_answered_within_a_rate(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;

	browser_put(s, &(struct terms){.ice = true});
	s->relay->dataplane.shed_rule->stranger = slow;
	for (unsigned int k = 0; k < 200; k++) {
		browser_send(s, &from,
			     browser_check(UFRAG ":h6vY", "nobody knows this one", false));
		s->relay->sent_count = 0;
	}
	assert_in_range(relay_counter(s->relay, COUNTER_STUN_401), 4, 60);
	assert_int_equal(relay_counter(s->relay, COUNTER_STUN_401) + all_sheds(s), 200);
}

static void nothing_is_shed_where_it_is_off(void **state)
{
	const struct endpoint stranger = bench_endpoint(STRANGER, 1000);
	struct scene *s = *state;

	browser_put(s, &(struct terms){.remote_port = 40000});
	s->relay->dataplane.shed_rule->off = 1;
	browser_send(s, &stranger, scene_rtp(1));
	assert_int_equal(all_sheds(s), 0);
	scene_expect_drops(s, DROP_WRONG_SOURCE, 1);
}

static void packets_are_judged_once(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;
	uint64_t before;

	browser_put(s, &(struct terms){.remote_port = 40000});
	before = sheds(s, SHED_TO_DATAPLANE); /* answers to ARP */
	/* By the queues of both workers in turn. */
	for (uint16_t seq = 1; seq <= 8; seq++)
		browser_send(s, &from, scene_rtp(seq));
	assert_int_equal(relay_counter(s->relay, COUNTER_HANDOVER), 4);
	assert_int_equal(sheds(s, SHED_TO_DATAPLANE), before + 8);
	assert_int_equal(all_sheds(s), 0);
	assert_int_equal(browser_gate(s, 0)->stream[0].highest, 8);
}

/* --- strangers that are remembered ----------------------------------------------------------- */

/* A check from this host by the worker's first stage alone; true: it goes on. */
static bool judge_check(struct scene *s, uint32_t host)
{
	struct endpoint from = browser_at(4000), to = s->browser.local;
	struct worker *w = s->relay->dataplane.workers[0];
	struct packet m = ICE_CHECK;
	struct burst b = {.count = 1, .now = rte_rdtsc(), .port = {PUBLIC}};
	uint8_t frame[512];
	size_t length;
	bool passed;

	from.address.octets[12] = 198;
	from.address.octets[13] = 18 + (host >> 16);
	from.address.octets[14] = host >> 8;
	from.address.octets[15] = host;
	length = bench_put_udp(frame, &s->relay->at[PUBLIC], &from, &to, m.octets, m.length);
	b.mbuf[0] = rte_pktmbuf_alloc(s->relay->dataplane.mbufs);
	memcpy(rte_pktmbuf_append(b.mbuf[0], length), frame, length);
	shed_stage(w, &b);
	passed = b.count;
	if (passed)
		rte_pktmbuf_free(b.mbuf[0]);
	return passed;
}

/* 198.18.0.0/15 has 131072 hosts: twice as many as are remembered. */
static void a_flood_makes_nobody_be_forgotten(void **state)
{
	const uint32_t honest = 0x1ffff;
	struct scene *s = *state;
	struct source_table *sources = s->relay->dataplane.workers[0]->sources;
	struct shed_address source = {.byte = {[10] = 0xff, [11] = 0xff, 198, 19, 0xff, 0xff}};
	uint64_t clock;

	browser_put(s, &(struct terms){.ice = true});
	assert_true(judge_check(s, honest));
	assert_null(source_find(sources, &source));
	assert_true(judge_check(s, honest));
	assert_non_null(source_find(sources, &source));
	clock = sources->clock;
	for (uint32_t host = 0; host < honest; host++) {
		judge_check(s, host);
		/* As the main lcore does each second: here it is a flood of ten thousand. */
		if (host % 10000 == 0)
			memset(s->relay->dataplane.shed_sketch, 0, sizeof(struct shed_sketch));
	}
	assert_non_null(source_find(sources, &source));
	/* What the sketch took for another: hundreds, not a hundred thousand. */
	assert_in_range(sources->clock - clock, 1, 5000);
}

#define CASE(test)     SCENE_WITH(test, set_up, scene_one)
#define CASE_TWO(test) SCENE_WITH(test, set_up, scene_two)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_call_passes),
		CASE(over_ipv6_too),
		CASE(what_is_not_ours_is_left_to_classify),
		CASE(a_stranger_is_shed_and_seen),
		CASE(a_clock_far_from_the_tsc),
		CASE(closed_ports_are_shed),
		CASE(an_ice_check_lets_dtls_through_at_once),
		CASE(a_check_for_another_port_is_shed),
		CASE(a_leg_latches_and_then_no_more),
		CASE(only_the_signalled_host_latches_if_told_so),
		CASE(replays_are_shed),
		CASE(forgeries_leave_the_calls_rate_alone),
		CASE(a_mad_participant_is_bounded),
		CASE(a_stall_is_no_flood),
		CASE(blocked_sources_are_shed),
		CASE(a_flood_gives_few_samples),
		CASE(what_a_worker_finds_forged_is_seen_too),
		CASE(a_wrong_password_is_answered_and_seen),
		CASE(wrong_passwords_are_answered_within_a_rate),
		CASE(nothing_is_shed_where_it_is_off),
		CASE_TWO(packets_are_judged_once),
		CASE(a_flood_makes_nobody_be_forgotten),
	};

	return cmocka_run_group_tests(tests, scene_start, scene_stop);
}
