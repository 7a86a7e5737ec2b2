/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls through the whole dataplane: with one worker, two, and two that share one queue. */
#include "tests/unit/pipeline_rig.h"

static int create_one(void **state)
{
	*state = scene_create(1, 1);
	return 0;
}

static int create_two(void **state)
{
	*state = scene_create(2, 2);
	return 0;
}

static int create_shared(void **state)
{
	*state = scene_create(2, 1);
	return 0;
}

static int destroy(void **state)
{
	struct scene *s = *state;

	assert_true(relay_is_idle(s->relay));
	relay_destroy(s->relay);
	free(s);
	return 0;
}

static void plain_to_plain(void **state)
{
	struct scene *s = *state;
	uint64_t received;
	struct media m;

	put_call(s, false, false);
	received = relay_counter(s->relay, COUNTER_RX);
	for (uint16_t seq = 65530; seq != 10; seq++) {
		m = rtp(seq);
		m.length = 12 + seq % 37; /* odd lengths, padded frames, no payload at all */
		send_media(s, &s->phone, &m);
		expect_sent(s, &s->browser, &m);
		send_media(s, &s->browser, &m);
		expect_sent(s, &s->phone, &m);
	}
	assert_int_equal(relay_counter(s->relay, COUNTER_RX) - received, 32);
	assert_int_equal(relay_all_drops(s->relay), 0);
	/* Every other one came in by the worker that does not own its port. */
	assert_int_equal(relay_counter(s->relay, COUNTER_HANDOVER), s->workers > 1 ? 16 : 0);
}

static void counts_what_it_forwards(void **state)
{
	struct scene *s = *state;
	Tandem__Dataplane__V1__LegStatus *status1;
	struct media m;

	put_call(s, false, false);
	for (uint16_t seq = 1; seq <= 10; seq++) {
		m = rtp(seq == 5 ? 11 : seq); /* 5 is lost */
		send_media(s, &s->phone, &m);
		expect_sent(s, &s->browser, &m);
	}
	m = rtcp();
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &m);
	m = rtp(12);
	send_from(s, &s->phone, &s->browser.remote, &m);
	status1 = status(s, 1);
	assert_int_equal(status1->packets, 10);
	assert_int_equal(status1->bytes, 10 * 172);
	assert_int_equal(status1->rtcp_packets, 1);
	assert_int_equal(status1->sent_packets, 11);
	assert_int_equal(status1->wrong_source, 1);
	assert_int_equal(status1->other_drops, 0);
	assert_int_equal(status1->last_drop, DROP_WRONG_SOURCE);
	assert_int_equal(status1->n_streams, 1);
	assert_int_equal(status1->streams[0]->ssrc, 0xdecafbad);
	assert_int_equal(status1->streams[0]->packets, 10);
	assert_int_equal(status1->streams[0]->lost, 1);
	tandem__dataplane__v1__leg_status__free_unpacked(status1, NULL);
	status1 = status(s, 2);
	assert_int_equal(status1->packets, 0);
	assert_int_equal(status1->sent_packets, 0);
	tandem__dataplane__v1__leg_status__free_unpacked(status1, NULL);
	expect_dropped(s, DROP_WRONG_SOURCE, 1);
}

static void rtcp_goes_to_its_port(void **state)
{
	struct scene *s = *state;
	struct media m = rtcp();

	put_call(s, false, false);
	send_media(s, &s->phone, &m); /* from a pair to rtcp-mux ... */
	expect_sent(s, &s->browser, &m);
	send_media(s, &s->browser, &m); /* ... and back */
	expect_sent(s, &s->phone, &m);
}

static void ipv4_to_ipv6(void **state)
{
	struct scene *s = *state;
	struct media m = rtp(1);

	put_side(s, &s->phone, 1, 2, relay_local[TRUNK_IPV4], PHONE_LEG, PHONE, PHONE_PORT, false,
		 false);
	put_side(s, &s->browser, 2, 1, relay_local[PUBLIC_IPV6], BROWSER_LEG, BROWSER6,
		 BROWSER_PORT, false, false);
	relay_run(s->relay);
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &m);
	send_media(s, &s->browser, &m);
	expect_sent(s, &s->phone, &m);
	m = rtcp();
	send_media(s, &s->browser, &m);
	expect_sent(s, &s->phone, &m);
}

