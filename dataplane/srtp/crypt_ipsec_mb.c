/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The multi-buffer engine's work on packets. All HMACs of a burst are one batch, whatever the keys,
 * and so are all AES-CTR jobs of one key size; what is received is deciphered only after its tag
 * was right. AES-GCM is apart, in crypt_gcm.c.
 *
 * The library's unchecked calls are right here: every pointer and length is this file's own.
 */
#include "dataplane/srtp/crypt_ipsec_mb.h"

#include <openssl/crypto.h>

#include "dataplane/wire/rtp.h"

#define FEW 4

struct ipsec_mb_scratch *crypt_ipsec_mb_scratch[RTE_MAX_LCORE];

/* Keys are strewn over memory: they are asked for before anything waits for them. */
static inline void prefetch(const struct crypt_job *job)
{
	if (!suite_is_aead(job->key->suite))
		ipsec_mb_prefetch_cipher(job->key);
}

/* RFC 3711 4.1.1: salt * 2^16 xor SSRC * 2^64 xor index * 2^16. */
static inline void put_counter(uint8_t iv[16], const struct crypt_job *job)
{
	uint64_t half[2];

	memcpy(half, salt_of(job), sizeof(half));
	half[0] ^= rte_cpu_to_be_64(job->ssrc);
	half[1] ^= rte_cpu_to_be_64(job->index << 16);
	memcpy(iv, half, sizeof(half));
}

static inline void tag_copy(uint8_t *to, const uint8_t *from, unsigned int length)
{
	if (length < 8) {
		memcpy(to, from, 4);
	} else {
		memcpy(to, from, 8);
		memcpy(to + length - 8, from + length - 8, 8);
	}
}

/* --- keys --- */

static inline const struct hmac_states *hmac_of(struct ipsec_mb_scratch *scratch,
						const struct crypt_job *job)
{
	const struct ipsec_mb_key *key = ipsec_mb_key_of(job->key);
	struct hmac_states *expanded;

	if (likely(!job->rtcp))
		return &key->hmac;
	expanded = &scratch->rtcp.hmac[scratch->rtcp.hmacs++];
	crypt_expand_hmac(scratch->mgr, expanded, key->rtcp.auth);
	return expanded;
}

static inline const uint8_t *cipher_of(struct ipsec_mb_scratch *scratch,
				       const struct crypt_job *job)
{
	const struct ipsec_mb_key *key = ipsec_mb_key_of(job->key);
	uint8_t *expanded;

	if (likely(!job->rtcp))
		return key->cipher;
	expanded = scratch->rtcp.cipher[scratch->rtcp.ciphers++];
	crypt_expand_cipher(scratch->mgr, expanded, job->key->suite, key->rtcp.cipher);
	return expanded;
}

static inline void forget_expanded(struct expanded *e)
{
	if (likely(!e->hmacs && !e->gcms))
		return;
	OPENSSL_cleanse(e->hmac, e->hmacs * sizeof(e->hmac[0]));
	OPENSSL_cleanse(e->cipher, e->ciphers * sizeof(e->cipher[0]));
	OPENSSL_cleanse(&e->gcm, e->gcms * sizeof(e->gcm));
	e->hmacs = e->ciphers = e->gcms = 0;
}

/* --- batches --- */

static inline void add_hash(struct ipsec_mb_scratch *scratch, struct batch *batch,
			    const struct crypt_job *job, unsigned int k, unsigned int length)
{
	const struct hmac_states *states = hmac_of(scratch, job);
	IMB_JOB *j = &scratch->hash[batch->count];

	j->src = job->data;
	j->msg_len_to_hash_in_bytes = length;
	j->u.HMAC._hashed_auth_key_xor_ipad = states->inner;
	j->u.HMAC._hashed_auth_key_xor_opad = states->outer;
	batch->of[batch->count++] = k;
}

