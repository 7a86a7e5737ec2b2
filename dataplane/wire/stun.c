/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * OpenSSL's low-level SHA1 is deprecated for its EVP interface, which allocates and locks; a worker
 * may do neither, and a hash state that can be copied is what makes the pads reusable.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "dataplane/wire/stun.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_net_crc.h>

#define HEADER             20
#define ATTRIBUTE          4 /* type and length */
#define COOKIE             0x2112a442u
#define FINGERPRINT_XOR    0x5354554eu
#define INTEGRITY_LENGTH   SHA_DIGEST_LENGTH
#define FINGERPRINT_LENGTH 4

enum attribute {
	MAPPED_ADDRESS = 0x0001,
	USERNAME = 0x0006,
	MESSAGE_INTEGRITY = 0x0008,
	ERROR_CODE = 0x0009,
	UNKNOWN_ATTRIBUTES = 0x000a,
	REALM = 0x0014,
	NONCE = 0x0015,
	XOR_MAPPED_ADDRESS = 0x0020,
	PRIORITY = 0x0024,
	USE_CANDIDATE = 0x0025,
	OPTIONAL = 0x8000, /* from here on an agent need not understand them */
	FINGERPRINT = 0x8028,
	ICE_CONTROLLED = 0x8029,
	ICE_CONTROLLING = 0x802a,
};

static uint16_t load16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)load16(p) << 16 | load16(p + 2);
}

static void store16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static void store32(uint8_t *p, uint32_t value)
{
	store16(p, value >> 16);
	store16(p + 2, value);
}

static void absorb_pad(SHA_CTX *state, const uint8_t key[SHA_CBLOCK], uint8_t octet)
{
	uint8_t pad[SHA_CBLOCK];

	for (unsigned int k = 0; k < sizeof(pad); k++)
		pad[k] = key[k] ^ octet;
	SHA1_Init(state);
	SHA1_Update(state, pad, sizeof(pad));
	OPENSSL_cleanse(pad, sizeof(pad));
}

static uint32_t fingerprint(const uint8_t *message, uint16_t length)
{
	return rte_net_crc_calc(message, length, RTE_NET_CRC32_ETH) ^ FINGERPRINT_XOR;
}

void stun_auth_set(struct stun_auth *auth, const char *password)
{
	uint8_t key[SHA_CBLOCK] = {0};
	size_t length = strlen(password);

	/* RFC 2104 2: a key longer than a block is hashed first. */
	if (length > sizeof(key)) {
		SHA1_Init(&auth->inner);
		SHA1_Update(&auth->inner, password, length);
		SHA1_Final(key, &auth->inner);
	} else {
		memcpy(key, password, length);
	}
	absorb_pad(&auth->inner, key, 0x36);
	absorb_pad(&auth->outer, key, 0x5c);
	OPENSSL_cleanse(key, sizeof(key));
	/* At its first call DPDK chooses a CRC routine, and logs: no worker may be the first. */
	(void)fingerprint((const uint8_t *)"", 1);
}

/* Over what precedes the attribute at `integrity`, with a length that ends with that attribute. */
static void authenticate(const struct stun_auth *auth, const uint8_t *message, uint16_t integrity,
			 uint8_t digest[INTEGRITY_LENGTH])
{
	SHA_CTX inner = auth->inner, outer = auth->outer;
	uint8_t header[HEADER];

	memcpy(header, message, HEADER);
	store16(header + 2, integrity + ATTRIBUTE + INTEGRITY_LENGTH - HEADER);
	SHA1_Update(&inner, header, HEADER);
	SHA1_Update(&inner, message + HEADER, integrity - HEADER);
	SHA1_Final(digest, &inner);
	SHA1_Update(&outer, digest, INTEGRITY_LENGTH);
	SHA1_Final(digest, &outer);
}

static int take_attribute(struct stun_message *m, uint16_t type, uint16_t at, uint16_t length)
{
	if (m->integrity && type != FINGERPRINT)
		return 0;
	switch (type) {
	case USERNAME:
		if (!m->username) {
			m->username = at + ATTRIBUTE;
			m->username_length = length;
		}
		return 0;
	case MESSAGE_INTEGRITY:
		m->integrity = at;
		return length == INTEGRITY_LENGTH ? 0 : -EBADMSG;
	case FINGERPRINT:
		m->fingerprint = at;
		return length == FINGERPRINT_LENGTH && at + ATTRIBUTE + length == m->length
			       ? 0
			       : -EBADMSG;
	case PRIORITY:
		return length == 4 ? 0 : -EBADMSG;
	case USE_CANDIDATE:
		m->use_candidate = true;
		return length == 0 ? 0 : -EBADMSG;
	case ICE_CONTROLLED:
		m->controlled = true;
		return length == 8 ? 0 : -EBADMSG;
	case ICE_CONTROLLING:
		m->controlling = true;
		return length == 8 ? 0 : -EBADMSG;
	case MAPPED_ADDRESS:
	case ERROR_CODE:
	case UNKNOWN_ATTRIBUTES:
	case REALM:
	case NONCE:
	case XOR_MAPPED_ADDRESS:
		return 0; /* known, and of no use in what a lite agent hears */
	default:
		if (type < OPTIONAL && m->unknown_count < STUN_UNKNOWN_MAX)
			m->unknown[m->unknown_count++] = type;
		return 0;
	}
}