static void secure_to_plain_and_back(void **state)
{
	struct scene *s = *state;
	struct media m, c;

	put_call(s, false, true);
	for (uint16_t seq = 100; seq < 110; seq++) {
		m = rtp(seq);
		c = protect(m, &s->browser.receive, seq);
		send_media(s, &s->browser, &c);
		expect_sent(s, &s->phone, &m);
		c = protect(m, &s->browser.send, seq);
		send_media(s, &s->phone, &m);
		expect_sent(s, &s->browser, &c);
	}
	m = rtcp();
	c = protect(m, &s->browser.receive, 1);
	send_media(s, &s->browser, &c);
	expect_sent(s, &s->phone, &m);
	c = protect(m, &s->browser.send, 1);
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &c);
	assert_int_equal(relay_all_drops(s->relay), 0);
}

static void secure_to_secure(void **state)
{
	struct scene *s = *state;
	struct media m, in, out;

	put_call(s, true, true);
	for (uint32_t index = 65530; index < 65550; index++) {
		m = rtp(index);
		in = protect(m, &s->phone.receive, index);
		out = protect(m, &s->browser.send, index);
		send_media(s, &s->phone, &in);
		expect_sent(s, &s->browser, &out);
	}
	m = rtcp();
	in = protect(m, &s->phone.receive, 9);
	out = protect(m, &s->browser.send, 1);
	send_media(s, &s->phone, &in);
	expect_sent(s, &s->browser, &out);
}

static void put_shared_call(struct scene *s)
{
	put_side(s, &s->phone, 1, 2, relay_local[TRUNK_IPV4], PHONE_LEG, PHONE, PHONE_PORT, false,
		 true);
	put_side(s, &s->browser, 2, 1, relay_local[PUBLIC_IPV4], BROWSER_LEG, BROWSER, BROWSER_PORT,
		 true, true);
	put_shared_keys(s, &s->phone, 1, 'p', 'b');
	put_shared_keys(s, &s->browser, 1, 'p', 'b');
}

static void passes(struct scene *s, const struct side *from, const struct side *to, struct media m,
		   uint64_t index)
{
	m = protect(m, &from->receive, index);
	send_media(s, from, &m);
	expect_sent(s, to, &m);
}

static void shared_keys_leave_packets_alone(void **state)
{
	struct scene *s = *state;
	Tandem__Dataplane__V1__LegStatus *shown;
	struct media m;

	put_shared_call(s);
	for (uint64_t index = 65530; index < 65540; index++) {
		passes(s, &s->phone, &s->browser, rtp(index), index);
		passes(s, &s->browser, &s->phone, rtp(index), index);
	}
	passes(s, &s->phone, &s->browser, rtcp(), 9);
	passes(s, &s->browser, &s->phone, rtcp(), 7);
	m = protect(rtp(3), &s->phone.receive, 65539);
	send_media(s, &s->phone, &m);
	expect_dropped(s, DROP_REPLAY, 1);
	m = protect(rtp(4), &s->phone.receive, 65540);
	m.octets[20] ^= 1;
	send_media(s, &s->phone, &m);
	assert_int_equal(s->relay->sent_count, 0);
	assert_int_equal(relay_drops(s->relay, DROP_AUTH_FAILED), 1);
	shown = status(s, 1);
	assert_int_equal(shown->paths[0]->mode, TANDEM__DATAPLANE__V1__MODE__MODE_VERIFY);
	assert_int_equal(shown->packets, 10);
	assert_int_equal(shown->bytes, 10 * 172);
	assert_int_equal(shown->rtcp_packets, 1);
	tandem__dataplane__v1__leg_status__free_unpacked(shown, NULL);
}

/* Whichever leg hears first of new keys: no packet is ever protected by the relay. */
static void a_rekey_of_shared_keys_protects_nothing(void **state)
{
	struct scene *s = *state;
	struct side phone, browser;

	put_shared_call(s);
	passes(s, &s->phone, &s->browser, rtp(1), 1);
	passes(s, &s->browser, &s->phone, rtp(1), 1);
	phone = s->phone;
	browser = s->browser;
	put_shared_keys(s, &s->phone, 2, 'P', 'B');
	passes(s, &phone, &s->browser, rtp(2), 2);
	passes(s, &s->phone, &s->browser, rtp(3), 3);
	passes(s, &phone, &s->browser, rtcp(), 1);
	passes(s, &browser, &s->phone, rtp(2), 2);
	passes(s, &browser, &s->phone, rtcp(), 1);
	put_shared_keys(s, &s->browser, 2, 'P', 'B');
	passes(s, &phone, &s->browser, rtp(4), 4);
	passes(s, &s->phone, &s->browser, rtp(5), 5);
	passes(s, &browser, &s->phone, rtp(3), 3);
	passes(s, &s->browser, &s->phone, rtp(4), 4);
	passes(s, &s->browser, &s->phone, rtcp(), 1);
	assert_int_equal(relay_all_drops(s->relay), 0);
}

