/* SPDX-License-Identifier: BSD-3-Clause */
/* Which packets crypt takes, one by one and in bursts, through its stages. */
#include "dataplane/srtp/index.h"
#include "tests/rig/call.h"

static enum drop takes_rtcp(struct call *call, uint32_t index)
{
	struct packet wire = packet_srtcp(&call->oracle, SSRC, index), out;

	return call_unprotect(call, &wire, &out);
}

/* --- tags --- */

typedef enum drop receive_fn(struct call *call, const struct packet *wire, struct packet *out);

static void refuse_every_wrong_bit(struct call *call, receive_fn *receive,
				   const struct packet *wire)
{
	struct packet out;

	for (unsigned int bit = 0; bit < 8u * wire->length; bit++) {
		struct packet wrong = *wire;
		enum drop verdict;

		wrong.octets[bit / 8] ^= 1 << bit % 8;
		verdict = receive(call, &wrong, &out);
		/* The first octet also says how long the header is. */
		if (verdict != DROP_SRTP_LENGTH || bit >= 8)
			assert_int_equal(verdict, DROP_AUTH_FAILED);
		assert_int_equal(call->receiver->flow.stream_count, 0);
	}
	assert_int_equal(receive(call, wire, &out), DROP_NONE);
	assert_int_equal(call->receiver->flow.stream_count, 1);
	/* Now that the stream is known, a wrong tag still changes nothing. */
	for (unsigned int k = 12; k < wire->length; k++) {
		struct packet wrong = *wire;

		wrong.octets[k] ^= 0x40;
		assert_int_not_equal(receive(call, &wrong, &out), DROP_NONE);
	}
	stream_release_all(call_bench->worker, &call->receiver->flow);
}

static void a_wrong_bit_is_refused(void **state)
{
	static receive_fn *const ways[] = {call_unprotect, call_verify};

	for (unsigned int k = 0; k < 2 * (SUITE_COUNT - 1); k++) {
		enum srtp_suite suite = 1 + k / 2;
		struct call *call = call_open(suite);
		struct packet rtp = packet_srtp(&call->oracle, SSRC, 1000), rtcp;

		refuse_every_wrong_bit(call, ways[k % 2], &rtp);
		call_close(call);
		call = call_open(suite);
		rtcp = packet_srtcp(&call->oracle, SSRC, 5);
		refuse_every_wrong_bit(call, ways[k % 2], &rtcp);
		call_close(call);
	}
}

static void a_short_packet_is_refused(void **state)
{
	for (enum srtp_suite suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		const struct suite_info *info = suite_info(suite);
		struct call *call = call_open(suite);
		struct packet wire = packet_rtp(SSRC, 1, 2, 1, 0), out;
		unsigned int header = wire.length, whole;

		whole = oracle_protect_rtp(&call->oracle, wire.octets, header, header, 1);
		for (wire.length = header; wire.length < whole; wire.length++)
			assert_int_equal(call_unprotect(call, &wire, &out),
					 wire.length < header + info->tag_length
						 ? DROP_SRTP_LENGTH
						 : DROP_AUTH_FAILED);
		assert_int_equal(call_unprotect(call, &wire, &out), DROP_NONE);
		assert_int_equal(out.length, header);

		wire = packet_rtcp(SSRC, 0);
		whole = oracle_protect_rtcp(&call->oracle, wire.octets, wire.length, 1);
		for (wire.length = 8; wire.length < whole; wire.length++)
			assert_int_equal(call_unprotect(call, &wire, &out), DROP_SRTP_LENGTH);
		assert_int_equal(call_unprotect(call, &wire, &out), DROP_NONE);
		assert_int_equal(out.length, 8);
		call_close(call);
	}
}

static void without_a_key_nothing_passes(void **state)
{
	struct call *call = call_open(SUITE_AES_CM_128_HMAC_SHA1_80);
	struct packet plain = packet_rtp(SSRC, 1, 0, -1, 20);

	call->secure.receive = NULL;
	call_apply(call);
	assert_int_equal(call_takes(call, 1), DROP_NO_KEY);
	call->plain.own.send = NULL;
	call_apply(call);
	assert_int_equal(call_protect(call, &plain), DROP_NO_KEY);
	call_close(call);
}

/* --- indices --- */

