/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/dtls/dtls_peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>

#define SHOWN 4 /* octets of a fingerprint that a reason quotes */

struct hash {
	const char *name;
	const EVP_MD *(*digest)(void);
	unsigned int length;
};

/* Strongest first. */
static const struct hash hashes[] = {
	{"sha-512", EVP_sha512, 64}, {"sha-384", EVP_sha384, 48}, {"sha-256", EVP_sha256, 32},
	{"sha-224", EVP_sha224, 28}, {"sha-1", EVP_sha1, 20},
};

#define HASHES (sizeof(hashes) / sizeof(hashes[0]))

static bool is_of(const struct sdp_fingerprint *fingerprint, const struct hash *hash)
{
	return strcmp(fingerprint->hash, hash->name) == 0 && fingerprint->length == hash->length;
}

int dtls_peer_expect(struct dtls_peer *peer, const struct sdp_fingerprint *fingerprints,
		     unsigned int count)
{
	for (unsigned int h = 0; h < HASHES; h++) {
		struct sdp_fingerprint found[SDP_FINGERPRINTS];
		unsigned int n = 0;

		for (unsigned int i = 0; i < count && n < SDP_FINGERPRINTS; i++) {
			if (is_of(&fingerprints[i], &hashes[h]))
				found[n++] = fingerprints[i];
		}
		if (n) {
			memcpy(peer->expected, found, n * sizeof(found[0]));
			peer->count = n;
			return 0;
		}
	}
	return -EINVAL;
}

int dtls_peer_fingerprint(struct sdp_fingerprint *out, const char *hash, const X509 *certificate)
{
	for (unsigned int h = 0; h < HASHES; h++) {
		if (strcmp(hash, hashes[h].name) != 0)
			continue;
		memset(out, 0, sizeof(*out));
		snprintf(out->hash, sizeof(out->hash), "%s", hash);
		return X509_digest(certificate, hashes[h].digest(), out->bytes, &out->length)
			       ? 0
			       : -EIO;
	}
	return -ENOTSUP;
}

static void explain(struct dtls_peer *peer, const struct sdp_fingerprint *seen)
{
	const uint8_t *is = seen->bytes, *said = peer->expected[0].bytes;

	_Static_assert(SHOWN == 4, "the text below shows four octets");
	snprintf(peer->text, sizeof(peer->text),
		 "fingerprint mismatch: the peer's certificate is %s %02X:%02X:%02X:%02X..., "
		 "its SDP says %02X:%02X:%02X:%02X...%s",
		 seen->hash, is[0], is[1], is[2], is[3], said[0], said[1], said[2], said[3],
		 peer->count > 1 ? " and others" : "");
}

bool dtls_peer_match(struct dtls_peer *peer, const X509 *certificate)
{
	struct sdp_fingerprint seen;

	if (!certificate || !peer->count ||
	    dtls_peer_fingerprint(&seen, peer->expected[0].hash, certificate) < 0)
		return false;
	for (unsigned int i = 0; i < peer->count; i++) {
		if (CRYPTO_memcmp(seen.bytes, peer->expected[i].bytes, seen.length) == 0)
			return true;
	}
	peer->mismatch = true;
	explain(peer, &seen);
	return false;
}

int dtls_peer_verify(X509_STORE_CTX *store, void *unused)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct dtls_peer *peer = SSL_get_app_data(ssl);

	/* OpenSSL makes handshake_failure of the first error and bad_certificate of the second. */
	if (!SSL_get_selected_srtp_profile(ssl)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	if (peer->count && !dtls_peer_match(peer, X509_STORE_CTX_get0_cert(store))) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
		return 0;
	}
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}
