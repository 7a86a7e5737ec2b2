/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is expected where floods are shed, through all that can happen to a leg. */
#include "dataplane/expect.h"

#include "tests/rig/browser.h"

/* Until the leg's window is over; it has a millisecond. */
static void wait_for_window(const struct scene *s)
{
	while (rte_rdtsc() < browser_leg(s)->config->latch_until)
		rte_pause();
}

/* --- who may speak --------------------------------------------------------------------------- */

static void the_signalled_address_may_speak_at_once(void **state)
{
	struct scene *s = *state;

	browser_put(s, &(struct terms){.remote_port = 40000});
	browser_expect_peers(s, 0, PEERS(browser_at(40000)));
	browser_expect_peers(s, 1, PEERS(browser_at(40001)));
	assert_false(browser_gate(s, 0)->settled);
}

static void nobody_may_speak_before_an_address_is_known(void **state)
{
	struct scene *s = *state;

	browser_put(s, &(struct terms){.latch_ms = 60000});
	browser_expect_peers(s, 0, 0, NULL);
	browser_expect_peers(s, 1, 0, NULL);
	assert_false(browser_gate(s, 0)->settled);
}

static void who_speaks_first_is_learnt_and_no_other(void **state)
{
	const struct endpoint from = browser_at(50000), rtcp_from = browser_at(50001);
	struct scene *s = *state;

	browser_put(s, &(struct terms){.remote_port = 40000, .latch_ms = 60000});
	browser_send(s, &from, scene_rtp(1));
	browser_expect_peers(s, 0, PEERS(browser_at(50000)));
	assert_true(browser_gate(s, 0)->settled);
	/* Its RTCP may still come from elsewhere. */
	browser_expect_peers(s, 1, PEERS(browser_at(40001)));
	assert_false(browser_gate(s, 1)->settled);
	browser_send(s, &rtcp_from, scene_rtcp());
	browser_expect_peers(s, 1, PEERS(browser_at(50001)));
	assert_true(browser_gate(s, 1)->settled);
}

static void the_signalled_address_settles_by_speaking(void **state)
{
	struct scene *s = *state;
	struct endpoint from = browser_at(40000);

	browser_put(s, &(struct terms){.remote_port = 40000, .latch_ms = 60000});
	browser_send(s, &from, scene_rtp(1));
	browser_expect_peers(s, 0, PEERS(from));
	assert_true(browser_gate(s, 0)->settled);
}

static void a_window_ends(void **state)
{
	struct scene *s = *state;
	struct endpoint stranger = browser_at(50000);

	browser_put(s, &(struct terms){.remote_port = 40000, .latch_ms = 1});
	wait_for_window(s);
	browser_send(s, &stranger, scene_rtp(1));
	scene_expect_drops(s, DROP_WRONG_SOURCE, 1);
	browser_expect_peers(s, 0, PEERS(browser_at(40000)));
	assert_true(browser_gate(s, 0)->settled);
}

static void a_new_address_in_the_sdp_voids_what_was_learnt(void **state)
{
	struct scene *s = *state;
	struct endpoint first = browser_at(50000);

	browser_put(s, &(struct terms){.remote_port = 40000, .latch_ms = 60000});
	browser_send(s, &first, scene_rtp(1));
	browser_put(s, &(struct terms){.remote_port = 41000, .latch_ms = 60000});
	browser_expect_peers(s, 0, PEERS(browser_at(41000)));
	assert_false(browser_gate(s, 0)->settled);
	/* Packets of the address before, still on their way, are nobody's. */
	browser_send(s, &first, scene_rtp(2));
	browser_expect_peers(s, 0, PEERS(browser_at(41000)));
	assert_false(browser_gate(s, 0)->settled);
	browser_put(s, &(struct terms){.remote_port = 0, .latch_ms = 60000});
	browser_expect_peers(s, 0, 0, NULL);
}

static void the_same_sdp_changes_nothing(void **state)
{
	struct scene *s = *state;
	struct endpoint from = browser_at(50000);

	browser_put(s, &(struct terms){.remote_port = 40000, .latch_ms = 60000});
	browser_send(s, &from, scene_rtp(7));
	browser_put(s, &(struct terms){.remote_port = 40000, .latch_ms = 60000});
	browser_expect_peers(s, 0, PEERS(from));
	assert_true(browser_gate(s, 0)->settled);
	assert_int_equal(browser_gate(s, 0)->stream[0].highest, 7);
}

