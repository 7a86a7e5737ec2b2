/* SPDX-License-Identifier: BSD-3-Clause */
/* A rate: a bucket of one word, as ebpf/rate.h has them. Pure; any thread. */
#ifndef TANDEM_GATE_RATE_H
#define TANDEM_GATE_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define GATE_RATE_BURST_S 5 /* so much of the rate may come at once: a page's candidates do */

/* One more of `per_s`; 0: no limit. `due_us` begins at 0; the clock may not go back. */
static inline bool gate_rate_take(uint64_t *due_us, uint64_t now_us, unsigned int per_s)
{
	uint64_t due = *due_us > now_us ? *due_us : now_us;

	if (!per_s)
		return true;
	if (due - now_us > GATE_RATE_BURST_S * 1000000ULL - 1000000 / per_s)
		return false;
	*due_us = due + 1000000 / per_s;
	return true;
}

#endif
