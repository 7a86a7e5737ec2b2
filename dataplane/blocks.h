/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prefixes whose packets are dropped, as ranges of addresses: what a worker looks an address up in
 * where no XDP program does. Immutable; the main lcore makes a new list for every change.
 */
#ifndef TANDEM_BLOCKS_H
#define TANDEM_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>

#include "ebpf/shed.h"

struct block_range {
	unsigned __int128 first, last; /* the addresses as numbers, both blocked */
};

struct block_list {
	uint32_t users; // main: rw. Workers that have it, and others that name it.
	uint32_t count;
	struct block_range ranges[]; /* ascending, neither overlapping nor touching */
};

static inline unsigned __int128 block_number(const uint8_t octets[16])
{
	uint64_t half[2];

	memcpy(half, octets, sizeof(half));
	return (unsigned __int128)rte_be_to_cpu_64(half[0]) << 64 | rte_be_to_cpu_64(half[1]);
}

/* `list` may be NULL. */
static inline bool block_list_has(const struct block_list *list, const struct shed_address *a)
{
	unsigned __int128 number;
	const struct block_range *range;

	if (!list || !list->count)
		return false;
	number = block_number(a->byte);
	range = list->ranges;
	/* Halves what is left, and ends at the last range that begins at the address or before. */
	for (uint32_t left = list->count; left > 1; left -= left / 2)
		if (range[left / 2].first <= number)
			range += left / 2;
	return range->first <= number && number <= range->last;
}

#endif
