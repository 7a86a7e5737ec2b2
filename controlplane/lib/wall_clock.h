/* SPDX-License-Identifier: BSD-3-Clause */
/* Returns the time of day in ms since 1970. Any thread. */
#ifndef TANDEM_WALL_CLOCK_H
#define TANDEM_WALL_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t wall_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
