/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/dtls/dtls_record.h"

#include <errno.h>

#define RECORD_HEADER    13 /* RFC 6347 section 4.1 */
#define FRAGMENT_HEADER  12 /* RFC 6347 section 4.2.2 */
#define VERSION_DTLS_1_0 0xfeff
#define VERSION_DTLS_1_2 0xfefd

#define ALERT_WARNING   1
#define ALERT_FATAL     2
#define CLOSE_NOTIFY    0
#define HELLO_RANDOM_AT 2 /* ClientHello begins with its version */
#define CLIENT_HELLO    1

#define BIT(n) (1u << (n))

/* Handshake messages of epoch 0, by receiver (RFC 5246 section 7.4, RFC 6347 section 4.3.2). */
static const uint32_t for_server = BIT(CLIENT_HELLO) | BIT(11) /* certificate */ |
				   BIT(15) /* certificate_verify */ |
				   BIT(16) /* client_key_exchange */;
static const uint32_t for_client =
	BIT(2) /* server_hello */ | BIT(3) /* hello_verify_request */ |
	BIT(4) /* new_session_ticket */ | BIT(11) /* certificate */ |
	BIT(12) /* server_key_exchange */ | BIT(13) /* certificate_request */ |
	BIT(14) /* server_hello_done */ | BIT(22) /* certificate_status */;

struct fragment {
	uint8_t message;
	uint32_t sequence;
	uint32_t message_length;
	uint32_t offset;
	uint32_t length;
};

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

bool dtls_record_read(struct dtls_record *out, const uint8_t *data, size_t length)
{
	uint32_t version;

	if (length < RECORD_HEADER)
		return false;
	if (data[0] < DTLS_CHANGE_CIPHER_SPEC || data[0] > DTLS_APPLICATION_DATA)
		return false;
	version = get16(data + 1);
	if (version != VERSION_DTLS_1_0 && version != VERSION_DTLS_1_2)
		return false;
	out->content = data[0];
	out->epoch = get16(data + 3);
	out->start = data;
	out->body = data + RECORD_HEADER;
	out->body_length = get16(data + 11);
	out->length = RECORD_HEADER + out->body_length;
	return out->body_length && out->length <= length;
}

static bool fragment_read(struct fragment *out, const uint8_t *data, size_t length)
{
	if (length < FRAGMENT_HEADER)
		return false;
	out->message = data[0];
	out->message_length = get24(data + 1);
	out->sequence = get16(data + 4);
	out->offset = get24(data + 6);
	out->length = get24(data + 9);
	return out->message_length <= DTLS_HANDSHAKE_MAX &&
	       out->offset + out->length <= out->message_length &&
	       out->length <= length - FRAGMENT_HEADER;
}

/* One record may hold several messages, or their fragments: BoringSSL packs them so. */
static bool is_plausible_handshake(const uint8_t *data, size_t length, uint32_t allowed)
{
	while (length) {
		struct fragment fragment;

		if (!fragment_read(&fragment, data, length))
			return false;
		if (fragment.message >= 32 || !(allowed & BIT(fragment.message)))
			return false;
		data += FRAGMENT_HEADER + fragment.length;
		length -= FRAGMENT_HEADER + fragment.length;
	}
	return true;
}

bool dtls_record_is_plausible(const struct dtls_record *record, bool server)
{
	const uint8_t *body = record->body;

	switch (record->content) {
	case DTLS_CHANGE_CIPHER_SPEC:
		return record->body_length == 1 && body[0] == 1;
	case DTLS_ALERT:
		return record->body_length == 2 &&
		       (body[0] == ALERT_FATAL ||
			(body[0] == ALERT_WARNING && body[1] == CLOSE_NOTIFY));
	case DTLS_HANDSHAKE:
		return is_plausible_handshake(body, record->body_length,
					      server ? for_server : for_client);
	case DTLS_APPLICATION_DATA:
		return false;
	}
	return false;
}

bool dtls_record_hello(struct dtls_hello *hello, const struct dtls_record *record)
{
	struct fragment fragment;

	if (record->content != DTLS_HANDSHAKE || record->epoch != 0 ||
	    !fragment_read(&fragment, record->body, record->body_length) ||
	    fragment.message != CLIENT_HELLO)
		return false;
	*hello = (struct dtls_hello){
		.sequence = fragment.sequence,
		.message_length = fragment.message_length,
		.offset = fragment.offset,
		.body = record->body + FRAGMENT_HEADER,
		.length = fragment.length,
	};
	return true;
}

/* RFC 6347 section 4.2.1: version, random, session_id<0..32>, cookie<0..2^8-1>. */
int dtls_hello_cookie(const uint8_t *body, size_t length, const uint8_t **cookie)
{
	size_t at = HELLO_RANDOM_AT + DTLS_RANDOM_LENGTH;

	if (length <= at)
		return -EAGAIN;
	at += 1 + (size_t)body[at];
	if (length <= at || length - at - 1 < body[at])
		return -EAGAIN;
	*cookie = body + at + 1;
	return body[at];
}

const uint8_t *dtls_record_hello_random(const struct dtls_record *record)
{
	struct dtls_hello hello;

	if (!dtls_record_hello(&hello, record) || hello.offset != 0 ||
	    hello.length < HELLO_RANDOM_AT + DTLS_RANDOM_LENGTH)
		return NULL;
	return hello.body + HELLO_RANDOM_AT;
}
