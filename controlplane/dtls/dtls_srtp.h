/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What DTLS does for SRTP (RFC 5764 section 4): agree on a suite by the use_srtp extension, and
 * derive both directions' keys from the handshake. Stateless, any thread that owns the SSL.
 */
#ifndef TANDEM_DTLS_SRTP_H
#define TANDEM_DTLS_SRTP_H

#include <stdint.h>

#include "dataplane/api/suite.h"

struct ssl_st;

/* Master key and salt of one direction, as long as suite_info() says of the suite. */
struct dtls_keys {
	uint8_t key[SUITE_KEY_MAX];
	uint8_t salt[SUITE_SALT_MAX];
};

/*
 * Before the handshake. Best first, and a server's order decides; NULL: GCM-128, GCM-256, SHA1_80,
 * SHA1_32. -EINVAL when a suite has no use_srtp profile, is there twice, or there is none.
 */
int dtls_srtp_offer(struct ssl_st *ssl, const enum srtp_suite *suites, unsigned int count);

/*
 * After it. `client` is what the DTLS client protects with, `server` what the server does; the
 * caller cleanses them. SUITE_NONE when nothing was agreed on or OpenSSL cannot derive keys.
 */
enum srtp_suite dtls_srtp_export(struct ssl_st *ssl, struct dtls_keys *client,
				 struct dtls_keys *server);

#endif