static void only_the_signalled_host_is_learnt_if_told_so(void **state)
{
	const struct terms terms = {
		.remote_port = 40000, .latch_ms = 60000, .latch_signalled = true};
	const struct endpoint stranger = bench_endpoint("198.51.100.77", 40000);
	struct endpoint other = browser_at(50000);
	struct scene *s = *state;

	browser_put(s, &terms);
	browser_send(s, &stranger, scene_rtp(1));
	scene_expect_drops(s, DROP_WRONG_SOURCE, 1);
	assert_false(browser_gate(s, 0)->settled);
	browser_send(s, &other, scene_rtp(1));
	browser_expect_peers(s, 0, PEERS(other));
	assert_true(browser_gate(s, 0)->settled);
}

static void srtp_is_learnt_by_its_tag(void **state)
{
	const struct terms terms = {.remote_port = 40000, .latch_ms = 60000, .secure = true};
	struct endpoint other = browser_at(50000);
	struct scene *s = *state;
	struct packet m;

	browser_put(s, &terms);
	scene_put_keys(s, &s->browser, 1, 0);
	m = packet_protect(scene_rtp(1), &s->browser.receive, 1);
	m.octets[m.length - 1] ^= 1;
	browser_send(s, &other, m);
	scene_expect_drops(s, DROP_AUTH_FAILED, 1);
	browser_expect_peers(s, 0, PEERS(browser_at(40000)));
	assert_false(browser_gate(s, 0)->settled);
	assert_int_equal(browser_gate(s, 0)->stream[0].used, 0);
	m.octets[m.length - 1] ^= 1;
	browser_send(s, &other, m);
	browser_expect_peers(s, 0, PEERS(other));
	assert_true(browser_gate(s, 0)->settled);
	assert_int_equal(browser_gate(s, 0)->stream[0].highest, 1);
}

static void srtp_is_learnt_from_the_signalled_host_if_told_so(void **state)
{
	const struct terms terms = {
		.remote_port = 40000, .latch_ms = 60000, .latch_signalled = true, .secure = true};
	const struct endpoint stranger = bench_endpoint("198.51.100.77", 40000);
	struct scene *s = *state;
	struct packet m;

	browser_put(s, &terms);
	scene_put_keys(s, &s->browser, 1, 0);
	m = packet_protect(scene_rtp(1), &s->browser.receive, 1);
	browser_send(s, &stranger, m);
	scene_expect_drops(s, DROP_WRONG_SOURCE, 1);
	browser_expect_peers(s, 0, PEERS(browser_at(40000)));
}

static void rtcp_mux_has_one_port(void **state)
{
	struct scene *s = *state;

	browser_put(s, &(struct terms){.remote_port = 40000});
	browser_put(s, &(struct terms){.remote_port = 40000, .mux = true});
	browser_expect_peers(s, 0, PEERS(browser_at(40000)));
	browser_expect_peers(s, 1, 0, NULL);
	browser_put(s, &(struct terms){.remote_port = 40000});
	browser_expect_peers(s, 1, PEERS(browser_at(40001)));
}

static void a_deleted_leg_leaves_nothing(void **state)
{
	static const struct shed_port nothing;
	const size_t part = offsetof(struct shed_port, peer);
	struct scene *s = *state;
	struct endpoint from = browser_at(40000);

	browser_put(s, &(struct terms){.remote_port = 40000, .latch_ms = 60000});
	browser_send(s, &from, scene_rtp(1));
	assert_int_equal(browser_gate(s, 0)->stream[0].ssrc, rte_cpu_to_be_32(0xdecafbad));
	assert_int_equal(relay_delete(s->relay, 2), 0);
	relay_run(s->relay);
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++)
		assert_memory_equal((char *)browser_gate(s, c) + part, (char *)&nothing + part,
				    sizeof(nothing) - part);
}

/* --- ICE ------------------------------------------------------------------------------------- */

static const struct terms with_ice = {.ice = true};

static void a_check_makes_a_peer(void **state)
{
	struct scene *s = *state;
	struct endpoint from = browser_at(40000), other = browser_at(40002);

	browser_put(s, &with_ice);
	browser_expect_peers(s, 0, 0, NULL);
	browser_send(s, &from, browser_check(UFRAG ":h6vY", "wrong password of 24 octe", false));
	browser_expect_peers(s, 0, 0, NULL);
	browser_send(s, &from, ICE_CHECK);
	browser_expect_peers(s, 0, PEERS(from));
	browser_send(s, &other, NOMINATE);
	browser_expect_peers(s, 0, PEERS(from, other));
}

