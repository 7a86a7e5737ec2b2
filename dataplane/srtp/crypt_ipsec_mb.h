/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the multi-buffer engine share: the main lcore makes keys and managers
 * (main/crypt_ipsec_mb_key.c), workers put packets through them (crypt_ipsec_mb.c, crypt_gcm.c).
 *
 * A key holds all that SRTP needs, expanded. Of SRTCP, one packet in hundreds, it holds the session
 * keys: expanded as well they would double it.
 */
#ifndef TANDEM_CRYPT_IPSEC_MB_H
#define TANDEM_CRYPT_IPSEC_MB_H

#include <assert.h>
#include <string.h>

#include <intel-ipsec-mb.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_lcore.h>
#include <rte_prefetch.h>

#include "dataplane/srtp/crypt.h"
#include "dataplane/wire/rtp.h"

#define ROUND_KEYS_MAX (15 * IMB_AES_BLOCK_SIZE)

/* HMAC-SHA1 after the first block of its two hashes, the padded key. */
struct hmac_states {
	uint8_t inner[20];
	uint8_t outer[20];
};

struct session_keys {
	uint8_t salt[16]; /* zeros behind a shorter one: an IV before SSRC and index are added */
	uint8_t cipher[SUITE_KEY_MAX];
	uint8_t auth[20];
};

/* Immutable. A packet takes the first line and the cipher from it. */
struct ipsec_mb_key {
	uint8_t salt[16];
	struct hmac_states hmac;
	struct crypt_key key;
	struct session_keys rtcp;
	uint8_t cipher[] __rte_cache_aligned; /* AES round keys or struct gcm_key_data */
};

static_assert(offsetof(struct ipsec_mb_key, key) + CRYPT_KEY_HOT == RTE_CACHE_LINE_SIZE,
	      "one line for everything but the cipher");
static_assert(sizeof(struct ipsec_mb_key) + 11 * IMB_AES_BLOCK_SIZE <= 6 * RTE_CACHE_LINE_SIZE,
	      "AES_CM_128: 384 octets");
static_assert(sizeof(struct ipsec_mb_key) + sizeof(struct gcm_key_data) <= 19 * RTE_CACHE_LINE_SIZE,
	      "AES-GCM: 1216 octets");

static inline const struct ipsec_mb_key *ipsec_mb_key_of(const struct crypt_key *key)
{
	return container_of(key, struct ipsec_mb_key, key);
}

static inline void ipsec_mb_prefetch_cipher(const struct crypt_key *key)
{
	const uint8_t *cipher = ipsec_mb_key_of(key)->cipher;
	unsigned int lines = suite_has_long_key(key->suite) ? 4 : 3;

	for (unsigned int k = 0; k < lines; k++)
		rte_prefetch0(cipher + k * RTE_CACHE_LINE_SIZE);
}

/* SRTCP's keys while its packets are in work; cleansed before the engine returns. */
struct expanded {
	unsigned int hmacs, ciphers, gcms; /* how many were in use */
	struct hmac_states hmac[BURST_MAX];
	uint8_t cipher[BURST_MAX][ROUND_KEYS_MAX] __rte_aligned(16);
	struct gcm_key_data gcm;
};

/*
 * What one lcore puts its jobs together in. The jobs' constant fields are filled in once. Nothing
 * outlives a call of the engine.
 */
struct ipsec_mb_scratch {
	IMB_MGR *mgr;
	IMB_MGR *few;       /* for so few HMACs that they leave most lanes of `mgr` empty */
	unsigned int lanes; /* a power of two; 1: `mgr` is as good for few */
	uint8_t iv[BURST_MAX][16] __rte_cache_aligned;
	uint8_t tag[BURST_MAX][32]; /* whole HMACs: 20 octets */
	uint32_t aside[BURST_MAX];  /* the beginning of a tag that the rollover counter hides */
	IMB_JOB hash[BURST_MAX];
	IMB_JOB cipher[2][BURST_MAX]; /* AES-128, AES-256 */
	struct expanded rtcp;
} __rte_cache_aligned;

/* By lcore, for those that DPDK started with; main: rw while no worker runs, worker: ro. */
extern struct ipsec_mb_scratch *crypt_ipsec_mb_scratch[RTE_MAX_LCORE];

/* Worker, as struct crypt_engine says. */
void crypt_ipsec_mb_unprotect(struct crypt_job *jobs, unsigned int count);
void crypt_ipsec_mb_verify(struct crypt_job *jobs, unsigned int count);
void crypt_ipsec_mb_protect(struct crypt_job *jobs, unsigned int count);

/* Any lcore, with a manager of its own: of a key for HMAC-SHA1, for a suite's cipher. */
void crypt_expand_hmac(IMB_MGR *mgr, struct hmac_states *to, const uint8_t key[20]);
void crypt_expand_cipher(IMB_MGR *mgr, uint8_t *to, enum srtp_suite suite, const uint8_t *key);

/* --- between workers' files --- */

#define E_BIT 0x80000000u /* SRTCP: the packet is encrypted (RFC 3711 3.4) */

/* Jobs of one kind, and whose they are. */
struct batch {
	unsigned int count;
	uint8_t of[BURST_MAX];
};

static inline const uint8_t *salt_of(const struct crypt_job *job)
{
	const struct ipsec_mb_key *key = ipsec_mb_key_of(job->key);

	return unlikely(job->rtcp) ? key->rtcp.salt : key->salt;
}

static inline void put32(uint8_t *p, uint32_t value)
{
	rte_be32_t octets = rte_cpu_to_be_32(value);

	memcpy(p, &octets, sizeof(octets));
}

/*
 * Tags have 4, 10 or 16 octets: one word, or two that may overlap. They are compared in constant
 * time: how much of a forgery is right is nobody's business.
 */
static inline bool tag_equal(const uint8_t *a, const uint8_t *b, unsigned int length)
{
	uint64_t x[2], y[2];

	if (length < 8)
		return rtp_read32(a) == rtp_read32(b);
	memcpy(&x[0], a, 8);
	memcpy(&x[1], a + length - 8, 8);
	memcpy(&y[0], b, 8);
	memcpy(&y[1], b + length - 8, 8);
	return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

/* The AES-GCM jobs of a burst. */
void crypt_gcm_unprotect(struct ipsec_mb_scratch *scratch, struct crypt_job *jobs,
			 const struct batch *batch);
void crypt_gcm_verify(struct ipsec_mb_scratch *scratch, struct crypt_job *jobs,
		      const struct batch *batch);
void crypt_gcm_protect(struct ipsec_mb_scratch *scratch, struct crypt_job *jobs,
		       const struct batch *batch);

#endif
