/* SPDX-License-Identifier: BSD-3-Clause */
/* Both engines, the same packets: the same verdicts and the same octets. */
#include "dataplane/srtp/index.h"
#include "tests/rig/differential.h"

/* It has a macro SHA1, which OpenSSL's headers must not see. */
#include "dataplane/srtp/crypt_ipsec_mb.h"

#ifdef __SANITIZE_ADDRESS__
static unsigned int packets = 50000;
#else
static unsigned int packets = 1000000;
#endif
#define RUNS 20 /* every one begins with new calls */

static struct differential *both;

/* Deterministic, so that a failure comes again. */
static uint64_t seed = 88172645463325252ULL;

static uint32_t chance(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 16) % below;
}

static uint64_t total(const uint64_t count[DROP_MAX])
{
	uint64_t sum = 0;

	for (unsigned int k = 0; k < DROP_MAX; k++)
		sum += count[k];
	return sum;
}

static void the_engines_agree(void **state)
{
	for (unsigned int run = 1; run <= RUNS; run++) {
		differential_open(both);
		while (total(both->count[UNPROTECT]) < (uint64_t)packets * run / RUNS)
			if (!differential_step(both))
				fail_msg("%s", both->why);
		differential_close(both);
	}
	print_message("# by both engines: %lu packets protected, %lu unprotected, %lu verified\n",
		      total(both->count[PROTECT]), total(both->count[UNPROTECT]),
		      total(both->count[VERIFY]));
	for (unsigned int k = 0; k < DROP_MAX; k++)
		if (both->count[PROTECT][k] + both->count[UNPROTECT][k] + both->count[VERIFY][k])
			print_message("# %-12s %8lu %8lu %8lu\n", differential_name(k),
				      both->count[PROTECT][k], both->count[UNPROTECT][k],
				      both->count[VERIFY][k]);
	print_message("# known difference     %8lu\n", both->known);

	/* All that can happen did, and often. */
	assert_true(both->count[PROTECT][DROP_NONE] > packets / 2);
	assert_true(both->count[PROTECT][DROP_REPLAY] > packets / 100);
	for (enum task task = UNPROTECT; task <= VERIFY; task++) {
		const uint64_t *count = both->count[task];

		assert_true(count[DROP_NONE] > packets / (task == UNPROTECT ? 4 : 8));
		assert_true(count[DROP_REPLAY] > packets / 100);
		assert_true(count[DROP_AUTH_FAILED] > packets / 100);
		assert_true(count[DROP_STREAM_LIMIT] > packets / 100);
		assert_true(count[DROP_SRTP_LENGTH] > packets / 10000);
	}
	assert_true(both->known < packets / 50);
}

/* The RFCs' own words, which the oracle is, judge ipsec_mb at the counter's far end. */
static void the_rollover_counter_has_32_bits(void **state)
{
	static const uint64_t starts[] = {0xfffe,         0x7fffffff,     0x80000000,
					  0xfffffffe,     0x12345678fff0, 0x7fffffffffff,
					  0xffffffff0000, INDEX_END - 8};

	both->bench->worker->engine = both->engine[0];
	for (enum srtp_suite suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++)
		for (unsigned int k = 0; k < RTE_DIM(starts); k++) {
			struct call *call = call_open(suite);
			struct packet sent, expected, back, plain = packet_rtp(1, 0, 0, -1, 20);
			struct notice notice;

			sent = plain;
			assert_int_equal(call_protect(call, &sent), DROP_NONE);
			assert_int_equal(call_unprotect(call, &sent, &back), DROP_NONE);
			call->sender->flow.streams->send_highest = starts[k];
			call->receiver->flow.streams->receive_highest[1] = starts[k];
			for (uint64_t index = starts[k] + 1; index < starts[k] + 8; index++) {
				plain = packet_rtp(1, index, index % 3, -1, 20 + index % 50);
				sent = expected = plain;
				assert_int_equal(call_protect(call, &sent), DROP_NONE);
				expected.length = oracle_protect_rtp(
					&call->oracle, expected.octets, plain.length,
					rtp_header_length(plain.octets), index);
				assert_true(packet_equal(&sent, &expected));
				assert_int_equal(call_unprotect(call, &sent, &back), DROP_NONE);
				assert_true(packet_equal(&back, &plain));
			}
			call_close(call);
			while (bench_take_notice(both->bench, &notice))
				assert_int_equal(notice.kind, NOTICE_KEYS_STALE);
		}
}

/* With ipsec_mb a key is immutable: the flows of several legs can share it. */
static void flows_share_a_key(void **state)
{
	struct call *one, *other;
	struct packet wire, out;

	both->bench->worker->engine = both->engine[0];
	for (enum srtp_suite suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		one = call_open(suite);
		other = call_open(suite);
		other->secure.receive = one->receive;
		other->plain.own.send = one->send;
		call_apply(other);
		for (uint64_t index = 0xfffe; index < 0x10003; index++) {
			wire = packet_rtp(7, index, 0, -1, 160);
			assert_int_equal(call_protect(index & 1 ? one : other, &wire), DROP_NONE);
			wire = packet_srtp(&one->oracle, 7, index);
			assert_int_equal(call_unprotect(one, &wire, &out), DROP_NONE);
			assert_int_equal(call_unprotect(other, &wire, &out), DROP_NONE);
			assert_int_equal(call_unprotect(other, &wire, &out), DROP_REPLAY);
		}
		call_close(one);
		call_close(other);
	}
}

/* With ipsec_mb SRTCP's keys are expanded for each packet: nothing of that may stay behind. */
static void no_expanded_key_stays(void **state)
{
	static const struct expanded empty;

	both->bench->worker->engine = both->engine[0];
	for (enum srtp_suite suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		struct call *call = call_open(suite);
		const struct ipsec_mb_scratch *scratch = crypt_ipsec_mb_scratch[rte_lcore_id()];
		struct packet wire = packet_rtcp(7, 3), out;

		assert_int_equal(call_protect(call, &wire), DROP_NONE);
		assert_memory_equal(&scratch->rtcp, &empty, sizeof(empty));
		wire.octets[9] ^= 1;
		assert_int_equal(call_unprotect(call, &wire, &out), DROP_AUTH_FAILED);
		assert_memory_equal(&scratch->rtcp, &empty, sizeof(empty));
		wire.octets[9] ^= 1;
		assert_int_equal(call_unprotect(call, &wire, &out), DROP_NONE);
		assert_memory_equal(&scratch->rtcp, &empty, sizeof(empty));
		wire = packet_srtcp(&call->oracle, 7, 8);
		assert_int_equal(call_verify(call, &wire, &out), DROP_NONE);
		assert_memory_equal(&scratch->rtcp, &empty, sizeof(empty));
		call_close(call);
	}
}

static int start(void **state)
{
	both = differential_create(chance);
	return 0;
}

static int stop(void **state)
{
	int leaked = !bench_is_idle(both->bench) ||
		     both->bench->worker->free_stream_count != CALLS * 2 * ENGINES * SSRCS;

	differential_destroy(both);
	return leaked;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_engines_agree),
		cmocka_unit_test(the_rollover_counter_has_32_bits),
		cmocka_unit_test(flows_share_a_key),
		cmocka_unit_test(no_expanded_key_stays),
	};

	if (!call_engine_is_able()) {
		print_message("1..1\nok 1 - # SKIP both engines are needed\n");
		return 0;
	}
	if (getenv("PACKETS")) /* an emulated CPU has less time */
		packets = strtoul(getenv("PACKETS"), NULL, 10);
	return cmocka_run_group_tests(tests, start, stop);
}
