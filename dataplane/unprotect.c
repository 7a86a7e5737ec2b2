/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What comes from a participant: verified and decrypted, each packet with the state of its SSRC.
 *
 * A burst goes to the engine as a whole, so indices are estimated before the burst's own packets
 * have moved the state they are estimated from. That is the same as one packet at a time as long as
 * it makes no difference whether the earlier packets of the burst verify. Where it does, around a
 * wrap and at a stream's beginning, the packet waits for another round.
 */
#include <assert.h>
#include <string.h>

#include <rte_prefetch.h>

#include "dataplane/capture.h"
#include "dataplane/srtp/crypt.h"
#include "dataplane/srtp/index.h"
#include "dataplane/leg.h"
#include "dataplane/lifetime.h"
#include "dataplane/retire.h"
#include "dataplane/wire/rtp.h"
#include "dataplane/stages.h"
#include "dataplane/stream.h"
#include "dataplane/worker.h"

static_assert(BURST_MAX <= 64, "sets of slots are 64 bits");

#define E_BIT 0x80000000u /* SRTCP: the packet is encrypted (RFC 3711 3.4) */

/* One call of the engine. */
struct round {
	unsigned int count;
	struct crypt_job jobs[BURST_MAX];
	struct stream *stream[BURST_MAX]; /* NULL if the SSRC has no state yet */
	uint8_t slot[BURST_MAX];
};

/*
 * A key and a reading of the rollover counter, of which no packet says either: the tag tells. After
 * a rekey some senders go on counting (RFC 3711 3.3.1), some begin anew.
 */
struct attempt {
	bool previous; /* the key before, in its grace time */
	bool anew;     /* a counter of 0 for an SSRC that was heard under an earlier key alone */
	bool verify;
};

/* Packets as they came, for the next attempt: the engine may have written over what it refuses. */
struct originals {
	uint64_t slots;
	uint8_t class[BURST_MAX];
	uint16_t length[BURST_MAX];
	uint32_t at[BURST_MAX];
	uint32_t used;
	uint8_t octets[BURST_MAX * 2048];
};

/* Among the jobs of this round, the highest index of an SSRC that has no state yet. */
static uint64_t highest_of_new(const struct round *r, const struct burst *b, unsigned int i,
			       uint32_t ssrc)
{
	uint64_t highest = INDEX_NONE;

	for (unsigned int k = 0; k < r->count; k++) {
		const struct crypt_job *job = &r->jobs[k];

		if (!r->stream[k] && !job->rtcp && job->ssrc == ssrc &&
		    b->leg[r->slot[k]] == b->leg[i] &&
		    (highest == INDEX_NONE || job->index > highest))
			highest = job->index;
	}
	return highest;
}

/* A packet must not overtake one of its stream that waits. */
static bool must_wait(const struct burst *b, uint64_t waiting, unsigned int i, uint32_t ssrc)
{
	for (; waiting; waiting &= waiting - 1) {
		unsigned int k = __builtin_ctzll(waiting);

		if (b->leg[k] == b->leg[i] && rtp_ssrc(burst_payload(b, k)) == ssrc)
			return true;
	}
	return false;
}

enum verdict { READY, LATER, REFUSED };

static enum verdict refuse(struct burst *b, unsigned int i, enum drop reason)
{
	burst_drop(b, i, reason);
	return REFUSED;
}

/* What is known of an SSRC that was not heard under this key. */
static __rte_noinline uint64_t heard_before(const struct flow *flow, const struct stream *s,
					    uint32_t ssrc)
{
	if (s)
		return s->carried;
	return flow->retired ? retire_highest(flow, ssrc) : INDEX_NONE;
}

static enum verdict prepare_rtp(const struct round *r, struct burst *b, unsigned int i,
				uint64_t waiting, bool anew, struct crypt_job *job,
				struct stream *s)
{
	unsigned int epoch = job->key->epoch & 1;
	uint16_t seq = rtp_seq(job->data);
	uint64_t highest = s ? s->receive_highest[epoch] : INDEX_NONE;
	uint64_t ahead = s ? s->ahead : highest_of_new(r, b, i, job->ssrc);
	uint64_t from = highest;

