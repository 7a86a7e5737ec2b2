/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The multi-buffer engine's AES-GCM (RFC 7714). One packet fills the CPU already: they are taken
 * one by one.
 */
#include "dataplane/srtp/crypt_ipsec_mb.h"

#include "dataplane/wire/rtp.h"

#define GCM_TAG   16
#define GCM_SHORT 448
#define AHEAD     8 /* packets */

/* The last lines of struct gcm_key_data; right for AVX-512, harmless elsewhere. */
#define GCM_POWERS                                                                                 \
	(RTE_ALIGN_CEIL(sizeof(struct gcm_key_data), RTE_CACHE_LINE_SIZE) - 4 * RTE_CACHE_LINE_SIZE)

/* RFC 7714 8.1 and 9.1: two zero octets, SSRC, index as 48 bits; xor salt. */
static inline void put_nonce(uint8_t iv[16], const struct crypt_job *job)
{
	uint64_t half[2];

	memcpy(half, salt_of(job), sizeof(half));
	half[0] ^= rte_cpu_to_be_64((uint64_t)job->ssrc << 16 | job->index >> 32);
	half[1] ^= rte_cpu_to_be_64(job->index << 32);
	memcpy(iv, half, sizeof(half));
}

/* All at once, and not each before its packet, because the library would read it too soon. */
static inline void put_nonces(struct ipsec_mb_scratch *scratch, const struct batch *batch,
			      const struct crypt_job *jobs)
{
	for (unsigned int n = 0; n < batch->count; n++)
		put_nonce(scratch->iv[n], &jobs[batch->of[n]]);
}

/* Of SRTCP, the key that `open_rtcp` expanded. */
static inline const struct gcm_key_data *key_of(const struct ipsec_mb_scratch *scratch,
						const struct crypt_job *job, const bool rtcp)
{
	return rtcp ? &scratch->rtcp.gcm
		    : (const struct gcm_key_data *)ipsec_mb_key_of(job->key)->cipher;
}

static void open_rtcp(struct ipsec_mb_scratch *scratch, const struct crypt_job *job)
{
	scratch->rtcp.gcms = 1;
	crypt_expand_cipher(scratch->mgr, (uint8_t *)&scratch->rtcp.gcm, job->key->suite,
			    ipsec_mb_key_of(job->key)->rtcp.cipher);
}

/* What is authenticated and not encrypted; in SRTCP also the word with the index (RFC 7714 9.2). */
struct authentic {
	const uint8_t *octets;
	unsigned int length;
	uint8_t rtcp[RTCP_HEADER + 4];
};

static inline void find_authentic(struct authentic *a, const struct crypt_job *job, const bool rtcp)
{
	a->octets = job->data;
	a->length = job->header;
	if (rtcp) {
		memcpy(a->rtcp, job->data, RTCP_HEADER);
		put32(a->rtcp + RTCP_HEADER, job->index | E_BIT);
		a->octets = a->rtcp;
		a->length = sizeof(a->rtcp);
	}
}

static inline unsigned int end_of(const struct crypt_job *job, const bool rtcp)
{
	return job->length - GCM_TAG - (rtcp ? 4 : 0);
}

/* What lies between the header and `end` goes to `out`. */
static inline void run(const struct ipsec_mb_scratch *scratch, const struct crypt_job *job,
		       const uint8_t *iv, const bool rtcp, const bool encrypt, unsigned int end,
		       uint8_t *out, uint8_t tag[GCM_TAG])
{
	const IMB_MGR *mgr = scratch->mgr;
	bool long_key = suite_has_long_key(job->key->suite);
	struct gcm_context_data context;
	struct authentic a;
	aes_gcm_enc_dec_t gcm;

	find_authentic(&a, job, rtcp);
	if (encrypt)
		gcm = long_key ? mgr->gcm256_enc : mgr->gcm128_enc;
	else
		gcm = long_key ? mgr->gcm256_dec : mgr->gcm128_dec;
	gcm(key_of(scratch, job, rtcp), &context, out, job->data + job->header, end - job->header,
	    iv, a.octets, a.length, tag, GCM_TAG);
}

/*
 * The tag alone, from the ciphertext (NIST SP 800-38D 6.4 and 7.2): GHASH over what is
 * authenticated, what is encrypted and both lengths, under a mask, which is the tag of nothing.
 */
static inline void run_ghash(const struct ipsec_mb_scratch *scratch, const struct crypt_job *job,
			     const uint8_t *iv, const bool rtcp, unsigned int length,
			     uint8_t tag[GCM_TAG])
{
	const struct gcm_key_data *key = key_of(scratch, job, rtcp);
	const IMB_MGR *mgr = scratch->mgr;
	bool long_key = suite_has_long_key(job->key->suite);
	aes_gcm_enc_dec_t gcm = long_key ? mgr->gcm256_enc : mgr->gcm128_enc;
	uint64_t hash[2] = {0}, mask[2], bits[2];
	struct gcm_context_data context;
	struct authentic a;
	uint8_t none = 0;

	find_authentic(&a, job, rtcp);
	bits[0] = rte_cpu_to_be_64(8ull * a.length);
	bits[1] = rte_cpu_to_be_64(8ull * length);
	gcm(key, &context, &none, &none, 0, iv, NULL, 0, (uint8_t *)mask, sizeof(mask));
	IMB_GHASH(mgr, key, a.octets, a.length, hash, sizeof(hash));
	IMB_GHASH(mgr, key, job->data + job->header, length, hash, sizeof(hash));
	IMB_GHASH(mgr, key, bits, sizeof(bits), hash, sizeof(hash));
	hash[0] ^= mask[0];
	hash[1] ^= mask[1];
	memcpy(tag, hash, GCM_TAG);
}

