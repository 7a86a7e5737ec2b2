/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls through the whole dataplane: with one worker, two, and two that share one queue. */
#include "tests/rig/scene.h"

/* Packets whose time in the relay was told, by whichever worker. */
static uint64_t timed(const struct scene *s)
{
	uint64_t packets = 0;

	for (unsigned int w = 0; w < s->workers; w++)
		for (unsigned int k = 0; k <= LOAD_BOUNDS; k++)
			packets += s->relay->dataplane.workers[w]->load.latency[k];
	return packets;
}

static void plain_to_plain(void **state)
{
	struct scene *s = *state;
	uint64_t received, before;
	struct packet m;

	scene_call(s, false, false);
	received = relay_counter(s->relay, COUNTER_RX);
	before = timed(s);
	for (uint16_t seq = 65530; seq != 10; seq++) {
		m = scene_rtp(seq);
		m.length = 12 + seq % 37; /* odd lengths, padded frames, no payload at all */
		scene_pass(s, &s->phone, &m, &s->browser, &m);
		scene_pass(s, &s->browser, &m, &s->phone, &m);
	}
	assert_int_equal(relay_counter(s->relay, COUNTER_RX) - received, 32);
	assert_int_equal(timed(s) - before, 32);
	assert_int_equal(relay_all_drops(s->relay), 0);
	/* Every other one came in by the worker that does not own its port. */
	assert_int_equal(relay_counter(s->relay, COUNTER_HANDOVER), s->workers > 1 ? 16 : 0);
}

static void counts_what_it_forwards(void **state)
{
	struct scene *s = *state;
	const Tandem__Dataplane__V1__LegStatus *status1;
	struct packet m;

	scene_call(s, false, false);
	for (uint16_t seq = 1; seq <= 10; seq++) {
		m = scene_rtp(seq == 5 ? 11 : seq); /* 5 is lost */
		scene_pass(s, &s->phone, &m, &s->browser, &m);
	}
	m = scene_rtcp();
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	m = scene_rtp(12);
	scene_send_from(s, &s->phone, &s->browser.remote, &m);
	status1 = relay_status(s->relay, 1);
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
	status1 = relay_status(s->relay, 2);
	assert_int_equal(status1->packets, 0);
	assert_int_equal(status1->sent_packets, 0);
	scene_expect_drops(s, DROP_WRONG_SOURCE, 1);
}

static void rtcp_goes_to_its_port(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtcp();

	scene_call(s, false, false);
	scene_send(s, &s->phone, &m); /* from a pair to rtcp-mux ... */
	scene_expect(s, &s->browser, &m);
	scene_send(s, &s->browser, &m); /* ... and back */
	scene_expect(s, &s->phone, &m);
}

static void ipv4_to_ipv6(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);

	scene_put_side(s, &s->phone, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT, false, false);
	scene_put_side(s, &s->browser, 2, 1, PUBLIC_IPV6, BROWSER_LEG, BROWSER6, BROWSER_PORT,
		       false, false);
	relay_run(s->relay);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	scene_pass(s, &s->browser, &m, &s->phone, &m);
	m = scene_rtcp();
	scene_pass(s, &s->browser, &m, &s->phone, &m);
}

static void secure_to_plain_and_back(void **state)
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
	c = packet_protect(m, &s->browser.receive, 1);
	scene_pass(s, &s->browser, &c, &s->phone, &m);
	c = packet_protect(m, &s->browser.send, 1);
	scene_pass(s, &s->phone, &m, &s->browser, &c);
	assert_int_equal(relay_all_drops(s->relay), 0);
}

static void secure_to_secure(void **state)
{
	struct scene *s = *state;
	struct packet m, in, out;

	scene_call(s, true, true);
	for (uint32_t index = 65530; index < 65550; index++) {
		m = scene_rtp(index);
		in = packet_protect(m, &s->phone.receive, index);
		out = packet_protect(m, &s->browser.send, index);
		scene_pass(s, &s->phone, &in, &s->browser, &out);
	}
	m = scene_rtcp();
	in = packet_protect(m, &s->phone.receive, 9);
	out = packet_protect(m, &s->browser.send, 1);
	scene_pass(s, &s->phone, &in, &s->browser, &out);
}

static void put_shared_call(struct scene *s)
{
	scene_put_side(s, &s->phone, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT, false, true);
	scene_put_side(s, &s->browser, 2, 1, PUBLIC_IPV4, BROWSER_LEG, BROWSER, BROWSER_PORT, true,
		       true);
	scene_share_keys(s, &s->phone, 1, 'p', 'b');
	scene_share_keys(s, &s->browser, 1, 'p', 'b');
}

