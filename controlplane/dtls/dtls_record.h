/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DTLS 1.2 records (RFC 6347 section 4) as far as one can tell, without keys, whether they can be
 * what they claim to be. OpenSSL drops some malformed input and dies of other; what is refused
 * here never reaches it, so garbage costs no association its life. No state, any thread.
 */
#ifndef TANDEM_DTLS_RECORD_H
#define TANDEM_DTLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dtls_content {
	DTLS_CHANGE_CIPHER_SPEC = 20,
	DTLS_ALERT = 21,
	DTLS_HANDSHAKE = 22,
	DTLS_APPLICATION_DATA = 23,
};

#define DTLS_HANDSHAKE_MAX 16384 /* octets of one message, all its fragments together */
#define DTLS_RANDOM_LENGTH 32

/* A view into the datagram. */
struct dtls_record {
	enum dtls_content content;
	uint16_t epoch;
	const uint8_t *start; /* its header */
	size_t length;        /* header and body */
	const uint8_t *body;
	size_t body_length;
};

/*
 * The record that `data` begins with. False when there is none: no DTLS content type or version,
 * or longer than the datagram; there is then no telling where another one would begin.
 */
bool dtls_record_read(struct dtls_record *out, const uint8_t *data, size_t length);

/*
 * Whether a record of epoch 0, where everybody can read it, is one that a handshake's server (else
 * its client) may receive: whole fragments of messages that are for it, a change_cipher_spec, a
 * fatal alert or close_notify. Warnings are nothing, and application data there is an attack. An
 * alert there may be anybody's.
 */
bool dtls_record_is_plausible(const struct dtls_record *record, bool server);

/* A ClientHello, or a fragment of one. */
struct dtls_hello {
	unsigned int sequence; /* message_seq: 0, or 1 behind a HelloVerifyRequest */
	uint32_t message_length;
	uint32_t offset;
	const uint8_t *body; /* `length` octets from `offset` on, a view into the datagram */
	uint32_t length;
};
/* False: the record is not of epoch 0, or its first message is no ClientHello. */
bool dtls_record_hello(struct dtls_hello *hello, const struct dtls_record *record);

/*
 * The cookie of a ClientHello that begins with these octets: its length, and where it is. -EAGAIN:
 * it is further on.
 */
int dtls_hello_cookie(const uint8_t *body, size_t length, const uint8_t **cookie);

/*
 * The 32 octets of ClientHello.random when the record is of epoch 0 and begins a ClientHello, which
 * is to say that its sender begins a new association; else NULL.
 */
const uint8_t *dtls_record_hello_random(const struct dtls_record *record);

#endif
