/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/gate/gate_tls.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "controlplane/lib/tls_files.h"
#include "dataplane/lib/log.h"

struct gate_tls_context {
	SSL_CTX *ctx;
	const char *cert, *key;
};

struct gate_tls {
	SSL *ssl;
	BIO *in, *out; /* the connection's */
};

/* RFC 7443; who names no protocol, as browsers do not, is served as well. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *length,
			   const unsigned char *offered, unsigned int size, void *arg)
{
	static const unsigned char known[] = "\x09stun.turn\x12stun.nat-discovery";
	unsigned char *found;

	if (SSL_select_next_proto(&found, length, known, sizeof(known) - 1, offered, size) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = found;
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *load(const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		SSL_CTX_free(ctx);
		ERR_clear_error();
		return NULL;
	}
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	/* A client has one connection at a time, and comes back with what its ticket says. */
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	return ctx;
}

int gate_tls_context_reload(struct gate_tls_context *c)
{
	char why[TLS_FILES_WHY];
	SSL_CTX *ctx;

	if (tls_files_check(NULL, c->cert, c->key, why, sizeof(why))) {
		log_error("tls: %s", why);
		return -EINVAL;
	}
	ctx = load(c->cert, c->key);
	if (!ctx) {
		log_error("tls: OpenSSL takes neither %s nor %s", c->cert, c->key);
		return -EINVAL;
	}
	SSL_CTX_free(c->ctx); /* connections hold the one before for as long as they last */
	c->ctx = ctx;
	return 0;
}

int gate_tls_context_open(struct gate_tls_context **out, const char *cert, const char *key)
{
	struct gate_tls_context *c = calloc(1, sizeof(*c));
	int error;

	if (!c)
		return -ENOMEM;
	c->cert = cert;
	c->key = key;
	error = gate_tls_context_reload(c);
	if (error)
		free(c);
	else
		*out = c;
	return error;
}

void gate_tls_context_close(struct gate_tls_context *c)
{
	if (!c)
		return;
	SSL_CTX_free(c->ctx);
	free(c);
}

struct gate_tls *gate_tls_open(struct gate_tls_context *c)
{
	struct gate_tls *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->ssl = SSL_new(c->ctx);
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (!t->ssl || !t->in || !t->out) {
		BIO_free(t->in);
		BIO_free(t->out);
		SSL_free(t->ssl);
		free(t);
		return NULL;
	}
	SSL_set_bio(t->ssl, t->in, t->out); /* they are the connection's from now on */
	SSL_set_accept_state(t->ssl);
	return t;
}

void gate_tls_close(struct gate_tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	free(t);
}

bool gate_tls_put(struct gate_tls *t, const uint8_t *octets, size_t length)
{
	return BIO_write(t->in, octets, (int)length) == (int)length;
}

int gate_tls_read(struct gate_tls *t, uint8_t *octets, size_t size)
{
	int count = SSL_read(t->ssl, octets, (int)size), error;

	if (count > 0)
		return count;
	error = SSL_get_error(t->ssl, count);
	ERR_clear_error();
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

bool gate_tls_write(struct gate_tls *t, const uint8_t *octets, size_t length)
{
	bool written = SSL_is_init_finished(t->ssl) &&
		       SSL_write(t->ssl, octets, (int)length) == (int)length;

	ERR_clear_error();
	return written;
}

size_t gate_tls_pending(struct gate_tls *t, const uint8_t **octets)
{
	char *memory;
	long length = BIO_get_mem_data(t->out, &memory);

	*octets = (const uint8_t *)memory;
	return length > 0 ? (size_t)length : 0;
}

void gate_tls_sent(struct gate_tls *t)
{
	(void)BIO_reset(t->out);
}
