/* SPDX-License-Identifier: BSD-3-Clause */
/* One leg, several paths: who hears what, as whom, and what it is counted for. */
#include "tests/rig/path.h"

static void listeners_hear_copies(void **state)
{
	struct scene *s = *state;
	struct packet m, c;

	scene_trio(s, false, false, false);
	path_own(s, &s->phone, &s->browser);
	path_branch(s, &s->phone, &s->other);
	for (uint16_t seq = 1; seq < 20; seq++) {
		m = scene_rtp(seq);
		scene_send(s, &s->phone, &m);
		scene_expect_heard(s, &s->browser, &m);
		scene_expect_heard(s, &s->other, &m);
		scene_expect_silence(s);
	}
	c = scene_rtcp();
	scene_send(s, &s->phone, &c);
	scene_expect_heard(s, &s->browser, &c);
	scene_expect_heard(s, &s->other, &c);
	/* What a listener says goes nowhere. */
	scene_send(s, &s->other, &m);
	scene_expect_drops(s, DROP_NO_PATH, 1);
	path_end(s, &s->phone, &s->other);
	scene_pass(s, &s->phone, &c, &s->browser, &c);
}

/* Each is protected with a key, and under numbers, of its own. */
static void each_with_its_own_key(void **state)
{
	struct scene *s = *state;
	struct packet m, in, out;

	scene_trio(s, true, true, true);
	path_own(s, &s->phone, &s->browser);
	for (unsigned int k = 0; k < 40; k++) {
		uint64_t index = 65520 + k;

		if (k == 10) /* it listens from now on */
			path_branch(s, &s->phone, &s->other);
		m = scene_rtp(index);
		in = packet_protect(m, &s->phone.receive, index);
		scene_send(s, &s->phone, &in);
		out = packet_protect(m, &s->browser.send, index);
		scene_expect_heard(s, &s->browser, &out);
		out = packet_protect(m, &s->other.send, index);
		if (k >= 10)
			scene_expect_heard(s, &s->other, &out);
		scene_expect_silence(s);
	}
	m = scene_rtcp();
	in = packet_protect(m, &s->phone.receive, 1);
	scene_send(s, &s->phone, &in);
	out = packet_protect(m, &s->browser.send, 1);
	scene_expect_heard(s, &s->browser, &out);
	out = packet_protect(m, &s->other.send, 1);
	scene_expect_heard(s, &s->other, &out);
	assert_int_equal(relay_all_drops(s->relay), 0);
}

static Tandem__Dataplane__V1__Path *path_in(const Tandem__Dataplane__V1__LegStatus *told,
					    uint64_t to)
{
	for (size_t k = 0; k < told->n_paths; k++)
		if (told->paths[k]->to == to)
			return told->paths[k];
	fail_msg("no path to leg %ju", (uintmax_t)to);
	return NULL;
}

static void counted(struct scene *s, uint64_t to, uint64_t sent, uint64_t dropped)
{
	const Tandem__Dataplane__V1__LegStatus *told = relay_status(s->relay, 1);
	const Tandem__Dataplane__V1__Path *path = path_in(told, to);

	assert_int_equal(path->sent_packets, sent);
	assert_int_equal(path->dropped, dropped);
	if (!path->branch)
		assert_int_equal(told->sent_packets, sent);
}

static void payload_types_choose_the_way(void **state)
{
	struct scene *s = *state;
	struct packet audio = scene_typed(1, 0), video = scene_typed(2, 96),
		      none = scene_typed(3, 8), c = scene_rtcp();

	scene_trio(s, false, false, false);
	path_only(s, &s->phone, &s->browser, false, 0);
	path_only(s, &s->phone, &s->other, true, 96);
	scene_pass(s, &s->phone, &audio, &s->browser, &audio);
	scene_pass(s, &s->phone, &video, &s->other, &video);
	scene_send(s, &s->phone, &c);
	scene_expect_heard(s, &s->browser, &c);
	scene_expect_heard(s, &s->other, &c);
	assert_int_equal(relay_all_drops(s->relay), 0);
	scene_send(s, &s->phone, &none);
	scene_expect_drops(s, DROP_NO_PATH, 1);
	counted(s, s->browser.leg, 2, 1);
	counted(s, s->other.leg, 2, 0);
	/* No path of its own at all. */
	path_end(s, &s->phone, &s->browser);
	scene_pass(s, &s->phone, &video, &s->other, &video);
	scene_send(s, &s->phone, &audio);
	assert_int_equal(relay_drops(s->relay, DROP_NO_PATH), 2);
}

