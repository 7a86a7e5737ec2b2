/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers continue when a participant hears another leg than before, with either engine. */
#include "dataplane/srtp/index.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/retire.h"
#include "dataplane/srtp/sent.h"
#include "tests/rig/path.h"

/* The phone's leg has another worker than the one of leg 3. */
/* What one says with `seq` the browser gets as `index`. */
static void passes(struct scene *s, const struct side *from, uint16_t seq, uint64_t index)
{
	struct packet m = scene_rtp(seq),
		      out = packet_protect(packet_numbered(m, index), &s->browser.send, index);

	scene_pass(s, from, &m, &s->browser, &out);
}

static void reports(struct scene *s, const struct side *from, uint32_t index)
{
	struct packet m = scene_rtcp(), out = packet_protect(m, &s->browser.send, index);

	scene_pass(s, from, &m, &s->browser, &out);
}

static void turn(struct scene *s, const struct side *from, const struct side *to)
{
	path_end(s, from, &s->browser);
	path_own(s, to, &s->browser);
}

/* One, another, the first again; the SSRC is the same. */
static void numbers_continue(void **state)
{
	struct scene *s = *state;
	uint64_t next = 65530;
	uint32_t rtcp_next = 1;

	scene_trio(s, false, true, false);
	path_own(s, &s->phone, &s->browser);
	for (unsigned int k = 0; k < 10; k++)
		passes(s, &s->phone, 65530 + k, next++);
	reports(s, &s->phone, rtcp_next++);
	for (unsigned int round = 0; round < 3; round++) {
		turn(s, &s->phone, &s->other);
		for (unsigned int k = 0; k < 10; k++)
			passes(s, &s->other, 7 + 100 * round + k, next++);
		reports(s, &s->other, rtcp_next++);
		turn(s, &s->other, &s->phone);
		for (unsigned int k = 0; k < 10; k++)
			passes(s, &s->phone, 30000 * round + k, next++);
		reports(s, &s->phone, rtcp_next++);
	}
	assert_int_equal(relay_all_drops(s->relay), 0);
}

static void also_when_the_leg_goes(void **state)
{
	struct scene *s = *state;

	scene_trio(s, false, true, false);
	path_own(s, &s->phone, &s->browser);
	passes(s, &s->phone, 1000, 1000);
	assert_int_equal(relay_delete(s->relay, s->phone.leg), 0);
	relay_run(s->relay);
	path_own(s, &s->other, &s->browser);
	passes(s, &s->other, 5, 1001);
	passes(s, &s->other, 6, 1002);
	/* And when a path that was the leg's own becomes a branch. */
	path_branch(s, &s->other, &s->browser);
	passes(s, &s->other, 7, 1003);
	path_own(s, &s->other, &s->browser);
	passes(s, &s->other, 8, 1004);
}

/* An SSRC that somebody else had never had, and one that was heard long ago. */
static void each_ssrc_goes_on(void **state)
{
	struct scene *s = *state;
	struct packet m, out;

	scene_trio(s, false, true, false);
	path_own(s, &s->phone, &s->browser);
	passes(s, &s->phone, 500, 500);
	turn(s, &s->phone, &s->other);
	m = scene_rtp(40000);
	oracle_put(m.octets + 8, 4711, 4);
	out = packet_protect(m, &s->browser.send, 40000);
	scene_pass(s, &s->other, &m, &s->browser, &out);
	turn(s, &s->other, &s->phone);
	turn(s, &s->phone, &s->other);
	passes(s, &s->other, 30000, 501);
	m = scene_rtp(9);
	oracle_put(m.octets + 8, 4711, 4);
	out = packet_protect(packet_numbered(m, 40001), &s->browser.send, 40001);
	scene_pass(s, &s->other, &m, &s->browser, &out);
}

/* What is late of the one before is not sent again. */
static void nothing_of_before_comes_again(void **state)
{
	struct scene *s = *state;
	struct packet m;

	scene_trio(s, false, true, false);
	path_own(s, &s->phone, &s->browser);
	passes(s, &s->phone, 100, 100);
	passes(s, &s->phone, 102, 102);
	turn(s, &s->phone, &s->other);
	passes(s, &s->other, 50, 103);
	m = scene_rtp(49); /* 102, that is */
	scene_send(s, &s->other, &m);
	scene_expect_silence(s);
	assert_int_equal(relay_drops(s->relay, DROP_REPLAY), 1);
	passes(s, &s->other, 51, 104);
}