static void passes(struct scene *s, const struct side *from, const struct side *to, struct packet m,
		   uint64_t index)
{
	m = packet_protect(m, &from->receive, index);
	scene_pass(s, from, &m, to, &m);
}

static void shared_keys_leave_packets_alone(void **state)
{
	struct scene *s = *state;
	const Tandem__Dataplane__V1__LegStatus *shown;
	struct packet m;

	put_shared_call(s);
	for (uint64_t index = 65530; index < 65540; index++) {
		passes(s, &s->phone, &s->browser, scene_rtp(index), index);
		passes(s, &s->browser, &s->phone, scene_rtp(index), index);
	}
	passes(s, &s->phone, &s->browser, scene_rtcp(), 9);
	passes(s, &s->browser, &s->phone, scene_rtcp(), 7);
	m = packet_protect(scene_rtp(3), &s->phone.receive, 65539);
	scene_send(s, &s->phone, &m);
	scene_expect_drops(s, DROP_REPLAY, 1);
	m = packet_protect(scene_rtp(4), &s->phone.receive, 65540);
	m.octets[20] ^= 1;
	scene_send(s, &s->phone, &m);
	assert_int_equal(s->relay->sent_count, 0);
	assert_int_equal(relay_drops(s->relay, DROP_AUTH_FAILED), 1);
	shown = relay_status(s->relay, 1);
	assert_int_equal(shown->paths[0]->mode, TANDEM__DATAPLANE__V1__MODE__MODE_VERIFY);
	assert_int_equal(shown->packets, 10);
	assert_int_equal(shown->bytes, 10 * 172);
	assert_int_equal(shown->rtcp_packets, 1);
}

/* Whichever leg hears first of new keys: no packet is ever protected by the relay. */
static void a_rekey_of_shared_keys_protects_nothing(void **state)
{
	struct scene *s = *state;
	struct side phone, browser;

	put_shared_call(s);
	passes(s, &s->phone, &s->browser, scene_rtp(1), 1);
	passes(s, &s->browser, &s->phone, scene_rtp(1), 1);
	phone = s->phone;
	browser = s->browser;
	scene_share_keys(s, &s->phone, 2, 'P', 'B');
	passes(s, &phone, &s->browser, scene_rtp(2), 2);
	passes(s, &s->phone, &s->browser, scene_rtp(3), 3);
	passes(s, &phone, &s->browser, scene_rtcp(), 1);
	passes(s, &browser, &s->phone, scene_rtp(2), 2);
	passes(s, &browser, &s->phone, scene_rtcp(), 1);
	scene_share_keys(s, &s->browser, 2, 'P', 'B');
	passes(s, &phone, &s->browser, scene_rtp(4), 4);
	passes(s, &s->phone, &s->browser, scene_rtp(5), 5);
	passes(s, &browser, &s->phone, scene_rtp(3), 3);
	passes(s, &s->browser, &s->phone, scene_rtp(4), 4);
	passes(s, &s->browser, &s->phone, scene_rtcp(), 1);
	assert_int_equal(relay_all_drops(s->relay), 0);
}

static void forgeries_go_nowhere(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1), c;

	scene_call(s, false, true);
	c = packet_protect(m, &s->browser.receive, 1);
	c.octets[20] ^= 1;
	scene_send(s, &s->browser, &c);
	scene_expect_drops(s, DROP_AUTH_FAILED, 1);
	scene_send(s, &s->browser, &m); /* no tag at all */
	scene_expect_drops(s, DROP_AUTH_FAILED, 2);
	c = packet_protect(m, &s->browser.receive, 1);
	scene_pass(s, &s->browser, &c, &s->phone, &m);
	scene_send(s, &s->browser, &c);
	assert_int_equal(s->relay->sent_count, 0);
	assert_int_equal(relay_drops(s->relay, DROP_REPLAY), 1);
}

static void a_rekey_loses_nothing(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1), c;
	struct oracle old;

	scene_call(s, false, true);
	old = s->browser.receive;
	c = packet_protect(m, &old, 1);
	scene_pass(s, &s->browser, &c, &s->phone, &m);
	scene_put_keys(s, &s->browser, 2, 60000);
	for (uint16_t seq = 2; seq < 6; seq++) { /* old and new by turns, in the grace time */
		m = scene_rtp(seq);
		c = packet_protect(m, seq % 2 ? &s->browser.receive : &old, seq);
		scene_pass(s, &s->browser, &c, &s->phone, &m);
	}
	c = packet_protect(m, &s->browser.send, 5);
	scene_pass(s, &s->phone, &m, &s->browser, &c);
	/* Without a grace time the old key is over at once. */
	old = s->browser.receive;
	scene_put_keys(s, &s->browser, 3, 0);
	m = scene_rtp(7);
	c = packet_protect(m, &old, 7);
	scene_send(s, &s->browser, &c);
	scene_expect_drops(s, DROP_AUTH_FAILED, 1);
	c = packet_protect(m, &s->browser.receive, 7);
	scene_pass(s, &s->browser, &c, &s->phone, &m);
}

