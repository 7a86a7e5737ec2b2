/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/keys/crypt_kdf.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include <rte_common.h>

/* What is derived, with its label (RFC 3711 4.3.2), is AES-CTR over zeros. */
static void add(IMB_JOB *job, uint8_t iv[16], const struct suite_info *info, const uint8_t *salt,
		uint8_t label, uint8_t *out, size_t length)
{
	memset(iv, 0, 16);
	memcpy(iv, salt, info->salt_length);
	iv[7] ^= label;
	*job = (IMB_JOB){
		.cipher_mode = IMB_CIPHER_CNTR,
		.cipher_direction = IMB_DIR_ENCRYPT,
		.key_len_in_bytes = info->key_length,
		.src = out,
		.dst = out,
		.msg_len_to_cipher_in_bytes = length,
		.iv = iv,
		.iv_len_in_bytes = 16,
	};
}

int crypt_kdf(IMB_MGR *mgr, const struct suite_info *info, const uint8_t *key, const uint8_t *salt,
	      struct session_keys *rtp, struct session_keys *rtcp)
{
	uint8_t encrypt[ROUND_KEYS_MAX] __rte_aligned(16);
	uint8_t decrypt[ROUND_KEYS_MAX] __rte_aligned(16);
	struct session_keys *const halves[2] = {rtp, rtcp};
	uint8_t iv[6][16];
	IMB_JOB jobs[6];
	uint32_t done;

	for (unsigned int k = 0; k < 2; k++) {
		struct session_keys *half = halves[k];
		unsigned int first = 3 * k;

		memset(half, 0, sizeof(*half));
		add(&jobs[first], iv[first], info, salt, first, half->cipher, info->key_length);
		add(&jobs[first + 1], iv[first + 1], info, salt, first + 1, half->auth,
		    sizeof(half->auth));
		add(&jobs[first + 2], iv[first + 2], info, salt, first + 2, half->salt,
		    info->salt_length);
	}
	if (info->key_length == IMB_KEY_256_BYTES)
		IMB_AES_KEYEXP_256(mgr, key, encrypt, decrypt);
	else
		IMB_AES_KEYEXP_128(mgr, key, encrypt, decrypt);
	for (unsigned int k = 0; k < RTE_DIM(jobs); k++)
		jobs[k].enc_keys = encrypt;
	done = IMB_SUBMIT_CIPHER_BURST(mgr, jobs, RTE_DIM(jobs), IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT,
				       info->key_length);
	OPENSSL_cleanse(encrypt, sizeof(encrypt));
	OPENSSL_cleanse(decrypt, sizeof(decrypt));
	return done == RTE_DIM(jobs) ? 0 : -EIO;
}
