/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How often a value was how large: counts between bounds that are fixed when it is compiled. All
 * zero: nothing was counted. Pure; one writer.
 */
#ifndef TANDEM_HISTOGRAM_H
#define TANDEM_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BOUNDS 20

/* Rising; a value that equals a bound is below it, as Prometheus has it. */
struct histogram_scale {
	unsigned int count;
	double bounds[HISTOGRAM_BOUNDS];
};

struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* up to each bound, and above the last */
	double sum;
};

void histogram_add(struct histogram *histogram, const struct histogram_scale *scale, double value);

#endif
