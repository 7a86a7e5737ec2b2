/* SPDX-License-Identifier: BSD-3-Clause */
/* What numbers an outgoing SRTP stream is the relay's, with either engine. */
#include "tests/rig/scene.h"

/* The phone sends `seq`, and the browser gets it as `index`. */
static void passes(struct scene *s, uint16_t seq, uint64_t index)
{
	struct packet m = scene_rtp(seq),
		      out = packet_protect(packet_numbered(scene_rtp(seq), index), &s->browser.send,
					   index);

	scene_pass(s, &s->phone, &m, &s->browser, &out);
}

/* The same of a phone with SRTP, which counts `sent`. */
static void passes_secure(struct scene *s, uint64_t sent, uint64_t index)
{
	struct packet m = packet_protect(scene_rtp(sent), &s->phone.receive, sent);
	struct packet out =
		packet_protect(packet_numbered(scene_rtp(sent), index), &s->browser.send, index);

	scene_pass(s, &s->phone, &m, &s->browser, &out);
}

static void is_lost(struct scene *s, uint16_t seq, enum drop reason)
{
	uint64_t before = relay_drops(s->relay, reason);
	struct packet m = scene_rtp(seq);

	scene_send(s, &s->phone, &m);
	assert_int_equal(s->relay->sent_count, 0);
	assert_int_equal(relay_drops(s->relay, reason), before + 1);
}

static uint32_t renumbered(struct scene *s)
{
	const Tandem__Dataplane__V1__LegStatus *told = relay_status(s->relay, s->phone.leg);
	uint32_t count = told->streams[0]->renumbered;

	return count;
}

static void one_stray_costs_itself(void **state)
{
	struct scene *s = *state;

	scene_call(s, false, true);
	for (uint16_t seq = 1000; seq < 1010; seq++)
		passes(s, seq, seq);
	is_lost(s, 33000, DROP_LEAP);
	for (uint16_t seq = 1010; seq < 1020; seq++)
		passes(s, seq, seq);
	/* Two, which do not go on from each other. */
	is_lost(s, 33000, DROP_LEAP);
	is_lost(s, 40000, DROP_LEAP);
	passes(s, 1020, 1020);
	/* Two in sequence, with the stream's own between them. */
	is_lost(s, 20000, DROP_LEAP);
	passes(s, 1021, 1021);
	is_lost(s, 20001, DROP_LEAP);
	passes(s, 1022, 1022);
	assert_int_equal(renumbered(s), 0);
}

static void loss_and_reordering_stay(void **state)
{
	struct scene *s = *state;

	scene_call(s, false, true);
	passes(s, 65000, 65000);
	passes(s, 65002, 65002);
	passes(s, 65001, 65001);
	is_lost(s, 65001, DROP_REPLAY);
	passes(s, (65002 + 2999) % 65536, 65002 + 2999);
	passes(s, 67500 - 65536, 67500);
	is_lost(s, 65500, DROP_LEAP);
	passes(s, (65002 + 3000) % 65536, 65002 + 3000);
	assert_int_equal(renumbered(s), 0);
}

/* Ahead and behind by any number, also by so few that its packets look like copies. */
static void a_sender_begins_anew(void **state)
{
	static const uint16_t begins[] = {1,     40,    900,   1000,  2900,  4890,
					  10000, 44767, 13998, 50000, 65535, 65534};
	struct scene *s = *state;
	uint16_t seq = 1000;
	uint64_t next = 1000;

	scene_call(s, false, true);
	for (unsigned int k = 0; k < RTE_DIM(begins); k++) {
		uint64_t before = relay_all_drops(s->relay);

		for (unsigned int sent = 0; sent < 2000; sent++, seq++, next++) {
			struct packet m = scene_rtp(seq), out;

			scene_send(s, &s->phone, &m);
			next -= !s->relay->sent_count;
			if (!s->relay->sent_count)
				continue;
			out = packet_protect(packet_numbered(scene_rtp(seq), next),
					     &s->browser.send, next);
			scene_expect(s, &s->browser, &out);
		}
		assert_int_equal(renumbered(s), k);
		assert_in_range(relay_all_drops(s->relay), before, before + 3);
		seq = begins[k];
	}
}

