/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One direction of a call cut in two for tests of crypt: a plain leg whose flow protects, and a leg
 * with SRTP whose flow unprotects, with one master key between them.
 */
#ifndef TANDEM_TESTS_CRYPT_RIG_H
#define TANDEM_TESTS_CRYPT_RIG_H

#include "tests/unit/media_rig.h"
#include "tests/unit/oracle.h"

#define WIRE_MAX 1500

struct wire {
	enum packet_class class;
	uint16_t length;
	uint8_t octets[WIRE_MAX];
};

static inline bool wire_equal(const struct wire *a, const struct wire *b)
{
	return a->class == b->class && a->length == b->length &&
	       !memcmp(a->octets, b->octets, a->length);
}

struct call {
	struct bench *bench;
	const struct crypt_engine *engine;
	struct leg_config plain, secure;
	struct leg *sender, *receiver;
	struct crypt_key *send, *receive;
	struct oracle oracle;
	uint64_t now;
};

/* Key and salt of an epoch; every octet differs from its neighbours. */
static inline void call_master(uint32_t epoch, uint8_t key[SUITE_KEY_MAX],
			       uint8_t salt[SUITE_SALT_MAX])
{
	for (int k = 0; k < SUITE_KEY_MAX; k++)
		key[k] = 31 * k + 97 * epoch + 5;
	for (int k = 0; k < SUITE_SALT_MAX; k++)
		salt[k] = 17 * k + 59 * epoch + 3;
}

static inline struct crypt_key *call_key(const struct crypt_engine *engine, enum srtp_suite suite,
					 enum crypt_direction direction, uint32_t epoch)
{
	uint8_t key[SUITE_KEY_MAX], salt[SUITE_SALT_MAX];
	struct crypt_key *made = NULL;

	call_master(epoch, key, salt);
	if (engine->key_create(&made, suite, direction, key, salt))
		abort();
	made->epoch = epoch;
	return made;
}

/* After a change of `plain` or `secure`. */
static inline void call_apply(struct call *call)
{
	leg_apply(call->bench->worker, call->sender, &call->plain, rte_rdtsc());
	leg_apply(call->bench->worker, call->receiver, &call->secure, rte_rdtsc());
}

static inline struct call *call_open(struct bench *bench, enum srtp_suite suite)
{
	struct call *call = calloc(1, sizeof(*call));
	uint8_t key[SUITE_KEY_MAX], salt[SUITE_SALT_MAX];

	call->bench = bench;
	call->engine = bench->worker->engine;
	call->now = 1000;
	call->send = call_key(call->engine, suite, CRYPT_SEND, 1);
	call->receive = call_key(call->engine, suite, CRYPT_RECEIVE, 1);
	call->plain = (struct leg_config){
		.has_own = true, .own = {.protects = true, .send = call->send, .lineage = 1}};
	call->secure = (struct leg_config){.security = LEG_SDES, .receive = call->receive};
	call->sender = media_leg(bench, &call->plain, 30000);
	call->receiver = media_leg(bench, &call->secure, 40000);
	call_master(1, key, salt);
	oracle_derive(&call->oracle, suite, key, salt);
	return call;
}

static inline void call_close(struct call *call)
{
	media_leg_free(call->bench, call->sender);
	media_leg_free(call->bench, call->receiver);
	call->engine->key_free(call->send);
	call->engine->key_free(call->receive);
	free(call);
}

static const char *call_engine = "ipsec_mb";

/* One at a time: a bench whose worker has `streams` SSRCs and the engine `call_engine`. */
static inline struct bench *call_bench(uint32_t streams)
{
	static bool begun;
	struct bench *bench;

	if (!begun && bench_environment())
		abort();
	begun = true;
	bench = media_create(streams);
	if (crypt_engine_start(&bench->worker->engine, call_engine))
		abort();
	return bench;
}

static inline void call_bench_free(struct bench *bench)
{
	bench->worker->engine->stop();
	media_destroy(bench);
}

/* Through a stage or two as one burst; `wires` become what comes out. */
static inline void call_run(struct call *call, struct leg *leg, bool protect, struct wire *wires,
			    enum drop *verdicts, unsigned int count)
{
	struct burst b;

	media_burst(&b, call->now);
	for (unsigned int k = 0; k < count; k++)
		media_add(call->bench, &b, leg, wires[k].class, wires[k].octets, wires[k].length);
	crypt_unprotect_stage(call->bench->worker, &b);
	if (protect)
		crypt_protect_stage(call->bench->worker, &b);
	for (unsigned int k = 0; k < count; k++) {
		verdicts[k] = burst_is_media(&b, k) ? DROP_NONE : b.reason[k];
		if (verdicts[k] != DROP_NONE)
			continue;
		if (!b.stream[k] || b.mbuf[k]->data_len != b.payload[k] + b.length[k])
			abort();
		wires[k].length = b.length[k];
		memcpy(wires[k].octets, burst_payload(&b, k), b.length[k]);
	}
	media_free(&b);
}

