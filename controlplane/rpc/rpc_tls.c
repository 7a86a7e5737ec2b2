/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/rpc_tls.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <uv.h>

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

static bool is_missing(const struct rpc_tls *tls, bool server, char *why, size_t size)
{
	const char *name = !server && !tls->ca                  ? "ca"
			   : !tls->cert && (server || tls->key) ? "cert"
			   : !tls->key && (server || tls->cert) ? "key"
								: NULL;

	if (name)
		fail(why, size, "no %s given: %s", name,
		     server ? "cert and key are needed together"
			    : "a client needs ca, and cert and key both or neither");
	return name != NULL;
}

/* Files that are not named stay NULL. Whatever it returns, pem_free() ends it. */
static int load(struct pem *pem, const struct rpc_tls *tls, bool server, char *why, size_t size)
{
	if (is_missing(tls, server, why, size))
		return -EINVAL;
	if (tls->ca && !(pem->ca = pem_read(tls->ca, why, size)))
		return -EINVAL;
	if (tls->cert && !(pem->cert = pem_read(tls->cert, why, size)))
		return -EINVAL;
	if (tls->key && !(pem->key = pem_read(tls->key, why, size)))
		return -EINVAL;
	return tls_files_check(tls->ca, tls->cert, tls->key, why, size);
}

bool rpc_tls_wanted(const struct rpc_tls *tls)
{
	return tls->ca || tls->cert || tls->key;
}

/* --- a server ----------------------------------------------------------------------------------*/

struct rpc_tls_store {
	uv_mutex_t lock;
	struct pem pem;          /* under the lock */
	unsigned int generation; /* under the lock; from 1 on */
	LIST_HEAD(, fetcher) fetchers;
};

/* What one address has fetched: each has credentials of its own. */
struct fetcher {
	LIST_ENTRY(fetcher) link;
	struct rpc_tls_store *store;
	unsigned int generation; /* under the lock */
};

int rpc_tls_open(struct rpc_tls_store **out, const struct rpc_tls *tls, char *why, size_t size)
{
	struct rpc_tls_store *store = calloc(1, sizeof(*store));
	int ret;

	if (!store || uv_mutex_init(&store->lock)) {
		free(store);
		return fail(why, size, "no memory");
	}
	LIST_INIT(&store->fetchers);
	ret = rpc_tls_reload(store, tls, why, size);
	if (ret)
		rpc_tls_close(store);
	else
		*out = store;
	return ret;
}

int rpc_tls_reload(struct rpc_tls_store *store, const struct rpc_tls *tls, char *why, size_t size)
{
	struct pem pem = {0}, old;
	int ret = load(&pem, tls, true, why, size);

	/* Whether clients are asked for a certificate is settled when the address is opened. */
	if (!ret && store->generation && !pem.ca != !store->pem.ca)
		ret = fail(why, size, "ca is new or gone: that takes a restart");
	if (ret) {
		pem_free(&pem);
		return ret;
	}
	uv_mutex_lock(&store->lock);
	old = store->pem;
	store->pem = pem;
	store->generation++;
	uv_mutex_unlock(&store->lock);
	pem_free(&old);
	return 0;
}

void rpc_tls_close(struct rpc_tls_store *store)
{
	struct fetcher *fetcher;

	if (!store)
		return;
	while ((fetcher = LIST_FIRST(&store->fetchers))) {
		LIST_REMOVE(fetcher, link);
		free(fetcher);
	}
	pem_free(&store->pem);
	uv_mutex_destroy(&store->lock);
	free(store);
}

/* On gRPC's threads, before each handshake. */
static grpc_ssl_certificate_config_reload_status fetch(void *arg,
						       grpc_ssl_server_certificate_config **config)
{
	struct fetcher *fetcher = arg;
	struct rpc_tls_store *store = fetcher->store;
	grpc_ssl_certificate_config_reload_status status =
		GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;

	uv_mutex_lock(&store->lock);
	if (fetcher->generation != store->generation) {
		const grpc_ssl_pem_key_cert_pair pair = {store->pem.key, store->pem.cert};

		/* gRPC aborts without roots, also where it asks for no certificate to check. */
		*config = grpc_ssl_server_certificate_config_create(
			store->pem.ca ?: store->pem.cert, &pair, 1);
		fetcher->generation = store->generation;
		status = *config ? GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW
				 : GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL;
	}
	uv_mutex_unlock(&store->lock);
	return status;
}

grpc_server_credentials *rpc_tls_server(struct rpc_tls_store *store)
{
	struct fetcher *fetcher = calloc(1, sizeof(*fetcher));

	if (!fetcher)
		return NULL;
	fetcher->store = store;
	LIST_INSERT_HEAD(&store->fetchers, fetcher, link);
	return grpc_ssl_server_credentials_create_with_options(
		grpc_ssl_server_credentials_create_options_using_config_fetcher(
			store->pem.ca ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY
				      : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
			fetch, fetcher));
}

/* --- a client ----------------------------------------------------------------------------------*/

int rpc_tls_client(grpc_channel_credentials **credentials, const struct rpc_tls *tls, char *why,
		   size_t size)
{
	struct pem pem = {0};
	int ret = load(&pem, tls, false, why, size);

	if (!ret) {
		grpc_ssl_pem_key_cert_pair pair = {pem.key, pem.cert};

		*credentials =
			grpc_ssl_credentials_create_ex(pem.ca, pem.cert ? &pair : NULL, NULL, NULL);
		ret = *credentials ? 0 : fail(why, size, "gRPC refuses the certificates");
	}
	pem_free(&pem);
	return ret;
}