/* The receiver's counter turns over as if nothing had happened. */
static void a_new_beginning_at_the_wrap(void **state)
{
	struct scene *s = *state;

	scene_call(s, false, true);
	passes(s, 65534, 65534);
	passes(s, 65535, 65535);
	is_lost(s, 30000, DROP_LEAP);
	passes(s, 30001, 65536);
	passes(s, 30002, 65537);
	/* A hold of twelve minutes, during which the sender counted on. */
	is_lost(s, 30002 + 33000, DROP_LEAP);
	passes(s, 30002 + 33001, 65538);
	for (unsigned int sent = 1; sent < 140000; sent++)
		passes(s, 30002 + 33001 + sent, 65538 + sent);
	is_lost(s, (30002 + 33001 + 139999) % 65536, DROP_REPLAY);
	assert_int_equal(renumbered(s), 2);
}

static void nothing_is_before_the_first(void **state)
{
	struct scene *s = *state;

	scene_call(s, false, true);
	passes(s, 2, 2);
	is_lost(s, 65535, DROP_REPLAY);
	passes(s, 3, 3);
	passes(s, 1, 1);
}

/* A tag vouches for the leap: it costs nothing. */
static void an_authentic_leap_is_believed(void **state)
{
	struct scene *s = *state;

	scene_call(s, true, true);
	passes_secure(s, 100, 100);
	passes_secure(s, 101, 101);
	passes_secure(s, 20000, 102);
	passes_secure(s, 20001, 103);
	passes_secure(s, 40000, 104);
	passes_secure(s, 65535, 105);
	passes_secure(s, 65536, 106);
	/* Late, but in the window. */
	passes_secure(s, 66500, 1070);
	passes_secure(s, 65537, 107);
}

/* SDES: a phone that is given another key begins its numbers anew. */
static void a_rekey_with_other_numbers(void **state)
{
	struct scene *s = *state;

	scene_call(s, true, true);
	for (unsigned int k = 0; k < 20; k++)
		passes_secure(s, 40000 + k, 40000 + k);
	scene_put_keys(s, &s->phone, 2, 0);
	passes_secure(s, 40010, 40020);
	passes_secure(s, 40011, 40021);
	passes_secure(s, 40012, 40022);
}

/* RFC 3711 3.3.1: 65,536 packets, then another key; the counter is kept, both ways. */
static void the_counter_outlives_the_key(void **state)
{
	struct scene *s = *state;
	struct keys k;
	struct packet m, out;

	scene_call(s, true, true);
	for (uint64_t index = 40000; index < 65600; index += 100)
		passes_secure(s, index, index);
	passes_secure(s, 65599, 65599);

	scene_put_keys(s, &s->phone, 2, 0);
	keys_init(&k, s->browser.leg, 2, SUITE);
	k.m.send_goes_on = true;
	assert_int_equal(relay_put_keys(s->relay, &k), 0);
	oracle_derive(&s->browser.receive, SUITE, k.receive_key, k.receive_salt);
	oracle_derive(&s->browser.send, SUITE, k.send_key, k.send_salt);
	relay_run(s->relay);
	for (uint64_t index = 65600; index < 65610; index++)
		passes_secure(s, index, index);

	/*
	 * A participant whose counter begins anew is understood as well, with either first packet.
	 */
	scene_put_keys(s, &s->phone, 3, 0);
	for (unsigned int more = 0; more < 10; more++) {
		m = packet_protect(scene_rtp(74 + more), &s->phone.receive, 74 + more);
		out = packet_protect(scene_rtp(74 + more), &s->browser.send, 65610 + more);
		scene_pass(s, &s->phone, &m, &s->browser, &out);
	}
	assert_int_equal(relay_all_drops(s->relay), 0);
}

/* Silent under two keys: the counter is that of the last one under which it was heard. */
static void the_counter_outlives_a_silent_key(void **state)
{
	struct scene *s = *state;

	scene_call(s, true, true);
	for (uint64_t index = 65000; index < 65540; index++)
		passes_secure(s, index, index);
	for (uint32_t epoch = 2; epoch < 6; epoch++)
		scene_put_keys(s, &s->phone, epoch, 1000);
	passes_secure(s, 65540, 65540);
	passes_secure(s, 65541, 65541);
}

