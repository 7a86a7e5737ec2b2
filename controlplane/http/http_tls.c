/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/http/http_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/tls_files.h"
#include "dataplane/lib/log.h"

#define DAY           (24 * 3600)
#define YEAR          (365 * DAY)
#define SERIAL_BITS   63
#define TICKET_OCTETS 80
#define NAMES         "DNS:localhost,IP:127.0.0.1,IP:::1"

/* `read` has what the files say; what shakes hands gets it from there. */
struct http_tls {
	SSL_CTX *read;
	bool asks; /* for a client's certificate */
	char fingerprint[HTTP_TLS_FINGERPRINT];
};

static void note_fingerprint(struct http_tls *t)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;
	char *at = t->fingerprint;

	X509_digest(SSL_CTX_get0_certificate(t->read), EVP_sha256(), digest, &length);
	for (unsigned int k = 0; k < length; k++)
		at += sprintf(at, "%s%02X", k ? ":" : "", digest[k]);
}

/* 0, -ENOMEM. */
static int open_empty(struct http_tls **out)
{
	struct http_tls *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->read = SSL_CTX_new(TLS_server_method());
	if (!t->read) {
		free(t);
		return -ENOMEM;
	}
	*out = t;
	return 0;
}

static int read_ca(struct http_tls *t, const char *ca)
{
	STACK_OF(X509_NAME) * names;

	if (!ca)
		return 0;
	names = SSL_load_client_CA_file(ca);
	if (!names || SSL_CTX_load_verify_file(t->read, ca) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return -EKEYREJECTED;
	}
	SSL_CTX_set_client_CA_list(t->read, names);
	t->asks = true;
	return 0;
}

int http_tls_read(struct http_tls **out, const char *name, const char *ca, const char *cert,
		  const char *key)
{
	char why[TLS_FILES_WHY];
	struct http_tls *t;
	int error;

	if (tls_files_check(ca, cert, key, why, sizeof(why))) {
		log_error("%s: %s", name, why);
		return -EKEYREJECTED;
	}
	error = open_empty(&t);
	if (error)
		return error;
	if (SSL_CTX_use_certificate_chain_file(t->read, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(t->read, key, SSL_FILETYPE_PEM) != 1 || read_ca(t, ca)) {
		log_error("%s: OpenSSL does not take %s, %s and %s together", name, cert, key,
			  ca ?: "no ca");
		ERR_clear_error();
		http_tls_free(t);
		return -EKEYREJECTED;
	}
	note_fingerprint(t);
	*out = t;
	return 0;
}

/* --- one of our own ---------------------------------------------------------------------------*/

static bool add_names(X509 *certificate)
{
	X509_NAME *subject = X509_get_subject_name(certificate);
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, NAMES);
	bool added = names && X509_add_ext(certificate, names, -1) &&
		     X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
						(const unsigned char *)"Tandem", -1, -1, 0) &&
		     X509_set_issuer_name(certificate, subject);

	X509_EXTENSION_free(names);
	return added;
}

/* Browsers remember a certificate by its number. */
static bool add_serial(X509 *certificate)
{
	BIGNUM *serial = BN_new();
	bool added = serial && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
		     BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate));

	BN_free(serial);
	return added;
}

static bool certify(struct http_tls *t)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	bool done = key && certificate && X509_set_version(certificate, X509_VERSION_3) &&
		    add_serial(certificate) && add_names(certificate) &&
		    X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY) &&
		    X509_gmtime_adj(X509_getm_notAfter(certificate), YEAR) &&
		    X509_set_pubkey(certificate, key) &&
		    X509_sign(certificate, key, EVP_sha256()) &&
		    SSL_CTX_use_certificate(t->read, certificate) == 1 &&
		    SSL_CTX_use_PrivateKey(t->read, key) == 1;

	X509_free(certificate);
	EVP_PKEY_free(key);
	return done;
}

int http_tls_make(struct http_tls **out, const char *name, const char *ca)
{
	struct http_tls *t;
	int error = open_empty(&t);

	if (error)
		return error;
	if (!certify(t)) {
		ERR_clear_error();
		http_tls_free(t);
		return -ENOMEM;
	}
	if (read_ca(t, ca)) {
		log_error("%s: %s has no certificate", name, ca);
		ERR_clear_error();
		http_tls_free(t);
		return -EKEYREJECTED;
	}
	note_fingerprint(t);
	*out = t;
	return 0;
}

void http_tls_free(struct http_tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->read);
	free(t);
}

const char *http_tls_fingerprint(const struct http_tls *t)
{
	return t->fingerprint;
}

/* --- in use ------------------------------------------------------------------------------------*/

static bool forget_sessions(SSL_CTX *context)
{
	unsigned char keys[TICKET_OCTETS];
	bool done = RAND_bytes(keys, sizeof(keys)) == 1 &&
		    SSL_CTX_set_tlsext_ticket_keys(context, keys, sizeof(keys)) == 1;

	OPENSSL_cleanse(keys, sizeof(keys));
	return done;
}

int http_tls_use(SSL_CTX *context, const struct http_tls *t)
{
	static const unsigned char name[] = "tandem";
	STACK_OF(X509) *chain = NULL;

	SSL_CTX_get0_chain_certs(t->read, &chain);
	if (SSL_CTX_use_cert_and_key(context, SSL_CTX_get0_certificate(t->read),
				     SSL_CTX_get0_privatekey(t->read), chain, 1) != 1 ||
	    !forget_sessions(context)) {
		ERR_clear_error();
		return -EKEYREJECTED;
	}
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets are enough */
	SSL_CTX_set_session_id_context(context, name, sizeof(name) - 1);
	if (t->asks) {
		SSL_CTX_set1_cert_store(context, SSL_CTX_get_cert_store(t->read));
		SSL_CTX_set_client_CA_list(context,
					   SSL_dup_CA_list(SSL_CTX_get_client_CA_list(t->read)));
	}
	SSL_CTX_set_verify(context, t->asks ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	return 0;
}
