/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/challenge.h"

#include <assert.h>

static_assert(TURN_NONCE == NONCE_TEXT, "one text");

static struct shed_address address_of(const struct endpoint *client)
{
	return (struct shed_address){.half = {client->address.half[0], client->address.half[1]}};
}

void challenge_write(const struct challenge *c, const struct endpoint *client, uint8_t *text)
{
	const struct shed_address address = address_of(client);
	uint32_t minute = __atomic_load_n(&c->nonce.minute, __ATOMIC_RELAXED);
	uint64_t seal = nonce_seal(&c->nonce, &address, client->port, minute);

	nonce_write(text, minute, seal);
}

bool challenge_is_met(const struct challenge *c, const struct endpoint *client, const uint8_t *text,
		      size_t length)
{
	const struct shed_address address = address_of(client);

	return length == NONCE_TEXT && nonce_is_right(&c->nonce, &address, client->port, text);
}
