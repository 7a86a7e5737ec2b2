/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ICE checks that counted, of one set of credentials: a transaction counts once for as long as
 * the credentials live, no matter who sends it again, and from where. Checks enter only when their
 * integrity was right. The main lcore makes it with the credentials; the leg's worker writes it.
 *
 * The memory is a bitmap, and so a new check may look like one that was: it is not answered then,
 * and the agent's next one is. With a check each 2.5 s that befalls 8 % of them after one hour, 30
 * % after four, 50 % after eight; consent needs one in 30 s. New credentials, an ICE restart, begin
 * anew.
 */
#ifndef TANDEM_SEEN_H
#define TANDEM_SEEN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SEEN_BITS 16384

struct seen {
	uint64_t key[2];               /* random, so that nobody chooses what collides */
	uint32_t users;                // main: rw. Credentials that name it.
	uint64_t bits[SEEN_BITS / 64]; // worker: rw
};

/* Of a STUN transaction id, 12 octets; evenly distributed. */
static inline uint64_t seen_hash(const struct seen *seen, const uint8_t *transaction)
{
	uint64_t first;
	uint32_t last;

	memcpy(&first, transaction, sizeof(first));
	memcpy(&last, transaction + sizeof(first), sizeof(last));
	first = (first ^ seen->key[0]) * 0x9e3779b97f4a7c15ull;
	first = ((first ^ first >> 32) + (last ^ seen->key[1])) * 0xd6e8feb86659fd93ull;
	return first ^ first >> 32;
}

static inline bool seen_has(const struct seen *seen, uint64_t hash)
{
	return seen->bits[hash % SEEN_BITS / 64] >> hash % 64 & 1;
}

static inline void seen_add(struct seen *seen, uint64_t hash)
{
	seen->bits[hash % SEEN_BITS / 64] |= 1ULL << hash % 64;
}

#endif
