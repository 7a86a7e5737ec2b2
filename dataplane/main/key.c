/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of keys on the main lcore. A key whose octets have not changed stays the same object,
 * and so keeps the index state that streams have under it: beginning anew would repeat keystream.
 */
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "dataplane/main/record.h"

/* Enough to tell two keys apart, and of no use to find either. */
static void digest_key(uint8_t digest[SHA256_DIGEST_LENGTH], enum srtp_suite suite,
		       const ProtobufCBinaryData *key, const ProtobufCBinaryData *salt)
{
	uint8_t octets[1 + SUITE_KEY_MAX + SUITE_SALT_MAX] = {suite};

	memcpy(octets + 1, key->data, key->len);
	memcpy(octets + 1 + key->len, salt->data, salt->len);
	SHA256(octets, 1 + key->len + salt->len, digest);
	OPENSSL_cleanse(octets, sizeof(octets));
}

int key_renew(struct registry *r, struct crypt_key **out, struct crypt_key *current,
	      enum srtp_suite suite, enum crypt_direction direction, const ProtobufCBinaryData *key,
	      const ProtobufCBinaryData *salt)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct crypt_key *made;
	int error;

	digest_key(digest, suite, key, salt);
	if (current && CRYPTO_memcmp(current->digest, digest, sizeof(digest)) == 0) {
		*out = key_hold(current);
		return 0;
	}
	error = r->config.engine->key_create(&made, suite, direction, key->data, salt->data);
	if (error)
		return error;
	memcpy(made->digest, digest, sizeof(digest));
	made->serial = ++r->last_serial;
	made->epoch = current ? current->epoch + 1 : 1;
	*out = key_hold(made);
	return 0;
}

struct crypt_key *key_hold(struct crypt_key *key)
{
	if (key)
		key->users++;
	return key;
}

void key_release(struct registry *r, struct crypt_key *key)
{
	if (key && --key->users == 0)
		r->config.engine->key_free(key);
}
