/* SPDX-License-Identifier: BSD-3-Clause */
/* What a TLS server shows of itself, and whom it believes: read whole, and only then used. */
#ifndef TANDEM_HTTP_TLS_H
#define TANDEM_HTTP_TLS_H

#include <openssl/ssl.h>

#define HTTP_TLS_FINGERPRINT 96 /* octets of its text */

struct http_tls;

/*
 * `ca` may be NULL. -EKEYREJECTED: a file cannot be read, or does not fit the others; one line of
 * the log says which. -ENOMEM. Any thread.
 */
int http_tls_read(struct http_tls **tls, const char *name, const char *ca, const char *cert,
		  const char *key);
/* A certificate that nobody vouches for, of loopback's names, for a year. 0, -ENOMEM. */
int http_tls_make(struct http_tls **tls, const char *name, const char *ca);
void http_tls_free(struct http_tls *tls); /* NULL will do */
const char *http_tls_fingerprint(const struct http_tls *tls);

/*
 * Handshakes from now on are by it; sessions of before are not resumed, since who was believed
 * then may not be now. The context's thread. 0, -EKEYREJECTED.
 */
int http_tls_use(SSL_CTX *context, const struct http_tls *tls);

#endif
