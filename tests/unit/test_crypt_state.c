/* SPDX-License-Identifier: BSD-3-Clause */
/* What crypt keeps of streams, keys and addresses, through its stages. */
#include <errno.h>

#include "dataplane/srtp/index.h"
#include "tests/rig/call.h"

/* --- streams --- */

static void ssrcs_are_capped(void **state)
{
	struct call *call = call_open(SUITE_AES_CM_128_HMAC_SHA1_80);
	struct packet wire, out;

	call_bench->worker->streams_per_flow = 4;
	for (uint32_t ssrc = 0; ssrc < 4; ssrc++) {
		wire = ssrc & 1 ? packet_srtcp(&call->oracle, ssrc, 1)
				: packet_srtp(&call->oracle, ssrc, 9);
		assert_int_equal(call_unprotect(call, &wire, &out), DROP_NONE);
	}
	/* One too many; its rollover counter must not live on in the engine. */
	for (uint64_t index = 0xfffe; index < 0x10000; index++) {
		wire = packet_srtp(&call->oracle, 99, index);
		assert_int_equal(call_unprotect(call, &wire, &out), DROP_STREAM_LIMIT);
	}
	assert_int_equal(call->receiver->flow.stream_count, 4);
	assert_int_equal(call_bench->worker->free_stream_count, 253);
	call_bench->worker->streams_per_flow = 16;
	wire = packet_srtp(&call->oracle, 99, 7);
	assert_int_equal(call_unprotect(call, &wire, &out), DROP_NONE);
	call_close(call);
	assert_int_equal(call_bench->worker->free_stream_count, 256);
}

static void the_pool_runs_dry(void **state)
{
	struct call *call = call_open(SUITE_AES_CM_128_HMAC_SHA1_80);
	struct stream_unit *pool = call_bench->worker->free_streams;
	struct packet wire = packet_srtp(&call->oracle, SSRC + 1, 9), out;

	call_bench->worker->free_streams = NULL;
	call_bench->worker->free_stream_count = 0;
	assert_int_equal(call_takes(call, 9), DROP_NONE); /* the first one needs no pool */
	assert_int_equal(call_unprotect(call, &wire, &out), DROP_STREAM_POOL);
	call_bench->worker->free_streams = pool;
	call_bench->worker->free_stream_count = call_bench->worker->stream_count;
	assert_int_equal(call_unprotect(call, &wire, &out), DROP_NONE);
	call_close(call);
}

static void plain_legs_have_streams(void **state)
{
	struct call *call = call_open(SUITE_AES_CM_128_HMAC_SHA1_80);
	struct packet wire = packet_rtp(SSRC, 1, 0, -1, 20), same = wire;
	enum drop verdict;

	call_bench->worker->streams_per_flow = 1;
	call_run(call, call->sender, false, &same, &verdict, 1);
	assert_int_equal(verdict, DROP_NONE);
	assert_true(packet_equal(&same, &wire));
	assert_non_null(flow_stream(&call->sender->flow, SSRC));
	wire = packet_rtcp(SSRC, 1);
	call_run(call, call->sender, false, &wire, &verdict, 1);
	assert_int_equal(verdict, DROP_NONE);
	wire = packet_rtcp(SSRC + 1, 1);
	call_run(call, call->sender, false, &wire, &verdict, 1);
	assert_int_equal(verdict, DROP_STREAM_LIMIT);
	call_bench->worker->streams_per_flow = 16;
	call_close(call);
}

/* --- keys --- */

