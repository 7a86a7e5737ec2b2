/* SPDX-License-Identifier: BSD-3-Clause */
/* STUN messages from anybody: whatever is accepted points into the message, and can be answered. */
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "dataplane/wire/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stun_auth auth;

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void answer(const struct stun_message *m)
{
	static const enum stun_error codes[] = {STUN_BAD_REQUEST, STUN_UNAUTHENTICATED,
						STUN_UNKNOWN_ATTRIBUTE, STUN_ROLE_CONFLICT};
	const struct endpoint mapped = {.address = {.octets = {0x20, 0x01}}, .port = 1};
	uint8_t *message = malloc(STUN_RESPONSE_MAX);
	struct stun_message sent;
	uint16_t length;

	for (unsigned int k = 0; k <= RTE_DIM(codes); k++) {
		memcpy(message, m->data, 20);
		length = k < RTE_DIM(codes) ? stun_write_error(message, codes[k], m, &auth)
					    : stun_write_success(message, &mapped, &auth);
		require(length <= STUN_RESPONSE_MAX);
		require(stun_parse(&sent, message, length) == 0);
		require(stun_verify_fingerprint(&sent) && stun_verify_integrity(&sent, &auth));
	}
	free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stun_message m;

	stun_auth_set(&auth, "VOkJxbRl1RmTxUk/WvJxBt");
	if (stun_parse(&m, data, size))
		return 0;
	require(m.length == size);
	require(m.username + m.username_length <= size);
	require(m.unknown_count <= STUN_UNKNOWN_MAX);
	stun_verify_fingerprint(&m);
	stun_verify_integrity(&m, &auth);
	answer(&m);
	return 0;
}
