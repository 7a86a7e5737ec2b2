/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/dtls/dtls_identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "controlplane/dtls/dtls_cookie.h"
#include "controlplane/dtls/dtls_peer.h"

#define DAY        (24 * 60 * 60)
#define VALID_DAYS 90

/*
 * Our own certificate takes the ECDSA suites; a peer that is the server may bring an RSA one.
 * AEAD and forward secrecy only: that is what RFC 8827 section 6.5 asks every WebRTC peer for.
 */
#define CIPHERS                                                                                    \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                               \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                               \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS "X25519:P-256:P-384"

struct dtls_identity {
	unsigned int references;
	time_t made; /* CLOCK_MONOTONIC, seconds */
	SSL_CTX *context;
	struct sdp_fingerprint fingerprint;
};

static time_t monotonic_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Random, so that certificates of one relay, or of two, have nothing in common to be told by. */
static int set_names(X509 *certificate)
{
	uint8_t random[16];
	char name[2 * sizeof(random) + 1];
	X509_NAME *subject = X509_get_subject_name(certificate);
	BIGNUM *serial;
	int rc;

	if (RAND_bytes(random, sizeof(random)) != 1)
		return 0;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(name + 2 * i, 3, "%02x", random[i]);
	if (!X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1,
					0))
		return 0;
	if (!X509_set_issuer_name(certificate, subject))
		return 0;

	serial = BN_new();
	rc = serial && BN_rand(serial, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
	     BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate));
	BN_free(serial);
	return rc;
}

static X509 *certify(EVP_PKEY *key)
{
	X509 *certificate = X509_new();

	if (!certificate)
		return NULL;
	/* A day of grace before now: a peer's clock may be slow. */
	if (X509_set_version(certificate, X509_VERSION_3) && set_names(certificate) &&
	    X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY) &&
	    X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_DAYS * DAY) &&
	    X509_set_pubkey(certificate, key) && X509_sign(certificate, key, EVP_sha256()))
		return certificate;
	X509_free(certificate);
	return NULL;
}

/*
 * Everything that could differ with the system's openssl.cnf is said here. Neither tickets nor a
 * session cache: a resumed session would skip the certificate, and with it the fingerprint.
 */
static SSL_CTX *make_context(X509 *certificate, EVP_PKEY *key)
{
	SSL_CTX *context = SSL_CTX_new(DTLS_method());

	if (!context)
		return NULL;
	SSL_CTX_set_security_level(context, 2);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					     SSL_OP_NO_COMPRESSION | SSL_OP_NO_QUERY_MTU |
					     SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_max_cert_list(context, DTLS_PEER_CERTIFICATES_MAX);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	dtls_cookie_install(context);
	SSL_CTX_set_cert_verify_callback(context, dtls_peer_verify, NULL);
	if (SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) &&
	    SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) &&
	    SSL_CTX_set_cipher_list(context, CIPHERS) &&
	    SSL_CTX_set1_groups_list(context, GROUPS) &&
	    SSL_CTX_use_certificate(context, certificate) && SSL_CTX_use_PrivateKey(context, key))
		return context;
	SSL_CTX_free(context);
	return NULL;
}

int dtls_identity_make(struct dtls_identity **out)
{
	struct dtls_identity *identity = calloc(1, sizeof(*identity));
	X509 *certificate = NULL;
	EVP_PKEY *key;

	if (!identity)
		return -ENOMEM;
	identity->references = 1;
	identity->made = monotonic_seconds();
	key = EVP_EC_gen("P-256");
	if (key)
		certificate = certify(key);
	if (certificate)
		identity->context = make_context(certificate, key);
	if (identity->context &&
	    dtls_peer_fingerprint(&identity->fingerprint, "sha-256", certificate) < 0) {
		SSL_CTX_free(identity->context);
		identity->context = NULL;
	}
	X509_free(certificate);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (!identity->context) {
		free(identity);
		return -EIO;
	}
	*out = identity;
	return 0;
}

int dtls_identity_rotate(struct dtls_identity **current, uint64_t age_max)
{
	struct dtls_identity *old = *current;
	int rc;

	if ((uint64_t)(monotonic_seconds() - old->made) < age_max)
		return 0;
	rc = dtls_identity_make(current);
	if (rc < 0)
		return rc;
	dtls_identity_release(old);
	return 1;
}

struct dtls_identity *dtls_identity_hold(struct dtls_identity *identity)
{
	identity->references++;
	return identity;
}

void dtls_identity_release(struct dtls_identity *identity)
{
	if (!identity || --identity->references)
		return;
	SSL_CTX_free(identity->context);
	free(identity);
}

const struct sdp_fingerprint *dtls_identity_fingerprint(const struct dtls_identity *identity)
{
	return &identity->fingerprint;
}

struct sdp_fingerprint dtls_identity_hashed(const struct dtls_identity *identity, const char *hash)
{
	struct sdp_fingerprint other;

	return dtls_peer_fingerprint(&other, hash, SSL_CTX_get0_certificate(identity->context))
		       ? identity->fingerprint
		       : other;
}

struct ssl_ctx_st *dtls_identity_context(const struct dtls_identity *identity)
{
	return identity->context;
}
