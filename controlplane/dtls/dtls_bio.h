/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The BIO of one association: what OpenSSL reads is the record that is laid before it, what it
 * writes is a datagram. OpenSSL's own memory BIO is a stream and forgets where a datagram ends.
 */
#ifndef TANDEM_DTLS_BIO_H
#define TANDEM_DTLS_BIO_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/bio.h>

/* The caller's, and must outlive the BIO. */
struct dtls_bio {
	const uint8_t *input; /* read once, as a whole; then input_length is 0 */
	size_t input_length;
	void *arg;
	void (*send)(void *arg, const uint8_t *datagram, size_t length);
};

/* One thread for all of them. NULL when there is no memory. */
BIO *dtls_bio_make(struct dtls_bio *ends);

#endif
