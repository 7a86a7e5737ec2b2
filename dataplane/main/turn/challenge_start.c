/* SPDX-License-Identifier: BSD-3-Clause */
/* The secrets of the challenges, which the main lcore draws. */
#include "dataplane/challenge.h"

#include <errno.h>

#include <openssl/rand.h>

static int draw(uint64_t secret[2])
{
	uint64_t drawn[2];

	if (RAND_bytes((uint8_t *)drawn, sizeof(drawn)) != 1)
		return -ENOMEM;
	secret[0] = drawn[0];
	secret[1] = drawn[1];
	return 0;
}

int challenge_start(struct challenge *c, uint32_t minute)
{
	c->minute = minute;
	return draw(c->secret[0]) || draw(c->secret[1]) ? -ENOMEM : 0;
}

void challenge_tick(struct challenge *c, uint32_t minute)
{
	uint32_t before = c->minute;

	if (minute == before)
		return;
	/* The other era's last nonces have just become too old. A draw that fails keeps what is
	 * there. */
	if (before % CHALLENGE_ERA <= CHALLENGE_MINUTES &&
	    minute % CHALLENGE_ERA > CHALLENGE_MINUTES)
		draw(c->secret[(minute / CHALLENGE_ERA + 1) & 1]);
	__atomic_store_n(&c->minute, minute, __ATOMIC_RELAXED);
}
