/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/stun.h"

#include <errno.h>
#include <string.h>

#include <rte_net_crc.h>

#define FINGERPRINT_XOR    0x5354554eu
#define FINGERPRINT_LENGTH 4

static uint32_t fingerprint(const uint8_t *message, uint16_t length)
{
	return rte_net_crc_calc(message, length, RTE_NET_CRC32_ETH) ^ FINGERPRINT_XOR;
}

void stun_auth_set(struct stun_auth *auth, const char *password)
{
	stun_auth_set_key(auth, password, strlen(password));
	/* At its first call DPDK chooses a CRC routine, and logs: no worker may be the first. */
	(void)fingerprint((const uint8_t *)"", 1);
}

static int take_attribute(struct stun_message *m, const struct stun_cursor *c)
{
	if (m->integrity && c->type != STUN_FINGERPRINT)
		return 0;
	switch (c->type) {
	case STUN_USERNAME:
		if (!m->username) {
			m->username = c->value;
			m->username_length = c->size;
		}
		return 0;
	case STUN_MESSAGE_INTEGRITY:
		m->integrity = c->value - STUN_ATTRIBUTE;
		return c->size == STUN_INTEGRITY_LENGTH ? 0 : -EBADMSG;
	case STUN_FINGERPRINT:
		m->fingerprint = c->value - STUN_ATTRIBUTE;
		return c->size == FINGERPRINT_LENGTH && c->at == m->length ? 0 : -EBADMSG;
	case STUN_PRIORITY:
		return c->size == 4 ? 0 : -EBADMSG;
	case STUN_USE_CANDIDATE:
		m->use_candidate = true;
		return c->size == 0 ? 0 : -EBADMSG;
	case STUN_ICE_CONTROLLED:
		m->controlled = true;
		return c->size == 8 ? 0 : -EBADMSG;
	case STUN_ICE_CONTROLLING:
		m->controlling = true;
		return c->size == 8 ? 0 : -EBADMSG;
	case STUN_MAPPED_ADDRESS:
	case STUN_ERROR_CODE:
	case STUN_UNKNOWN_ATTRIBUTES:
	case STUN_REALM:
	case STUN_NONCE:
	case STUN_XOR_MAPPED_ADDRESS:
		return 0; /* known, and of no use in what a lite agent hears */
	default:
		if (c->type < STUN_OPTIONAL && m->unknown_count < STUN_UNKNOWN_MAX)
			m->unknown[m->unknown_count++] = c->type;
		return 0;
	}
}

int stun_parse(struct stun_message *m, const uint8_t *data, size_t length)
{
	struct stun_cursor c;
	int took;

	if (!stun_header_is_right(data, length))
		return -EBADMSG;
	*m = (struct stun_message){.data = data, .length = length, .type = stun_load16(data)};
	c = stun_attributes(data, length);
	while ((took = stun_next(&c)) > 0)
		if (take_attribute(m, &c))
			return -EBADMSG;
	return took;
}

bool stun_verify_fingerprint(const struct stun_message *m)
{
	return m->fingerprint && stun_load32(m->data + m->fingerprint + STUN_ATTRIBUTE) ==
					 fingerprint(m->data, m->fingerprint);
}

bool stun_verify_integrity(const struct stun_message *m, const struct stun_auth *auth)
{
	return m->integrity && stun_integrity_is_right(m->data, m->integrity, auth);
}

static uint16_t finish(uint8_t *message, uint16_t type, uint16_t at, const struct stun_auth *auth)
{
	uint16_t end;
	uint8_t *value;

	stun_store16(message, type);
	if (auth)
		stun_put_integrity(message, &at, auth);
	end = at;
	value = stun_put(message, &at, STUN_FINGERPRINT, FINGERPRINT_LENGTH);
	stun_set_length(message, at);
	stun_store32(value, fingerprint(message, end));
	return at;
}

uint16_t stun_write_success(uint8_t *message, const struct endpoint *mapped,
			    const struct stun_auth *auth)
{
	uint16_t at = STUN_HEADER;

	stun_put_address(message, &at, STUN_XOR_MAPPED_ADDRESS, mapped);
	return finish(message, STUN_BINDING_SUCCESS, at, auth);
}

static const char *error_phrase(enum stun_error code)
{
	switch (code) {
	case STUN_BAD_REQUEST:
		return "Bad Request";
	case STUN_UNAUTHENTICATED:
		return "Unauthenticated";
	case STUN_UNKNOWN_ATTRIBUTE:
		return "Unknown Attribute";
	case STUN_ROLE_CONFLICT:
		return "Role Conflict";
	}
	return "";
}

uint16_t stun_write_error(uint8_t *message, enum stun_error code,
			  const struct stun_message *request, const struct stun_auth *auth)
{
	uint16_t at = STUN_HEADER;
	uint8_t *value;

	stun_put_error(message, &at, code, error_phrase(code));
	if (code == STUN_UNKNOWN_ATTRIBUTE) {
		value = stun_put(message, &at, STUN_UNKNOWN_ATTRIBUTES, 2 * request->unknown_count);
		for (unsigned int k = 0; k < request->unknown_count; k++)
			stun_store16(value + 2 * k, request->unknown[k]);
	}
	return finish(message, STUN_BINDING_ERROR, at, auth);
}