static void muted_one_way(void **state)
{
	static const struct {
		int mute;
		enum drop reason;
	} mutes[] = {
		{TANDEM__DATAPLANE__V1__MUTE__MUTE_HOLD, DROP_HELD},
		{TANDEM__DATAPLANE__V1__MUTE__MUTE_BLOCK, DROP_BLOCKED},
	};
	struct scene *s = *state;
	struct packet m = scene_rtp(1), c = scene_rtcp();

	scene_trio(s, false, false, false);
	path_own(s, &s->phone, &s->browser);
	for (unsigned int k = 0; k < RTE_DIM(mutes); k++) {
		Tandem__Dataplane__V1__PutPath put = path_from(&s->phone, &s->other);

		put.branch = true;
		put.mute = mutes[k].mute;
		path_put(s, &put);
		scene_pass(s, &s->phone, &m, &s->browser, &m);
		assert_int_equal(relay_drops(s->relay, mutes[k].reason), 1);
		scene_send(s, &s->phone, &c);
		scene_expect_heard(s, &s->browser, &c);
		scene_expect_heard(s, &s->other, &c);
	}
	counted(s, s->browser.leg, 4, 0);
	counted(s, s->other.leg, 2, 2);
}

static void silence_has_a_way_of_its_own(void **state)
{
	Tandem__Dataplane__V1__Silence octet = TANDEM__DATAPLANE__V1__SILENCE__INIT, *list = &octet;
	struct scene *s = *state;
	struct packet m = scene_typed(1, 8), silent, other = scene_typed(2, 96);
	Tandem__Dataplane__V1__PutPath put;

	scene_trio(s, false, false, true);
	path_own(s, &s->phone, &s->browser);
	octet.payload_type = 8;
	octet.octet = 0xd5;
	put = path_from(&s->phone, &s->other);
	put.branch = true;
	put.silence = &list;
	put.n_silence = 1;
	path_put(s, &put);
	m.octets[0] |= 0x20; /* the padding goes, and what says that there is some */
	m.octets[m.length - 1] = 4;
	silent = m;
	silent.octets[0] = 0x80;
	memset(silent.octets + 12, 0xd5, silent.length - 12);
	silent = packet_protect(silent, &s->other.send, 1);
	scene_send(s, &s->phone, &m);
	scene_expect_heard(s, &s->browser, &m);
	scene_expect_heard(s, &s->other, &silent);
	scene_pass(s, &s->phone, &other, &s->browser, &other);
	assert_int_equal(relay_drops(s->relay, DROP_NO_SILENCE), 1);
	/* The leg's own way as well. */
	put = path_from(&s->phone, &s->browser);
	put.silence = &list;
	put.n_silence = 1;
	path_put(s, &put);
	scene_send(s, &s->phone, &other);
	scene_expect_silence(s);
	assert_int_equal(relay_drops(s->relay, DROP_NO_SILENCE), 3);
}

/* What does not arrive at a listener is the listener's, and nobody is an offender for it. */
static void a_branch_counts_for_itself(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1);

	scene_trio(s, false, false, true);
	path_own(s, &s->phone, &s->browser);
	path_branch(s, &s->phone, &s->other);
	scene_send(s, &s->phone, &m);
	assert_int_equal(s->relay->sent_count, 2);
	s->relay->sent_count = 0;
	/* To the browser it is a copy like any other; to the listener the index was spent. */
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	assert_int_equal(relay_drops(s->relay, DROP_REPLAY), 1);
	assert_true(rte_ring_empty(s->relay->dataplane.workers[0]->samples));
	counted(s, s->browser.leg, 2, 0);
	counted(s, s->other.leg, 1, 1);
}