static inline enum drop call_protect(struct call *call, struct wire *wire)
{
	enum drop verdict;

	call_run(call, call->sender, true, wire, &verdict, 1);
	return verdict;
}

static inline enum drop call_unprotect(struct call *call, const struct wire *wire, struct wire *out)
{
	enum drop verdict;

	*out = *wire;
	call_run(call, call->receiver, false, out, &verdict, 1);
	return verdict;
}

/*
 * Engines that verify where the stages ask them to unprotect. They count the packets that verify
 * did not leave as they came.
 */
static const struct crypt_engine *verifier_engine;
static unsigned int verifier_changed;

static inline void verifier_run(struct crypt_job *jobs, unsigned int count)
{
	static struct wire before[BURST_MAX];

	for (unsigned int k = 0; k < count; k++) {
		before[k].length = jobs[k].length;
		memcpy(before[k].octets, jobs[k].data, jobs[k].length);
	}
	verifier_engine->verify(jobs, count);
	for (unsigned int k = 0; k < count; k++)
		if (jobs[k].length != before[k].length ||
		    memcmp(jobs[k].data, before[k].octets, before[k].length))
			verifier_changed++;
}

/* One at a time: what `engine` is, with verify for unprotect. */
static inline struct crypt_engine verifier_of(const struct crypt_engine *engine)
{
	struct crypt_engine verifier = *engine;

	verifier_engine = engine;
	verifier.unprotect = verifier_run;
	return verifier;
}

/* As in a flow whose two legs share keys. */
static inline enum drop call_verify(struct call *call, const struct wire *wire, struct wire *out)
{
	const struct crypt_engine verifier = verifier_of(call->engine);
	enum drop verdict;

	call->bench->worker->engine = &verifier;
	verdict = call_unprotect(call, wire, out);
	call->bench->worker->engine = call->engine;
	if (verifier_changed || !wire_equal(wire, out))
		abort();
	return verdict;
}

/* A packet with `csrcs` CSRCs, `words` words of extension (-1: none) and `payload` octets. */
static inline struct wire wire_rtp(uint32_t ssrc, uint16_t seq, unsigned int csrcs, int words,
				   unsigned int payload)
{
	struct wire w = {.class = CLASS_RTP};
	uint8_t *p = w.octets;

	*p++ = 0x80 | (words >= 0 ? 0x10 : 0) | csrcs;
	*p++ = 0;
	oracle_put(p, seq, 2);
	oracle_put(p + 2, 160 * seq, 4);
	oracle_put(p + 6, ssrc, 4);
	p += 10;
	for (unsigned int k = 0; k < 4 * csrcs; k++)
		*p++ = 0xc0 + k;
	if (words >= 0) {
		oracle_put(p, 0xbede, 2);
		oracle_put(p + 2, words, 2);
		p += 4;
		for (int k = 0; k < 4 * words; k++)
			*p++ = 0xe0 + k;
	}
	for (unsigned int k = 0; k < payload; k++)
		*p++ = k ^ seq;
	w.length = p - w.octets;
	return w;
}

/* A receiver report with `blocks` report blocks. */
static inline struct wire wire_rtcp(uint32_t ssrc, unsigned int blocks)
{
	struct wire w = {.class = CLASS_RTCP, .length = 8 + 24 * blocks};

	w.octets[0] = 0x80 | blocks;
	w.octets[1] = 201;
	oracle_put(w.octets + 2, w.length / 4 - 1, 2);
	oracle_put(w.octets + 4, ssrc, 4);
	for (unsigned int k = 8; k < w.length; k++)
		w.octets[k] = k;
	return w;
}

/* As the other end would have sent it, under any index it likes. */
static inline struct wire wire_srtp(const struct oracle *o, uint32_t ssrc, uint64_t index)
{
	struct wire w = wire_rtp(ssrc, index, 0, -1, 20);

	w.length = oracle_protect_rtp(o, w.octets, w.length, 12, index);
	return w;
}

static inline struct wire wire_srtcp(const struct oracle *o, uint32_t ssrc, uint32_t index)
{
	struct wire w = wire_rtcp(ssrc, 1);

	w.length = oracle_protect_rtcp(o, w.octets, w.length, index);
	return w;
}

#endif
