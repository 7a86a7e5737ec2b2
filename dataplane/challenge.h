/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a TURN client has to come back with before anybody keeps anything of it: a nonce
 * (ebpf/nonce.h), so that a million clients that ask cost no memory.
 */
#ifndef TANDEM_CHALLENGE_H
#define TANDEM_CHALLENGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/lib/address.h"
#include "dataplane/lib/turn_message.h"
#include "ebpf/nonce.h"

#define CHALLENGE_MINUTES NONCE_MINUTES
#define CHALLENGE_ERA     NONCE_ERA

struct challenge {
	struct shed_nonce nonce; // main: rw, workers: ro
};

/* Main lcore: before the workers start (0 or -ENOMEM), and at least once a minute. */
int challenge_start(struct challenge *c, uint32_t minute);
void challenge_tick(struct challenge *c, uint32_t minute);

/* Any thread. `text`: TURN_NONCE octets, without a NUL. */
void challenge_write(const struct challenge *c, const struct endpoint *client, uint8_t *text);
bool challenge_is_met(const struct challenge *c, const struct endpoint *client, const uint8_t *text,
		      size_t length);

#endif