static void a_rekey_loses_nothing(void **state)
{
	for (enum srtp_suite suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		struct call *call = call_open(suite);
		enum srtp_suite next = suite % (SUITE_COUNT - 1) + 1;
		uint8_t key[SUITE_KEY_MAX], salt[SUITE_SALT_MAX];
		static struct packet wires[6];
		enum drop verdicts[6];
		struct oracle fresh;

		assert_int_equal(call_takes(call, 1000), DROP_NONE);
		call_master(2, key, salt);
		oracle_derive(&fresh, next, key, salt);
		call->secure.receive_previous = call->receive;
		call->secure.receive = call_key(call->engine, next, CRYPT_RECEIVE, 2);
		call->secure.grace_until = call->now + 100;
		call_apply(call);
		stream_new_receive_epoch(&call->receiver->flow, 2);

		wires[0] = packet_srtp(&call->oracle, SSRC, 1001);
		wires[1] = packet_srtp(&fresh, SSRC, 1002);
		wires[2] = packet_srtp(&call->oracle, SSRC, 1000); /* a replay of the old key */
		wires[3] = packet_srtp(&fresh, SSRC, 1002);        /* and of the new one */
		wires[4] = packet_srtp(&call->oracle, SSRC, 999);
		wires[5] = packet_srtcp(&call->oracle, SSRC + 1, 3);
		call_run(call, call->receiver, false, wires, verdicts, 6);
		for (unsigned int k = 0; k < 6; k++) {
			struct packet plain = packet_rtp(SSRC, k < 2 ? 1001 + k : 999, 0, -1, 20);

			assert_int_equal(verdicts[k], k == 2 || k == 3 ? DROP_REPLAY : DROP_NONE);
			if (k == 0 || k == 1 || k == 4)
				assert_true(packet_equal(&wires[k], &plain));
		}

		/* A forgery is tried with both keys and is one failure. */
		wires[0] = packet_srtp(&fresh, SSRC, 1003);
		wires[0].octets[25] ^= 1;
		call_run(call, call->receiver, false, wires, verdicts, 1);
		assert_int_equal(verdicts[0], DROP_AUTH_FAILED);

		/* An SSRC too many, whose tag was right, is no failure. */
		call_bench->worker->streams_per_flow = 2;
		wires[0] = packet_srtp(&fresh, SSRC + 2, 1);
		call_run(call, call->receiver, false, wires, verdicts, 1);
		assert_int_equal(verdicts[0], DROP_STREAM_LIMIT);
		call_bench->worker->streams_per_flow = 16;

		call->now = call->secure.grace_until;
		assert_int_equal(call_takes(call, 1004), DROP_AUTH_FAILED);
		wires[0] = packet_srtp(&fresh, SSRC, 1003);
		call_run(call, call->receiver, false, wires, verdicts, 1);
		assert_int_equal(verdicts[0], DROP_NONE);
		call->engine->key_free(call->secure.receive);
		call_close(call);
	}
}

static void an_index_is_sent_once(void **state)
{
	struct call *call = call_open(SUITE_AES_CM_128_HMAC_SHA1_80);
	static const struct {
		uint16_t seq;
		enum drop verdict;
	} cases[] = {
		{0xfffe, DROP_NONE},   {0xfffe, DROP_REPLAY}, {0, DROP_NONE},   {0xffff, DROP_NONE},
		{0xffff, DROP_REPLAY}, {2000, DROP_NONE},     {900, DROP_LEAP},
	}; /* the last was never sent, but nobody can tell */

	for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
		struct packet wire = packet_rtp(SSRC, cases[k].seq, 0, -1, 20), out;

		assert_int_equal(call_protect(call, &wire), cases[k].verdict);
		if (cases[k].verdict == DROP_NONE)
			assert_int_equal(call_unprotect(call, &wire, &out), DROP_NONE);
	}
	call_close(call);
}

static void keys_wear_out(void **state)
{
	struct call *call = call_open(SUITE_AES_CM_128_HMAC_SHA1_80);
	struct packet wire = packet_rtp(SSRC, 1, 0, -1, 20);
	struct notice notice;
	struct stream *s;

	assert_int_equal(call_protect(call, &wire), DROP_NONE);
	assert_false(bench_take_notice(call_bench, &notice));
	s = flow_stream(&call->sender->flow, SSRC);

	s->send_rtcp = INDEX_RTCP_OWN / 16 * 15;
	wire = packet_rtcp(SSRC, 0);
	assert_int_equal(call_protect(call, &wire), DROP_NONE);
	assert_true(bench_take_notice(call_bench, &notice));
	assert_int_equal(notice.kind, NOTICE_KEYS_STALE);
	assert_ptr_equal(notice.leg, call->sender);
	s->send_rtcp = INDEX_RTCP_OWN - 1;
	wire = packet_rtcp(SSRC, 0);
	assert_int_equal(call_protect(call, &wire), DROP_NONE);
	wire = packet_rtcp(SSRC, 0);
	assert_int_equal(call_protect(call, &wire), DROP_KEY_EXHAUSTED);
	assert_false(bench_take_notice(call_bench, &notice)); /* once a key */

	s->send_highest = INDEX_END - 1;
	wire = packet_rtp(SSRC, 0, 0, -1, 20);
	assert_int_equal(call_protect(call, &wire), DROP_KEY_EXHAUSTED);

	assert_int_equal(call_takes(call, 1), DROP_NONE);
	call->receiver->flow.streams->receive_highest[1] = INDEX_END - 1;
	assert_int_equal(call_takes(call, 2), DROP_KEY_EXHAUSTED);
	call_close(call);
}