static void forgeries_go_nowhere(void **state)
{
	struct scene *s = *state;
	struct media m = rtp(1), c;

	put_call(s, false, true);
	c = protect(m, &s->browser.receive, 1);
	c.octets[20] ^= 1;
	send_media(s, &s->browser, &c);
	expect_dropped(s, DROP_AUTH_FAILED, 1);
	send_media(s, &s->browser, &m); /* no tag at all */
	expect_dropped(s, DROP_AUTH_FAILED, 2);
	c = protect(m, &s->browser.receive, 1);
	send_media(s, &s->browser, &c);
	expect_sent(s, &s->phone, &m);
	send_media(s, &s->browser, &c);
	assert_int_equal(s->relay->sent_count, 0);
	assert_int_equal(relay_drops(s->relay, DROP_REPLAY), 1);
}

static void a_rekey_loses_nothing(void **state)
{
	struct scene *s = *state;
	struct media m = rtp(1), c;
	struct oracle old;

	put_call(s, false, true);
	old = s->browser.receive;
	c = protect(m, &old, 1);
	send_media(s, &s->browser, &c);
	expect_sent(s, &s->phone, &m);
	put_side_keys(s, &s->browser, 2, 60000);
	for (uint16_t seq = 2; seq < 6; seq++) { /* old and new by turns, in the grace time */
		m = rtp(seq);
		c = protect(m, seq % 2 ? &s->browser.receive : &old, seq);
		send_media(s, &s->browser, &c);
		expect_sent(s, &s->phone, &m);
	}
	c = protect(m, &s->browser.send, 5);
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &c);
	/* Without a grace time the old key is over at once. */
	old = s->browser.receive;
	put_side_keys(s, &s->browser, 3, 0);
	m = rtp(7);
	c = protect(m, &old, 7);
	send_media(s, &s->browser, &c);
	expect_dropped(s, DROP_AUTH_FAILED, 1);
	c = protect(m, &s->browser.receive, 7);
	send_media(s, &s->browser, &c);
	expect_sent(s, &s->phone, &m);
}

static void nothing_leaves_in_the_clear(void **state)
{
	struct scene *s = *state;
	struct media m = rtp(1);

	put_side(s, &s->phone, 1, 2, relay_local[TRUNK_IPV4], PHONE_LEG, PHONE, PHONE_PORT, false,
		 false);
	put_side(s, &s->browser, 2, 1, relay_local[PUBLIC_IPV4], BROWSER_LEG, BROWSER, BROWSER_PORT,
		 true, true);
	relay_run(s->relay);
	send_media(s, &s->phone, &m);
	expect_dropped(s, DROP_NO_KEY, 1);
	send_media(s, &s->browser, &m);
	expect_dropped(s, DROP_NO_KEY, 2);
}

static void hold_stops_media_not_reports(void **state)
{
	struct scene *s = *state;
	struct media m = rtp(1), c = rtcp();
	struct put p;

	put_call(s, false, false);
	put_init(&p, 1, 2, relay_local[TRUNK_IPV4], PHONE_LEG, PHONE, PHONE_PORT);
	p.send = false;
	assert_int_equal(relay_put(s->relay, &p), 0);
	relay_run(s->relay);
	send_media(s, &s->browser, &m);
	expect_dropped(s, DROP_HELD, 1);
	send_media(s, &s->browser, &c);
	expect_sent(s, &s->phone, &c);
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &m);
	p.send = true;
	assert_int_equal(relay_put(s->relay, &p), 0);
	relay_run(s->relay);
	m = rtp(2);
	send_media(s, &s->browser, &m);
	expect_sent(s, &s->phone, &m);
}

