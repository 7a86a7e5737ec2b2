/* SPDX-License-Identifier: BSD-3-Clause */
/* One leg, several paths: who hears what, as whom, and what it is counted for. */
#include "tests/unit/path_rig.h"

static int create_one(void **state)
{
	*state = trio_create(1, &crypt_ipsec_mb);
	return 0;
}

static int create_two(void **state)
{
	*state = trio_create(2, &crypt_ipsec_mb);
	return 0;
}

static int destroy(void **state)
{
	trio_destroy(*state);
	return 0;
}

static void listeners_hear_copies(void **state)
{
	struct trio *t = *state;
	struct scene *s = &t->scene;
	struct media m, c;

	trio_put(t, false, false, false);
	path_own(t, &s->phone, &s->browser);
	path_branch(t, &s->phone, &t->other);
	for (uint16_t seq = 1; seq < 20; seq++) {
		m = rtp(seq);
		send_media(s, &s->phone, &m);
		expect_heard(t, &s->browser, &m);
		expect_heard(t, &t->other, &m);
		expect_silence(t);
	}
	c = rtcp();
	send_media(s, &s->phone, &c);
	expect_heard(t, &s->browser, &c);
	expect_heard(t, &t->other, &c);
	/* What a listener says goes nowhere. */
	send_media(s, &t->other, &m);
	expect_dropped(s, DROP_NO_PATH, 1);
	path_end(t, &s->phone, &t->other);
	send_media(s, &s->phone, &c);
	expect_sent(s, &s->browser, &c);
}

