/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/claims.h"

#include <stdbool.h>

static bool is_open(uint64_t word, uint32_t turn)
{
	uint32_t holder = word;

	return !word || (holder & CLAIM_LEFT && (holder & ~CLAIM_LEFT) <= turn);
}

/* Words are filled in order and never emptied, so an SSRC finds its word before a free one. */
enum drop claims_take(struct claims *claims, uint32_t ssrc, uint32_t lane, uint32_t turn)
{
	uint64_t mine = (uint64_t)ssrc << 32 | lane;

	for (unsigned int k = 0; k < CLAIMS; k++) {
		uint64_t word = __atomic_load_n(&claims->word[k], __ATOMIC_RELAXED);

		/* Who was faster may have taken it for this SSRC. */
		while ((!word || word >> 32 == ssrc) && word != mine) {
			if (!is_open(word, turn))
				return DROP_SSRC_TAKEN;
			if (__atomic_compare_exchange_n(&claims->word[k], &word, mine, false,
							__ATOMIC_RELAXED, __ATOMIC_RELAXED))
				return DROP_NONE;
		}
		if (word == mine)
			return DROP_NONE;
	}
	return DROP_SSRC_TAKEN;
}

void claims_leave(struct claims *claims, uint32_t lane, uint32_t turn)
{
	for (unsigned int k = 0; k < CLAIMS; k++) {
		uint64_t word = __atomic_load_n(&claims->word[k], __ATOMIC_RELAXED);

		if (word && (uint32_t)word == lane)
			__atomic_store_n(&claims->word[k], (word >> 32 << 32) | CLAIM_LEFT | turn,
					 __ATOMIC_RELAXED);
	}
}
