/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many more calls fit, if they are as those which run. Pure; any thread.
 *
 * What a packet costs is no straight line: the more there are, the more come in one burst and share
 * what a turn costs; and the more legs there are, the fewer of their lines a cache still has. The
 * first makes the share that is measured at a low load too high, the second too low. They are taken
 * to cancel each other: the share grows as the calls do, up to four fifths, above which bursts that
 * come at random have to wait. New calls are spread over workers and addresses as those which run,
 * so the busiest worker and the fullest address count.
 */
#ifndef TANDEM_HEADROOM_H
#define TANDEM_HEADROOM_H

#include <stdint.h>

#define HEADROOM_BUSY_MOST 0.8

/* So much is used, and so much is left of it. */
struct headroom_pool {
	uint64_t used, left;
};

struct headroom_now {
	uint64_t calls, calls_max;
	struct headroom_pool legs;
	const struct headroom_pool *ports; /* of each media address */
	unsigned int port_count;
	double busy; /* 0 to 1, of the busiest worker; below 0: not known */
};

struct headroom {
	uint64_t calls;
	const char *limit; /* what ends first; "": not known, since no call runs */
};

struct headroom headroom_estimate(const struct headroom_now *now);

#endif
