/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the TSC, which workers read, to CLOCK_MONOTONIC, which the XDP program reads: all who shed
 * floods goes by one clock, and what a worker writes for an XDP program is in its time.
 */
#ifndef TANDEM_CLOCK_H
#define TANDEM_CLOCK_H

#include <stdint.h>

struct clock {
	uint64_t ns_per_tick; /* of the TSC, 32 bits of fraction; constant */
	int64_t ahead; /* ns that CLOCK_MONOTONIC is ahead of the TSC. main: rw, workers: ro */
};

/* Main lcore: before the workers start, and now and then, since the kernel's clock is steered. */
void clock_set(struct clock *clock);

static inline uint64_t clock_ns(const struct clock *clock, uint64_t tsc)
{
	return ((unsigned __int128)tsc * clock->ns_per_tick >> 32) +
	       __atomic_load_n(&clock->ahead, __ATOMIC_RELAXED);
}

#endif