	if (unlikely(waiting) && must_wait(b, waiting, i, job->ssrc))
		return LATER;
	if (unlikely(from == INDEX_NONE) && !(s && anew))
		from = heard_before(&b->leg[i]->flow, s, job->ssrc);
	job->index = index_estimate(from, seq);
	if (unlikely(ahead != INDEX_NONE) && index_estimate(ahead, seq) != job->index)
		return LATER;
	if (unlikely(job->index >= INDEX_END))
		return refuse(b, i, DROP_KEY_EXHAUSTED);
	if (unlikely(!s))
		return READY;
	if (index_seen(s->windows->receive[epoch], STREAM_WINDOW, highest, job->index))
		return refuse(b, i, DROP_REPLAY);
	if ((highest == INDEX_NONE || job->index > highest) &&
	    (ahead == INDEX_NONE || job->index > ahead))
		s->ahead = job->index;
	return READY;
}

/*
 * The index is in the packet, before the tag; AEAD has it after the tag (RFC 7714 9.2). Keys
 * are expanded for each new one, also for a forged one: the rate of SHED_RTCP bounds how many come.
 */
static enum verdict prepare_rtcp(struct burst *b, unsigned int i, struct crypt_job *job,
				 const struct stream *s)
{
	unsigned int epoch = job->key->epoch & 1;
	unsigned int behind = suite_is_aead(job->key->suite) ? 0 : job->key->tag_rtcp;
	uint32_t word = rtp_read32(job->data + job->length - behind - 4);

	/* Nobody negotiates unencrypted SRTCP with us: no key of ours made this packet. */
	if (!(word & E_BIT))
		return refuse(b, i, DROP_AUTH_FAILED);
	job->index = word & ~E_BIT;
	if (s && index_seen(s->windows->receive_rtcp[epoch], STREAM_RTCP_WINDOW,
			    s->receive_rtcp_highest[epoch], job->index))
		return refuse(b, i, DROP_REPLAY);
	return READY;
}

static enum verdict prepare(struct round *r, struct burst *b, unsigned int i,
			    struct attempt attempt, uint64_t waiting)
{
	const struct flow *flow = &b->leg[i]->flow;
	struct crypt_key *key = attempt.previous ? flow->receive_previous : flow->receive;
	struct crypt_job *job = &r->jobs[r->count];
	enum verdict verdict;
	uint32_t trailer;

	job->key = key;
	job->data = burst_payload(b, i);
	job->length = b->length[i];
	job->rtcp = b->class[i] == CLASS_RTCP;
	job->header = job->rtcp ? RTCP_HEADER : rtp_header_length(job->data);
	trailer = job->rtcp ? key->tag_rtcp + 4 : key->tag;
	if (unlikely(job->length < job->header + trailer))
		return refuse(b, i, DROP_SRTP_LENGTH);

	job->ssrc = job->rtcp ? rtcp_ssrc(job->data) : rtp_ssrc(job->data);
	r->stream[r->count] = flow_stream(flow, job->ssrc);
	verdict = job->rtcp ? prepare_rtcp(b, i, job, r->stream[r->count])
			    : prepare_rtp(r, b, i, waiting, attempt.anew, job, r->stream[r->count]);
	if (likely(verdict == READY))
		r->slot[r->count++] = i;
	return verdict;
}

static bool is_replay(const struct stream *s, const struct crypt_job *job)
{
	unsigned int epoch = job->key->epoch & 1;

	if (job->rtcp)
		return index_seen(s->windows->receive_rtcp[epoch], STREAM_RTCP_WINDOW,
				  s->receive_rtcp_highest[epoch], job->index);
	return index_seen(s->windows->receive[epoch], STREAM_WINDOW, s->receive_highest[epoch],
			  job->index);
}

static void enter_index(struct worker *w, struct leg *leg, struct stream *s,
			const struct crypt_job *job)
{
	unsigned int epoch = job->key->epoch & 1;

	if (job->rtcp) {
		index_add(s->windows->receive_rtcp[epoch], STREAM_RTCP_WINDOW,
			  &s->receive_rtcp_highest[epoch], job->index);
		lifetime_watch(w, leg, s, job->index, INDEX_RTCP_END);
	} else {
		index_add(s->windows->receive[epoch], STREAM_WINDOW, &s->receive_highest[epoch],
			  job->index);
		lifetime_watch(w, leg, s, job->index, INDEX_END);
	}
}

