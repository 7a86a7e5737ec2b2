/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * STUN messages (RFC 8489) as ICE uses them (RFC 8445): Binding requests are checked, answers are
 * written over them. Short-term credentials, HMAC-SHA1. Nothing here allocates, locks or logs;
 * workers may call all of it but stun_auth_set().
 */
#ifndef TANDEM_STUN_H
#define TANDEM_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/lib/address.h"
#include "dataplane/lib/stun_format.h"

#define STUN_RESPONSE_MAX 128 /* octets of the longest answer */
#define STUN_UNKNOWN_MAX  8   /* as many unknown attributes are named in a 420 answer */

enum stun_type {
	STUN_BINDING_REQUEST = 0x0001,
	STUN_BINDING_INDICATION = 0x0011,
	STUN_BINDING_SUCCESS = 0x0101,
	STUN_BINDING_ERROR = 0x0111,
};

enum stun_error {
	STUN_BAD_REQUEST = 400,
	STUN_UNAUTHENTICATED = 401,
	STUN_UNKNOWN_ATTRIBUTE = 420,
	STUN_ROLE_CONFLICT = 487,
};

/* A message whose form is right. Offsets are from `data`; 0: the attribute is absent. */
struct stun_message {
	const uint8_t *data; /* the caller's */
	uint16_t length;     /* octets, header included */
	uint16_t type;       /* enum stun_type, or another */
	uint16_t username;   /* of the value */
	uint16_t username_length;
	uint16_t integrity;   /* of the attribute's header */
	uint16_t fingerprint; /* of the attribute's header */
	bool use_candidate;
	bool controlled;
	bool controlling;
	uint8_t unknown_count;
	uint16_t unknown[STUN_UNKNOWN_MAX]; /* comprehension-required, host byte order */
};

/* Main lcore. `password` is the ICE password; of any length. The caller cleanses `auth`. */
void stun_auth_set(struct stun_auth *auth, const char *password);

/*
 * 0, or -EBADMSG when RFC 8489 5 and 14 are not kept: the message must fill `length` exactly. Of an
 * attribute that comes twice the first counts; after MESSAGE-INTEGRITY only FINGERPRINT counts.
 */
int stun_parse(struct stun_message *m, const uint8_t *data, size_t length);

/* False when the attribute is absent or wrong. Integrity is compared in constant time. */
bool stun_verify_fingerprint(const struct stun_message *m);
bool stun_verify_integrity(const struct stun_message *m, const struct stun_auth *auth);

/*
 * Writes an answer over the request at `message`, whose transaction id it keeps; there is room for
 * STUN_RESPONSE_MAX octets. Returns its length. Without `auth` it carries no MESSAGE-INTEGRITY, as
 * 400 and 401 must not (RFC 8489 9.1.3).
 */
uint16_t stun_write_success(uint8_t *message, const struct endpoint *mapped,
			    const struct stun_auth *auth);
uint16_t stun_write_error(uint8_t *message, enum stun_error code,
			  const struct stun_message *request, const struct stun_auth *auth);

#endif
