/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of keys on the main lcore. A key whose octets have not changed stays the same object,
 * and so keeps the index state that streams have under it: beginning anew would repeat keystream.
 */
#include <errno.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "dataplane/main/legs/record.h"
#include "dataplane/main/shared.h"

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
	      const struct key_wanted *wanted)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct crypt_key *made;
	int error;

	digest_key(digest, wanted->suite, wanted->key, wanted->salt);
	if (current && CRYPTO_memcmp(current->digest, digest, sizeof(digest)) == 0) {
		*out = shared_hold(current);
		return 0;
	}
	if (wanted->unspent && spent_has(&r->spent, digest))
		return -EKEYREJECTED;
	error = r->config.engine->key_create(&made, wanted->suite, wanted->direction,
					     wanted->key->data, wanted->salt->data);
	if (error)
		return error;
	memcpy(made->digest, digest, sizeof(digest));
	made->serial = ++r->last_serial;
	made->epoch = current ? current->epoch + 1 : 1;
	*out = shared_hold(made);
	return 0;
}

static void spend_those_in_force(struct registry *r)
{
	for (uint32_t place = registry_next(r, 0); place; place = registry_next(r, place)) {
		const struct record *record = &r->records[place - 1];
		const struct crypt_key *keys[] = {record->protect, record->latest->receive,
						  record->latest->receive_previous};

		for (unsigned int k = 0; k < RTE_DIM(keys); k++)
			if (keys[k])
				spent_add(&r->spent, keys[k]->digest);
	}
}

void key_spend(struct registry *r, const struct crypt_key *key)
{
	if (spent_add(&r->spent, key->digest))
		spend_those_in_force(r);
}

void key_release(struct registry *r, struct crypt_key *key)
{
	if (shared_release(key))
		r->config.engine->key_free(key);
}
