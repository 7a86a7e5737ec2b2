/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/histogram.h"

void histogram_add(struct histogram *h, const struct histogram_scale *scale, double value)
{
	unsigned int k = 0;

	while (k < scale->count && value > scale->bounds[k])
		k++;
	h->counts[k]++;
	h->sum += value;
}
