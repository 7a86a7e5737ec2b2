/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A participant who holds the key and an attacker who does not, in bursts, while keys change: what
 * is accepted was sent, and only once; what was tampered with is never accepted; no stream leaks.
 *
 * An input is a list of steps of four octets: what to do, then three octets of how.
 */
#include "tests/rig/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define SSRCS 3
#define SPAN  (1 << 18) /* indices per SSRC and epoch that are remembered */

struct run {
	struct call *call;
	struct oracle previous;
	uint32_t epoch;
	uint64_t index[SSRCS];
	struct burst burst;
	struct packet plain[BURST_MAX]; /* what must come out, if anything does */
	uint64_t token[BURST_MAX];      /* which packet it is; 0: a forged one */
	uint64_t taken[4096];
	unsigned int taken_count;
};

static struct bench *bench;
static struct run run;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	bench = call_begin(64);
	return 0;
}

static void take(unsigned int k)
{
	struct burst *b = &run.burst;

	if (!burst_is_media(b, k))
		return;
	if (!run.token[k])
		abort(); /* a forgery was believed */
	for (unsigned int n = 0; n < run.taken_count; n++)
		if (run.taken[n] == run.token[k])
			abort(); /* a replay was believed */
	if (run.taken_count < RTE_DIM(run.taken))
		run.taken[run.taken_count++] = run.token[k];
	if (b->length[k] != run.plain[k].length ||
	    memcmp(burst_payload(b, k), run.plain[k].octets, b->length[k]))
		abort();
	if (b->stream[k] != flow_stream(&run.call->receiver->flow, b->stream[k]->ssrc))
		abort();
}

static void flush(void)
{
	struct burst *b = &run.burst;

	crypt_unprotect_stage(bench->worker, b);
	meter_stage(bench->worker, b);
	for (unsigned int k = 0; k < b->count; k++)
		take(k);
	for (struct stream *s = run.call->receiver->flow.streams; s; s = s->next)
		if (s->ahead != UINT64_MAX)
			abort();
	media_free(b);
	media_burst(b, ++run.call->now);
}

static void push(const struct packet *plain, const struct packet *wire, uint64_t token)
{
	struct burst *b = &run.burst;

	run.plain[b->count] = *plain;
	run.token[b->count] = token;
	media_add(bench, b, run.call->receiver, wire);
	if (b->count == BURST_MAX)
		flush();
}

static void rekey(uint8_t how)
{
	struct call *call = run.call;
	enum srtp_suite suite = 1 + how % (SUITE_COUNT - 1);
	uint8_t key[SUITE_KEY_MAX], salt[SUITE_SALT_MAX];

	flush();
	if (call->secure.receive_previous)
		call->engine->key_free(call->secure.receive_previous);
	run.epoch++;
	run.previous = call->oracle;
	call->secure.receive_previous = call->secure.receive;
	call->secure.receive = call_key(call->engine, suite, CRYPT_RECEIVE, run.epoch);
	call->secure.grace_until = call->now + (how >> 4);
	call_apply(call);
	stream_new_receive_epoch(&call->receiver->flow, run.epoch);
	call_master(run.epoch, key, salt);
	oracle_derive(&call->oracle, suite, key, salt);
	for (unsigned int s = 0; s < SSRCS; s++)
		run.index[s] &= 0xffff;
}

static void step(const uint8_t step[4])
{
	unsigned int s = step[1] % SSRCS;
	bool forged = (step[0] & 3) == 3;
	bool old = step[0] & 0x80 && run.epoch > 1;
	uint64_t rtcp = step[0] >> 6 & 1;
	const struct oracle *o = old ? &run.previous : &run.call->oracle;
	uint64_t index;
	struct packet plain, wire;

	switch (step[0] & 3) {
	case 0: /* the next packet, or a leap */
		run.index[s] += step[2] == 0xff ? step[3] << 8 : step[2] & 3;
		break;
	case 1:
		flush();
		return;
	case 2:
		rekey(step[1]);
		return;
	}
	if (run.index[s] >= SPAN)
		run.index[s] = 0;
	index = run.index[s];
	if (rtcp)
		index = step[3];
	else if (step[0] & 4)
		index -= RTE_MIN(index, (uint64_t)step[3] << 3);
	plain = rtcp ? packet_rtcp(s, 1) : packet_rtp(s, index, 0, -1, 20);
	wire = rtcp ? packet_srtcp(o, s, index) : packet_srtp(o, s, index);
	if (forged) { /* forged: one bit is wrong, or the end is missing */
		if (step[2] & 0x80)
			wire.length -= step[2] % (wire.length - 12) + 1;
		else
			wire.octets[12 + step[2] % (wire.length - 12)] ^= 1 << step[3] % 8;
	}
	push(&plain, &wire,
	     forged ? 0 : (uint64_t)(run.epoch - old) << 32 | rtcp << 31 | index << 2 | s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&run, 0, sizeof(run));
	run.epoch = 1;
	run.call = call_open(SUITE_AES_CM_128_HMAC_SHA1_80);
	bench->worker->streams_per_flow = 2 + size % 2;
	media_burst(&run.burst, run.call->now);
	for (size_t at = 0; at + 4 <= size && at < 4 * 2000; at += 4)
		step(data + at);
	flush();

	if (run.call->secure.receive_previous)
		run.call->engine->key_free(run.call->secure.receive_previous);
	run.call->receive = run.call->secure.receive;
	call_close(run.call);
	if (!bench_is_idle(bench) || bench->worker->free_stream_count != 64)
		abort();
	return 0;
}