static void latching_turns_the_other_direction(void **state)
{
	struct scene *s = *state;
	struct endpoint signalled;
	struct media m = rtp(1);
	struct put p;

	put_call(s, false, false);
	put_init(&p, 1, 2, relay_local[TRUNK_IPV4], PHONE_LEG, "203.0.113.77", 7777);
	p.m.latch_ms = 60000;
	assert_int_equal(relay_put(s->relay, &p), 0);
	relay_run(s->relay);
	signalled = bench_endpoint("203.0.113.77", 7777);
	s->phone.remote = bench_endpoint("203.0.113.78", 8888); /* behind a NAT, as it turns out */
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &m);
	assert_int_equal(s->relay->event_count, 1);
	assert_int_equal(s->relay->events[0].kind, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
	assert_int_equal(s->relay->events[0].port, 8888);
	send_media(s, &s->browser, &m);
	expect_sent(s, &s->phone, &m);
	send_from(s, &s->phone, &signalled, &m);
	expect_dropped(s, DROP_WRONG_SOURCE, 1);
}

/* SDES behind a NAT: the address is believed when the tag was right. */
static void secure_latching_waits_for_a_tag(void **state)
{
	struct scene *s = *state;
	struct endpoint stranger = bench_endpoint("203.0.113.66", 6666);
	struct media m = rtp(1), c;
	struct put p;

	put_call(s, false, false);
	put_init(&p, 1, 2, relay_local[TRUNK_IPV4], PHONE_LEG, "203.0.113.77", 7777);
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	p.m.latch_ms = 60000;
	assert_int_equal(relay_put(s->relay, &p), 0);
	put_side_keys(s, &s->phone, 1, 0);
	c = protect(m, &s->phone.receive, 1);
	c.octets[40] ^= 1;
	send_from(s, &s->phone, &stranger, &c);
	expect_dropped(s, DROP_AUTH_FAILED, 1);
	assert_int_equal(s->relay->event_count, 0);
	s->phone.remote = bench_endpoint("203.0.113.78", 8888);
	c = protect(m, &s->phone.receive, 1);
	send_media(s, &s->phone, &c);
	expect_sent(s, &s->browser, &m);
	assert_int_equal(s->relay->event_count, 1);
	send_from(s, &s->phone, &stranger, &c);
	assert_int_equal(relay_drops(s->relay, DROP_WRONG_SOURCE), 1);
	c = protect(m, &s->phone.send, 1);
	send_media(s, &s->browser, &m);
	expect_sent(s, &s->phone, &c);
}

static void waits_for_the_neighbour(void **state)
{
	struct scene *s = *state;
	uint8_t frame[64] = {0};
	struct media m = rtp(1);

	s->relay->silent = true;
	put_call(s, false, false);
	assert_true(s->relay->requests > 0);
	send_media(s, &s->phone, &m);
	expect_dropped(s, DROP_NO_NEIGHBOUR, 1);
	/* The browser's host answers at last. */
	memcpy(frame + 12, "\x08\x06", 2);
	relay_answer_arp(s->relay, PUBLIC, frame, 14,
			 &(struct arp){.sender_mac = s->relay->dataplane.networks[PUBLIC].mac,
				       .sender = s->browser.local.address,
				       .target = s->browser.remote.address});
	relay_run(s->relay);
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &m);
	send_media(s, &s->browser, &m);
	assert_int_equal(relay_drops(s->relay, DROP_NO_NEIGHBOUR), 2);
}

static void says_why_nothing_goes_on(void **state)
{
	struct scene *s = *state;
	struct endpoint off = bench_endpoint("203.0.113.9", 4711);
	struct media m = rtp(1);
	struct put p;

	put_side(s, &s->phone, 1, 2, relay_local[TRUNK_IPV4], PHONE_LEG, PHONE, PHONE_PORT, false,
		 false);
	relay_run(s->relay);
	send_media(s, &s->phone, &m);
	expect_dropped(s, DROP_NO_PATH, 1);
	put_init(&p, 2, 1, relay_local[PUBLIC_IPV4], BROWSER_LEG, NULL, 0);
	assert_int_equal(relay_put(s->relay, &p), 0);
	relay_run(s->relay);
	send_media(s, &s->phone, &m);
	assert_int_equal(relay_drops(s->relay, DROP_NO_ADDRESS), 1);
	send_from(s, &s->phone, &off, &m);
	assert_int_equal(relay_drops(s->relay, DROP_WRONG_SOURCE), 1);
	assert_int_equal(relay_delete(s->relay, 1), 0);
	relay_run(s->relay);
	send_media(s, &s->phone, &m);
	assert_int_equal(relay_drops(s->relay, DROP_CLOSED_PORT), 1);
	assert_int_equal(relay_all_drops(s->relay), 4);
}

