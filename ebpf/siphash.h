/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash (Aumasson, Bernstein, 2012): a keyed hash of a short text, which nobody without the key
 * can choose collisions for (1 and 3 rounds) or forge (2 and 4). For workers, the main lcore and
 * BPF alike: no call, no memory, bounded loops over a constant number of words.
 */
#ifndef TANDEM_EBPF_SIPHASH_H
#define TANDEM_EBPF_SIPHASH_H

#include <linux/types.h>

struct siphash {
	__u64 v[4];
};

#define SIPHASH_INLINE static inline __attribute__((always_inline))

SIPHASH_INLINE __u64 siphash_rotate(__u64 word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

SIPHASH_INLINE void siphash_round(struct siphash *s)
{
	s->v[0] += s->v[1];
	s->v[2] += s->v[3];
	s->v[1] = siphash_rotate(s->v[1], 13) ^ s->v[0];
	s->v[3] = siphash_rotate(s->v[3], 16) ^ s->v[2];
	s->v[0] = siphash_rotate(s->v[0], 32);
	s->v[2] += s->v[1];
	s->v[0] += s->v[3];
	s->v[1] = siphash_rotate(s->v[1], 17) ^ s->v[2];
	s->v[3] = siphash_rotate(s->v[3], 21) ^ s->v[0];
	s->v[2] = siphash_rotate(s->v[2], 32);
}

/*
 * Of `count` whole words as they are in memory (little-endian), and nothing behind them; `rounds`
 * a word, and `last` rounds in the end.
 */
SIPHASH_INLINE __u64 siphash(const __u64 key[2], const __u64 *words, unsigned int count,
			     unsigned int rounds, unsigned int last)
{
	struct siphash s = {{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
			     key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573}};

	for (unsigned int k = 0; k <= count; k++) {
		/* The last word has the length in octets in its highest one. */
		__u64 word = k < count ? words[k] : (__u64)(8 * count) << 56;

		s.v[3] ^= word;
		for (unsigned int r = 0; r < rounds; r++)
			siphash_round(&s);
		s.v[0] ^= word;
	}
	s.v[2] ^= 0xff;
	for (unsigned int r = 0; r < last; r++)
		siphash_round(&s);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

#endif
