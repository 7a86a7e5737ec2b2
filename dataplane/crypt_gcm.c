/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The multi-buffer engine's AES-GCM (RFC 7714). One packet fills the CPU already: they are taken
 * one by one.
 */
#include "dataplane/crypt_ipsec_mb.h"

#include "dataplane/rtp.h"

#define GCM_TAG   16
#define GCM_SHORT 448

/* What is authenticated and not encrypted. */
struct authentic {
	const uint8_t *octets;
	unsigned int length;
	uint8_t rtcp[RTCP_HEADER + 4];
};

/* RFC 7714 8.1 and 9.1: two zero octets, SSRC, index as 48 bits; xor salt. */
static inline void put_nonce(uint8_t iv[16], const struct schedule *s, const struct crypt_job *job)
{
	uint64_t half[2];

	memcpy(half, s->salt, sizeof(half));
	half[0] ^= rte_cpu_to_be_64((uint64_t)job->ssrc << 16 | job->index >> 32);
	half[1] ^= rte_cpu_to_be_64(job->index << 32);
	memcpy(iv, half, sizeof(half));
}

/* All at once, and not each before its packet, because the library would read it too soon. */
static inline void put_nonces(struct ipsec_mb_desk *desk, const struct batch *batch,
			      const struct crypt_job *jobs)
{
	for (unsigned int n = 0; n < batch->count; n++) {
		const struct crypt_job *job = &jobs[batch->of[n]];

		put_nonce(desk->iv[n], schedule_of(job), job);
	}
}

/* The header; SRTCP's also has the word with the index behind it (RFC 7714 9.2). */
static inline void find_authentic(struct authentic *a, const struct crypt_job *job)
{
	a->octets = job->data;
	a->length = job->header;
	if (unlikely(job->rtcp)) {
		memcpy(a->rtcp, job->data, RTCP_HEADER);
		put32(a->rtcp + RTCP_HEADER, job->index | E_BIT);
		a->octets = a->rtcp;
		a->length = sizeof(a->rtcp);
	}
}

static inline const struct gcm_key_data *cipher_of(const struct crypt_job *job)
{
	return (const struct gcm_key_data *)schedule_of(job)->cipher;
}

static inline unsigned int end_of(const struct crypt_job *job)
{
	return job->length - GCM_TAG - (job->rtcp ? 4 : 0);
}

/* What lies between the header and `end` goes to `out`. */
static inline void run(const struct ipsec_mb_desk *desk, const struct crypt_job *job,
		       const uint8_t *iv, bool encrypt, unsigned int end, uint8_t *out,
		       uint8_t tag[GCM_TAG])
{
	bool long_key = has_long_key(job->key->suite);
	struct gcm_context_data context;
	struct authentic a;
	aes_gcm_enc_dec_t gcm;

	find_authentic(&a, job);
	if (encrypt)
		gcm = long_key ? desk->mgr->gcm256_enc : desk->mgr->gcm128_enc;
	else
		gcm = long_key ? desk->mgr->gcm256_dec : desk->mgr->gcm128_dec;
	gcm(cipher_of(job), &context, out, job->data + job->header, end - job->header, iv, a.octets,
	    a.length, tag, GCM_TAG);
}

void crypt_gcm_unprotect(struct ipsec_mb_desk *desk, struct crypt_job *jobs,
			 const struct batch *batch)
{
	put_nonces(desk, batch, jobs);
	for (unsigned int n = 0; n < batch->count; n++) {
		struct crypt_job *job = &jobs[batch->of[n]];
		unsigned int end = end_of(job);
		uint8_t tag[GCM_TAG];

		run(desk, job, desk->iv[n], false, end, job->data + job->header, tag);
		job->status =
			tag_equal(tag, job->data + end, GCM_TAG) ? CRYPT_OK : CRYPT_AUTH_FAILED;
		job->length = end;
	}
}

/*
 * The tag alone, from the ciphertext (NIST SP 800-38D 6.4 and 7.2): GHASH over what is
 * authenticated, what is encrypted and both lengths, under a mask, which is the tag of nothing.
 */
static inline void run_ghash(const struct ipsec_mb_desk *desk, const struct crypt_job *job,
			     const uint8_t *iv, unsigned int length, uint8_t tag[GCM_TAG])
{
	const struct gcm_key_data *key = cipher_of(job);
	bool long_key = has_long_key(job->key->suite);
	uint64_t hash[2] = {0}, mask[2], bits[2];
	struct gcm_context_data context;
	struct authentic a;

	find_authentic(&a, job);
	bits[0] = rte_cpu_to_be_64(8ull * a.length);
	bits[1] = rte_cpu_to_be_64(8ull * length);
	(long_key ? desk->mgr->gcm256_enc : desk->mgr->gcm128_enc)(key, &context, (uint8_t *)mask,
								   (uint8_t *)mask, 0, iv, NULL, 0,
								   (uint8_t *)mask, sizeof(mask));
	IMB_GHASH(desk->mgr, key, a.octets, a.length, hash, sizeof(hash));
	IMB_GHASH(desk->mgr, key, job->data + job->header, length, hash, sizeof(hash));
	IMB_GHASH(desk->mgr, key, bits, sizeof(bits), hash, sizeof(hash));
	hash[0] ^= mask[0];
	hash[1] ^= mask[1];
	memcpy(tag, hash, GCM_TAG);
}

/*
 * GHASH alone is half the work and four calls: up to GCM_SHORT octets of payload are deciphered
 * aside instead, in one call, and forgotten.
 */
void crypt_gcm_verify(struct ipsec_mb_desk *desk, struct crypt_job *jobs, const struct batch *batch)
{
	uint8_t aside[GCM_SHORT];

	put_nonces(desk, batch, jobs);
	for (unsigned int n = 0; n < batch->count; n++) {
		struct crypt_job *job = &jobs[batch->of[n]];
		unsigned int end = end_of(job);
		uint8_t tag[GCM_TAG];

		if (end - job->header <= sizeof(aside))
			run(desk, job, desk->iv[n], false, end, aside, tag);
		else
			run_ghash(desk, job, desk->iv[n], end - job->header, tag);
		job->status =
			tag_equal(tag, job->data + end, GCM_TAG) ? CRYPT_OK : CRYPT_AUTH_FAILED;
	}
}

void crypt_gcm_protect(struct ipsec_mb_desk *desk, struct crypt_job *jobs,
		       const struct batch *batch)
{
	put_nonces(desk, batch, jobs);
	for (unsigned int n = 0; n < batch->count; n++) {
		struct crypt_job *job = &jobs[batch->of[n]];
		uint8_t *end = job->data + job->length;

		run(desk, job, desk->iv[n], true, job->length, job->data + job->header, end);
		job->status = CRYPT_OK;
		job->length += GCM_TAG;
		if (unlikely(job->rtcp)) {
			put32(end + GCM_TAG, job->index | E_BIT);
			job->length += 4;
		}
	}
}