/* --- one packet --- */

static __rte_always_inline void unprotect(const struct ipsec_mb_scratch *scratch,
					  struct crypt_job *job, const uint8_t *iv, const bool rtcp)
{
	unsigned int end = end_of(job, rtcp);
	uint8_t tag[GCM_TAG];

	run(scratch, job, iv, rtcp, false, end, job->data + job->header, tag);
	job->status = tag_equal(tag, job->data + end, GCM_TAG) ? CRYPT_OK : CRYPT_AUTH_FAILED;
	job->length = end;
}

/*
 * GHASH alone is half the work and four calls: up to GCM_SHORT octets of payload are deciphered
 * aside instead, in one call, and forgotten.
 */
static __rte_always_inline void verify(const struct ipsec_mb_scratch *scratch,
				       struct crypt_job *job, const uint8_t *iv, const bool rtcp)
{
	unsigned int end = end_of(job, rtcp);
	uint8_t aside[GCM_SHORT], tag[GCM_TAG];

	if (end - job->header <= sizeof(aside))
		run(scratch, job, iv, rtcp, false, end, aside, tag);
	else
		run_ghash(scratch, job, iv, rtcp, end - job->header, tag);
	job->status = tag_equal(tag, job->data + end, GCM_TAG) ? CRYPT_OK : CRYPT_AUTH_FAILED;
}

static __rte_always_inline void protect(const struct ipsec_mb_scratch *scratch,
					struct crypt_job *job, const uint8_t *iv, const bool rtcp)
{
	uint8_t *end = job->data + job->length;

	run(scratch, job, iv, rtcp, true, job->length, job->data + job->header, end);
	job->status = CRYPT_OK;
	job->length += GCM_TAG;
	if (rtcp) {
		put32(end + GCM_TAG, job->index | E_BIT);
		job->length += 4;
	}
}

/* --- the packets of a burst --- */

enum work { UNPROTECT, VERIFY, PROTECT };

static __rte_always_inline void one(const struct ipsec_mb_scratch *scratch, struct crypt_job *job,
				    const uint8_t *iv, const bool rtcp, const enum work work)
{
	if (work == UNPROTECT)
		unprotect(scratch, job, iv, rtcp);
	else if (work == VERIFY)
		verify(scratch, job, iv, rtcp);
	else
		protect(scratch, job, iv, rtcp);
}

/*
 * Keys are asked for while the packets before are at work: all of a burst's at once are more lines
 * than a core has on their way. Of the powers that AES-GCM multiplies by, packets of usual length
 * need the last.
 */
static inline void prefetch(const struct crypt_job *job)
{
	const uint8_t *powers = ipsec_mb_key_of(job->key)->cipher + GCM_POWERS;

	ipsec_mb_prefetch_cipher(job->key);
	for (unsigned int k = 0; k < 4; k++)
		rte_prefetch0(powers + k * RTE_CACHE_LINE_SIZE);
}

static __rte_always_inline void each(struct ipsec_mb_scratch *scratch, struct crypt_job *jobs,
				     const struct batch *batch, const enum work work)
{
	for (unsigned int n = 0; n < batch->count && n < AHEAD; n++)
		prefetch(&jobs[batch->of[n]]);
	put_nonces(scratch, batch, jobs);
	for (unsigned int n = 0; n < batch->count; n++) {
		struct crypt_job *job = &jobs[batch->of[n]];

		if (n + AHEAD < batch->count)
			prefetch(&jobs[batch->of[n + AHEAD]]);
		if (likely(!job->rtcp)) {
			one(scratch, job, scratch->iv[n], false, work);
		} else {
			open_rtcp(scratch, job);
			one(scratch, job, scratch->iv[n], true, work);
		}
	}
}

void crypt_gcm_unprotect(struct ipsec_mb_scratch *scratch, struct crypt_job *jobs,
			 const struct batch *batch)
{
	each(scratch, jobs, batch, UNPROTECT);
}

void crypt_gcm_verify(struct ipsec_mb_scratch *scratch, struct crypt_job *jobs,
		      const struct batch *batch)
{
	each(scratch, jobs, batch, VERIFY);
}

void crypt_gcm_protect(struct ipsec_mb_scratch *scratch, struct crypt_job *jobs,
		       const struct batch *batch)
{
	each(scratch, jobs, batch, PROTECT);
}
