/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The multi-buffer engine's side on the main lcore: one manager for each lcore, and keys with
 * everything derived and expanded. Workers only read what is made here.
 */
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include <rte_lcore.h>
#include <rte_malloc.h>

#include "dataplane/crypt_ipsec_mb.h"
#include "dataplane/main/crypt_kdf.h"

#define HMAC_BLOCK 64

/* --- managers --- */

static void prepare_jobs(struct ipsec_mb_desk *desk)
{
	for (unsigned int k = 0; k < BURST_MAX; k++) {
		desk->hash[k] = (IMB_JOB){
			.hash_alg = IMB_AUTH_HMAC_SHA_1,
			.auth_tag_output = desk->tag[k],
			.auth_tag_output_len_in_bytes = IMB_SHA1_DIGEST_SIZE_IN_BYTES,
		};
		for (unsigned int size = 0; size < 2; size++)
			desk->cipher[size][k] = (IMB_JOB){
				.cipher_mode = IMB_CIPHER_CNTR,
				.cipher_direction = IMB_DIR_ENCRYPT,
				.key_len_in_bytes = size ? IMB_KEY_256_BYTES : IMB_KEY_128_BYTES,
				.iv_len_in_bytes = IMB_AES_BLOCK_SIZE,
			};
	}
}

/* The library tests itself as it starts. Without AES-NI it is slower than libsrtp2. */
static int open_desk(unsigned int lcore)
{
	size_t size = sizeof(struct ipsec_mb_desk) + imb_get_mb_mgr_size();
	struct ipsec_mb_desk *desk = rte_zmalloc_socket("ipsec_mb", size, RTE_CACHE_LINE_SIZE,
							rte_lcore_to_socket_id(lcore));
	IMB_ARCH arch = IMB_ARCH_NONE;

	if (!desk)
		return -ENOMEM;
	crypt_ipsec_mb_desks[lcore] = desk;
	desk->mgr = imb_set_pointers_mb_mgr(desk + 1, 0, 1);
	if (!desk->mgr)
		return -EINVAL;
	init_mb_mgr_auto(desk->mgr, &arch);
	if (imb_get_errno(desk->mgr) || arch < IMB_ARCH_SSE)
		return -ENOTSUP;
	prepare_jobs(desk);
	return 0;
}

static void stop(void)
{
	for (unsigned int lcore = 0; lcore < RTE_MAX_LCORE; lcore++) {
		struct ipsec_mb_desk *desk = crypt_ipsec_mb_desks[lcore];

		crypt_ipsec_mb_desks[lcore] = NULL;
		if (!desk)
			continue;
		OPENSSL_cleanse(desk, sizeof(*desk) + imb_get_mb_mgr_size());
		rte_free(desk);
	}
}

static int start(void)
{
	unsigned int lcore;

	RTE_LCORE_FOREACH(lcore)
	{
		int error = open_desk(lcore);

		if (error) {
			stop();
			return error;
		}
	}
	return 0;
}

/* --- keys --- */

static size_t schedule_size(enum srtp_suite suite)
{
	size_t rounds = suite_info(suite)->key_length == IMB_KEY_256_BYTES ? 15 : 11;
	size_t cipher =
		crypt_is_aead(suite) ? sizeof(struct gcm_key_data) : rounds * IMB_AES_BLOCK_SIZE;

	return sizeof(struct schedule) + RTE_ALIGN_CEIL(cipher, RTE_CACHE_LINE_SIZE);
}

/* The state of SHA-1 after the block with which one of HMAC's two hashes begins (RFC 2104). */
static void hash_pad(IMB_MGR *mgr, uint8_t state[20], const uint8_t *key, size_t length,
		     uint8_t pad)
{
	uint8_t block[HMAC_BLOCK];

	memset(block, pad, sizeof(block));
	for (size_t k = 0; k < length; k++)
		block[k] ^= key[k];
	IMB_SHA1_ONE_BLOCK(mgr, block, state);
	OPENSSL_cleanse(block, sizeof(block));
}

static void expand_cipher(IMB_MGR *mgr, uint8_t *to, enum srtp_suite suite, const uint8_t *key)
{
	uint8_t decrypt[15 * IMB_AES_BLOCK_SIZE] __rte_aligned(16);

	switch (suite) {
	case SUITE_AEAD_AES_128_GCM:
		IMB_AES128_GCM_PRE(mgr, key, (struct gcm_key_data *)to);
		break;
	case SUITE_AEAD_AES_256_GCM:
		IMB_AES256_GCM_PRE(mgr, key, (struct gcm_key_data *)to);
		break;
	case SUITE_AES_256_CM_HMAC_SHA1_80:
	case SUITE_AES_256_CM_HMAC_SHA1_32:
		IMB_AES_KEYEXP_256(mgr, key, to, decrypt);
		break;
	default:
		IMB_AES_KEYEXP_128(mgr, key, to, decrypt);
	}
	OPENSSL_cleanse(decrypt, sizeof(decrypt));
}

static void make_schedule(IMB_MGR *mgr, struct schedule *s, enum srtp_suite suite,
			  const struct session_keys *keys)
{
	s->size = schedule_size(suite);
	memcpy(s->salt, keys->salt, sizeof(keys->salt));
	if (!crypt_is_aead(suite)) {
		hash_pad(mgr, s->inner, keys->auth, sizeof(keys->auth), 0x36);
		hash_pad(mgr, s->outer, keys->auth, sizeof(keys->auth), 0x5c);
	}
	expand_cipher(mgr, s->cipher, suite, keys->cipher);
}

static void key_free(struct crypt_key *key)
{
	struct ipsec_mb_key *made = (struct ipsec_mb_key *)key;

	OPENSSL_cleanse(made, sizeof(*made) + 2 * schedule_size(key->suite));
	rte_free(made);
}

static int key_create(struct crypt_key **out, enum srtp_suite suite, enum crypt_direction direction,
		      const uint8_t *key, const uint8_t *salt)
{
	const struct suite_info *info = suite_info(suite);
	IMB_MGR *mgr = crypt_ipsec_mb_desks[rte_lcore_id()]->mgr;
	struct session_keys rtp, rtcp;
	struct ipsec_mb_key *made;
	size_t size;
	int error;

	if (!info)
		return -ENOTSUP;
	size = schedule_size(suite);
	made = rte_zmalloc("key", sizeof(*made) + 2 * size, RTE_CACHE_LINE_SIZE);
	if (!made)
		return -ENOMEM;
	made->key.suite = suite;
	made->key.direction = direction;
	made->key.tag = info->tag_length;
	made->key.tag_rtcp = info->rtcp_tag_length;
	error = crypt_kdf(mgr, info, key, salt, &rtp, &rtcp);
	make_schedule(mgr, (struct schedule *)made->schedules, suite, &rtp);
	make_schedule(mgr, (struct schedule *)(made->schedules + size), suite, &rtcp);
	OPENSSL_cleanse(&rtp, sizeof(rtp));
	OPENSSL_cleanse(&rtcp, sizeof(rtcp));
	if (error) {
		key_free(&made->key);
		return error;
	}
	*out = &made->key;
	return 0;
}

const struct crypt_engine crypt_ipsec_mb = {
	.name = "ipsec_mb",
	.start = start,
	.stop = stop,
	.key_create = key_create,
	.key_free = key_free,
	.unprotect = crypt_ipsec_mb_unprotect,
	.verify = crypt_ipsec_mb_verify,
	.protect = crypt_ipsec_mb_protect,
};
