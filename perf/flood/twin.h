/* SPDX-License-Identifier: BSD-3-Clause */
/* What a verdict takes in the dataplane's own stage: the same policy, compiled for the workers. */
#ifndef PERF_FLOOD_TWIN_H
#define PERF_FLOOD_TWIN_H

#include <stdint.h>

#include "perf/flood/cases.h"

/* Starts DPDK on that core. Ends the program with a message when something fails, as below. */
void twin_open(int core);

/* TSC cycles per packet; negative if there is no such verdict in the dataplane. */
double twin_measure(const struct verdict_case *c, int version, uint32_t repeat);

void twin_close(void);

#endif