static void nothing_leaves_in_the_clear(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);

	scene_put_side(s, &s->phone, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT, false, false);
	scene_put_side(s, &s->browser, 2, 1, PUBLIC_IPV4, BROWSER_LEG, BROWSER, BROWSER_PORT, true,
		       true);
	relay_run(s->relay);
	scene_send(s, &s->phone, &m);
	scene_expect_drops(s, DROP_NO_KEY, 1);
	scene_send(s, &s->browser, &m);
	scene_expect_drops(s, DROP_NO_KEY, 2);
}

static void hold_stops_media_not_reports(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1), c = scene_rtcp();
	struct put p;

	scene_call(s, false, false);
	put_init(&p, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT);
	p.send = false;
	assert_int_equal(relay_put(s->relay, &p), 0);
	relay_run(s->relay);
	scene_send(s, &s->browser, &m);
	scene_expect_drops(s, DROP_HELD, 1);
	scene_pass(s, &s->browser, &c, &s->phone, &c);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	p.send = true;
	assert_int_equal(relay_put(s->relay, &p), 0);
	relay_run(s->relay);
	m = scene_rtp(2);
	scene_pass(s, &s->browser, &m, &s->phone, &m);
}

static void latching_turns_the_other_direction(void **state)
{
	struct scene *s = *state;
	struct endpoint signalled;
	struct packet m = scene_rtp(1);
	struct put p;

	scene_call(s, false, false);
	put_init(&p, 1, 2, TRUNK_IPV4, PHONE_LEG, "203.0.113.77", 7777);
	p.m.latch_ms = 60000;
	assert_int_equal(relay_put(s->relay, &p), 0);
	relay_run(s->relay);
	signalled = bench_endpoint("203.0.113.77", 7777);
	s->phone.remote = bench_endpoint("203.0.113.78", 8888); /* behind a NAT, as it turns out */
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	assert_int_equal(s->relay->event_count, 1);
	assert_int_equal(s->relay->events[0].kind, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP);
	assert_int_equal(s->relay->events[0].port, 8888);
	scene_pass(s, &s->browser, &m, &s->phone, &m);
	scene_send_from(s, &s->phone, &signalled, &m);
	scene_expect_drops(s, DROP_WRONG_SOURCE, 1);
}

/* SDES behind a NAT: the address is believed when the tag was right. */
static void secure_latching_waits_for_a_tag(void **state)
{
	struct scene *s = *state;
	struct endpoint stranger = bench_endpoint("203.0.113.66", 6666);
	struct packet m = scene_rtp(1), c;
	struct put p;

	scene_call(s, false, false);
	put_init(&p, 1, 2, TRUNK_IPV4, PHONE_LEG, "203.0.113.77", 7777);
	p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	p.m.latch_ms = 60000;
	assert_int_equal(relay_put(s->relay, &p), 0);
	scene_put_keys(s, &s->phone, 1, 0);
	c = packet_protect(m, &s->phone.receive, 1);
	c.octets[40] ^= 1;
	scene_send_from(s, &s->phone, &stranger, &c);
	scene_expect_drops(s, DROP_AUTH_FAILED, 1);
	assert_int_equal(s->relay->event_count, 0);
	s->phone.remote = bench_endpoint("203.0.113.78", 8888);
	c = packet_protect(m, &s->phone.receive, 1);
	scene_pass(s, &s->phone, &c, &s->browser, &m);
	assert_int_equal(s->relay->event_count, 1);
	scene_send_from(s, &s->phone, &stranger, &c);
	assert_int_equal(relay_drops(s->relay, DROP_WRONG_SOURCE), 1);
	c = packet_protect(m, &s->phone.send, 1);
	scene_pass(s, &s->browser, &m, &s->phone, &c);
}

static void waits_for_the_neighbour(void **state)
{
	struct scene *s = *state;
	uint8_t frame[64] = {0};
	struct packet m = scene_rtp(1);

	s->relay->silent = true;
	scene_call(s, false, false);
	assert_true(s->relay->requests > 0);
	scene_send(s, &s->phone, &m);
	scene_expect_drops(s, DROP_NO_NEIGHBOUR, 1);
	/* The browser's host answers at last. */
	memcpy(frame + 12, "\x08\x06", 2);
	relay_answer_arp(s->relay, PUBLIC, frame, 14,
			 &(struct arp){.sender_mac = s->relay->dataplane.ports[PUBLIC].mac,
				       .sender = s->browser.local.address,
				       .target = s->browser.remote.address});
	relay_run(s->relay);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	scene_send(s, &s->browser, &m);
	assert_int_equal(relay_drops(s->relay, DROP_NO_NEIGHBOUR), 2);
}