static void of_addresses_the_stale_make_room(void **state)
{
	struct scene *s = *state;
	struct endpoint from;

	browser_put(s, &with_ice);
	for (uint16_t k = 0; k < LEG_PAIRS; k++) {
		from = browser_at(40000 + k);
		browser_send(s, &from, k ? ICE_CHECK : NOMINATE);
	}
	browser_expect_peers(
		s, 0,
		PEERS(browser_at(40000), browser_at(40001), browser_at(40002), browser_at(40003)));
	from = browser_at(45000);
	browser_leg(s)->pairs[2].checked -= 5 * rte_get_tsc_hz();
	browser_send(s, &from, ICE_CHECK);
	browser_expect_peers(s, 0,
			     PEERS(browser_at(40000), browser_at(40001), from, browser_at(40003)));
}

/* As if the main lcore's look at the legs were due. */
static void look(struct scene *s)
{
	relay_look(s->relay);
	relay_run(s->relay);
}

/* Nothing more comes, from anywhere: media goes to where it was last asked for. */
static void a_silent_address_gives_way(void **state)
{
	struct endpoint before = browser_at(40000), after = browser_at(40001);
	struct scene *s = *state;
	struct leg *leg;

	browser_put(s, &with_ice);
	browser_send(s, &before, NOMINATE);
	leg = browser_leg(s);
	leg->flow.last_packet = rte_rdtsc();
	browser_send(s, &after, NOMINATE);
	look(s);
	assert_true(endpoint_equal(&leg->remote[0], &before));
	leg->heard -= 2 * rte_get_tsc_hz();
	look(s);
	assert_true(endpoint_equal(&leg->remote[0], &after));
	assert_int_equal(leg->wanted[0], 0);
}

static void ice_comes_and_goes(void **state)
{
	struct scene *s = *state;
	struct endpoint from = browser_at(40000);

	browser_put(s, &with_ice);
	browser_send(s, &from, NOMINATE);
	browser_put(s, &(struct terms){.remote_port = 42000, .mux = true});
	browser_expect_peers(s, 0, PEERS(browser_at(42000)));
	assert_false(browser_gate(s, 0)->settled);
	browser_put(s, &with_ice);
	browser_expect_peers(s, 0, 0, NULL);
}

/* --- which packets are to be expected -------------------------------------------------------- */

static void expect_numbers(const struct shed_port *port, unsigned int place, uint32_t ssrc,
			   uint16_t highest, uint64_t seen)
{
	const struct shed_stream *v = &port->stream[place];

	assert_int_not_equal(v->used, 0);
	assert_int_equal(v->ssrc, rte_cpu_to_be_32(ssrc));
	assert_int_equal(v->highest, highest);
	assert_int_equal(v->seen, seen);
}

static void numbers_follow_what_is_accepted(void **state)
{
	static const struct {
		const char *what;
		uint16_t seq[9];
		unsigned int count;
		uint16_t highest;
		uint64_t seen;
	} cases[] = {
		{"the first", {5}, 1, 5, 0x1},
		{"in order", {1, 2, 3}, 3, 3, 0x7},
		{"one lost", {1, 3}, 2, 3, 0x5},
		{"one late", {1, 3, 2}, 3, 3, 0x7},
		{"one twice", {1, 2, 2}, 3, 2, 0x3},
		{"over the wrap", {65534, 65535, 0, 1}, 4, 1, 0xf},
		{"late over the wrap", {65535, 1, 0}, 3, 1, 0x7},
		{"7 lost", {1, 9}, 2, 9, 0x101},
		{"the oldest that counts",
		 {9, 17, 25, 33, 41, 49, 57, 64, 1},
		 9,
		 64,
		 0x8080808080808081},
		{"8 lost", {1, 10}, 2, 1, 0x1},
		{"a leap, proved", {1, 1000, 1001, 1002, 1003}, 5, 1003, 0x1},
		{"a leap, proved behind losses", {1, 1000, 1003, 1011, 1012}, 5, 1012, 0x1},
		{"a leap that was none", {1, 2, 1000, 3, 4}, 5, 4, 0xf},
		{"leaps to many places", {1, 30000, 50000, 10000, 40000, 2}, 6, 2, 0x3},
		{"back to the beginning", {40000, 40001, 1, 2, 3, 4, 5}, 7, 5, 0x3},
		{"too late", {1000, 900, 1001}, 3, 1001, 0x3},
	};
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		browser_put(s, &(struct terms){.remote_port = 40000});
		for (unsigned int n = 0; n < cases[k].count; n++)
			browser_send(s, &from, scene_rtp(cases[k].seq[n]));
		if (browser_gate(s, 0)->stream[0].highest != cases[k].highest ||
		    browser_gate(s, 0)->stream[0].seen != cases[k].seen)
			fail_msg("%s: %u, %#llx", cases[k].what,
				 browser_gate(s, 0)->stream[0].highest,
				 browser_gate(s, 0)->stream[0].seen);
		expect_numbers(browser_gate(s, 0), 0, 0xdecafbad, cases[k].highest, cases[k].seen);
		assert_int_equal(relay_delete(s->relay, 2), 0);
		relay_run(s->relay);
	}
}

