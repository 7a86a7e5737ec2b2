/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/oracle.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static void oracle_ctr(unsigned int key_length, const uint8_t *key, const uint8_t iv[16],
		       uint8_t *data, int length)
{
	const EVP_CIPHER *aes = key_length == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr();
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (!EVP_EncryptInit_ex(c, aes, NULL, key, iv) ||
	    !EVP_EncryptUpdate(c, data, &length, data, length))
		abort();
	EVP_CIPHER_CTX_free(c);
}

/* RFC 3711 4.3 with key derivation rate 0; a salt of 96 bits is padded (RFC 7714 11). */
static void oracle_kdf(const struct suite_info *info, const uint8_t *key, const uint8_t *salt,
		       uint8_t label, uint8_t *out, int length)
{
	uint8_t iv[16] = {0};

	memcpy(iv, salt, info->salt_length);
	iv[7] ^= label;
	memset(out, 0, length);
	oracle_ctr(info->key_length, key, iv, out, length);
}

void oracle_derive(struct oracle *o, enum srtp_suite suite, const uint8_t *key, const uint8_t *salt)
{
	const struct suite_info *info = suite_info(suite);

	o->suite = suite;
	oracle_kdf(info, key, salt, 0, o->rtp.cipher, info->key_length);
	oracle_kdf(info, key, salt, 1, o->rtp.auth, sizeof(o->rtp.auth));
	oracle_kdf(info, key, salt, 2, o->rtp.salt, info->salt_length);
	oracle_kdf(info, key, salt, 3, o->rtcp.cipher, info->key_length);
	oracle_kdf(info, key, salt, 4, o->rtcp.auth, sizeof(o->rtcp.auth));
	oracle_kdf(info, key, salt, 5, o->rtcp.salt, info->salt_length);
}

void oracle_put(uint8_t *p, uint64_t value, int octets)
{
	while (octets--) {
		p[octets] = value;
		value >>= 8;
	}
}

void oracle_fill(uint8_t *p, size_t length, unsigned int step, unsigned int seed)
{
	for (size_t k = 0; k < length; k++)
		p[k] = step * k + seed;
}

void oracle_cm(const struct suite_info *info, const struct oracle_keys *keys, const uint8_t *ssrc,
	       uint64_t index, uint8_t *data, int length)
{
	uint8_t iv[16] = {0};
	uint8_t packet[16] = {0};

	memcpy(iv, keys->salt, info->salt_length);
	memcpy(packet + 4, ssrc, 4);
	oracle_put(packet + 8, index, 6);
	for (int k = 0; k < 16; k++)
		iv[k] ^= packet[k];
	oracle_ctr(info->key_length, keys->cipher, iv, data, length);
}

static void oracle_hmac(const struct oracle_keys *keys, const uint8_t *data, int length,
			uint32_t more, uint8_t *tag, int tag_length)
{
	uint8_t message[16384], full[20], tail[4];

	oracle_put(tail, more, 4);
	memcpy(message, data, length);
	memcpy(message + length, tail, 4);
	HMAC(EVP_sha1(), keys->auth, sizeof(keys->auth), message, length + 4, full, NULL);
	memcpy(tag, full, tag_length);
}

/* RFC 7714 8.1 and 9.1; `extra` goes behind the header into what is authenticated. */
static void oracle_gcm(const struct suite_info *info, const struct oracle_keys *keys,
		       const uint8_t *ssrc, uint64_t index, const uint8_t *header,
		       int header_length, const uint8_t *extra, int extra_length, uint8_t *data,
		       int length, uint8_t *tag)
{
	const EVP_CIPHER *aes = info->key_length == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t iv[12] = {0};
	int n;

	memcpy(iv + 2, ssrc, 4);
	oracle_put(iv + 6, index, 6);
	for (int k = 0; k < 12; k++)
		iv[k] ^= keys->salt[k];
	if (!EVP_EncryptInit_ex(c, aes, NULL, keys->cipher, iv) ||
	    !EVP_EncryptUpdate(c, NULL, &n, header, header_length) ||
	    (extra_length && !EVP_EncryptUpdate(c, NULL, &n, extra, extra_length)) ||
	    (length && !EVP_EncryptUpdate(c, data, &n, data, length)) ||
	    !EVP_EncryptFinal_ex(c, data + length, &n) ||
	    !EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, tag))
		abort();
	EVP_CIPHER_CTX_free(c);
}

int oracle_protect_rtp(const struct oracle *o, uint8_t *p, int length, int header, uint64_t index)
{
	const struct suite_info *info = suite_info(o->suite);
	uint8_t *tag = p + length;

	if (suite_is_aead(o->suite)) {
		oracle_gcm(info, &o->rtp, p + 8, index, p, header, NULL, 0, p + header,
			   length - header, tag);
	} else {
		oracle_cm(info, &o->rtp, p + 8, index, p + header, length - header);
		oracle_hmac(&o->rtp, p, length, index >> 16, tag, info->tag_length);
	}
	return length + info->tag_length;
}

int oracle_protect_rtcp(const struct oracle *o, uint8_t *p, int length, uint32_t index)
{
	const struct suite_info *info = suite_info(o->suite);
	uint8_t word[4];

	oracle_put(word, index | 0x80000000, 4);
	if (suite_is_aead(o->suite)) {
		oracle_gcm(info, &o->rtcp, p + 4, index, p, 8, word, 4, p + 8, length - 8,
			   p + length);
		memcpy(p + length + 16, word, 4);
	} else {
		oracle_cm(info, &o->rtcp, p + 4, index, p + 8, length - 8);
		oracle_hmac(&o->rtcp, p, length, index | 0x80000000, p + length + 4,
			    info->rtcp_tag_length);
		memcpy(p + length, word, 4);
	}
	return length + 4 + info->rtcp_tag_length;
}
