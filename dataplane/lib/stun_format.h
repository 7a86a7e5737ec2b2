/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The form of every STUN message (RFC 8489 5, 14): header, attributes, addresses, integrity. What
 * they mean is for ICE (stun.h) and for TURN (turn_message.h). Nothing here allocates, locks or
 * logs; any thread.
 */
#ifndef TANDEM_STUN_FORMAT_H
#define TANDEM_STUN_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/sha.h>

#include "dataplane/lib/address.h"

#define STUN_HEADER           20
#define STUN_ATTRIBUTE        4 /* type and length, before a value */
#define STUN_COOKIE           0x2112a442u
#define STUN_INTEGRITY_LENGTH SHA_DIGEST_LENGTH
#define STUN_OPTIONAL         0x8000 /* from this type on an agent need not understand them */

enum stun_attribute {
	STUN_MAPPED_ADDRESS = 0x0001,
	STUN_USERNAME = 0x0006,
	STUN_MESSAGE_INTEGRITY = 0x0008,
	STUN_ERROR_CODE = 0x0009,
	STUN_UNKNOWN_ATTRIBUTES = 0x000a,
	STUN_CHANNEL_NUMBER = 0x000c,
	STUN_LIFETIME = 0x000d,
	STUN_XOR_PEER_ADDRESS = 0x0012,
	STUN_DATA = 0x0013,
	STUN_REALM = 0x0014,
	STUN_NONCE = 0x0015,
	STUN_XOR_RELAYED_ADDRESS = 0x0016,
	STUN_REQUESTED_FAMILY = 0x0017,
	STUN_EVEN_PORT = 0x0018,
	STUN_REQUESTED_TRANSPORT = 0x0019,
	STUN_DONT_FRAGMENT = 0x001a,
	STUN_XOR_MAPPED_ADDRESS = 0x0020,
	STUN_RESERVATION_TOKEN = 0x0022,
	STUN_PRIORITY = 0x0024,
	STUN_USE_CANDIDATE = 0x0025,
	STUN_FINGERPRINT = 0x8028,
	STUN_ICE_CONTROLLED = 0x8029,
	STUN_ICE_CONTROLLING = 0x802a,
};

/*
 * HMAC-SHA1 with the key already absorbed: the two hash states after the inner and the outer pad.
 * Immutable; a check costs two copies and no allocation.
 */
struct stun_auth {
	SHA_CTX inner;
	SHA_CTX outer;
};

/* The key is of any length. The caller cleanses `auth`. */
void stun_auth_set_key(struct stun_auth *auth, const void *key, size_t length);

static inline uint16_t stun_load16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline uint32_t stun_load32(const uint8_t *p)
{
	return (uint32_t)stun_load16(p) << 16 | stun_load16(p + 2);
}

static inline void stun_store16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static inline void stun_store32(uint8_t *p, uint32_t value)
{
	stun_store16(p, value >> 16);
	stun_store16(p + 2, value);
}

static inline uint16_t stun_padded(uint16_t length)
{
	return (length + 3) & ~3;
}

/* Whether the header is right, and the message fills `length` exactly. */
bool stun_header_is_right(const uint8_t *data, size_t length);

/* One attribute of a message whose header is right. */
struct stun_cursor {
	const uint8_t *data;
	uint16_t length; /* of the message */
	uint16_t at;     /* the next attribute's header */
	uint16_t type;   /* of the one that was taken ... */
	uint16_t size;   /* ... without padding ... */
	uint16_t value;  /* ... and where it begins */
};

static inline struct stun_cursor stun_attributes(const uint8_t *data, uint16_t length)
{
	return (struct stun_cursor){.data = data, .length = length, .at = STUN_HEADER};
}

/* 1: took the next one; 0: there is none; -EBADMSG: it is longer than the message. */
int stun_next(struct stun_cursor *c);

/*
 * The value of a XOR-...-ADDRESS (RFC 8489 14.2); the message has its header. 0, or -EBADMSG: of
 * neither family, or too short.
 */
int stun_read_address(const uint8_t *message, uint16_t value, uint16_t size, struct endpoint *out);

/* --- writing: `at` is the message's length so far, and the caller has the room ---------------- */

/* Appends an attribute's header and padding, and returns where its value goes. */
uint8_t *stun_put(uint8_t *message, uint16_t *at, uint16_t type, uint16_t size);
/* 12 octets, 24 of IPv6, with its header; the message has its transaction id. */
void stun_put_address(uint8_t *message, uint16_t *at, uint16_t type,
		      const struct endpoint *endpoint);
/* ERROR-CODE; `phrase` may be "". */
void stun_put_error(uint8_t *message, uint16_t *at, unsigned int code, const char *phrase);
/* MESSAGE-INTEGRITY over all before it: the type is written already. */
void stun_put_integrity(uint8_t *message, uint16_t *at, const struct stun_auth *auth);
static inline void stun_set_length(uint8_t *message, uint16_t at)
{
	stun_store16(message + 2, at - STUN_HEADER);
}

/* Whether the MESSAGE-INTEGRITY, whose header is at `integrity`, is right; in constant time. */
bool stun_integrity_is_right(const uint8_t *message, uint16_t integrity,
			     const struct stun_auth *auth);

#endif
