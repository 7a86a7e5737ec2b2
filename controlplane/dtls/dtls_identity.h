/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who the relay is in a DTLS handshake: a self-signed ECDSA P-256 certificate with a random name
 * and serial number, which nobody trusts but by its fingerprint in the SDP (RFC 5763, 8122, 8827
 * section 6.5). The private key exists in memory alone.
 *
 * An SDP that shows a fingerprint binds its leg to that identity: hold the identity from then on
 * and give the same one to dtls_start(). Counted references, the loop's thread only.
 */
#ifndef TANDEM_DTLS_IDENTITY_H
#define TANDEM_DTLS_IDENTITY_H

#include <stdint.h>

#include "controlplane/sdp/sdp.h"

struct dtls_identity;
struct ssl_ctx_st;

/* The caller holds the one reference of *out. 0, -ENOMEM, -EIO when OpenSSL cannot make one. */
int dtls_identity_make(struct dtls_identity **out);

/*
 * Replaces *current, if it is older than `age_max` seconds, with a fresh one, and lets go of it;
 * who holds it keeps it. 1 when replaced, 0 when still young, else as dtls_identity_make() and
 * *current is as it was.
 */
int dtls_identity_rotate(struct dtls_identity **current, uint64_t age_max);

struct dtls_identity *dtls_identity_hold(struct dtls_identity *identity);
void dtls_identity_release(struct dtls_identity *identity); /* NULL will do */

/* SHA-256 of the certificate; lives as long as the identity. */
const struct sdp_fingerprint *dtls_identity_fingerprint(const struct dtls_identity *identity);
/* By another hash (RFC 8122), where dtls_peer.h knows it. */
struct sdp_fingerprint dtls_identity_hashed(const struct dtls_identity *identity, const char *hash);

/* What every association of this identity shares; for dtls.c. Not a reference of its own. */
struct ssl_ctx_st *dtls_identity_context(const struct dtls_identity *identity);

#endif