/*
 * A pass through all lanes takes as long for one packet as for as many as there are lanes. Where
 * the CPU has instructions for SHA-1, up to FEW packets that would begin another pass are faster
 * one after another.
 */
static inline bool run_hash(struct ipsec_mb_scratch *scratch, const struct batch *batch)
{
	unsigned int few = batch->count & (scratch->lanes - 1), many;

	if (few > FEW)
		few = 0;
	many = batch->count - few;
	if (many && IMB_SUBMIT_HASH_BURST_NOCHECK(scratch->mgr, scratch->hash, many,
						  IMB_AUTH_HMAC_SHA_1) != many)
		return false;
	return !few || IMB_SUBMIT_HASH_BURST_NOCHECK(scratch->few, scratch->hash + many, few,
						     IMB_AUTH_HMAC_SHA_1) == few;
}

/* From the header to `end`. The library does not take empty messages. */
static inline void add_cipher(struct ipsec_mb_scratch *scratch, struct batch batches[2],
			      const struct crypt_job *job, unsigned int k, unsigned int end)
{
	unsigned int size = suite_has_long_key(job->key->suite);
	struct batch *batch = &batches[size];
	IMB_JOB *j = &scratch->cipher[size][batch->count];

	if (unlikely(end == job->header))
		return;
	put_counter(scratch->iv[k], job);
	j->enc_keys = cipher_of(scratch, job);
	j->src = job->data + job->header;
	j->dst = job->data + job->header;
	j->msg_len_to_cipher_in_bytes = end - job->header;
	j->iv = scratch->iv[k];
	batch->of[batch->count++] = k;
}

/* The library cannot fail here; if it ever does, nothing leaves in a state that nobody knows. */
static void run_cipher(struct ipsec_mb_scratch *scratch, const struct batch batches[2],
		       struct crypt_job *jobs)
{
	static const IMB_KEY_SIZE_BYTES sizes[2] = {IMB_KEY_128_BYTES, IMB_KEY_256_BYTES};

	for (unsigned int size = 0; size < 2; size++) {
		const struct batch *batch = &batches[size];

		if (!batch->count)
			continue;
		if (likely(IMB_SUBMIT_CIPHER_BURST_NOCHECK(
				   scratch->mgr, scratch->cipher[size], batch->count,
				   IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT, sizes[size]) == batch->count))
			continue;
		for (unsigned int n = 0; n < batch->count; n++)
			jobs[batch->of[n]].status = CRYPT_AUTH_FAILED;
	}
}

/* --- what arrives --- */

/*
 * SRTP authenticates the rollover counter behind the packet, where the tag begins: the tag's first
 * octets step aside until the HMAC is there.
 */
static inline void add_check(struct ipsec_mb_scratch *scratch, struct batch *hashes,
			     const struct crypt_job *job, unsigned int k)
{
	unsigned int end = job->length - job->key->tag;

	if (unlikely(job->rtcp))
		return add_hash(scratch, hashes, job, k, job->length - job->key->tag_rtcp);
	memcpy(&scratch->aside[hashes->count], job->data + end, 4);
	put32(job->data + end, job->index >> 16);
	add_hash(scratch, hashes, job, k, end + 4);
}

/* `ciphers` gets what is to be deciphered; NULL if nothing is, the packets stay as they came. */
static inline void check(struct ipsec_mb_scratch *scratch, struct crypt_job *jobs,
			 const struct batch *hashes, struct batch *ciphers)
{
	bool done = run_hash(scratch, hashes);

	for (unsigned int n = 0; n < hashes->count; n++) {
		unsigned int k = hashes->of[n];
		struct crypt_job *job = &jobs[k];
		unsigned int tag = job->rtcp ? job->key->tag_rtcp : job->key->tag;
		unsigned int end = job->length - tag;

		if (likely(!job->rtcp))
			memcpy(job->data + end, &scratch->aside[n], 4);
		if (unlikely(!done || !tag_equal(scratch->tag[n], job->data + end, tag))) {
			job->status = CRYPT_AUTH_FAILED;
			continue;
		}
		job->status = CRYPT_OK;
		if (!ciphers)
			continue;
		job->length = job->rtcp ? end - 4 : end;
		add_cipher(scratch, ciphers, job, k, job->length);
	}
}

