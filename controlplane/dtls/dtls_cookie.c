/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/dtls/dtls_cookie.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

int dtls_cookie_make(struct dtls_cookie *cookie)
{
	cookie->gathered_length = 0;
	return RAND_bytes(cookie->octets, sizeof(cookie->octets)) == 1 ? 0 : -EIO;
}

/* --- OpenSSL's part -------------------------------------------------------------------------- */

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

/* --- what comes before it -------------------------------------------------------------------- */

/* Whether it is, or -EAGAIN: not all of it is there. */
static int is_right(const struct dtls_cookie *cookie, const uint8_t *body, size_t length)
{
	const uint8_t *found;
	int size = dtls_hello_cookie(body, length, &found);

	if (size < 0)
		return size;
	return size == sizeof(cookie->octets) &&
	       CRYPTO_memcmp(found, cookie->octets, sizeof(cookie->octets)) == 0;
}

/* False: the fragment does not go on where the last one ended. */
static bool gather(struct dtls_cookie *cookie, const struct dtls_hello *hello)
{
	uint32_t at = hello->offset ? cookie->gathered_length : 0;
	uint32_t length = hello->length;

	if (hello->offset != at || (at && hello->message_length != cookie->message_length))
		return false;
	if (length > sizeof(cookie->gathered) - at)
		length = sizeof(cookie->gathered) - at;
	memcpy(cookie->gathered + at, hello->body, length);
	cookie->gathered_length = at + length;
	cookie->message_length = hello->message_length;
	return true;
}

static void put24(uint8_t *p, uint32_t value)
{
	p[0] = value >> 16;
	p[1] = value >> 8;
	p[2] = value;
}

/* One fragment of all that was gathered, with the number of the record that completed it. */
static void replace(const struct dtls_cookie *cookie, struct dtls_record *record, uint8_t *room)
{
	size_t body = 12 + cookie->gathered_length;

	memcpy(room, record->start, 13 + 12);
	room[11] = body >> 8;
	room[12] = body;
	put24(room + 13 + 6, 0);
	put24(room + 13 + 9, cookie->gathered_length);
	memcpy(room + 13 + 12, cookie->gathered, cookie->gathered_length);
	record->start = room;
	record->length = 13 + body;
	record->body = room + 13;
	record->body_length = body;
}

enum dtls_cookie_verdict dtls_cookie_judge(struct dtls_cookie *cookie, struct dtls_record *record,
					   uint8_t room[DTLS_COOKIE_RECORD_MAX])
{
	struct dtls_hello hello;
	int right;

	if (!dtls_record_hello(&hello, record))
		return COOKIE_NO_HELLO;
	/* The first hello has no cookie, whatever comes behind its first fragment. */
	if (hello.sequence == 0)
		return hello.offset ? COOKIE_REFUSE : COOKIE_ASK;
	right = hello.offset ? -EAGAIN : is_right(cookie, hello.body, hello.length);
	if (right >= 0) {
		cookie->gathered_length = 0;
		return right ? COOKIE_RIGHT : COOKIE_ASK;
	}
	if ((hello.offset && !cookie->gathered_length) || !gather(cookie, &hello))
		return COOKIE_REST;
	right = is_right(cookie, cookie->gathered, cookie->gathered_length);
	if (right < 0 && cookie->gathered_length < sizeof(cookie->gathered))
		return COOKIE_GATHER;
	if (right > 0)
		replace(cookie, record, room);
	cookie->gathered_length = 0;
	return right > 0 ? COOKIE_RIGHT : COOKIE_ASK;
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
