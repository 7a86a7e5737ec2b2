/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the two halves of the multi-buffer engine share: the main lcore makes keys and managers
 * (main/crypt_ipsec_mb_key.c), workers put packets through them (crypt_ipsec_mb.c).
 */
#ifndef TANDEM_CRYPT_IPSEC_MB_H
#define TANDEM_CRYPT_IPSEC_MB_H

#include <intel-ipsec-mb.h>

#include <rte_common.h>
#include <rte_lcore.h>

#include "dataplane/crypt.h"

/* Everything that the transform of SRTP, or of SRTCP, takes from a key. Immutable. */
struct schedule {
	uint8_t salt[16];  /* zeros behind it: an IV before SSRC and index are added */
	uint8_t inner[20]; /* HMAC-SHA1 after the first block, the padded key */
	uint8_t outer[20];
	uint32_t size;                        /* octets, a multiple of the cache line */
	uint8_t cipher[] __rte_cache_aligned; /* AES round keys or struct gcm_key_data */
};

struct ipsec_mb_key {
	struct crypt_key key;
	uint8_t schedules[] __rte_cache_aligned; /* struct schedule of SRTP, then of SRTCP */
};

/*
 * What one lcore puts its jobs together in. The jobs' constant fields are filled in once. Nothing
 * outlives a call of the engine.
 */
struct ipsec_mb_desk {
	IMB_MGR *mgr;
	uint8_t iv[BURST_MAX][16] __rte_cache_aligned;
	uint8_t tag[BURST_MAX][32]; /* whole HMACs: 20 octets */
	uint32_t aside[BURST_MAX];  /* the beginning of a tag that the rollover counter hides */
	IMB_JOB hash[BURST_MAX];
	IMB_JOB cipher[2][BURST_MAX]; /* AES-128, AES-256 */
} __rte_cache_aligned;

/* By lcore, for those that DPDK started with; main: rw while no worker runs, worker: ro. */
extern struct ipsec_mb_desk *crypt_ipsec_mb_desks[RTE_MAX_LCORE];

/* Worker, as struct crypt_engine says. */
void crypt_ipsec_mb_unprotect(struct crypt_job *jobs, unsigned int count);
void crypt_ipsec_mb_protect(struct crypt_job *jobs, unsigned int count);

#endif