/* Whatever a forger hits with a million guesses, the participant's next packet is expected. */
static void guesses_do_not_move_a_plain_leg(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;
	struct shed_stream *v;
	struct stream *stream;
	uint64_t random = 1;

	browser_put(s, &(struct terms){.remote_port = 40000});
	browser_send(s, &from, scene_rtp(1));
	v = &browser_gate(s, 0)->stream[0];
	stream = browser_leg(s)->flow.streams;
	for (uint16_t seq = 2; seq < 60000; seq++) {
		/* As many guesses get through between two packets of a thousand a second. */
		for (unsigned int k = 0; k < 20; k++) {
			random = random * 6364136223846793005 + 1442695040888963407;
			expect_sequence(browser_gate(s, 0), browser_leg(s), stream, random >> 48,
					0);
		}
		if ((uint16_t)(seq - v->highest + EXPECT_WINDOW - 1) >= 2 * EXPECT_WINDOW)
			fail_msg("%u is unexpected beside %u", seq, v->highest);
		expect_sequence(browser_gate(s, 0), browser_leg(s), stream, seq, 0);
	}
}

static void replays_and_forgeries_leave_srtp_alone(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;
	struct packet m;

	browser_put(s, &(struct terms){.remote_port = 40000, .secure = true});
	scene_put_keys(s, &s->browser, 1, 0);
	for (uint16_t seq = 1; seq <= 3; seq++)
		browser_send(s, &from, packet_protect(scene_rtp(seq), &s->browser.receive, seq));
	browser_send(s, &from, packet_protect(scene_rtp(2), &s->browser.receive, 2));
	for (uint16_t seq = 20000; seq < 20003; seq++) {
		m = packet_protect(scene_rtp(seq), &s->browser.receive, seq);
		m.octets[20] ^= 1;
		browser_send(s, &from, m);
	}
	assert_int_equal(relay_drops(s->relay, DROP_REPLAY), 1);
	assert_int_equal(relay_drops(s->relay, DROP_AUTH_FAILED), 3);
	expect_numbers(browser_gate(s, 0), 0, 0xdecafbad, 3, 0x7);
	assert_int_equal(browser_gate(s, 0)->stream[1].used, 0);
}

/* A participant with another key may begin its numbers anew: they are none of those it has used. */
static void another_key_forgets_the_numbers(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;

	browser_put(s, &(struct terms){.remote_port = 40000, .secure = true});
	scene_put_keys(s, &s->browser, 1, 0);
	for (uint16_t seq = 1; seq <= 3; seq++)
		browser_send(s, &from, packet_protect(scene_rtp(seq), &s->browser.receive, seq));
	expect_numbers(browser_gate(s, 0), 0, 0xdecafbad, 3, 0x7);
	scene_put_keys(s, &s->browser, 2, 1000);
	assert_int_equal(browser_gate(s, 0)->stream[0].used, 0);
	browser_send(s, &from, packet_protect(scene_rtp(2), &s->browser.receive, 2));
	expect_numbers(browser_gate(s, 0), 0, 0xdecafbad, 2, 0x1);
}

static void rtcp_has_no_place(void **state)
{
	const struct endpoint from = browser_at(40000);
	struct scene *s = *state;

	browser_put(s, &(struct terms){.remote_port = 40000, .mux = true});
	browser_send(s, &from, scene_rtcp());
	assert_int_equal(browser_gate(s, 0)->stream[0].used, 0);
}

/* --- more SSRCs than places ------------------------------------------------------------------ */

