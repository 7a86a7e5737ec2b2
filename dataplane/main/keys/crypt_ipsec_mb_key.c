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

#include "dataplane/srtp/crypt_ipsec_mb.h"
#include "dataplane/main/keys/crypt_kdf.h"
#include "dataplane/main/slab.h"

#define KEY_SIZE(cipher) (sizeof(struct ipsec_mb_key) + (cipher))

/* Keys by what their cipher takes. */
static struct slab short_keys = {.size = KEY_SIZE(11 * IMB_AES_BLOCK_SIZE)};
static struct slab long_keys = {.size = KEY_SIZE(ROUND_KEYS_MAX)};
static struct slab gcm_keys = {.size = KEY_SIZE(sizeof(struct gcm_key_data))};

/* --- managers --- */

static void prepare_jobs(struct ipsec_mb_scratch *scratch)
{
	for (unsigned int k = 0; k < BURST_MAX; k++) {
		scratch->hash[k] = (IMB_JOB){
			.hash_alg = IMB_AUTH_HMAC_SHA_1,
			.auth_tag_output = scratch->tag[k],
			.auth_tag_output_len_in_bytes = IMB_SHA1_DIGEST_SIZE_IN_BYTES,
		};
		for (unsigned int size = 0; size < 2; size++)
			scratch->cipher[size][k] = (IMB_JOB){
				.cipher_mode = IMB_CIPHER_CNTR,
				.cipher_direction = IMB_DIR_ENCRYPT,
				.key_len_in_bytes = size ? IMB_KEY_256_BYTES : IMB_KEY_128_BYTES,
				.iv_len_in_bytes = IMB_AES_BLOCK_SIZE,
			};
	}
}

static size_t manager_size(void)
{
	return RTE_ALIGN_CEIL(imb_get_mb_mgr_size(), RTE_CACHE_LINE_SIZE);
}

static size_t scratch_size(void)
{
	return sizeof(struct ipsec_mb_scratch) + 2 * manager_size();
}

/* The library's code for SSE is the one with SHA-NI, two packets at a time. */
static int open_few(struct ipsec_mb_scratch *scratch)
{
	const IMB_MGR *mgr = scratch->mgr;

	scratch->lanes = 1;
	if (!(mgr->features & IMB_FEATURE_SHANI) || mgr->used_arch < IMB_ARCH_AVX2)
		return 0;
	scratch->few = imb_set_pointers_mb_mgr((uint8_t *)(scratch + 1) + manager_size(), 0, 1);
	if (!scratch->few)
		return -EINVAL;
	init_mb_mgr_sse(scratch->few);
	if (imb_get_errno(scratch->few))
		return -ENOTSUP;
	scratch->lanes = mgr->used_arch == IMB_ARCH_AVX2 ? 8 : 16;
	return 0;
}

/* The library tests itself as it starts. Without AES-NI it is slower than libsrtp2. */
static int open_scratch(unsigned int lcore)
{
	struct ipsec_mb_scratch *scratch = rte_zmalloc_socket(
		"ipsec_mb", scratch_size(), RTE_CACHE_LINE_SIZE, rte_lcore_to_socket_id(lcore));
	IMB_ARCH arch = IMB_ARCH_NONE;

	if (!scratch)
		return -ENOMEM;
	crypt_ipsec_mb_scratch[lcore] = scratch;
	scratch->mgr = imb_set_pointers_mb_mgr(scratch + 1, 0, 1);
	if (!scratch->mgr)
		return -EINVAL;
	init_mb_mgr_auto(scratch->mgr, &arch);
	if (imb_get_errno(scratch->mgr) || arch < IMB_ARCH_SSE)
		return -ENOTSUP;
	prepare_jobs(scratch);
	return open_few(scratch);
}

static void stop(void)
{
	for (unsigned int lcore = 0; lcore < RTE_MAX_LCORE; lcore++) {
		struct ipsec_mb_scratch *scratch = crypt_ipsec_mb_scratch[lcore];

		crypt_ipsec_mb_scratch[lcore] = NULL;
		if (!scratch)
			continue;
		OPENSSL_cleanse(scratch, scratch_size());
		rte_free(scratch);
	}
	slab_release(&short_keys);
	slab_release(&long_keys);
	slab_release(&gcm_keys);
}

static int start(void)
{
	unsigned int lcore;

	RTE_LCORE_FOREACH(lcore)
	{
		int error = open_scratch(lcore);

		if (error) {
			stop();
			return error;
		}
	}
	return 0;
}

/* --- keys --- */

static struct slab *slab_of(enum srtp_suite suite)
{
	if (suite_is_aead(suite))
		return &gcm_keys;
	return suite_info(suite)->key_length == IMB_KEY_256_BYTES ? &long_keys : &short_keys;
}

static void expand(IMB_MGR *mgr, struct ipsec_mb_key *to, const struct session_keys *rtp)
{
	memcpy(to->salt, rtp->salt, sizeof(rtp->salt));
	if (!suite_is_aead(to->key.suite))
		crypt_expand_hmac(mgr, &to->hmac, rtp->auth);
	crypt_expand_cipher(mgr, to->cipher, to->key.suite, rtp->cipher);
}

static void key_free(struct crypt_key *key)
{
	struct ipsec_mb_key *made = container_of(key, struct ipsec_mb_key, key);
	struct slab *slab = slab_of(key->suite);

	OPENSSL_cleanse(made, slab->size);
	slab_put(slab, made);
}

static int key_create(struct crypt_key **out, enum srtp_suite suite, enum crypt_direction direction,
		      const uint8_t *key, const uint8_t *salt)
{
	const struct suite_info *info = suite_info(suite);
	IMB_MGR *mgr = crypt_ipsec_mb_scratch[rte_lcore_id()]->mgr;
	struct ipsec_mb_key *made;
	struct session_keys rtp;
	int error;

	if (!info)
		return -ENOTSUP;
	made = slab_take(slab_of(suite));
	if (!made)
		return -ENOMEM;
	memset(made, 0, sizeof(*made));
	made->key.suite = suite;
	made->key.direction = direction;
	made->key.tag = info->tag_length;
	made->key.tag_rtcp = info->rtcp_tag_length;
	error = crypt_kdf(mgr, info, key, salt, &rtp, &made->rtcp);
	expand(mgr, made, &rtp);
	OPENSSL_cleanse(&rtp, sizeof(rtp));
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
