/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/srtp/crypt_ipsec_mb.h"

#include <openssl/crypto.h>

#define HMAC_BLOCK 64

/* The state of SHA-1 after the block with which one of HMAC's two hashes begins (RFC 2104). */
static void hash_pad(IMB_MGR *mgr, uint8_t state[20], const uint8_t key[20], uint8_t pad)
{
	uint8_t block[HMAC_BLOCK];

	memset(block, pad, sizeof(block));
	for (unsigned int k = 0; k < 20; k++)
		block[k] ^= key[k];
	IMB_SHA1_ONE_BLOCK(mgr, block, state);
	OPENSSL_cleanse(block, sizeof(block));
}

void crypt_expand_hmac(IMB_MGR *mgr, struct hmac_states *to, const uint8_t key[20])
{
	hash_pad(mgr, to->inner, key, 0x36);
	hash_pad(mgr, to->outer, key, 0x5c);
}

void crypt_expand_cipher(IMB_MGR *mgr, uint8_t *to, enum srtp_suite suite, const uint8_t *key)
{
	uint8_t decrypt[ROUND_KEYS_MAX] __rte_aligned(16);
	bool long_key = suite_has_long_key(suite);

	if (suite_is_aead(suite)) {
		if (long_key)
			IMB_AES256_GCM_PRE(mgr, key, (struct gcm_key_data *)to);
		else
			IMB_AES128_GCM_PRE(mgr, key, (struct gcm_key_data *)to);
		return;
	}
	if (long_key)
		IMB_AES_KEYEXP_256(mgr, key, to, decrypt);
	else
		IMB_AES_KEYEXP_128(mgr, key, to, decrypt);
	OPENSSL_cleanse(decrypt, sizeof(decrypt));
}
