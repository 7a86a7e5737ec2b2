/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet indices of SRTP and SRTCP (RFC 3711): estimation (3.3.1 and appendix A) and replay
 * windows (3.3.2). Pure functions; the owner of the stream calls them.
 *
 * A window of `size` bits, a power of two, remembers the indices (highest - size, highest]; the bit
 * of an index is its remainder. Indices below the window count as seen.
 */
#ifndef TANDEM_INDEX_H
#define TANDEM_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#define INDEX_NONE     UINT64_MAX   /* `highest` before the first packet */
#define INDEX_END      (1ULL << 48) /* RTP: the first index that a key must not serve */
#define INDEX_RTCP_END (1ULL << 31) /* SRTCP: likewise */
/*
 * SRTCP that the relay sends has indices from here on, what it protects of others those below: no
 * index serves twice under a key, whatever SSRC somebody chooses.
 */
#define INDEX_RTCP_OWN (1ULL << 30)

/*
 * The index of a packet with sequence number `seq`, when `highest` is the highest index so far. The
 * first packet has rollover counter 0, and no packet is guessed to come from before that: then a
 * leap ahead is the only reading left. May return INDEX_END and above: the key is used up.
 */
static inline uint64_t index_estimate(uint64_t highest, uint16_t seq)
{
	uint16_t last = highest;
	uint64_t roc = highest >> 16;

	if (highest == INDEX_NONE)
		return seq;
	if (last < 0x8000) {
		if (seq - last > 0x8000 && roc > 0)
			roc--;
	} else if (last - 0x8000 > seq) {
		roc++;
	}
	return roc << 16 | seq;
}

static inline bool index_seen(const uint64_t *window, unsigned int size, uint64_t highest,
			      uint64_t index)
{
	if (highest == INDEX_NONE || index > highest)
		return false;
	if (highest - index >= size)
		return true;
	return window[index % size / 64] >> index % 64 & 1;
}

/* Forgets the indices [from, to), fewer than `size` of them. */
static inline void index_clear(uint64_t *window, unsigned int size, uint64_t from, uint64_t to)
{
	while (from < to) {
		unsigned int bit = from % 64;
		uint64_t count = RTE_MIN(to - from, 64ULL - bit);

		window[from % size / 64] &= ~(UINT64_MAX >> (64 - count) << bit);
		from += count;
	}
}

/* Enters an index that index_seen() has not seen. */
static inline void index_add(uint64_t *window, unsigned int size, uint64_t *highest, uint64_t index)
{
	if (*highest == INDEX_NONE || index > *highest) {
		uint64_t from = *highest + 1; /* 0 before the first packet */

		if (index - from >= size)
			from = index - size + 1;
		index_clear(window, size, from, index);
		*highest = index;
	}
	window[index % size / 64] |= 1ULL << index % 64;
}

#endif