/* Each is protected with a key, and under numbers, of its own. */
static void each_with_its_own_key(void **state)
{
	struct trio *t = *state;
	struct scene *s = &t->scene;
	struct media m, in, out;

	trio_put(t, true, true, true);
	path_own(t, &s->phone, &s->browser);
	for (unsigned int k = 0; k < 40; k++) {
		uint64_t index = 65520 + k;

		if (k == 10) /* it listens from now on */
			path_branch(t, &s->phone, &t->other);
		m = rtp(index);
		in = protect(m, &s->phone.receive, index);
		send_media(s, &s->phone, &in);
		out = protect(m, &s->browser.send, index);
		expect_heard(t, &s->browser, &out);
		out = protect(m, &t->other.send, index);
		if (k >= 10)
			expect_heard(t, &t->other, &out);
		expect_silence(t);
	}
	m = rtcp();
	in = protect(m, &s->phone.receive, 1);
	send_media(s, &s->phone, &in);
	out = protect(m, &s->browser.send, 1);
	expect_heard(t, &s->browser, &out);
	out = protect(m, &t->other.send, 1);
	expect_heard(t, &t->other, &out);
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

static void counted(struct trio *t, uint64_t to, uint64_t sent, uint64_t dropped)
{
	Tandem__Dataplane__V1__LegStatus *told = status(&t->scene, 1);
	const Tandem__Dataplane__V1__Path *path = path_in(told, to);

	assert_int_equal(path->sent_packets, sent);
	assert_int_equal(path->dropped, dropped);
	if (!path->branch)
		assert_int_equal(told->sent_packets, sent);
	tandem__dataplane__v1__leg_status__free_unpacked(told, NULL);
}

static void payload_types_choose_the_way(void **state)
{
	struct trio *t = *state;
	struct scene *s = &t->scene;
	struct media audio = typed(1, 0), video = typed(2, 96), none = typed(3, 8), c = rtcp();

	trio_put(t, false, false, false);
	path_only(t, &s->phone, &s->browser, false, 0);
	path_only(t, &s->phone, &t->other, true, 96);
	send_media(s, &s->phone, &audio);
	expect_sent(s, &s->browser, &audio);
	send_media(s, &s->phone, &video);
	expect_sent(s, &t->other, &video);
	send_media(s, &s->phone, &c);
	expect_heard(t, &s->browser, &c);
	expect_heard(t, &t->other, &c);
	assert_int_equal(relay_all_drops(s->relay), 0);
	send_media(s, &s->phone, &none);
	expect_dropped(s, DROP_NO_PATH, 1);
	counted(t, s->browser.leg, 2, 1);
	counted(t, t->other.leg, 2, 0);
	/* No path of its own at all. */
	path_end(t, &s->phone, &s->browser);
	send_media(s, &s->phone, &video);
	expect_sent(s, &t->other, &video);
	send_media(s, &s->phone, &audio);
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
	struct trio *t = *state;
	struct scene *s = &t->scene;
	struct media m = rtp(1), c = rtcp();

	trio_put(t, false, false, false);
	path_own(t, &s->phone, &s->browser);
	for (unsigned int k = 0; k < RTE_DIM(mutes); k++) {
		Tandem__Dataplane__V1__PutPath put = path_from(&s->phone, &t->other);

		put.branch = true;
		put.mute = mutes[k].mute;
		path_put(t, &put);
		send_media(s, &s->phone, &m);
		expect_sent(s, &s->browser, &m);
		assert_int_equal(relay_drops(s->relay, mutes[k].reason), 1);
		send_media(s, &s->phone, &c);
		expect_heard(t, &s->browser, &c);
		expect_heard(t, &t->other, &c);
	}
	counted(t, s->browser.leg, 4, 0);
	counted(t, t->other.leg, 2, 2);
}

static void silence_has_a_way_of_its_own(void **state)
{
	Tandem__Dataplane__V1__Silence octet = TANDEM__DATAPLANE__V1__SILENCE__INIT, *list = &octet;
	struct trio *t = *state;
	struct scene *s = &t->scene;
	struct media m = typed(1, 8), silent, other = typed(2, 96);
	Tandem__Dataplane__V1__PutPath put;

	trio_put(t, false, false, true);
	path_own(t, &s->phone, &s->browser);
	octet.payload_type = 8;
	octet.octet = 0xd5;
	put = path_from(&s->phone, &t->other);
	put.branch = true;
	put.silence = &list;
	put.n_silence = 1;
	path_put(t, &put);
	m.octets[0] |= 0x20; /* the padding goes, and what says that there is some */
	m.octets[m.length - 1] = 4;
	silent = m;
	silent.octets[0] = 0x80;
	memset(silent.octets + 12, 0xd5, silent.length - 12);
	silent = protect(silent, &t->other.send, 1);
	send_media(s, &s->phone, &m);
	expect_heard(t, &s->browser, &m);
	expect_heard(t, &t->other, &silent);
	send_media(s, &s->phone, &other);
	expect_sent(s, &s->browser, &other);
	assert_int_equal(relay_drops(s->relay, DROP_NO_SILENCE), 1);
	/* The leg's own way as well. */
	put = path_from(&s->phone, &s->browser);
	put.silence = &list;
	put.n_silence = 1;
	path_put(t, &put);
	send_media(s, &s->phone, &other);
	expect_silence(t);
	assert_int_equal(relay_drops(s->relay, DROP_NO_SILENCE), 3);
}

/* What does not arrive at a listener is the listener's, and nobody is an offender for it. */
static void a_branch_counts_for_itself(void **state)
{
	struct trio *t = *state;
	struct scene *s = &t->scene;
	struct media m = rtp(1);

	trio_put(t, false, false, true);
	path_own(t, &s->phone, &s->browser);
	path_branch(t, &s->phone, &t->other);
	send_media(s, &s->phone, &m);
	assert_int_equal(s->relay->sent_count, 2);
	s->relay->sent_count = 0;
	/* To the browser it is a copy like any other; to the listener the index was spent. */
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &m);
	assert_int_equal(relay_drops(s->relay, DROP_REPLAY), 1);
	assert_true(rte_ring_empty(s->relay->dataplane.workers[0]->samples));
	counted(t, s->browser.leg, 2, 0);
	counted(t, t->other.leg, 1, 1);
}