/* Another address: the counter begins at 0 (RFC 4568 7.1.4), and the numbers go on. */
static void a_new_address_begins_at_0(void **state)
{
	struct scene *s = *state;

	scene_call(s, false, true);
	passes(s, 65535, 65535);
	passes(s, 0, 65536);
	is_lost(s, 5000, DROP_LEAP);
	passes(s, 5001, 65537);
	scene_put_keys(s, &s->browser, 2, 0);
	passes(s, 5002, 2);
	passes(s, 5003, 3);
}

/* --- reports come back with the sender's own numbers ----------------------------------------- */

#define OURS 0xdecafbad

static void put16(uint8_t *p, uint16_t value)
{
	oracle_put(p, value, 2);
}

/* What the browser says arrives at the phone; 64 octets at most. */
static void says(struct scene *s, const uint8_t *said, const uint8_t *heard, uint16_t length,
		 uint32_t index)
{
	struct packet m = {.class = CLASS_RTCP, .length = length}, out = m;

	memcpy(m.octets, said, length);
	memcpy(out.octets, heard, length);
	m = packet_protect(m, &s->browser.receive, index);
	scene_pass(s, &s->browser, &m, &s->phone, &out);
}

static void reports_are_translated(void **state)
{
	struct scene *s = *state;
	uint8_t report[32] = {0x81, 201, 0, 7}, nack[20] = {0x81, 205, 0, 4};
	uint8_t xr[24] = {0x80, 207, 0, 5}, other[32], heard[32];
	struct packet m;

	scene_call(s, false, true);
	for (uint16_t seq = 65000; seq != 10; seq++)
		passes(s, seq, 65000 + (uint16_t)(seq - 65000));
	is_lost(s, 30000, DROP_LEAP);
	is_lost(s, 5000, DROP_LEAP);
	passes(s, 5001, 65546); /* 65,536 + 10, that is */

	oracle_put(report + 4, 0xb40e5e4, 4);
	oracle_put(report + 8, OURS, 4);
	oracle_put(report + 16, 65546, 4);
	memcpy(heard, report, sizeof(report));
	oracle_put(heard + 16, 5001, 4);
	says(s, report, heard, sizeof(report), 1);

	/* Of an SSRC that has its own numbers. */
	memcpy(other, report, sizeof(other));
	oracle_put(other + 8, OURS + 1, 4);
	says(s, other, other, sizeof(other), 2);

	oracle_put(nack + 8, OURS, 4);
	put16(nack + 12, 12);
	put16(nack + 14, 0xffff);
	put16(nack + 16, 30);
	memcpy(heard, nack, sizeof(nack));
	put16(heard + 12, 5003);
	put16(heard + 16, 5021);
	says(s, nack, heard, sizeof(nack), 3);
	nack[0] = 0x8f; /* transport-wide feedback counts something else */
	says(s, nack, nack, sizeof(nack), 4);

	xr[8] = 6;
	xr[11] = 3;
	oracle_put(xr + 12, OURS, 4);
	put16(xr + 16, 10);
	put16(xr + 18, 20);
	memcpy(heard, xr, sizeof(xr));
	put16(heard + 16, 5001);
	put16(heard + 18, 5011);
	says(s, xr, heard, sizeof(xr), 5);
	xr[11] = 0xff; /* longer than it is */
	says(s, xr, xr, sizeof(xr), 6);

	/* The browser's side turns plain: numbers pass as they come, and so do reports on them. */
	scene_put_side(s, &s->browser, 2, 1, PUBLIC_IPV4, BROWSER_LEG, BROWSER, BROWSER_PORT, true,
		       false);
	relay_run(s->relay);
	m = scene_rtp(5002);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	m = (struct packet){.class = CLASS_RTCP, .length = sizeof(report)};
	memcpy(m.octets, report, sizeof(report));
	scene_pass(s, &s->browser, &m, &s->phone, &m);
}

#define BOTH(test) SCENE(test, scene_one), SCENE(test, scene_libsrtp)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(one_stray_costs_itself),
		BOTH(loss_and_reordering_stay),
		BOTH(a_sender_begins_anew),
		BOTH(a_new_beginning_at_the_wrap),
		BOTH(nothing_is_before_the_first),
		BOTH(an_authentic_leap_is_believed),
		BOTH(a_rekey_with_other_numbers),
		BOTH(the_counter_outlives_the_key),
		BOTH(the_counter_outlives_a_silent_key),
		BOTH(a_new_address_begins_at_0),
		BOTH(reports_are_translated),
	};

	return cmocka_run_group_tests(tests, scene_start, scene_stop);
}
