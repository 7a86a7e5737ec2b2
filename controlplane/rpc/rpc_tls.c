/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/rpc_tls.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PEM_MAX (256 * 1024)

struct pem {
	char *ca, *cert, *key;
};

static int __attribute__((format(printf, 3, 4))) fail(char *why, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, size, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* A file's text, or NULL. Freed with pem_free(). */
static char *pem_read(const char *path, char *why, size_t size)
{
	char *text = OPENSSL_zalloc(PEM_MAX);
	FILE *file = fopen(path, "re");
	size_t len;

	if (!file || !text) {
		fail(why, size, "%s: %s", path, strerror(errno));
		goto out_free;
	}
	setbuf(file, NULL);
	len = fread(text, 1, PEM_MAX, file);
	if (len == 0 || len == PEM_MAX || ferror(file)) {
		fail(why, size, "%s is empty, unreadable or above %d octets", path, PEM_MAX);
		goto out_free;
	}
	fclose(file);
	return text;

out_free:
	if (file)
		fclose(file);
	OPENSSL_clear_free(text, PEM_MAX);
	return NULL;
}

static void pem_free(struct pem *pem)
{
	OPENSSL_clear_free(pem->ca, PEM_MAX);
	OPENSSL_clear_free(pem->cert, PEM_MAX);
	OPENSSL_clear_free(pem->key, PEM_MAX);
}

static int load(struct pem *pem, const struct rpc_tls *tls, char *why, size_t size)
{
	if (!tls->ca || !tls->cert || !tls->key)
		return fail(why, size, "no %s given: ca, cert and key are needed together",
			    !tls->ca     ? "ca"
			    : !tls->cert ? "cert"
					 : "key");
	pem->ca = pem_read(tls->ca, why, size);
	pem->cert = pem->ca ? pem_read(tls->cert, why, size) : NULL;
	pem->key = pem->cert ? pem_read(tls->key, why, size) : NULL;
	return pem->key ? tls_files_check(tls->ca, tls->cert, tls->key, why, size) : -EINVAL;
}

bool rpc_tls_wanted(const struct rpc_tls *tls)
{
	return tls->ca || tls->cert || tls->key;
}

int rpc_tls_server(grpc_server_credentials **credentials, const struct rpc_tls *tls, char *why,
		   size_t size)
{
	struct pem pem = {0};
	int ret = load(&pem, tls, why, size);

	if (!ret) {
		grpc_ssl_pem_key_cert_pair pair = {pem.key, pem.cert};

		*credentials = grpc_ssl_server_credentials_create_ex(
			pem.ca, &pair, 1,
			GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, NULL);
		ret = *credentials ? 0 : fail(why, size, "gRPC refuses the certificates");
	}
	pem_free(&pem);
	return ret;
}

int rpc_tls_client(grpc_channel_credentials **credentials, const struct rpc_tls *tls, char *why,
		   size_t size)
{
	struct pem pem = {0};
	int ret = load(&pem, tls, why, size);

	if (!ret) {
		grpc_ssl_pem_key_cert_pair pair = {pem.key, pem.cert};

		*credentials = grpc_ssl_credentials_create_ex(pem.ca, &pair, NULL, NULL);
		ret = *credentials ? 0 : fail(why, size, "gRPC refuses the certificates");
	}
	pem_free(&pem);
	return ret;
}