static void says_why_nothing_goes_on(void **state)
{
	struct scene *s = *state;
	struct endpoint off = bench_endpoint("203.0.113.9", 4711);
	struct packet m = scene_rtp(1);
	struct put p;

	scene_put_side(s, &s->phone, 1, 2, TRUNK_IPV4, PHONE_LEG, PHONE, PHONE_PORT, false, false);
	relay_run(s->relay);
	scene_send(s, &s->phone, &m);
	scene_expect_drops(s, DROP_NO_PATH, 1);
	put_init(&p, 2, 1, PUBLIC_IPV4, BROWSER_LEG, NULL, 0);
	assert_int_equal(relay_put(s->relay, &p), 0);
	relay_run(s->relay);
	scene_send(s, &s->phone, &m);
	assert_int_equal(relay_drops(s->relay, DROP_NO_ADDRESS), 1);
	scene_send_from(s, &s->phone, &off, &m);
	assert_int_equal(relay_drops(s->relay, DROP_WRONG_SOURCE), 1);
	assert_int_equal(relay_delete(s->relay, 1), 0);
	relay_run(s->relay);
	scene_send(s, &s->phone, &m);
	assert_int_equal(relay_drops(s->relay, DROP_CLOSED_PORT), 1);
	assert_int_equal(relay_all_drops(s->relay), 4);
}

static void too_much_for_the_mtu(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);

	scene_call(s, false, true);
	s->relay->dataplane.networks[PUBLIC].mtu = 0; /* only what is published later sees it */
	scene_send(s, &s->phone, &m);
	assert_int_equal(s->relay->sent_count, 1);
	s->relay->sent_count = 0;
	scene_put_side(s, &s->browser, 2, 1, PUBLIC_IPV4, BROWSER_LEG, BROWSER, BROWSER_PORT + 2,
		       true, true);
	relay_run(s->relay);
	m = scene_rtp(2);
	scene_send(s, &s->phone, &m);
	scene_expect_drops(s, DROP_TOO_LARGE, 1);
}

/* RFC 5761 4: with RTCP on a port of its own, payload types 64 to 95 with the marker are RTP. */
static void a_marker_makes_no_rtcp(void **state)
{
	const Tandem__Dataplane__V1__LegStatus *told;
	struct scene *s = *state;

	scene_call(s, false, false);
	for (unsigned int type = 64; type < 96; type++) {
		struct packet m = scene_rtp(type);

		m.octets[1] = 0x80 | type;
		scene_pass(s, &s->phone, &m, &s->browser, &m);
	}
	told = relay_status(s->relay, s->phone.leg);
	assert_int_equal(told->packets, 32);
	assert_int_equal(told->rtcp_packets, 0);
}

/* A port that takes no more: what it refused is counted and freed, and nothing else. */
static void a_full_port_loses_counted(void **state)
{
	struct scene *s = *state;
	uint8_t frame[RELAY_FRAME];
	const Tandem__Dataplane__V1__LegStatus *shown;
	uint64_t sent = 0;
	size_t length;
	struct packet m;

	scene_call(s, false, false);
	/* The ring towards the browser holds fewer frames, and nobody empties it. */
	for (unsigned int round = 0; round < 11; round++) {
		for (unsigned int k = 0; k < 50; k++) {
			m = scene_rtp(50 * round + k);
			length = bench_put_udp(frame, &s->relay->at[TRUNK], &s->phone.remote,
					       &s->phone.local, m.octets, m.length);
			relay_inject(s->relay, TRUNK, 0, frame, length);
		}
		for (unsigned int turn = 0; turn < 4; turn++)
			for (unsigned int k = 0; k < s->workers; k++)
				worker_poll(s->relay->dataplane.workers[k]);
	}
	assert_int_equal(relay_drops(s->relay, DROP_TX_FULL), 550 - (RELAY_FRAMES - 1));
	shown = relay_status(s->relay, 1);
	sent = shown->sent_packets;
	assert_int_equal(sent, RELAY_FRAMES - 1);
	relay_run(s->relay);
	assert_int_equal(s->relay->sent_count, RELAY_FRAMES - 1);
}

#define CASES(test) SCENE(test, scene_one), SCENE(test, scene_two), SCENE(test, scene_shared)

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

	return cmocka_run_group_tests(tests, scene_start, scene_stop);
}