struct ssrcs {
	struct leg *leg;
	struct shed_port *port;
	struct stream *stream[SHED_STREAMS + 1];
};

static struct ssrcs put_ssrcs(struct scene *s)
{
	struct ssrcs x;

	browser_put(s, &(struct terms){.remote_port = 40000});
	x.leg = browser_leg(s);
	x.port = browser_gate(s, 0);
	for (unsigned int k = 0; k < RTE_DIM(x.stream); k++)
		assert_int_equal(stream_add(s->relay->dataplane.workers[0], &x.leg->flow, k, 0,
					    &x.stream[k]),
				 DROP_NONE);
	return x;
}

static void send_ssrc(struct ssrcs *x, unsigned int k, uint16_t seq, uint64_t now)
{
	expect_sequence(x->port, x->leg, x->stream[k], seq, now);
	x->stream[k]->meter.packets++;
}

static void an_idle_ssrc_gives_up_its_place(void **state)
{
	const uint64_t second = rte_get_tsc_hz();
	struct ssrcs x = put_ssrcs(*state);

	for (unsigned int k = 0; k < SHED_STREAMS; k++)
		send_ssrc(&x, k, 10 * k, 100 * second);
	for (unsigned int k = 0; k < SHED_STREAMS; k++)
		expect_numbers(x.port, k, k, 10 * k, 1);
	/* All but the second are heard again; the fourth has to wait for it to fall silent. */
	send_ssrc(&x, SHED_STREAMS, 500, 100 * second);
	expect_numbers(x.port, 1, 1, 10, 1);
	for (uint64_t t = 101; t < 110; t++) {
		send_ssrc(&x, 0, t, t * second);
		send_ssrc(&x, 2, t, t * second);
	}
	send_ssrc(&x, SHED_STREAMS, 501, 110 * second);
	expect_numbers(x.port, 1, SHED_STREAMS, 501, 1);
	send_ssrc(&x, SHED_STREAMS, 502, 110 * second);
	expect_numbers(x.port, 1, SHED_STREAMS, 502, 3);
	assert_false(x.port->untracked);
	/* The second is back: nobody is idle, and it does not write in its old place. */
	send_ssrc(&x, 1, 503, 110 * second);
	expect_numbers(x.port, 1, SHED_STREAMS, 502, 3);
	expect_numbers(x.port, 0, 0, 109, x.port->stream[0].seen);
}

static void too_many_ssrcs_are_not_followed(void **state)
{
	struct ssrcs x = put_ssrcs(*state);
	unsigned int packets;

	for (unsigned int k = 0; k < SHED_STREAMS; k++)
		send_ssrc(&x, k, 1, 0);
	/* A few packets prove nothing: a forger on a plain leg sends them, too. */
	for (packets = 0; packets < 20; packets++)
		send_ssrc(&x, SHED_STREAMS, packets, 0);
	assert_false(x.port->untracked);
	for (; packets < 100; packets++)
		send_ssrc(&x, SHED_STREAMS, packets, 0);
	assert_true(x.port->untracked);
}

/* --------------------------------------------------------------------------------------------- */

#define CASE(test) SCENE(test, scene_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_signalled_address_may_speak_at_once),
		CASE(nobody_may_speak_before_an_address_is_known),
		CASE(who_speaks_first_is_learnt_and_no_other),
		CASE(the_signalled_address_settles_by_speaking),
		CASE(a_window_ends),
		CASE(a_new_address_in_the_sdp_voids_what_was_learnt),
		CASE(the_same_sdp_changes_nothing),
		CASE(only_the_signalled_host_is_learnt_if_told_so),
		CASE(srtp_is_learnt_by_its_tag),
		CASE(srtp_is_learnt_from_the_signalled_host_if_told_so),
		CASE(rtcp_mux_has_one_port),
		CASE(a_deleted_leg_leaves_nothing),
		CASE(a_check_makes_a_peer),
		CASE(of_addresses_the_stale_make_room),
		CASE(a_silent_address_gives_way),
		CASE(ice_comes_and_goes),
		CASE(numbers_follow_what_is_accepted),
		CASE(guesses_do_not_move_a_plain_leg),
		CASE(replays_and_forgeries_leave_srtp_alone),
		CASE(another_key_forgets_the_numbers),
		CASE(rtcp_has_no_place),
		CASE(an_idle_ssrc_gives_up_its_place),
		CASE(too_many_ssrcs_are_not_followed),
	};

	return cmocka_run_group_tests(tests, scene_start, scene_stop);
}