/* The tag was right: without ICE, that is what makes the sender's address the participant's. */
static void learn_source(struct worker *w, struct burst *b, unsigned int i)
{
	struct leg *leg = b->leg[i];
	unsigned int component = b->component[i];

	if (unlikely(leg->wants) && leg->wanted[component])
		leg_prefer(w, leg, component, &b->source[i], true, b->now);
	if (likely(leg->latched[component]) || leg->config->ice)
		return;
	if (!endpoint_equal(&b->source[i], &leg->remote[component]))
		leg_learn(w, leg, component, &b->source[i]);
	else if (!leg->kept[component])
		leg_settle(leg, component);
}

static enum drop reason_of(uint8_t status)
{
	switch ((enum crypt_status)status) {
	case CRYPT_REPLAY:
		return DROP_REPLAY;
	case CRYPT_NO_MEMORY:
		return DROP_STREAM_POOL;
	default:
		return DROP_AUTH_FAILED;
	}
}

static void commit(struct worker *w, struct burst *b, const struct round *r, unsigned int k)
{
	const struct crypt_job *job = &r->jobs[k];
	struct stream *s = r->stream[k];
	unsigned int i = r->slot[k];
	struct flow *flow = &b->leg[i]->flow;

	/* An earlier packet of this round made it, or needed its room. */
	if (unlikely(!s || s->ssrc != job->ssrc))
		s = flow_stream(flow, job->ssrc);
	if (likely(s))
		s->ahead = INDEX_NONE;
	/* An earlier packet of this burst may have had the index, or left it behind the window. */
	if (unlikely(s && is_replay(s, job)))
		return burst_drop(b, i, DROP_REPLAY);
	if (unlikely(job->status != CRYPT_OK))
		return burst_drop(b, i, reason_of(job->status));
	if (unlikely(!s)) {
		enum drop reason = stream_add(w, flow, job->ssrc, b->now, &s);

		if (reason == DROP_NONE && is_replay(s, job))
			return burst_drop(b, i, DROP_REPLAY);
		if (reason != DROP_NONE) {
			if (w->engine->forget)
				w->engine->forget(job->key, job->ssrc);
			return burst_drop(b, i, reason);
		}
	}
	enter_index(w, b->leg[i], s, job);
	stream_hear(s, b->now);
	b->stream[i] = s;
	burst_resize(b, i, job->length);
	learn_source(w, b, i);
}

/* All of `slots` unprotected or all only verified. Every round settles at least one packet. */
static void settle_slots(struct worker *w, struct burst *b, uint64_t slots, struct attempt attempt)
{
	struct round r;

	while (slots) {
		uint64_t waiting = 0;

		r.count = 0;
		for (; slots; slots &= slots - 1) {
			unsigned int i = __builtin_ctzll(slots);

			if (prepare(&r, b, i, attempt, waiting) == LATER)
				waiting |= 1ULL << i;
		}
		if (r.count)
			(attempt.verify ? w->engine->verify : w->engine->unprotect)(r.jobs,
										    r.count);
		for (unsigned int k = 0; k < r.count; k++)
			commit(w, b, &r, k);
		slots = waiting;
	}
}

static void unprotect_slots(struct worker *w, struct burst *b, uint64_t slots, uint64_t verified,
			    struct attempt attempt)
{
	settle_slots(w, b, slots & ~verified, attempt);
	attempt.verify = true;
	settle_slots(w, b, slots & verified, attempt);
}

static void keep_original(struct originals *o, const struct burst *b, unsigned int i)
{
	if (b->length[i] > sizeof(o->octets) - o->used)
		return; /* Jumbo frames can fill it: such a packet has the current key alone. */
	o->slots |= 1ULL << i;
	o->class[i] = b->class[i];
	o->length[i] = b->length[i];
	o->at[i] = o->used;
	memcpy(&o->octets[o->used], burst_payload(b, i), b->length[i]);
	o->used += b->length[i];
}