static void without_buffers_the_copy_alone_is_lost(void **state)
{
	struct scene *s = *state;
	struct rte_mempool *pool = s->relay->dataplane.mbufs;
	struct rte_mbuf *held[RELAY_PACKETS];
	struct packet m = scene_rtp(1);
	unsigned int count;

	scene_trio(s, false, false, false);
	path_own(s, &s->phone, &s->browser);
	path_branch(s, &s->phone, &s->other);
	count = rte_mempool_avail_count(pool) - 1;
	assert_int_equal(rte_pktmbuf_alloc_bulk(pool, held, count), 0);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	assert_int_equal(relay_drops(s->relay, DROP_NO_COPY), 1);
	rte_pktmbuf_free_bulk(held, count);
	counted(s, s->browser.leg, 1, 0);
	counted(s, s->other.leg, 0, 1);
}

/* --- participants who share their keys ------------------------------------------------------- */

static void put_verified(struct scene *s, const struct side *from, const struct side *to,
			 bool branch)
{
	Tandem__Dataplane__V1__PutPath put = path_from(from, to);

	put.verify = true;
	put.branch = branch;
	path_put(s, &put);
}

/* Nobody else can listen to what is only verified, to RTCP neither. */
static void shared_keys_have_no_listener(void **state)
{
	struct scene *s = *state;
	struct packet m;

	scene_trio(s, true, true, false);
	put_verified(s, &s->phone, &s->browser, false);
	path_branch(s, &s->phone, &s->other);
	m = packet_protect(scene_rtp(1), &s->phone.receive, 1);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	assert_int_equal(relay_drops(s->relay, DROP_SHARED_KEYS), 1);
	m = packet_protect(scene_rtcp(), &s->phone.receive, 1);
	scene_pass(s, &s->phone, &m, &s->browser, &m);
	assert_int_equal(relay_drops(s->relay, DROP_SHARED_KEYS), 2);
}

/* What is deciphered never passes as it came, and what is not does so on a branch as well. */
static void nothing_leaves_in_the_clear(void **state)
{
	struct scene *s = *state;
	struct packet m, c;

	scene_trio(s, true, false, true);
	put_verified(s, &s->phone, &s->other, true);
	m = packet_protect(scene_rtp(1), &s->phone.receive, 1);
	scene_send(s, &s->phone, &m);
	scene_expect_drops(s, DROP_SHARED_KEYS, 1);
	path_own(s, &s->phone, &s->browser);
	m = packet_protect(scene_rtp(2), &s->phone.receive, 2);
	c = scene_rtp(2);
	scene_pass(s, &s->phone, &m, &s->browser, &c);
	assert_int_equal(relay_drops(s->relay, DROP_SHARED_KEYS), 2);
	/* The other is the one with whom the phone shares keys, and so is the browser. */
	scene_trio(s, true, true, true);
	put_verified(s, &s->phone, &s->browser, false);
	m = packet_protect(scene_rtp(3), &s->phone.receive, 3);
	scene_send(s, &s->phone, &m);
	scene_expect_heard(s, &s->browser, &m);
	scene_expect_heard(s, &s->other, &m);
}

/* There is nothing to verify: what a plain leg receives is protected, or goes nowhere. */
static void a_plain_leg_shares_no_keys(void **state)
{
	struct scene *s = *state;
	struct packet m = scene_rtp(1), c = scene_rtcp(), out;

	scene_trio(s, false, true, false);
	put_verified(s, &s->phone, &s->browser, false);
	scene_send(s, &s->phone, &m);
	out = packet_protect(m, &s->browser.send, 1);
	scene_expect(s, &s->browser, &out);
	scene_send(s, &s->phone, &c);
	out = packet_protect(c, &s->browser.send, 1);
	scene_expect(s, &s->browser, &out);
}

#define CASES(test) SCENE(test, scene_one), SCENE(test, scene_two)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASES(listeners_hear_copies),
		CASES(each_with_its_own_key),
		CASES(payload_types_choose_the_way),
		CASES(muted_one_way),
		CASES(silence_has_a_way_of_its_own),
		CASES(a_branch_counts_for_itself),
		CASES(without_buffers_the_copy_alone_is_lost),
		CASES(shared_keys_have_no_listener),
		CASES(nothing_leaves_in_the_clear),
		CASES(a_plain_leg_shares_no_keys),
	};

	return cmocka_run_group_tests(tests, scene_start, scene_stop);
}
