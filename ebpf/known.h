/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is no TURN client, found out in one word of half a MiB, where each client has up to three
 * bits: a Bloom filter of a word. What strangers send then costs no look-up in tandem_client, whose
 * table is larger than the caches. One stranger in five hundred is looked up there when 131,072
 * clients are known.
 */
#ifndef TANDEM_EBPF_KNOWN_H
#define TANDEM_EBPF_KNOWN_H

#include "ebpf/shed.h"

#define KNOWN_INLINE static inline __attribute__((always_inline))

/* As MurmurHash3's finalizer does. */
KNOWN_INLINE __u64 known_mix(__u64 h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ULL;
	return h ^ h >> 33;
}

/* seed: shed_rule.seed, so that nobody can choose whom to share bits with. */
KNOWN_INLINE __u64 known_hash(const struct shed_client *client, __u64 seed)
{
	__u64 h = known_mix(seed ^ client->address.half[0]);

	h = known_mix(h ^ client->address.half[1]);
	return known_mix(h ^ client->port ^ (__u32)client->listener << 16);
}

KNOWN_INLINE __u32 known_word(__u64 hash)
{
	return hash >> 32 & (SHED_KNOWN_WORDS - 1);
}

KNOWN_INLINE __u64 known_mask(__u64 hash)
{
	return 1ULL << (hash & 63) | 1ULL << (hash >> 6 & 63) | 1ULL << (hash >> 12 & 63);
}

/* 0: it is no client. */
KNOWN_INLINE int known_may_be(const struct shed_known *known, const struct shed_client *client,
			      __u64 seed)
{
	__u64 hash = known_hash(client, seed), mask = known_mask(hash);

	return (known->word[known_word(hash)] & mask) == mask;
}

#undef KNOWN_INLINE

#endif