static void a_trailer_needs_room(void **state)
{
	struct call *call = call_open(SUITE_AES_CM_128_HMAC_SHA1_80);
	struct packet wire = packet_rtp(SSRC, 1, 0, -1, 100);
	struct burst b;

	for (unsigned int room = CRYPT_TRAILER_MAX - 1; room <= CRYPT_TRAILER_MAX; room++) {
		media_burst(&b, 1000);
		media_add(call_bench, &b, call->sender, &wire);
		b.mbuf[0]->buf_len = b.mbuf[0]->data_off + b.mbuf[0]->data_len + room;
		crypt_unprotect_stage(call_bench->worker, &b);
		crypt_protect_stage(call_bench->worker, &b);
		if (room < CRYPT_TRAILER_MAX)
			assert_int_equal(b.reason[0], DROP_NO_ROOM);
		else
			assert_int_equal(b.class[0], CLASS_RTP);
		b.mbuf[0]->buf_len = RTE_MBUF_DEFAULT_BUF_SIZE;
		media_free(&b);
	}
	call_close(call);
}

/* --- addresses --- */

static void send_from(struct call *call, const struct packet *wire, const struct endpoint *source)
{
	struct burst b;

	media_burst(&b, call->now);
	media_add(call_bench, &b, call->receiver, wire);
	b.source[0] = *source;
	crypt_unprotect_stage(call_bench->worker, &b);
	media_free(&b);
}

static void a_right_tag_makes_the_source_the_participant(void **state)
{
	struct call *call = call_open(SUITE_AES_CM_128_HMAC_SHA1_80);
	struct endpoint elsewhere = bench_endpoint("203.0.113.9", 5000);
	struct leg *leg = call->receiver;
	struct endpoint known = leg->remote[0];
	struct packet wire = packet_srtp(&call->oracle, SSRC, 1);
	struct notice notice;

	leg->latched[0] = false;
	wire.octets[15] ^= 1;
	send_from(call, &wire, &elsewhere);
	assert_false(leg->latched[0]);
	assert_true(endpoint_equal(&leg->remote[0], &known));
	assert_false(bench_take_notice(call_bench, &notice));

	wire.octets[15] ^= 1;
	send_from(call, &wire, &elsewhere);
	assert_true(leg->latched[0]);
	assert_true(endpoint_equal(&leg->remote[0], &elsewhere));
	assert_true(bench_take_notice(call_bench, &notice));
	assert_int_equal(notice.kind, NOTICE_REMOTE);
	assert_true(endpoint_equal(&notice.remote, &elsewhere));

	/* The expected address latches as well, and that is no news. */
	leg->latched[0] = false;
	wire = packet_srtp(&call->oracle, SSRC, 2);
	send_from(call, &wire, &elsewhere);
	assert_true(leg->latched[0]);
	assert_false(bench_take_notice(call_bench, &notice));

	/* With ICE, checks decide and media does not. */
	leg->latched[0] = false;
	call->secure.ice = true;
	wire = packet_srtp(&call->oracle, SSRC, 3);
	send_from(call, &wire, &known);
	assert_true(endpoint_equal(&leg->remote[0], &elsewhere));
	call_close(call);
}

/* --- engines --- */

static void engines_have_names(void **state)
{
	const struct crypt_engine *engine = &crypt_libsrtp;

	assert_string_equal(call_bench->worker->engine->name, call_engine);
	assert_int_equal(crypt_engine_start(&engine, "auto"), -ENOENT);
	assert_ptr_equal(engine, &crypt_libsrtp);
}

static void no_key_is_made_for_no_suite(void **state)
{
	const uint8_t key[SUITE_KEY_MAX] = {0}, salt[SUITE_SALT_MAX] = {0};
	const struct crypt_engine *engine = call_bench->worker->engine;
	struct crypt_key *made = NULL;

	assert_int_equal(engine->key_create(&made, SUITE_NONE, CRYPT_SEND, key, salt), -ENOTSUP);
	assert_int_equal(engine->key_create(&made, SUITE_COUNT, CRYPT_SEND, key, salt), -ENOTSUP);
	assert_null(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIDY(ssrcs_are_capped),        TIDY(the_pool_runs_dry),
		TIDY(plain_legs_have_streams), TIDY(a_rekey_loses_nothing),
		TIDY(an_index_is_sent_once),   TIDY(keys_wear_out),
		TIDY(a_trailer_needs_room),    TIDY(a_right_tag_makes_the_source_the_participant),
		TIDY(engines_have_names),      TIDY(no_key_is_made_for_no_suite),
	};

	return call_run_group(tests);
}