/* What earlier attempts refused, of `slots`. A replay under either key is a replay. */
static void try_again(struct worker *w, struct burst *b, const struct originals *o, uint64_t slots,
		      uint64_t verified, struct attempt attempt)
{
	uint64_t refused = 0, replayed = 0;

	for (slots &= o->slots; slots; slots &= slots - 1) {
		unsigned int i = __builtin_ctzll(slots);

		/* No room for the SSRC: its tag was right. */
		if (b->class[i] != CLASS_DROPPED || b->reason[i] == DROP_STREAM_LIMIT ||
		    b->reason[i] == DROP_STREAM_POOL)
			continue;
		refused |= 1ULL << i;
		if (b->reason[i] == DROP_REPLAY)
			replayed |= 1ULL << i;
		b->class[i] = o->class[i];
		memcpy(burst_payload(b, i), &o->octets[o->at[i]], o->length[i]);
	}
	unprotect_slots(w, b, refused, verified, attempt);
	for (; replayed; replayed &= replayed - 1) {
		unsigned int i = __builtin_ctzll(replayed);

		if (b->class[i] == CLASS_DROPPED)
			b->reason[i] = DROP_REPLAY;
	}
}

/* Plain RTP: who sends from the participant's address is the participant. */
static void find_plain_stream(struct worker *w, struct burst *b, unsigned int i)
{
	struct flow *flow = &b->leg[i]->flow;
	const uint8_t *p = burst_payload(b, i);
	uint32_t ssrc = b->class[i] == CLASS_RTCP ? rtcp_ssrc(p) : rtp_ssrc(p);
	struct stream *s = flow_stream(flow, ssrc);

	if (unlikely(!s)) {
		enum drop reason = stream_add(w, flow, ssrc, b->now, &s);

		if (reason != DROP_NONE)
			return burst_drop(b, i, reason);
	}
	stream_hear(s, b->now);
	b->stream[i] = s;
}

/* The sender may go on counting where it was under the key before, or begin anew. */
static bool may_count_anew(const struct burst *b, unsigned int i, const struct flow *flow)
{
	const uint8_t *p = burst_payload(b, i);
	const struct stream *s;

	if (b->class[i] != CLASS_RTP)
		return false;
	s = flow_stream(flow, rtp_ssrc(p));
	return s && s->receive_highest[flow->receive->epoch & 1] == INDEX_NONE &&
	       index_estimate(s->carried, rtp_seq(p)) != rtp_seq(p);
}

/* The word that the packet's index will be looked for in, as far as that can be told already. */
static inline void prefetch_window(const struct burst *b, unsigned int i, const struct flow *flow)
{
	unsigned int bit = rtp_seq(burst_payload(b, i)) % STREAM_WINDOW;

	if (likely(flow->streams))
		rte_prefetch0(&flow->streams->windows->receive[flow->receive->epoch & 1][bit / 64]);
}

void crypt_unprotect_stage(struct worker *w, struct burst *b)
{
	struct originals originals;
	uint64_t slots = 0, verified = 0, anew = 0, previous = 0;

	originals.slots = 0;
	originals.used = 0;
	for (unsigned int i = 0; i < b->count; i++) {
		const struct flow *flow;

		if (!burst_is_media(b, i))
			continue;
		flow = &b->leg[i]->flow;
		if (!flow->secure) {
			find_plain_stream(w, b, i);
		} else if (unlikely(!flow->receive)) {
			burst_drop(b, i, DROP_NO_KEY);
		} else {
			slots |= 1ULL << i;
			if (flow->verify)
				verified |= 1ULL << i;
			prefetch_window(b, i, flow);
			if (likely(flow->receive->epoch <= 1))
				continue;
			if (may_count_anew(b, i, flow))
				anew |= 1ULL << i;
			if (flow->receive_previous && b->now < b->leg[i]->config->grace_until)
				previous |= 1ULL << i;
			if ((anew | previous) >> i & 1)
				keep_original(&originals, b, i);
		}
	}
	unprotect_slots(w, b, slots, verified, (struct attempt){0});
	if (unlikely(anew))
		try_again(w, b, &originals, anew, verified, (struct attempt){.anew = true});
	if (unlikely(previous))
		try_again(w, b, &originals, previous, verified, (struct attempt){.previous = true});
	if (unlikely(b->captures))
		capture_opened(w, b);
}