static void without_buffers_the_copy_alone_is_lost(void **state)
{
	struct trio *t = *state;
	struct scene *s = &t->scene;
	struct rte_mempool *pool = s->relay->dataplane.mbufs;
	struct rte_mbuf *held[RELAY_PACKETS];
	struct media m = rtp(1);
	unsigned int count;

	trio_put(t, false, false, false);
	path_own(t, &s->phone, &s->browser);
	path_branch(t, &s->phone, &t->other);
	count = rte_mempool_avail_count(pool) - 1;
	assert_int_equal(rte_pktmbuf_alloc_bulk(pool, held, count), 0);
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &m);
	assert_int_equal(relay_drops(s->relay, DROP_NO_COPY), 1);
	rte_pktmbuf_free_bulk(held, count);
	counted(t, s->browser.leg, 1, 0);
	counted(t, t->other.leg, 0, 1);
}

/* --- participants who share their keys ----------------------------------------------------------
 */

static void put_verified(struct trio *t, const struct side *from, const struct side *to,
			 bool branch)
{
	Tandem__Dataplane__V1__PutPath put = path_from(from, to);

	put.verify = true;
	put.branch = branch;
	path_put(t, &put);
}

/* Nobody else can listen to what is only verified, to RTCP neither. */
static void shared_keys_have_no_listener(void **state)
{
	struct trio *t = *state;
	struct scene *s = &t->scene;
	struct media m;

	trio_put(t, true, true, false);
	put_verified(t, &s->phone, &s->browser, false);
	path_branch(t, &s->phone, &t->other);
	m = protect(rtp(1), &s->phone.receive, 1);
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &m);
	assert_int_equal(relay_drops(s->relay, DROP_SHARED_KEYS), 1);
	m = protect(rtcp(), &s->phone.receive, 1);
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &m);
	assert_int_equal(relay_drops(s->relay, DROP_SHARED_KEYS), 2);
}

/* What is deciphered never passes as it came, and what is not does so on a branch as well. */
static void nothing_leaves_in_the_clear(void **state)
{
	struct trio *t = *state;
	struct scene *s = &t->scene;
	struct media m, c;

	trio_put(t, true, false, true);
	put_verified(t, &s->phone, &t->other, true);
	m = protect(rtp(1), &s->phone.receive, 1);
	send_media(s, &s->phone, &m);
	expect_dropped(s, DROP_SHARED_KEYS, 1);
	path_own(t, &s->phone, &s->browser);
	m = protect(rtp(2), &s->phone.receive, 2);
	c = rtp(2);
	send_media(s, &s->phone, &m);
	expect_sent(s, &s->browser, &c);
	assert_int_equal(relay_drops(s->relay, DROP_SHARED_KEYS), 2);
	/* The other is the one with whom the phone shares keys, and so is the browser. */
	trio_put(t, true, true, true);
	put_verified(t, &s->phone, &s->browser, false);
	m = protect(rtp(3), &s->phone.receive, 3);
	send_media(s, &s->phone, &m);
	expect_heard(t, &s->browser, &m);
	expect_heard(t, &t->other, &m);
}

/* There is nothing to verify: what a plain leg receives is protected, or goes nowhere. */
static void a_plain_leg_shares_no_keys(void **state)
{
	struct trio *t = *state;
	struct scene *s = &t->scene;
	struct media m = rtp(1), c = rtcp(), out;

	trio_put(t, false, true, false);
	put_verified(t, &s->phone, &s->browser, false);
	send_media(s, &s->phone, &m);
	out = protect(m, &s->browser.send, 1);
	expect_sent(s, &s->browser, &out);
	send_media(s, &s->phone, &c);
	out = protect(c, &s->browser.send, 1);
	expect_sent(s, &s->browser, &out);
}

#define CASES(test)                                                                                \
	{#test " (1 worker)", test, create_one, destroy, NULL},                                    \
	{                                                                                          \
#test " (2 workers)", test, create_two, destroy, NULL                              \
	}

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
	int failed;

	if (bench_environment() || crypt_ipsec_mb.start())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	crypt_ipsec_mb.stop();
	return failed;
}
