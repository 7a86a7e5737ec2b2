/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a TURN client has to come back with before anybody keeps anything of it: a nonce that only
 * who is reachable at its address can know (RFC 8489 9.2), made from a secret and from nothing
 * else, so that a million clients that ask cost no memory. It is the text of twelve octets: the
 * minute it was made in, and SipHash of the client's endpoint and that minute.
 *
 * Two secrets take turns, each for an era, and each is drawn anew in the middle of the other's,
 * when no nonce of its own is young enough to be taken.
 */
#ifndef TANDEM_CHALLENGE_H
#define TANDEM_CHALLENGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/lib/address.h"
#include "dataplane/lib/turn_message.h"

#define CHALLENGE_MINUTES 60  /* a nonce serves for so long */
#define CHALLENGE_ERA     128 /* minutes */

struct challenge {
	uint32_t minute;       // main: rw, workers: ro
	uint64_t secret[2][2]; // main: rw, workers: ro. By the parity of the era.
};

/* Main lcore: before the workers start (0 or -ENOMEM), and at least once a minute. */
int challenge_start(struct challenge *c, uint32_t minute);
void challenge_tick(struct challenge *c, uint32_t minute);

/* Any thread. `text`: TURN_NONCE octets, without a NUL. */
void challenge_write(const struct challenge *c, const struct endpoint *client, uint8_t *text);
bool challenge_is_met(const struct challenge *c, const struct endpoint *client, const uint8_t *text,
		      size_t length);

#endif