static void too_much_for_the_mtu(void **state)
{
	struct scene *s = *state;
	struct media m = rtp(1);

	put_call(s, false, true);
	s->relay->dataplane.networks[PUBLIC].mtu = 0; /* only what is published later sees it */
	send_media(s, &s->phone, &m);
	assert_int_equal(s->relay->sent_count, 1);
	s->relay->sent_count = 0;
	put_side(s, &s->browser, 2, 1, relay_local[PUBLIC_IPV4], BROWSER_LEG, BROWSER,
		 BROWSER_PORT + 2, true, true);
	relay_run(s->relay);
	m = rtp(2);
	send_media(s, &s->phone, &m);
	expect_dropped(s, DROP_TOO_LARGE, 1);
}

/* RFC 5761 4: with RTCP on a port of its own, payload types 64 to 95 with the marker are RTP. */
static void a_marker_makes_no_rtcp(void **state)
{
	Tandem__Dataplane__V1__LegStatus *told;
	struct scene *s = *state;

	put_call(s, false, false);
	for (unsigned int type = 64; type < 96; type++) {
		struct media m = rtp(type);

		m.octets[1] = 0x80 | type;
		send_media(s, &s->phone, &m);
		expect_sent(s, &s->browser, &m);
	}
	told = status(s, s->phone.leg);
	assert_int_equal(told->packets, 32);
	assert_int_equal(told->rtcp_packets, 0);
	tandem__dataplane__v1__leg_status__free_unpacked(told, NULL);
}

/* A port that takes no more: what it refused is counted and freed. */
static void a_full_port_loses_counted(void **state)
{
	struct scene *s = *state;
	uint8_t frame[RELAY_FRAME];
	Tandem__Dataplane__V1__LegStatus *shown;
	uint64_t sent = 0;
	size_t length;
	struct media m;

	put_call(s, false, false);
	/* The ring towards the browser holds 255 frames, and nobody empties it. */
	for (unsigned int round = 0; round < 6; round++) {
		for (unsigned int k = 0; k < 50; k++) {
			m = rtp(50 * round + k);
			length = bench_put_udp(frame, &s->relay->at[TRUNK], &s->phone.remote,
					       &s->phone.local, m.octets, m.length);
			relay_inject(s->relay, TRUNK, 0, frame, length);
		}
		for (unsigned int turn = 0; turn < 4; turn++)
			for (unsigned int k = 0; k < s->workers; k++)
				relay_work(s->relay, k);
	}
	assert_int_equal(relay_drops(s->relay, DROP_TX_FULL), 300 - 255);
	shown = status(s, 1);
	sent = shown->sent_packets;
	tandem__dataplane__v1__leg_status__free_unpacked(shown, NULL);
	assert_int_equal(sent, 255);
	relay_run(s->relay);
	assert_int_equal(s->relay->sent_count, 255);
}

#define CASES(test)                                                                                \
	{#test " (1 worker)", test, create_one, destroy, NULL},                                    \
		{#test " (2 workers)", test, create_two, destroy, NULL},                           \
	{                                                                                          \
#test " (2 workers, 1 queue)", test, create_shared, destroy, NULL                  \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASES(plain_to_plain),
		CASES(counts_what_it_forwards),
		CASES(rtcp_goes_to_its_port),
		CASES(ipv4_to_ipv6),
		CASES(secure_to_plain_and_back),
		CASES(secure_to_secure),
		CASES(shared_keys_leave_packets_alone),
		CASES(a_rekey_of_shared_keys_protects_nothing),
		CASES(forgeries_go_nowhere),
		CASES(a_rekey_loses_nothing),
		CASES(nothing_leaves_in_the_clear),
		CASES(hold_stops_media_not_reports),
		CASES(latching_turns_the_other_direction),
		CASES(secure_latching_waits_for_a_tag),
		CASES(waits_for_the_neighbour),
		CASES(says_why_nothing_goes_on),
		CASES(a_marker_makes_no_rtcp),
		CASES(too_much_for_the_mtu),
		CASES(a_full_port_loses_counted),
	};
	int failed;

	if (bench_environment() || crypt_ipsec_mb.start())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	crypt_ipsec_mb.stop();
	return failed;
}
