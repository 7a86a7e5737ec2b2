/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A filter of SSRCs: what was added is there, and a few others seem to be. Two bits of one quarter
 * for each; an SSRC is random, or of somebody's choosing who gains nothing by that. Pure functions.
 */
#ifndef TANDEM_SSRC_FILTER_H
#define TANDEM_SSRC_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#define SSRC_FILTER_WORDS 256

/* The word of the first or second bit, from 0. */
static inline unsigned int ssrc_filter_place(uint32_t ssrc, unsigned int which, uint64_t *bit)
{
	const unsigned int quarter = SSRC_FILTER_WORDS / 4;
	uint64_t hash = (ssrc ^ 0x5bd1e995u) * 0x9e3779b97f4a7c15ull;
	unsigned int at = hash >> (which ? 36 : 52) & (64 * quarter - 1);

	*bit = 1ULL << at % 64;
	return (hash >> 34 & 3) * quarter + at / 64;
}

static inline void ssrc_filter_add(uint64_t *filter, uint32_t ssrc)
{
	uint64_t bit;

	for (unsigned int which = 0; which < 2; which++)
		filter[ssrc_filter_place(ssrc, which, &bit)] |= bit;
}

static inline bool ssrc_filter_has(const uint64_t *filter, uint32_t ssrc)
{
	uint64_t bit;
	bool all = true;

	for (unsigned int which = 0; all && which < 2; which++)
		all = filter[ssrc_filter_place(ssrc, which, &bit)] & bit;
	return all;
}

#endif