static void another_key_begins_anew(void **state)
{
	struct scene *s = *state;
	struct keys k;

	scene_trio(s, false, true, false);
	path_own(s, &s->phone, &s->browser);
	passes(s, &s->phone, 1000, 1000);
	turn(s, &s->phone, &s->other);
	scene_put_keys(s, &s->browser, 2, 0);
	passes(s, &s->other, 7, 7);
	turn(s, &s->other, &s->phone);
	passes(s, &s->phone, 2000, 8);
	/* Unless it is said that the indices go on. */
	keys_init(&k, s->browser.leg, 3, SUITE);
	k.m.send_goes_on = true;
	assert_int_equal(relay_put_keys(s->relay, &k), 0);
	oracle_derive(&s->browser.receive, SUITE, k.receive_key, k.receive_salt);
	oracle_derive(&s->browser.send, SUITE, k.send_key, k.send_salt);
	relay_run(s->relay);
	passes(s, &s->phone, 2001, 9);
	turn(s, &s->phone, &s->other);
	passes(s, &s->other, 2001, 10);
}

/* Until it is known what was sent, nobody else sends. */
static void nobody_sends_meanwhile(void **state)
{
	struct scene *s = *state;
	const struct record *browser;

	scene_trio(s, false, true, false);
	path_own(s, &s->phone, &s->browser);
	passes(s, &s->phone, 1, 1);
	browser = record_find(s->relay->registry, s->browser.leg);
	assert_int_equal(relay_delete_path(s->relay, 1, 2), 0);
	assert_int_equal(relay_put_path(s->relay, 3, 2, false, false), 0);
	assert_int_equal(browser->letting_go, 1);
	assert_null(record_find(s->relay->registry, 3)->latest->own.send);
	relay_run(s->relay);
	assert_int_equal(browser->letting_go, 0);
	passes(s, &s->other, 9, 2);
}

/* The participant goes while somebody lets go, and one of its name comes: that one is heard. */
static void a_name_comes_again(void **state)
{
	struct scene *s = *state;

	scene_trio(s, false, true, false);
	path_own(s, &s->phone, &s->browser);
	passes(s, &s->phone, 1, 1);
	assert_int_equal(relay_delete_path(s->relay, 1, 2), 0);
	assert_int_equal(relay_delete(s->relay, 2), 0);
	scene_put_side(s, &s->browser, 2, 0, PUBLIC_IPV4, BROWSER_LEG, BROWSER, BROWSER_PORT, true,
		       true);
	scene_put_keys(s, &s->browser, 2, 0);
	assert_int_equal(relay_put_path(s->relay, 3, 2, false, false), 0);
	relay_run(s->relay);
	passes(s, &s->other, 5, 5);
}

/* Its reports name the numbers of whom it hears now. */
static void reports_follow(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtcp(), heard;

	scene_trio(s, false, true, false);
	path_own(s, &s->phone, &s->browser);
	path_own(s, &s->browser, &s->other);
	passes(s, &s->phone, 1000, 1000);
	turn(s, &s->phone, &s->other);
	passes(s, &s->other, 5, 1001);
	oracle_put(m.octets + 8, 0xdecafbad, 4);
	oracle_put(m.octets + 16, 1001, 4);
	heard = m;
	oracle_put(heard.octets + 16, 5, 4);
	m = packet_protect(m, &s->browser.receive, 1);
	scene_pass(s, &s->browser, &m, &s->other, &heard);
}

/* --- several legs that are heard by one ------------------------------------------------------ */

static void speaks(struct scene *s, const struct side *from, unsigned int type, uint16_t seq,
		   uint64_t index)
{
	struct packet m = scene_typed(seq, type);
	struct packet out = packet_protect(packet_numbered(m, index), &s->browser.send, index);

	scene_pass(s, from, &m, &s->browser, &out);
}

static void one_ssrc_is_one_legs(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_typed(5, 96), out;

	scene_trio(s, false, true, false);
	path_only(s, &s->phone, &s->browser, false, 0);
	speaks(s, &s->phone, 0, 1, 1); /* before there is another one */
	path_only(s, &s->other, &s->browser, false, 96);
	speaks(s, &s->phone, 0, 2, 2);
	scene_send(s, &s->other, &m);
	scene_expect_silence(s);
	assert_int_equal(relay_drops(s->relay, DROP_SSRC_TAKEN), 1);
	/* Another SSRC is nobody's yet. */
	oracle_put(m.octets + 8, 4711, 4);
	out = packet_protect(m, &s->browser.send, 5);
	scene_pass(s, &s->other, &m, &s->browser, &out);
	speaks(s, &s->phone, 0, 3, 3);
	/* The payload types change places, and the SSRCs stay where they are. */
	path_only(s, &s->phone, &s->browser, false, 8);
	path_only(s, &s->other, &s->browser, false, 0);
	m = scene_typed(6, 0);
	scene_send(s, &s->other, &m);
	scene_expect_silence(s);
	speaks(s, &s->phone, 8, 4, 4);
	/* Until the one that has it goes. */
	path_end(s, &s->phone, &s->browser);
	speaks(s, &s->other, 0, 7, 5);
	path_only(s, &s->phone, &s->browser, false, 8);
	m = scene_typed(9, 8);
	scene_send(s, &s->phone, &m);
	scene_expect_silence(s);
	assert_int_equal(relay_drops(s->relay, DROP_SSRC_TAKEN), 3);
}

