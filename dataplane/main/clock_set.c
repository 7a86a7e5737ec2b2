/* SPDX-License-Identifier: BSD-3-Clause */
#include <time.h>

#include <rte_cycles.h>

#include "dataplane/clock.h"

#define INTERRUPTED 200000 /* 5 us, as a part of a second */
#define TRIES       5

void clock_set(struct clock *clock)
{
	uint64_t hz = rte_get_tsc_hz(), tsc, before;
	struct timespec now;
	unsigned int tries = 0;

	clock->ns_per_tick = (((unsigned __int128)1000000000 << 32) + hz / 2) / hz;
	/* Both clocks at one moment: not with an interruption in between. */
	do {
		before = rte_rdtsc();
		clock_gettime(CLOCK_MONOTONIC, &now);
		tsc = rte_rdtsc();
	} while (tsc - before > hz / INTERRUPTED && ++tries < TRIES);
	tsc = (unsigned __int128)tsc * clock->ns_per_tick >> 32;
	__atomic_store_n(&clock->ahead, now.tv_sec * INT64_C(1000000000) + now.tv_nsec - tsc,
			 __ATOMIC_RELAXED);
}
