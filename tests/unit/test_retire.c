/* SPDX-License-Identifier: BSD-3-Clause */
/* SSRCs make room for others, and no index is used twice for it; with either engine. */
#include "dataplane/srtp/index.h"
#include "dataplane/retire.h"
#include "dataplane/wire/rtp.h"
#include "dataplane/stream_unit.h"
#include "tests/rig/call.h"

#define STEP (20 * (rte_get_tsc_hz() / 1000)) /* 20 ms */
#define MOST 32

static struct call *open_call(void)
{
	call_bench->worker->streams_per_flow = MOST;
	return call_open(SUITE_AES_CM_128_HMAC_SHA1_80);
}

/* Three packets of an SSRC, 20 ms apart, from a phone to an SRTP participant: how many arrive. */
static unsigned int prompt(struct call *call, uint32_t ssrc, uint16_t seq)
{
	unsigned int arrived = 0;

	for (unsigned int k = 0; k < 3; k++, call->now += STEP) {
		struct packet wire = packet_rtp(ssrc, seq + k, 0, -1, 20), out;

		if (call_protect(call, &wire) == DROP_NONE)
			arrived += call_unprotect(call, &wire, &out) == DROP_NONE;
	}
	return arrived;
}

/* Each prompt of an announcement has an SSRC of its own: the 33rd is heard like the first. */
static void prompts_are_heard(void **state)
{
	struct call *call = open_call();

	for (uint32_t ssrc = 1; ssrc <= 130; ssrc++)
		assert_int_equal(prompt(call, 1000 * ssrc, 7 * ssrc), 3);
	assert_int_equal(call->sender->flow.stream_count, MOST);
	assert_int_equal(flow_total(&call->sender->flow).packets, 0); /* nobody metered them */
	call_close(call);
}

/* What is remembered is bounded; of a very long row a few are refused that never were. */
static void a_very_long_row_of_prompts(void **state)
{
	struct call *call = open_call();
	unsigned int arrived = 0;

	for (uint32_t ssrc = 1; ssrc <= 2000; ssrc++)
		arrived += prompt(call, 2654435761u * ssrc, 7 * ssrc);
	assert_in_range(arrived, 2000 * 3 * 94 / 100, 2000 * 3);
	assert_in_range(CALL_STREAMS - call_bench->worker->free_stream_count, 2 * (MOST - 1),
			2 * (MOST - 1 + RETIRE_UNITS));
	call_close(call);
}

/* Without keys there is nothing to remember, and nobody is refused. */
static void plain_prompts(void **state)
{
	struct call *call = open_call();

	call->plain.own.protects = false;
	call_apply(call);
	for (uint32_t ssrc = 1; ssrc <= 5000; ssrc++, call->now += 3 * STEP) {
		struct packet wire = packet_rtp(ssrc, 9, 0, -1, 20);
		enum drop verdict;

		call_run(call, call->sender, false, &wire, &verdict, 1);
		assert_int_equal(verdict, DROP_NONE);
	}
	assert_int_equal(CALL_STREAMS - call_bench->worker->free_stream_count, MOST - 1 + 1);
	call->plain.own.protects = true;
	call_apply(call);
	call_close(call);
}

static void who_is_heard_stays(void **state)
{
	struct call *call = open_call();
	struct packet wire;

	for (unsigned int round = 0; round < 5; round++) {
		for (uint32_t ssrc = 1; ssrc <= MOST; ssrc++) {
			wire = packet_rtp(ssrc, round, 0, -1, 20);
			assert_int_equal(call_protect(call, &wire), DROP_NONE);
		}
		wire = packet_rtp(99, round, 0, -1, 20);
		assert_int_equal(call_protect(call, &wire), DROP_STREAM_LIMIT);
		call->now += STEP;
	}
	/* All but one fall silent: one of them goes, and not that one. */
	for (unsigned int k = 0; k < 20; k++, call->now += STEP) {
		wire = packet_rtp(7, 100 + k, 0, -1, 20);
		assert_int_equal(call_protect(call, &wire), DROP_NONE);
	}
	assert_int_equal(prompt(call, 99, 0), 3);
	assert_non_null(flow_stream(&call->sender->flow, 7));
	call_close(call);
}

/*
 * Every (SSRC, index) that leaves under a key leaves once, no matter who comes back and counts how.
 */
