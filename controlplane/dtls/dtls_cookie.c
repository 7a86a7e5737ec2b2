/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/dtls/dtls_cookie.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

int dtls_cookie_make(struct dtls_cookie *cookie)
{
	return RAND_bytes(cookie->octets, sizeof(cookie->octets)) == 1 ? 0 : -EIO;
}

/* --- OpenSSL's part ------------------------------------------------------------------------------
 */

static int cookie_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

static int generate(SSL *ssl, unsigned char *octets, unsigned int *length)
{
	const struct dtls_cookie *cookie = SSL_get_ex_data(ssl, cookie_index());

	if (!cookie)
		return 0;
	memcpy(octets, cookie->octets, sizeof(cookie->octets));
	*length = sizeof(cookie->octets);
	return 1;
}

static int verify(SSL *ssl, const unsigned char *octets, unsigned int length)
{
	const struct dtls_cookie *cookie = SSL_get_ex_data(ssl, cookie_index());

	return cookie && length == sizeof(cookie->octets) &&
	       CRYPTO_memcmp(octets, cookie->octets, length) == 0;
}

void dtls_cookie_install(SSL_CTX *context)
{
	SSL_CTX_set_cookie_generate_cb(context, generate);
	SSL_CTX_set_cookie_verify_cb(context, verify);
}

static void say_nothing(void *arg, const uint8_t *datagram, size_t length)
{
}

int dtls_cookie_prime(SSL *ssl, struct dtls_bio *ends, struct dtls_cookie *cookie)
{
	/* DTLS 1.2, no cookie, one cipher, no compression: OpenSSL looks at the cookie alone. */
	static const uint8_t hello[13 + 12 + 42] = {
		[0] = DTLS_HANDSHAKE,
		0xfe,
		0xff,
		[12] = 12 + 42,
		[13] = 1,
		[16] = 42,
		[24] = 42,
		[25] = 0xfe,
		0xfd,
		[62] = 2,
		0xc0,
		0x2b,
		1,
		0,
	};
	struct dtls_bio loud = *ends;
	int rc;

	if (cookie_index() < 0 || !SSL_set_ex_data(ssl, cookie_index(), cookie))
		return -EIO;
	SSL_set_options(ssl, SSL_OP_COOKIE_EXCHANGE);
	ends->send = say_nothing;
	ends->input = hello;
	ends->input_length = sizeof(hello);
	ERR_clear_error();
	rc = SSL_do_handshake(ssl);
	rc = SSL_get_error(ssl, rc);
	*ends = loud;
	ERR_clear_error();
	return rc == SSL_ERROR_WANT_READ ? 0 : -EIO;
}

/* --- what comes before it ------------------------------------------------------------------------
 */

enum dtls_cookie_verdict dtls_cookie_judge(const struct dtls_cookie *cookie,
					   const struct dtls_record *record)
{
	struct dtls_hello hello;

	if (!dtls_record_hello(&hello, record))
		return COOKIE_NO_HELLO;
	if (!hello.random)
		return hello.sequence ? COOKIE_REST : COOKIE_REFUSE;
	if (hello.cookie && hello.cookie_length == sizeof(cookie->octets) &&
	    CRYPTO_memcmp(hello.cookie, cookie->octets, sizeof(cookie->octets)) == 0)
		return COOKIE_RIGHT;
	return COOKIE_ASK;
}

/*
 * Record and message number are 0 each time. With the hello's own record number, as RFC 6347 has
 * it, a forged hello could move the participant's replay window past all that the handshake will
 * send.
 */
size_t dtls_cookie_request(const struct dtls_cookie *cookie,
			   uint8_t datagram[DTLS_COOKIE_REQUEST_MAX])
{
	static const uint8_t head[] = {
		DTLS_HANDSHAKE,
		0xfe,
		0xff, /* content, DTLS 1.0 */
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0, /* epoch, number */
		0,
		12 + 3 + DTLS_COOKIE_LENGTH, /* length */
		3,
		0,
		0,
		3 + DTLS_COOKIE_LENGTH,
		0,
		0, /* type, length, number */
		0,
		0,
		0,
		0,
		0,
		3 + DTLS_COOKIE_LENGTH, /* the fragment is whole */
		0xfe,
		0xff,
		DTLS_COOKIE_LENGTH, /* version, cookie */
	};

	memcpy(datagram, head, sizeof(head));
	memcpy(datagram + sizeof(head), cookie->octets, sizeof(cookie->octets));
	return sizeof(head) + sizeof(cookie->octets);
}
