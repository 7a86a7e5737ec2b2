/* SPDX-License-Identifier: BSD-3-Clause */
/* The count-min sketch of sources: see struct shed_sketch. */
#ifndef TANDEM_EBPF_SKETCH_H
#define TANDEM_EBPF_SKETCH_H

#include "ebpf/shed.h"

/* What one host can have many of counts as one: an IPv6 address stands for its /64. */
static inline __attribute__((always_inline)) struct shed_address sketch_source(
	const struct shed_address *address)
{
	struct shed_address source = *address;

	/* ::ffff:0:0/96 has 64 bits of zeros. */
	if (source.half[0])
		source.half[1] = 0;
	return source;
}

/* Mixes as MurmurHash3's finalizer does; each row takes bits of its own. */
static inline __attribute__((always_inline)) __u64 sketch_hash(const struct shed_address *source,
							       __u64 seed)
{
	__u64 h = seed ^ source->half[0] * 0x9e3779b97f4a7c15ULL ^ source->half[1];

	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ULL;
	return h ^ h >> 33;
}

static inline __attribute__((always_inline)) __u32 sketch_column(__u64 hash, int row)
{
	return hash >> 32 * row & (SHED_SKETCH_COLUMNS - 1);
}

/* At least as often as this was the source counted. */
static inline __attribute__((always_inline)) __u32 sketch_count(const struct shed_sketch *sketch,
								const struct shed_address *source,
								__u64 seed)
{
	__u64 hash = sketch_hash(source, seed);
	__u32 a = sketch->cell[0][sketch_column(hash, 0)];
	__u32 b = sketch->cell[1][sketch_column(hash, 1)];

	return a < b ? a : b;
}

/* Counts the source once more, and returns its new count. */
static inline __attribute__((always_inline)) __u32 sketch_add(struct shed_sketch *sketch,
							      const struct shed_address *source,
							      __u64 seed)
{
	__u64 hash = sketch_hash(source, seed);
	__u32 a = ++sketch->cell[0][sketch_column(hash, 0)];
	__u32 b = ++sketch->cell[1][sketch_column(hash, 1)];

	return a < b ? a : b;
}

#endif