static void no_index_is_sent_twice(void **state)
{
	static struct {
		uint32_t ssrc;
		uint16_t seq;
	} sent[40000];
	struct call *call = open_call();
	unsigned int count = 0, back = 0;

	for (unsigned int round = 0; round < 6; round++) {
		for (uint32_t ssrc = 1; ssrc <= 90; ssrc++) {
			for (unsigned int k = 0; k < 6; k++, call->now += STEP) {
				struct packet wire = packet_rtp(ssrc, 100 + k, 0, -1, 20), out;

				if (call_protect(call, &wire) != DROP_NONE)
					continue;
				assert_int_equal(call_unprotect(call, &wire, &out), DROP_NONE);
				sent[count].ssrc = ssrc;
				sent[count++].seq = rtp_seq(wire.octets);
				back += round > 0;
			}
		}
	}
	/* They are heard again: what repeats, until a new beginning is proven, is not. */
	assert_in_range(back, 5 * 90 * 2, 5 * 90 * 6);
	for (unsigned int a = 0; a < count; a++)
		for (unsigned int b = 0; b < a; b++)
			assert_false(sent[a].ssrc == sent[b].ssrc && sent[a].seq == sent[b].seq);
	call_close(call);
}

/* SRTCP has an index of its own. */
static void no_rtcp_index_is_sent_twice(void **state)
{
	struct call *call = open_call();
	struct packet wire;
	uint32_t last = 0;

	for (unsigned int round = 0; round < 3; round++) {
		wire = packet_rtcp(5, 1);
		assert_int_equal(call_protect(call, &wire), DROP_NONE);
		assert_true(rtp_read32(wire.octets + wire.length - 14) > last);
		last = rtp_read32(wire.octets + wire.length - 14);
		call->now += 10 * STEP;
		for (uint32_t ssrc = 100; ssrc < 160; ssrc++)
			prompt(call, 1000 * round + ssrc, 1);
		assert_null(flow_stream(&call->sender->flow, 5));
	}
	call_close(call);
}

/* A packet that was accepted is none of a new SSRC when it comes again. */
static void replays_of_the_retired(void **state)
{
	struct call *call = open_call();
	struct packet old[3], out;

	for (unsigned int k = 0; k < 3; k++) {
		old[k] = packet_srtp(&call->oracle, 5, 65530 + 4 * k);
		assert_int_equal(call_unprotect(call, &old[k], &out), DROP_NONE);
	}
	call->now += 10 * STEP;
	for (uint32_t ssrc = 100; ssrc < 160; ssrc++)
		assert_int_equal(prompt(call, ssrc, 1), 3);
	assert_null(flow_stream(&call->receiver->flow, 5));
	for (unsigned int k = 0; k < 3; k++)
		assert_int_not_equal(call_unprotect(call, &old[k], &out), DROP_NONE);
	/* Its rollover counter is remembered, too. */
	old[0] = packet_srtp(&call->oracle, 5, 65540);
	assert_int_equal(call_unprotect(call, &old[0], &out), DROP_NONE);
	call_close(call);
}

/* One leg's inventions leave the pool to the others. */
static void a_leg_has_its_share(void **state)
{
	struct call *call = open_call(), *other;

	call->plain.own.protects = false;
	call_apply(call);
	for (uint32_t ssrc = 1; ssrc <= 100000; ssrc++, call->now += STEP / 10) {
		struct packet wire = packet_rtp(ssrc, 9, 0, -1, 20);
		enum drop verdict;

		call_run(call, call->sender, false, &wire, &verdict, 1);
	}
	assert_in_range(CALL_STREAMS - call_bench->worker->free_stream_count, 1, MOST);
	other = open_call();
	for (uint32_t ssrc = 1; ssrc <= 40; ssrc++)
		assert_int_equal(prompt(other, ssrc, 7), 3);
	call_close(other);
	call->plain.own.protects = true;
	call_apply(call);
	call_close(call);
}

/* The pool is empty: the flow's own stream is used again. */
static void an_empty_pool(void **state)
{
	struct call *call = open_call();
	struct stream_unit *pool = NULL;
	uint32_t taken = 0;

	while (call_bench->worker->free_stream_count > 4) {
		struct stream_unit *unit = stream_unit_take(call_bench->worker);

		unit->next = pool;
		pool = unit;
		taken++;
	}
	for (uint32_t ssrc = 1; ssrc <= 10; ssrc++, call->now += 10 * STEP)
		assert_int_equal(prompt(call, ssrc, 7), 3);
	while (pool) {
		struct stream_unit *next = pool->next;

		stream_unit_give(call_bench->worker, pool);
		pool = next;
	}
	assert_true(taken > 0);
	call_close(call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIDY(prompts_are_heard),      TIDY(a_very_long_row_of_prompts),
		TIDY(plain_prompts),          TIDY(who_is_heard_stays),
		TIDY(no_index_is_sent_twice), TIDY(no_rtcp_index_is_sent_twice),
		TIDY(replays_of_the_retired), TIDY(a_leg_has_its_share),
		TIDY(an_empty_pool),
	};

	return call_run_group(tests);
}
