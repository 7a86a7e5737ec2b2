/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/tls_files.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

static const char *openssl_reason(void)
{
	unsigned long error = ERR_peek_error();
	const char *reason = ERR_reason_error_string(error);

	return ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : reason ?: "not usable";
}

int tls_files_check(const char *ca, const char *cert, const char *key, char *why, size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	const char *bad = NULL;

	ERR_clear_error();
	if (!ctx) {
		snprintf(why, size, "no memory");
		return -EINVAL;
	}
	if (ca && SSL_CTX_load_verify_file(ctx, ca) != 1)
		bad = ca;
	else if (cert && SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		bad = cert;
	else if (key && SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		bad = key;
	if (bad)
		snprintf(why, size, "%s: %s", bad, openssl_reason());
	ERR_clear_error();
	SSL_CTX_free(ctx);
	return bad ? -EINVAL : 0;
}
