/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the peer of a DTLS handshake is the one that signalling promised (RFC 8122 section 5):
 * of the fingerprints in its SDP those of the strongest hash listed count, and its certificate
 * must have one of them. Names, dates and issuers of the certificate mean nothing.
 *
 * sha-512, -384, -256, -224 and sha-1 are known, md5 and md2 are not (RFC 8122 forbids them).
 * sha-1 is believed where a peer lists nothing better, as old phones do: an impostor would need a
 * second preimage, not a collision, and that SHA-1 still withstands.
 */
#ifndef TANDEM_DTLS_PEER_H
#define TANDEM_DTLS_PEER_H

#include <stdbool.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "controlplane/sdp/sdp.h"

#define DTLS_PEER_CERTIFICATES_MAX 16384 /* octets of the peer's Certificate message */
#define DTLS_PEER_TEXT_MAX         160

struct dtls_peer {
	struct sdp_fingerprint expected[SDP_FINGERPRINTS]; /* all of one hash */
	unsigned int count;                                /* 0: the SDP has not come yet */
	bool mismatch;
	char text[DTLS_PEER_TEXT_MAX]; /* what did not match, once it did not */
};

/*
 * Copies what counts of `fingerprints`. -EINVAL, with the peer as it was, when none is of a known
 * hash and of its length.
 */
int dtls_peer_expect(struct dtls_peer *peer, const struct sdp_fingerprint *fingerprints,
		     unsigned int count);

/* False without a certificate, and when nothing is expected yet; writes `mismatch` and `text`. */
bool dtls_peer_match(struct dtls_peer *peer, const X509 *certificate);

/* -ENOTSUP for a hash that is not known, -EIO when OpenSSL cannot compute it. */
int dtls_peer_fingerprint(struct sdp_fingerprint *out, const char *hash, const X509 *certificate);

/*
 * For SSL_CTX_set_cert_verify_callback(), of a context whose SSLs have their struct dtls_peer as
 * app data. Judges as early as can be, so that the peer gets the alert that tells it why:
 * handshake_failure without an SRTP profile, bad_certificate with a fingerprint that differs. With
 * nothing expected yet the certificate passes, to be matched later.
 */
int dtls_peer_verify(X509_STORE_CTX *store, void *unused);

#endif
