/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * OpenSSL's low-level SHA1 is deprecated for its EVP interface, which allocates and locks; a worker
 * may do neither, and a hash state that can be copied is what makes the pads reusable.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "dataplane/lib/stun_format.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 };

static void absorb_pad(SHA_CTX *state, const uint8_t key[SHA_CBLOCK], uint8_t octet)
{
	uint8_t pad[SHA_CBLOCK];

	for (unsigned int k = 0; k < sizeof(pad); k++)
		pad[k] = key[k] ^ octet;
	SHA1_Init(state);
	SHA1_Update(state, pad, sizeof(pad));
	OPENSSL_cleanse(pad, sizeof(pad));
}

void stun_auth_set_key(struct stun_auth *auth, const void *from, size_t length)
{
	uint8_t key[SHA_CBLOCK] = {0};

	/* RFC 2104 2: a key longer than a block is hashed first. */
	if (length > sizeof(key)) {
		SHA1_Init(&auth->inner);
		SHA1_Update(&auth->inner, from, length);
		SHA1_Final(key, &auth->inner);
	} else {
		memcpy(key, from, length);
	}
	absorb_pad(&auth->inner, key, 0x36);
	absorb_pad(&auth->outer, key, 0x5c);
	OPENSSL_cleanse(key, sizeof(key));
}

/* Over what precedes the attribute at `integrity`, with a length that ends with that attribute. */
static void authenticate(const struct stun_auth *auth, const uint8_t *message, uint16_t integrity,
			 uint8_t digest[STUN_INTEGRITY_LENGTH])
{
	SHA_CTX inner = auth->inner, outer = auth->outer;
	uint8_t header[STUN_HEADER];

	memcpy(header, message, STUN_HEADER);
	stun_set_length(header, integrity + STUN_ATTRIBUTE + STUN_INTEGRITY_LENGTH);
	SHA1_Update(&inner, header, STUN_HEADER);
	SHA1_Update(&inner, message + STUN_HEADER, integrity - STUN_HEADER);
	SHA1_Final(digest, &inner);
	SHA1_Update(&outer, digest, STUN_INTEGRITY_LENGTH);
	SHA1_Final(digest, &outer);
}

bool stun_integrity_is_right(const uint8_t *message, uint16_t integrity,
			     const struct stun_auth *auth)
{
	uint8_t digest[STUN_INTEGRITY_LENGTH];

	authenticate(auth, message, integrity, digest);
	return CRYPTO_memcmp(digest, message + integrity + STUN_ATTRIBUTE, sizeof(digest)) == 0;
}

bool stun_header_is_right(const uint8_t *data, size_t length)
{
	return length >= STUN_HEADER && length <= UINT16_MAX && length % 4 == 0 &&
	       !(data[0] & 0xc0) && stun_load16(data + 2) == length - STUN_HEADER &&
	       stun_load32(data + 4) == STUN_COOKIE;
}

int stun_next(struct stun_cursor *c)
{
	if (c->at >= c->length)
		return 0;
	c->type = stun_load16(c->data + c->at);
	c->size = stun_load16(c->data + c->at + 2);
	c->value = c->at + STUN_ATTRIBUTE;
	if (c->size > c->length - c->value || stun_padded(c->size) > c->length - c->value)
		return -EBADMSG;
	c->at = c->value + stun_padded(c->size);
	return 1;
}

/* The cookie and the transaction id, which follow each other (RFC 8489 14.2). */
static void xor_address(const uint8_t *message, uint8_t *to, const uint8_t *from, size_t octets)
{
	for (size_t k = 0; k < octets; k++)
		to[k] = from[k] ^ message[4 + k];
}

int stun_read_address(const uint8_t *message, uint16_t value, uint16_t size, struct endpoint *out)
{
	const uint8_t *v = message + value;
	size_t octets = size >= 2 && v[1] == FAMILY_IPV4 ? 4 : 16;
	uint8_t plain[16];

	if (size < 4 || (v[1] != FAMILY_IPV4 && v[1] != FAMILY_IPV6) || size != 4 + octets)
		return -EBADMSG;
	xor_address(message, plain, v + 4, octets);
	address_from_octets(&out->address, plain, octets);
	*out = endpoint_make(&out->address, stun_load16(v + 2) ^ STUN_COOKIE >> 16);
	return 0;
}

uint8_t *stun_put(uint8_t *message, uint16_t *at, uint16_t type, uint16_t size)
{
	uint8_t *value = message + *at + STUN_ATTRIBUTE;
	uint16_t padded = stun_padded(size);

	stun_store16(value - 4, type);
	stun_store16(value - 2, size);
	memset(value + size, 0, padded - size);
	*at += STUN_ATTRIBUTE + padded;
	return value;
}

void stun_put_address(uint8_t *message, uint16_t *at, uint16_t type,
		      const struct endpoint *endpoint)
{
	size_t octets = address_octet_count(&endpoint->address);
	uint8_t *value = stun_put(message, at, type, 4 + octets);

	value[0] = 0;
	value[1] = octets == 4 ? FAMILY_IPV4 : FAMILY_IPV6;
	stun_store16(value + 2, endpoint_port(endpoint) ^ STUN_COOKIE >> 16);
	xor_address(message, value + 4, address_octets(&endpoint->address), octets);
}

void stun_put_error(uint8_t *message, uint16_t *at, unsigned int code, const char *phrase)
{
	size_t length = strlen(phrase);
	uint8_t *value = stun_put(message, at, STUN_ERROR_CODE, 4 + length);

	stun_store16(value, 0);
	value[2] = code / 100;
	value[3] = code % 100;
	memcpy(value + 4, phrase, length);
}

void stun_put_integrity(uint8_t *message, uint16_t *at, const struct stun_auth *auth)
{
	uint16_t integrity = *at;
	uint8_t *value = stun_put(message, at, STUN_MESSAGE_INTEGRITY, STUN_INTEGRITY_LENGTH);

	authenticate(auth, message, integrity, value);
	stun_set_length(message, *at);
}
