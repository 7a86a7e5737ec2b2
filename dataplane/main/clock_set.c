/* SPDX-License-Identifier: BSD-3-Clause */
#include <time.h>

#include <rte_cycles.h>

#include "dataplane/clock.h"

void clock_set(struct clock *clock)
{
	uint64_t hz = rte_get_tsc_hz(), tsc;
	struct timespec now;

	clock->ns_per_tick = (((unsigned __int128)1000000000 << 32) + hz / 2) / hz;
	clock_gettime(CLOCK_MONOTONIC, &now);
	tsc = (unsigned __int128)rte_rdtsc() * clock->ns_per_tick >> 32;
	__atomic_store_n(&clock->ahead, now.tv_sec * INT64_C(1000000000) + now.tv_nsec - tsc,
			 __ATOMIC_RELAXED);
}
