/* SPDX-License-Identifier: BSD-3-Clause */
/* What a verdict takes in the kernel: the real XDP object, run by BPF_PROG_TEST_RUN. */
#ifndef PERF_FLOOD_XDP_H
#define PERF_FLOOD_XDP_H

#include <stdint.h>

#include "perf/flood/cases.h"

/* ns per packet, as the kernel counts them: whole ones. */
struct xdp_cost {
	uint32_t judged; /* what changes the frames included, if the case has that */
	uint32_t empty;  /* the same with a program that does nothing but deliver, or drop */
};

/*
 * Loads the objects where no running dataplane can notice: in mount and network namespaces of this
 * process's own. Ends the program with a message when something fails, here as below.
 */
void xdp_open(const char *shed_object, const char *vary_object);

/* Also checks that the verdict is the right one. */
struct xdp_cost xdp_measure(const struct verdict_case *c, int version, uint32_t repeat);

void xdp_close(void);

#endif
