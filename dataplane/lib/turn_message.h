/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What TURN clients say, and what they are answered (RFC 8656): STUN messages with TURN's
 * attributes, and ChannelData. Nothing here allocates, locks or logs; any thread of any program.
 */
#ifndef TANDEM_TURN_MESSAGE_H
#define TANDEM_TURN_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/lib/address.h"
#include "dataplane/lib/stun_format.h"

/* RFC 8656 12 ends with 0x4fff; clients of RFC 5766, which it replaces, bind what was theirs. */
#define TURN_CHANNEL_FIRST  0x4000
#define TURN_CHANNEL_LAST   0x7ffe
#define TURN_CHANNEL_HEADER 4
#define TURN_UDP            17 /* REQUESTED-TRANSPORT */
#define TURN_PEERS_MAX      8  /* XOR-PEER-ADDRESSes of one request */
#define TURN_UNKNOWN_MAX    8
#define TURN_REALM_MAX      63
#define TURN_NONCE          16  /* octets of this server's nonces */
#define TURN_KEY            16  /* MD5 of user, realm and password (RFC 8489 9.2.2) */
#define TURN_ANSWER_MAX     256 /* octets of the longest answer, realm included */

#define TURN_PERMISSION_SECONDS 300
#define TURN_CHANNEL_SECONDS    600

/* Types of messages: the method, and the bits of its class (RFC 8489 5). */
enum turn_type {
	TURN_BINDING = 0x0001,
	TURN_ALLOCATE = 0x0003,
	TURN_REFRESH = 0x0004,
	TURN_CREATE_PERMISSION = 0x0008,
	TURN_CHANNEL_BIND = 0x0009,
	TURN_BINDING_INDICATION = 0x0011,
	TURN_SEND = 0x0016, /* indications */
	TURN_DATA = 0x0017,
	/* Of our own, by the link of tandem-turngate alone: a client's connection begins, and
	 * whoever had the gate's endpoint before is gone; it has ended, or, to the gate, it has to.
	 */
	TURN_HERE = 0x02fe,
	TURN_GONE = 0x02ff,
};
/*
 * An attribute of our own, likewise: where the client of the gate's endpoint is. The gate ends with
 * it what it passes on of Binding and Allocate requests, and TURN_HERE, whatever the client wrote.
 */
#define TURN_ORIGIN      0xfffe
#define TURN_ORIGIN_MOST 24 /* octets, with its header */
#define TURN_SUCCESS     0x0100
#define TURN_ERROR       0x0110
#define TURN_CLASS       0x0110
#define TURN_IS_ERROR(t) (((t)&TURN_CLASS) == TURN_ERROR)

enum turn_error {
	TURN_BAD_REQUEST = 400,
	TURN_UNAUTHENTICATED = 401,
	TURN_FORBIDDEN = 403,
	TURN_UNKNOWN_ATTRIBUTE = 420,
	TURN_ALLOCATION_MISMATCH = 437,
	TURN_STALE_NONCE = 438,
	TURN_FAMILY_NOT_SUPPORTED = 440,
	TURN_WRONG_CREDENTIALS = 441,
	TURN_TRANSPORT_NOT_SUPPORTED = 442,
	TURN_PEER_FAMILY_MISMATCH = 443,
	TURN_QUOTA_REACHED = 486,
	TURN_SERVER_ERROR = 500,
	TURN_INSUFFICIENT_CAPACITY = 508,
};

/*
 * A message whose form is right. Offsets are from `data`, to values; 0: the attribute is absent.
 * Of an attribute that comes twice the first counts, and of what follows MESSAGE-INTEGRITY nothing.
 */
struct turn_message {
	const uint8_t *data; /* the caller's */
	uint16_t length;     /* octets, header included */
	uint16_t type;       /* enum turn_type, or another */
	uint16_t username, username_length;
	uint16_t realm, realm_length;
	uint16_t nonce, nonce_length;
	uint16_t payload, payload_length; /* DATA */
	uint16_t integrity;               /* of the attribute's header */
	uint16_t origin, origin_length;   /* TURN_ORIGIN, if it is the last attribute */
	uint16_t channel;                 /* the number; 0: absent */
	uint16_t peer[TURN_PEERS_MAX];    /* each 8 or 20 octets long */
	uint8_t peer_count;
	uint8_t family;    /* REQUESTED-ADDRESS-FAMILY: 1, 2, or another; 0: absent */
	uint8_t transport; /* REQUESTED-TRANSPORT: a protocol number; 0: absent */
	bool has_lifetime;
	bool many_peers;           /* more than TURN_PEERS_MAX */
	bool even_port, next_port; /* EVEN-PORT, and its R bit: the next one is to be reserved */
	bool reservation, dont_fragment;
	uint32_t lifetime; /* seconds */
	uint8_t unknown_count;
	uint16_t unknown[TURN_UNKNOWN_MAX]; /* comprehension-required, host byte order */
};

/* 0, or -EBADMSG: not a STUN message, or an attribute that is not of its form. */
int turn_parse(struct turn_message *m, const uint8_t *data, size_t length);

/* The address of peer `k`. */
struct endpoint turn_peer(const struct turn_message *m, unsigned int k);
/* Where the client is that the gate speaks for; zero if the message does not say. */
struct endpoint turn_origin(const struct turn_message *m);

/*
 * Begins an answer in `out`, which has room for TURN_ANSWER_MAX: the request's method and
 * transaction. Returns its length so far, for stun_put().
 */
uint16_t turn_answer(uint8_t *out, const struct turn_message *request, uint16_t class);
/* A whole one with an error; with `auth` it ends with MESSAGE-INTEGRITY. Returns its length. */
uint16_t turn_answer_error(uint8_t *out, const struct turn_message *request, enum turn_error code,
			   const struct stun_auth *auth);
/* Ends an answer; `auth` may be NULL. Returns its length. */
uint16_t turn_finish(uint8_t *out, uint16_t at, const struct stun_auth *auth);

/* --- ChannelData and Data, which carry packets --- */

static inline bool turn_is_channel(const uint8_t *payload)
{
	return (payload[0] & 0xc0) == 0x40;
}

/* Octets before the payload of a Data indication from a peer. */
static inline uint16_t turn_data_header(const struct endpoint *peer)
{
	return STUN_HEADER + STUN_ATTRIBUTE + 4 + address_octet_count(&peer->address) +
	       STUN_ATTRIBUTE;
}

/* Writes them, for a payload of `length`, which stun_padded() makes longer. */
void turn_write_data(uint8_t *header, const struct endpoint *peer, uint16_t length,
		     const uint8_t transaction[12]);

#endif