static void a_replay_is_refused(void **state)
{
	struct call *call = call_open(SUITE_AES_CM_128_HMAC_SHA1_80);

	assert_int_equal(call_takes(call, 5000), DROP_NONE);
	assert_int_equal(call_takes(call, 5000), DROP_REPLAY);
	assert_int_equal(call_takes(call, 5001), DROP_NONE);
	assert_int_equal(call_takes(call, 5000), DROP_REPLAY);
	assert_int_equal(call_takes(call, 4999), DROP_NONE);
	/* the edge of the window: 1,024 indices */
	assert_int_equal(call_takes(call, 5001 - 1023), DROP_NONE);
	assert_int_equal(call_takes(call, 5001 - 1023), DROP_REPLAY);
	assert_int_equal(call_takes(call, 5001 - 1024), DROP_REPLAY);
	call_close(call);
}

static void a_srtcp_replay_is_refused(void **state)
{
	struct call *call = call_open(SUITE_AEAD_AES_128_GCM);
	struct notice notice;

	assert_int_equal(takes_rtcp(call, 1000), DROP_NONE);
	assert_int_equal(takes_rtcp(call, 1000), DROP_REPLAY);
	assert_int_equal(takes_rtcp(call, 1000 - 127), DROP_NONE);
	assert_int_equal(takes_rtcp(call, 1000 - 128), DROP_REPLAY);
	assert_int_equal(takes_rtcp(call, 0x7fffffff), DROP_NONE);
	assert_true(bench_take_notice(call_bench, &notice)); /* the sender's key is at its end */
	assert_int_equal(notice.kind, NOTICE_KEYS_STALE);
	/* SRTP has indices of its own */
	assert_int_equal(call_takes(call, 1000), DROP_NONE);
	assert_int_equal(call->receiver->flow.stream_count, 1);
	call_close(call);
}

static void order_does_not_matter_across_a_wrap(void **state)
{
	static const uint64_t order[] = {0xfffe, 0x10001, 0xffff, 0x10000, 0xfff0, 0x10100, 0xfffd};

	for (enum srtp_suite suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		struct call *call = call_open(suite);

		for (unsigned int k = 0; k < RTE_DIM(order); k++)
			assert_int_equal(call_takes(call, order[k]), DROP_NONE);
		for (unsigned int k = 0; k < RTE_DIM(order); k++)
			assert_int_equal(call_takes(call, order[k]), DROP_REPLAY);
		call_close(call);
	}
}

static void the_rollover_counter_survives_loss(void **state)
{
	struct call *call = call_open(SUITE_AES_CM_128_HMAC_SHA1_32);
	uint64_t index = 60000;

	/* All but one in some thousands are lost. */
	while (index >> 16 < 40) {
		assert_int_equal(call_takes(call, index), DROP_NONE);
		assert_int_equal(call_takes(call, index), DROP_REPLAY);
		index += 32000 - index % 7919;
	}
	/* More than half the circle lost: nobody can know, until the sender comes round. */
	assert_int_equal(call_takes(call, index + 40000), DROP_AUTH_FAILED);
	call_close(call);
}

/* --- one burst --- */

static void one_stream_fills_a_burst(void **state)
{
	for (enum srtp_suite suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		struct call *call = call_open(suite);
		static struct packet wires[6];
		enum drop verdicts[6];

		/* New to the flow, wrapping, with a duplicate and one that came late. */
		wires[0] = packet_srtp(&call->oracle, SSRC, 0xfffe);
		wires[1] = packet_srtp(&call->oracle, SSRC, 0xffff);
		wires[2] = packet_srtp(&call->oracle, SSRC, 0x10001);
		wires[3] = packet_srtp(&call->oracle, SSRC, 0xffff);
		wires[4] = packet_srtp(&call->oracle, SSRC, 0xfffd);
		wires[5] = packet_srtp(&call->oracle, SSRC, 0x10000);
		call_run(call, call->receiver, false, wires, verdicts, 6);
		for (unsigned int k = 0; k < 6; k++)
			assert_int_equal(verdicts[k], k == 3 ? DROP_REPLAY : DROP_NONE);
		assert_int_equal(call->receiver->flow.stream_count, 1);
		assert_int_equal(call->receiver->flow.streams->receive_highest[1], 0x10001);
		assert_int_equal(call->receiver->flow.streams->ahead, INDEX_NONE);
		call_close(call);
	}
}

static void a_forgery_leads_no_index_astray(void **state)
{
	struct call *call = call_open(SUITE_AES_CM_128_HMAC_SHA1_80);
	static struct packet wires[3];
	enum drop verdicts[3];

	for (unsigned int known = 0; known < 2; known++) {
		/* Were the forgery believed, 101 would be read as 0x10065. */
		wires[0] = packet_srtp(&call->oracle, SSRC, 60000);
		wires[0].octets[20] ^= 1;
		wires[1] = packet_srtp(&call->oracle, SSRC, 101 + known);
		wires[2] = packet_srtp(&call->oracle, SSRC, 60000);
		call_run(call, call->receiver, false, wires, verdicts, 2);
		assert_int_equal(verdicts[0], DROP_AUTH_FAILED);
		assert_int_equal(verdicts[1], DROP_NONE);
	}
	call_close(call);
}