static void payload_types_must_differ(void **state)
{
	struct scene *s = *state;
	Tandem__Dataplane__V1__PutPath put;
	uint8_t both[16] = {1 << 0, [12] = 1};

	scene_trio(s, false, true, false);
	path_only(s, &s->phone, &s->browser, false, 0);
	put = path_from(&s->other, &s->browser);
	assert_int_equal(registry_put_path(s->relay->registry, &put, &s->relay->what), -EEXIST);
	assert_string_equal(s->relay->what, "to: it hears another leg already");
	put.payload_types = (ProtobufCBinaryData){sizeof(both), both};
	assert_int_equal(registry_put_path(s->relay->registry, &put, &s->relay->what), -EEXIST);
	both[0] = 1 << 1;
	assert_int_equal(registry_put_path(s->relay->registry, &put, &s->relay->what), 0);
	put.payload_types.len = 15;
	assert_int_equal(registry_put_path(s->relay->registry, &put, &s->relay->what), -EINVAL);
	assert_string_equal(s->relay->what, "payload_types: needs 16 octets");
}

/* The other way: one leg goes on to two, by its own path and by a branch; both report on it. */
static void reports_on_a_branch(void **state)
{
	struct scene *s = *state;
	struct packet m, out, heard;

	scene_trio(s, false, false, true);
	path_only(s, &s->phone, &s->browser, false, 0);
	path_only(s, &s->phone, &s->other, true, 96);
	path_own(s, &s->other, &s->phone);
	m = scene_typed(1000, 96);
	out = packet_protect(m, &s->other.send, 1000);
	scene_pass(s, &s->phone, &m, &s->other, &out);
	/* The sender begins anew: two packets in a row, of which the listener gets the second. */
	m = scene_typed(40000, 96);
	scene_send(s, &s->phone, &m);
	scene_expect_silence(s);
	m = scene_typed(40001, 96);
	out = packet_protect(packet_numbered(m, 1001), &s->other.send, 1001);
	scene_pass(s, &s->phone, &m, &s->other, &out);
	m = scene_rtcp();
	oracle_put(m.octets + 8, 0xdecafbad, 4);
	oracle_put(m.octets + 16, 1001, 4);
	heard = m;
	oracle_put(heard.octets + 16, 40001, 4);
	m = packet_protect(m, &s->other.receive, 1);
	scene_pass(s, &s->other, &m, &s->phone, &heard);
}

/* --- what is remembered ---------------------------------------------------------------------- */

static void the_latest_are_remembered_exactly(void **state)
{
	struct sent *sent = calloc(1, sizeof(*sent)), *more = calloc(1, sizeof(*more));
	const struct sent_stream *found;

	for (uint32_t ssrc = 1; ssrc <= SENT_MOST + 100; ssrc++)
		sent_add(sent, &(struct sent_stream){1000 * ssrc, 2, ssrc});
	assert_int_equal(sent->count, SENT_MOST);
	assert_true(sent->filtered);
	for (uint32_t ssrc = 1; ssrc <= SENT_MOST + 100; ssrc++) {
		found = sent_find(sent, 1000 * ssrc);
		assert_int_equal(found != NULL, ssrc <= SENT_MOST);
		assert_true(found || ssrc_filter_has(sent->filter, 1000 * ssrc));
	}
	/* The higher one counts, of each. */
	sent_add(more, &(struct sent_stream){1000, 7, INDEX_NONE});
	sent_add(more, &(struct sent_stream){2000, 1, 99});
	sent_merge(more, sent);
	found = sent_find(more, 1000);
	assert_int_equal(found->rtcp, 7);
	assert_int_equal(found->highest, 1);
	assert_int_equal(sent_find(more, 2000)->highest, 99);
	assert_true(more->filtered);
	free(sent);
	free(more);
}

#define ALL(test) SCENE(test, scene_libsrtp), SCENE(test, scene_two), SCENE(test, scene_one)

/* The filter stands for more than an index that was told of before. */
static void what_is_folded_stays_refused(void **state)
{
	struct sent now = {.filtered = true};
	const struct sent before = {.count = 1, .streams = {{7, STREAM_RTCP_FIRST, 10}}};

	ssrc_filter_add(now.filter, 7);
	sent_merge(&now, &before);
	assert_null(sent_find(&now, 7));
	assert_true(ssrc_filter_has(now.filter, 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(numbers_continue),
		ALL(also_when_the_leg_goes),
		ALL(each_ssrc_goes_on),
		ALL(nothing_of_before_comes_again),
		ALL(another_key_begins_anew),
		ALL(nobody_sends_meanwhile),
		ALL(a_name_comes_again),
		ALL(reports_follow),
		ALL(one_ssrc_is_one_legs),
		ALL(payload_types_must_differ),
		ALL(reports_on_a_branch),
		cmocka_unit_test(the_latest_are_remembered_exactly),
		cmocka_unit_test(what_is_folded_stays_refused),
	};

	return cmocka_run_group_tests(tests, scene_start, scene_stop);
}