static inline void sort(struct ipsec_mb_scratch *scratch, struct crypt_job *jobs,
			unsigned int count, struct batch *hashes, struct batch *gcms)
{
	hashes->count = gcms->count = 0;
	for (unsigned int k = 0; k < count; k++) {
		const struct crypt_job *job = &jobs[k];

		prefetch(job);
		if (suite_is_aead(job->key->suite))
			gcms->of[gcms->count++] = k;
		else
			add_check(scratch, hashes, job, k);
	}
}

void crypt_ipsec_mb_unprotect(struct crypt_job *jobs, unsigned int count)
{
	struct ipsec_mb_scratch *scratch = crypt_ipsec_mb_scratch[rte_lcore_id()];
	struct batch hashes, ciphers[2], gcms;

	sort(scratch, jobs, count, &hashes, &gcms);
	if (hashes.count) {
		ciphers[0].count = ciphers[1].count = 0;
		check(scratch, jobs, &hashes, ciphers);
		run_cipher(scratch, ciphers, jobs);
	}
	crypt_gcm_unprotect(scratch, jobs, &gcms);
	forget_expanded(&scratch->rtcp);
}

void crypt_ipsec_mb_verify(struct crypt_job *jobs, unsigned int count)
{
	struct ipsec_mb_scratch *scratch = crypt_ipsec_mb_scratch[rte_lcore_id()];
	struct batch hashes, gcms;

	sort(scratch, jobs, count, &hashes, &gcms);
	if (hashes.count)
		check(scratch, jobs, &hashes, NULL);
	crypt_gcm_verify(scratch, jobs, &gcms);
	forget_expanded(&scratch->rtcp);
}

/* --- what leaves --- */

/* The HMAC covers what follows the packet: the rollover counter, or SRTCP's index. */
static inline void authenticate(struct ipsec_mb_scratch *scratch, struct crypt_job *jobs,
				const struct batch *hashes)
{
	bool done = run_hash(scratch, hashes);

	for (unsigned int n = 0; n < hashes->count; n++) {
		struct crypt_job *job = &jobs[hashes->of[n]];
		unsigned int tag = job->rtcp ? job->key->tag_rtcp : job->key->tag;

		if (unlikely(!done))
			job->status = CRYPT_AUTH_FAILED;
		if (unlikely(job->rtcp))
			job->length += 4;
		tag_copy(job->data + job->length, scratch->tag[n], tag);
		job->length += tag;
	}
}

void crypt_ipsec_mb_protect(struct crypt_job *jobs, unsigned int count)
{
	struct ipsec_mb_scratch *scratch = crypt_ipsec_mb_scratch[rte_lcore_id()];
	struct batch hashes, ciphers[2], gcms;

	hashes.count = ciphers[0].count = ciphers[1].count = gcms.count = 0;
	for (unsigned int k = 0; k < count; k++)
		prefetch(&jobs[k]);
	for (unsigned int k = 0; k < count; k++) {
		struct crypt_job *job = &jobs[k];

		if (suite_is_aead(job->key->suite)) {
			gcms.of[gcms.count++] = k;
			continue;
		}
		job->status = CRYPT_OK;
		add_cipher(scratch, ciphers, job, k, job->length);
		put32(job->data + job->length, job->rtcp ? job->index | E_BIT : job->index >> 16);
		add_hash(scratch, &hashes, job, k, job->length + 4);
	}
	if (hashes.count) {
		run_cipher(scratch, ciphers, jobs);
		authenticate(scratch, jobs, &hashes);
	}
	crypt_gcm_protect(scratch, jobs, &gcms);
	forget_expanded(&scratch->rtcp);
}
