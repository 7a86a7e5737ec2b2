/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server's HelloVerifyRequest (RFC 6347 section 4.2.1): a forged first ClientHello, and
 * whatever else somebody sends who does not see the answer, reaches no handshake. The cookie is
 * random, one for an association, and not bound to the hello: the first fragment of any hello is
 * enough to be asked for it, and a participant may answer a request that a forged hello brought
 * about.
 *
 * OpenSSL's own exchange expects the hello with the cookie as the second message. It is brought
 * that far by a constant hello of ours, and its request goes nowhere: ours have gone out before.
 */
#ifndef TANDEM_DTLS_COOKIE_H
#define TANDEM_DTLS_COOKIE_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "controlplane/dtls/dtls_bio.h"
#include "controlplane/dtls/dtls_record.h"

#define DTLS_COOKIE_LENGTH      16
#define DTLS_COOKIE_RECORD_MAX  (13 + 12 + DTLS_COOKIE_GATHER_MAX)
#define DTLS_COOKIE_REQUEST_MAX 64 /* octets of a request, less than those of any ClientHello */

#define DTLS_COOKIE_GATHER_MAX 128

struct dtls_cookie {
	uint8_t octets[DTLS_COOKIE_LENGTH];
	/* The beginning of a hello whose fragments are shorter than that, as far as the cookie. */
	uint8_t gathered[DTLS_COOKIE_GATHER_MAX];
	uint32_t gathered_length, message_length;
};

/* 0 or -EIO. */
int dtls_cookie_make(struct dtls_cookie *cookie);

/* Once for each context; without effect on those SSL that dtls_cookie_prime() is not called for. */
void dtls_cookie_install(SSL_CTX *context);

/* `ends` is the BIO of `ssl`, a server that has not begun; both outlive `cookie`. 0 or -EIO. */
int dtls_cookie_prime(SSL *ssl, struct dtls_bio *ends, struct dtls_cookie *cookie);

enum dtls_cookie_verdict {
	COOKIE_NO_HELLO, /* the record begins no ClientHello, nor goes on with one */
	COOKIE_ASK,      /* a ClientHello without the cookie: it is owed a request */
	COOKIE_RIGHT,    /* a ClientHello with it */
	COOKIE_GATHER,   /* a short fragment: kept until the cookie is whole */
	COOKIE_REST,     /* a further fragment of a ClientHello that may have it */
	COOKIE_REFUSE,   /* a further fragment of one without */
};
/*
 * Of a record of epoch 0. With COOKIE_RIGHT `record` may become another one, in `room`, which holds
 * all that was gathered.
 */
enum dtls_cookie_verdict dtls_cookie_judge(struct dtls_cookie *cookie, struct dtls_record *record,
					   uint8_t room[DTLS_COOKIE_RECORD_MAX]);

/* Writes the datagram that asks for it, and returns its length. */
size_t dtls_cookie_request(const struct dtls_cookie *cookie,
			   uint8_t datagram[DTLS_COOKIE_REQUEST_MAX]);

#endif
