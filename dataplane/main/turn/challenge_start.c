/* SPDX-License-Identifier: BSD-3-Clause */
/* The secrets of the challenges, which the main lcore draws. */
#include "dataplane/challenge.h"

#include <errno.h>

#include <openssl/rand.h>

static int draw(__u64 secret[2])
{
	__u64 drawn[2];

	if (RAND_bytes((uint8_t *)drawn, sizeof(drawn)) != 1)
		return -ENOMEM;
	secret[0] = drawn[0];
	secret[1] = drawn[1];
	return 0;
}

int challenge_start(struct challenge *c, uint32_t minute)
{
	c->nonce.minute = minute;
	return draw(c->nonce.secret[0]) || draw(c->nonce.secret[1]) ? -ENOMEM : 0;
}

void challenge_tick(struct challenge *c, uint32_t minute)
{
	uint32_t before = c->nonce.minute;

	if (minute == before)
		return;
	/* The other era's last nonces have just become too old. A draw that fails keeps what is
	 * there. */
	if (before % CHALLENGE_ERA <= CHALLENGE_MINUTES &&
	    minute % CHALLENGE_ERA > CHALLENGE_MINUTES)
		draw(c->nonce.secret[(minute / CHALLENGE_ERA + 1) & 1]);
	__atomic_store_n(&c->nonce.minute, minute, __ATOMIC_RELAXED);
}
