/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/turn_client.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

/* --- requests --- */

static uint16_t begin(struct turn_client *c, uint8_t *out, uint16_t type)
{
	RAND_bytes(c->transaction, sizeof(c->transaction));
	stun_store16(out, type);
	stun_store32(out + 4, STUN_COOKIE);
	memcpy(out + 8, c->transaction, sizeof(c->transaction));
	return STUN_HEADER;
}

static void put_text(uint8_t *out, uint16_t *at, uint16_t type, const void *text, size_t length)
{
	memcpy(stun_put(out, at, type, length), text, length);
}

static uint16_t end(const struct turn_client *c, uint8_t *out, uint16_t at)
{
	if (!c->nonce_length)
		return turn_finish(out, at, NULL);
	put_text(out, &at, STUN_USERNAME, c->user, strlen(c->user));
	put_text(out, &at, STUN_REALM, c->realm, c->realm_length);
	put_text(out, &at, STUN_NONCE, c->nonce, c->nonce_length);
	return turn_finish(out, at, &c->auth);
}

uint16_t turn_client_allocate(struct turn_client *c, uint8_t *out)
{
	uint16_t at = begin(c, out, TURN_ALLOCATE);

	stun_store32(stun_put(out, &at, STUN_REQUESTED_TRANSPORT, 4), TURN_UDP << 24);
	return end(c, out, at);
}

uint16_t turn_client_bind(struct turn_client *c, uint8_t *out, uint16_t channel,
			  const struct endpoint *peer)
{
	uint16_t at = begin(c, out, TURN_CHANNEL_BIND);

	stun_store32(stun_put(out, &at, STUN_CHANNEL_NUMBER, 4), (uint32_t)channel << 16);
	stun_put_address(out, &at, STUN_XOR_PEER_ADDRESS, peer);
	return end(c, out, at);
}

uint16_t turn_client_refresh(struct turn_client *c, uint8_t *out, uint32_t seconds)
{
	uint16_t at = begin(c, out, TURN_REFRESH);

	stun_store32(stun_put(out, &at, STUN_LIFETIME, 4), seconds);
	return end(c, out, at);
}

/* --- answers --- */

/* RFC 8489 9.2.2 */
static void set_key(struct turn_client *c)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t key[TURN_KEY];

	EVP_DigestInit_ex(md, EVP_md5(), NULL);
	EVP_DigestUpdate(md, c->user, strlen(c->user));
	EVP_DigestUpdate(md, ":", 1);
	EVP_DigestUpdate(md, c->realm, c->realm_length);
	EVP_DigestUpdate(md, ":", 1);
	EVP_DigestUpdate(md, c->password, strlen(c->password));
	EVP_DigestFinal_ex(md, key, NULL);
	EVP_MD_CTX_free(md);
	stun_auth_set_key(&c->auth, key, sizeof(key));
}

static enum turn_heard hear_error(struct turn_client *c, const struct turn_message *m)
{
	if (!m->realm || !m->nonce || m->realm_length > sizeof(c->realm) ||
	    m->nonce_length > sizeof(c->nonce))
		return TURN_HEARD_ERROR;
	/* It has answered this challenge, in vain. */
	if (c->nonce_length == m->nonce_length &&
	    memcmp(c->nonce, m->data + m->nonce, m->nonce_length) == 0)
		return TURN_HEARD_ERROR;
	memcpy(c->realm, m->data + m->realm, m->realm_length);
	memcpy(c->nonce, m->data + m->nonce, m->nonce_length);
	c->realm_length = m->realm_length;
	c->nonce_length = m->nonce_length;
	set_key(c);
	return TURN_HEARD_CHALLENGE;
}

static void read_relayed(struct turn_client *c, const struct turn_message *m)
{
	struct stun_cursor cursor = stun_attributes(m->data, m->length);

	while (stun_next(&cursor) == 1)
		if (cursor.type == STUN_XOR_RELAYED_ADDRESS)
			stun_read_address(m->data, cursor.value, cursor.size, &c->relayed);
}

enum turn_heard turn_client_hear(struct turn_client *c, const uint8_t *data, size_t length)
{
	struct turn_message m;

	if (turn_parse(&m, data, length) ||
	    memcmp(data + 8, c->transaction, sizeof(c->transaction)) != 0)
		return TURN_HEARD_NOTHING;
	if (TURN_IS_ERROR(m.type))
		return hear_error(c, &m);
	read_relayed(c, &m);
	return TURN_HEARD_SUCCESS;
}
