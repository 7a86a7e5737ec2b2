/* SPDX-License-Identifier: BSD-3-Clause */
/* Tags are checked and packets left alone: what an engine's verify promises beyond its verdicts. */
#include "dataplane/wire/rtp.h"
#include "tests/rig/call.h"

#define JUMBO 9216

static void the_rollover_counter_is_authentic(void **state)
{
	for (enum srtp_suite suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		struct call *call = call_open(suite);
		static const struct {
			uint64_t index;
			enum drop verdict;
		} cases[] = {
			{0xfff0, DROP_NONE},         {0xfff1, DROP_NONE},    {0x10002, DROP_NONE},
			{0x30003, DROP_AUTH_FAILED}, {3, DROP_AUTH_FAILED},  {0x10003, DROP_NONE},
			{0xfff2, DROP_NONE},         {0x10003, DROP_REPLAY},
		};

		for (unsigned int k = 0; k < RTE_DIM(cases); k++) {
			struct packet wire = packet_srtp(&call->oracle, SSRC, cases[k].index), out;

			assert_int_equal(call_verify(call, &wire, &out), cases[k].verdict);
		}
		call_close(call);
	}
}

/* A flow may begin or end to share keys while its streams go on. */
static void verify_and_unprotect_share_a_window(void **state)
{
	for (enum srtp_suite suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		struct call *call = call_open(suite);
		struct packet rtp, rtcp, out;

		for (uint64_t index = 0xfffe; index < 0x10006; index++) {
			bool verify = index & 1;

			rtp = packet_srtp(&call->oracle, SSRC, index);
			rtcp = packet_srtcp(&call->oracle, SSRC, index);
			assert_int_equal((verify ? call_verify : call_unprotect)(call, &rtp, &out),
					 DROP_NONE);
			assert_int_equal((verify ? call_unprotect : call_verify)(call, &rtp, &out),
					 DROP_REPLAY);
			assert_int_equal((verify ? call_verify : call_unprotect)(call, &rtcp, &out),
					 DROP_NONE);
			assert_int_equal((verify ? call_unprotect : call_verify)(call, &rtcp, &out),
					 DROP_REPLAY);
		}
		call_close(call);
	}
}

/* --- the engine itself, packets of every length in memory that ends where they do --- */

static uint8_t judged(struct call *call, enum srtp_suite suite, const uint8_t *octets,
		      unsigned int length, bool rtcp)
{
	struct crypt_key *key = call_key(call->engine, suite, CRYPT_RECEIVE, 1);
	uint8_t *packet = malloc(length);
	struct crypt_job job = {
		.key = key,
		.data = memcpy(packet, octets, length),
		.length = length,
		.header = rtcp ? RTCP_HEADER : RTP_HEADER,
		.rtcp = rtcp,
		.status = UINT8_MAX,
		.ssrc = rtcp ? rtcp_ssrc(octets) : rtp_ssrc(octets),
		.index = 7,
	};

	call->engine->verify(&job, 1);
	assert_int_equal(job.length, length);
	assert_memory_equal(packet, octets, length);
	call->engine->key_free(key);
	free(packet);
	return job.status;
}

static void every_length(struct call *call, enum srtp_suite suite, bool rtcp)
{
	struct packet head = rtcp ? packet_rtcp(SSRC, 0) : packet_rtp(SSRC, 7, 0, -1, 0);
	unsigned int behind = rtcp && suite_is_aead(suite) ? 4 : 0; /* SRTCP's index */

	for (unsigned int payload = 0; payload <= JUMBO; payload += payload < 40     ? 1
								    : payload < 1500 ? 53
										     : 1500) {
		unsigned int length = head.length + payload;
		uint8_t octets[JUMBO + 64];
		unsigned int wrong[3];

		memset(octets, payload, sizeof(octets));
		memcpy(octets, head.octets, head.length);
		wrong[0] = length - 1;
		length = rtcp ? oracle_protect_rtcp(&call->oracle, octets, length, 7)
			      : oracle_protect_rtp(&call->oracle, octets, length, length - payload,
						   7);
		wrong[1] = length - 1 - behind;
		wrong[2] = 1;
		assert_int_equal(judged(call, suite, octets, length, rtcp), CRYPT_OK);
		for (unsigned int k = 0; k < RTE_DIM(wrong); k++) {
			octets[wrong[k]] ^= 0x10;
			assert_int_equal(judged(call, suite, octets, length, rtcp),
					 CRYPT_AUTH_FAILED);
			octets[wrong[k]] ^= 0x10;
		}
	}
}

static void every_length_stays_as_it_came(void **state)
{
	for (enum srtp_suite suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		struct call *call = call_open(suite);

		every_length(call, suite, false);
		every_length(call, suite, true);
		call_close(call);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIDY(the_rollover_counter_is_authentic),
		TIDY(verify_and_unprotect_share_a_window),
		TIDY(every_length_stays_as_it_came),
	};

	return call_run_group(tests);
}
