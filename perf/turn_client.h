/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a TURN client says (RFC 8656), signed once it has been challenged, and what it is answered.
 * It has no socket: whoever has one carries the messages.
 */
#ifndef TANDEM_PERF_TURN_CLIENT_H
#define TANDEM_PERF_TURN_CLIENT_H

#include "dataplane/lib/turn_message.h"

#define TURN_CLIENT_REQUEST 512 /* octets of the longest request */
#define TURN_CLIENT_NONCE   64

struct turn_client {
	const char *user, *password; /* the caller's */
	uint8_t transaction[12];     /* of the last request */
	uint8_t realm[TURN_REALM_MAX], nonce[TURN_CLIENT_NONCE];
	uint8_t realm_length, nonce_length; /* 0: nobody has challenged it */
	struct stun_auth auth;
	struct endpoint relayed; /* once it has an allocation */
};

enum turn_heard {
	TURN_HEARD_NOTHING,   /* it is no answer to the last request */
	TURN_HEARD_CHALLENGE, /* the same request, made anew, is signed now */
	TURN_HEARD_SUCCESS,
	TURN_HEARD_ERROR,
};

/* Each writes a request into `out`, which holds TURN_CLIENT_REQUEST, and returns its length. */
uint16_t turn_client_allocate(struct turn_client *c, uint8_t *out);
uint16_t turn_client_bind(struct turn_client *c, uint8_t *out, uint16_t channel,
			  const struct endpoint *peer);
/* 0 seconds: the allocation ends. */
uint16_t turn_client_refresh(struct turn_client *c, uint8_t *out, uint32_t seconds);

enum turn_heard turn_client_hear(struct turn_client *c, const uint8_t *data, size_t length);

#endif
