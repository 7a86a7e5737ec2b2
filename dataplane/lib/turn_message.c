/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/lib/turn_message.h"

#include <errno.h>
#include <string.h>

static void take_text(const struct stun_cursor *c, uint16_t *at, uint16_t *length)
{
	if (*at)
		return;
	*at = c->value;
	*length = c->size;
}

static int take_peer(struct turn_message *m, const struct stun_cursor *c)
{
	struct endpoint peer;

	if (stun_read_address(m->data, c->value, c->size, &peer))
		return -EBADMSG;
	if (m->peer_count < TURN_PEERS_MAX)
		m->peer[m->peer_count++] = c->value;
	else
		m->many_peers = true;
	return 0;
}

static void take_unknown(struct turn_message *m, uint16_t type)
{
	if (type < STUN_OPTIONAL && m->unknown_count < TURN_UNKNOWN_MAX)
		m->unknown[m->unknown_count++] = type;
}

static int take_attribute(struct turn_message *m, const struct stun_cursor *c)
{
	const uint8_t *value = m->data + c->value;

	switch (c->type) {
	case STUN_USERNAME:
		take_text(c, &m->username, &m->username_length);
		return 0;
	case STUN_REALM:
		take_text(c, &m->realm, &m->realm_length);
		return 0;
	case STUN_NONCE:
		take_text(c, &m->nonce, &m->nonce_length);
		return 0;
	case STUN_DATA:
		take_text(c, &m->payload, &m->payload_length);
		return 0;
	case STUN_MESSAGE_INTEGRITY:
		m->integrity = c->value - STUN_ATTRIBUTE;
		return c->size == STUN_INTEGRITY_LENGTH ? 0 : -EBADMSG;
	case STUN_CHANNEL_NUMBER:
		m->channel = m->channel || c->size != 4 ? m->channel : stun_load16(value);
		return c->size == 4 ? 0 : -EBADMSG;
	case STUN_LIFETIME:
		if (c->size != 4)
			return -EBADMSG;
		m->lifetime = m->has_lifetime ? m->lifetime : stun_load32(value);
		m->has_lifetime = true;
		return 0;
	case STUN_XOR_PEER_ADDRESS:
		return take_peer(m, c);
	case STUN_REQUESTED_TRANSPORT:
		if (c->size != 4)
			return -EBADMSG;
		m->transport = value[0];
		return 0;
	case STUN_REQUESTED_FAMILY:
		if (c->size != 4)
			return -EBADMSG;
		m->family = value[0];
		return 0;
	case STUN_EVEN_PORT:
		m->even_port = true;
		m->next_port = c->size && value[0] & 0x80;
		return c->size == 1 ? 0 : -EBADMSG;
	case STUN_RESERVATION_TOKEN:
		m->reservation = true;
		return 0;
	case STUN_DONT_FRAGMENT:
		m->dont_fragment = true;
		return 0;
	case STUN_PRIORITY:
	case STUN_USE_CANDIDATE:
	case STUN_MAPPED_ADDRESS:
	case STUN_ERROR_CODE:
	case STUN_UNKNOWN_ATTRIBUTES:
	case STUN_XOR_MAPPED_ADDRESS:
	case STUN_XOR_RELAYED_ADDRESS:
		return 0; /* known, and of no use in what a server hears */
	default:
		take_unknown(m, c->type);
		return 0;
	}
}

int turn_parse(struct turn_message *m, const uint8_t *data, size_t length)
{
	struct stun_cursor c;
	int took;

	if (!stun_header_is_right(data, length))
		return -EBADMSG;
	*m = (struct turn_message){.data = data, .length = length, .type = stun_load16(data)};
	c = stun_attributes(data, length);
	while ((took = stun_next(&c)) > 0) {
		m->origin = c.type == TURN_ORIGIN ? c.value : 0;
		m->origin_length = c.size;
		if (c.type != TURN_ORIGIN && !m->integrity && take_attribute(m, &c))
			return -EBADMSG;
	}
	return took;
}

struct endpoint turn_peer(const struct turn_message *m, unsigned int k)
{
	uint16_t value = m->peer[k];
	struct endpoint peer = {.port = 0};

	stun_read_address(m->data, value, stun_load16(m->data + value - 2), &peer);
	return peer;
}

struct endpoint turn_origin(const struct turn_message *m)
{
	struct endpoint origin;

	if (!m->origin || stun_read_address(m->data, m->origin, m->origin_length, &origin))
		return (struct endpoint){.port = 0};
	return origin;
}

uint16_t turn_answer(uint8_t *out, const struct turn_message *request, uint16_t class)
{
	memmove(out, request->data, STUN_HEADER);
	stun_store16(out, request->type | class);
	return STUN_HEADER;
}

uint16_t turn_finish(uint8_t *out, uint16_t at, const struct stun_auth *auth)
{
	if (auth)
		stun_put_integrity(out, &at, auth);
	stun_set_length(out, at);
	return at;
}

/* Without a reason phrase: an answer must not be much longer than what it answers. */
uint16_t turn_answer_error(uint8_t *out, const struct turn_message *request, enum turn_error code,
			   const struct stun_auth *auth)
{
	uint16_t at = turn_answer(out, request, TURN_ERROR);

	stun_put_error(out, &at, code, "");
	if (code == TURN_UNKNOWN_ATTRIBUTE) {
		uint8_t *value =
			stun_put(out, &at, STUN_UNKNOWN_ATTRIBUTES, 2 * request->unknown_count);

		for (unsigned int k = 0; k < request->unknown_count; k++)
			stun_store16(value + 2 * k, request->unknown[k]);
	}
	return turn_finish(out, at, auth);
}

void turn_write_data(uint8_t *header, const struct endpoint *peer, uint16_t length,
		     const uint8_t transaction[12])
{
	uint16_t at = STUN_HEADER;

	stun_store16(header, TURN_DATA);
	stun_store32(header + 4, STUN_COOKIE);
	memcpy(header + 8, transaction, 12);
	stun_put_address(header, &at, STUN_XOR_PEER_ADDRESS, peer);
	stun_store16(header + at, STUN_DATA);
	stun_store16(header + at + 2, length);
	stun_set_length(header, at + STUN_ATTRIBUTE + stun_padded(length));
}