int stun_parse(struct stun_message *m, const uint8_t *data, size_t length)
{
	size_t at = HEADER;

	if (length < HEADER || length > UINT16_MAX || length % 4 || data[0] & 0xc0 ||
	    load16(data + 2) != length - HEADER || load32(data + 4) != COOKIE)
		return -EBADMSG;
	*m = (struct stun_message){.data = data, .length = length, .type = load16(data)};
	while (at < length) {
		uint16_t type = load16(data + at), size = load16(data + at + 2);
		size_t padded = RTE_ALIGN_CEIL((size_t)size, 4);

		if (padded > length - at - ATTRIBUTE || take_attribute(m, type, at, size))
			return -EBADMSG;
		at += ATTRIBUTE + padded;
	}
	return 0;
}

bool stun_verify_fingerprint(const struct stun_message *m)
{
	return m->fingerprint &&
	       load32(m->data + m->fingerprint + ATTRIBUTE) == fingerprint(m->data, m->fingerprint);
}

bool stun_verify_integrity(const struct stun_message *m, const struct stun_auth *auth)
{
	uint8_t digest[INTEGRITY_LENGTH];

	if (!m->integrity)
		return false;
	authenticate(auth, m->data, m->integrity, digest);
	return CRYPTO_memcmp(digest, m->data + m->integrity + ATTRIBUTE, sizeof(digest)) == 0;
}

/* Appends an attribute's header and padding and returns where its value goes. */
static uint8_t *put_attribute(uint8_t *message, uint16_t *at, uint16_t type, uint16_t length)
{
	uint8_t *value = message + *at + ATTRIBUTE;
	uint16_t padded = RTE_ALIGN_CEIL(length, 4);

	store16(value - 4, type);
	store16(value - 2, length);
	memset(value + length, 0, padded - length);
	*at += ATTRIBUTE + padded;
	return value;
}

static uint16_t finish(uint8_t *message, uint16_t type, uint16_t at, const struct stun_auth *auth)
{
	uint16_t end;
	uint8_t *value;

	store16(message, type);
	if (auth) {
		end = at;
		value = put_attribute(message, &at, MESSAGE_INTEGRITY, INTEGRITY_LENGTH);
		authenticate(auth, message, end, value);
	}
	end = at;
	value = put_attribute(message, &at, FINGERPRINT, FINGERPRINT_LENGTH);
	store16(message + 2, at - HEADER);
	store32(value, fingerprint(message, end));
	return at;
}

uint16_t stun_write_success(uint8_t *message, const struct endpoint *mapped,
			    const struct stun_auth *auth)
{
	bool ipv4 = address_is_ipv4(&mapped->address);
	const uint8_t *octets = mapped->address.octets + (ipv4 ? 12 : 0);
	unsigned int size = ipv4 ? 4 : 16;
	uint16_t at = HEADER;
	uint8_t *value = put_attribute(message, &at, XOR_MAPPED_ADDRESS, 4 + size);

	value[0] = 0;
	value[1] = ipv4 ? 1 : 2;
	store16(value + 2, rte_be_to_cpu_16(mapped->port) ^ COOKIE >> 16);
	/* The cookie and the transaction id, which follow each other (RFC 8489 14.2). */
	for (unsigned int k = 0; k < size; k++)
		value[4 + k] = octets[k] ^ message[4 + k];
	return finish(message, STUN_BINDING_SUCCESS, at, auth);
}

static const char *error_phrase(enum stun_error code)
{
	switch (code) {
	case STUN_BAD_REQUEST:
		return "Bad Request";
	case STUN_UNAUTHENTICATED:
		return "Unauthenticated";
	case STUN_UNKNOWN_ATTRIBUTE:
		return "Unknown Attribute";
	case STUN_ROLE_CONFLICT:
		return "Role Conflict";
	}
	return "";
}

uint16_t stun_write_error(uint8_t *message, enum stun_error code,
			  const struct stun_message *request, const struct stun_auth *auth)
{
	const char *phrase = error_phrase(code);
	size_t length = strlen(phrase);
	uint16_t at = HEADER;
	uint8_t *value = put_attribute(message, &at, ERROR_CODE, 4 + length);

	store16(value, 0);
	value[2] = code / 100;
	value[3] = code % 100;
	memcpy(value + 4, phrase, length);
	if (code == STUN_UNKNOWN_ATTRIBUTE) {
		value = put_attribute(message, &at, UNKNOWN_ATTRIBUTES, 2 * request->unknown_count);
		for (unsigned int k = 0; k < request->unknown_count; k++)
			store16(value + 2 * k, request->unknown[k]);
	}
	return finish(message, STUN_BINDING_ERROR, at, auth);
}