/* Deterministic, so that a failure comes again. */
static uint64_t seed = 88172645463325252ULL;

static uint64_t chance(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* However packets fall into bursts, each has the verdict that it would have had alone. */
static void bursts_change_no_verdict(void **state)
{
	unsigned int count[DROP_MAX] = {0};

	for (unsigned int run = 0; run < 60; run++) {
		enum srtp_suite suite = 1 + run % (SUITE_COUNT - 1);
		struct call *alone = call_open(suite);
		struct call *together = call_open(suite);
		uint64_t index[3] = {chance(0x10000), chance(0x10000), chance(0x10000)};

		for (unsigned int round = 0; round < 20; round++) {
			unsigned int size = 1 + chance(BURST_MAX - 1);
			static struct packet wires[BURST_MAX];
			static struct packet out;
			enum drop verdicts[BURST_MAX];

			for (unsigned int k = 0; k < size; k++) {
				unsigned int s = chance(3);
				uint64_t late = chance(4) ? 0 : chance(1200);

				index[s] += chance(40) ? chance(3) : chance(45000);
				late = RTE_MIN(late, index[s]);
				wires[k] = chance(8) ? packet_srtp(&alone->oracle, SSRC + s,
								   index[s] - late)
						     : packet_srtcp(&alone->oracle, SSRC + s,
								    chance(2000));
				if (chance(10) == 0)
					wires[k].octets[chance(wires[k].length - 1) + 1] ^= 1;
			}
			for (unsigned int k = 0; k < size; k++)
				verdicts[k] = call_unprotect(alone, &wires[k], &out);
			for (unsigned int k = 0; k < size; k++)
				count[verdicts[k]]++;
			{
				enum drop again[BURST_MAX];

				call_run(together, together->receiver, false, wires, again, size);
				assert_memory_equal(again, verdicts, size * sizeof(again[0]));
			}
		}
		call_close(alone);
		call_close(together);
	}
	assert_true(count[DROP_NONE] > 5000 && count[DROP_REPLAY] > 500 &&
		    count[DROP_AUTH_FAILED] > 500);
}

static void many_flows_share_a_burst(void **state)
{
	struct call *calls[32];
	static struct packet wires[BURST_MAX];
	struct burst b;

	for (unsigned int k = 0; k < 32; k++)
		calls[k] = call_open(1 + k % (SUITE_COUNT - 1));
	for (unsigned int turn = 0; turn < 3; turn++) {
		media_burst(&b, 1000);
		for (unsigned int k = 0; k < BURST_MAX; k++) {
			struct call *call = calls[k % 32];

			wires[k] = k < 32 ? packet_srtp(&call->oracle, SSRC, 77 + turn)
					  : packet_srtcp(&call->oracle, SSRC, 1 + turn);
			if ((k + turn) % 5 == 0)
				wires[k].octets[9] ^= 1;
			media_add(call_bench, &b, call->receiver, &wires[k]);
		}
		crypt_unprotect_stage(call_bench->worker, &b);
		for (unsigned int k = 0; k < BURST_MAX; k++) {
			struct packet plain = k < 32 ? packet_rtp(SSRC, 77 + turn, 0, -1, 20)
						     : packet_rtcp(SSRC, 1);

			if ((k + turn) % 5 == 0) {
				assert_int_equal(b.class[k], CLASS_DROPPED);
				assert_int_equal(b.reason[k], DROP_AUTH_FAILED);
				continue;
			}
			assert_int_equal(b.class[k], plain.class);
			assert_int_equal(b.length[k], plain.length);
			assert_memory_equal(burst_payload(&b, k), plain.octets, plain.length);
			assert_ptr_equal(b.stream[k],
					 flow_stream(&calls[k % 32]->receiver->flow, SSRC));
		}
		media_free(&b);
	}
	for (unsigned int k = 0; k < 32; k++)
		call_close(calls[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIDY(a_wrong_bit_is_refused),
		TIDY(a_short_packet_is_refused),
		TIDY(without_a_key_nothing_passes),
		TIDY(a_replay_is_refused),
		TIDY(a_srtcp_replay_is_refused),
		TIDY(order_does_not_matter_across_a_wrap),
		TIDY(the_rollover_counter_survives_loss),
		TIDY(one_stream_fills_a_burst),
		TIDY(a_forgery_leads_no_index_astray),
		TIDY(bursts_change_no_verdict),
		TIDY(many_flows_share_a_burst),
	};

	return call_run_group(tests);
}
