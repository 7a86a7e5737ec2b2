/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/pauses.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#define MOMENTS_MAX (1 << 22)

static int compare(const void *a, const void *b)
{
	const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

static uint32_t watch(uint32_t *late, double interval, uint64_t end)
{
	uint32_t count = 0;
	double due = rte_rdtsc();

	while (due < end && count < MOMENTS_MAX) {
		const uint64_t now = rte_rdtsc();

		for (; due <= now && count < MOMENTS_MAX; due += interval)
			late[count++] = RTE_MIN(now - (uint64_t)due, (uint64_t)UINT32_MAX);
	}
	return count;
}

int pauses_print(double rate, double seconds)
{
	const double hz = rte_get_tsc_hz();
	uint32_t *late = malloc(MOMENTS_MAX * sizeof(*late));
	uint32_t count;

	if (!late)
		return -ENOMEM;
	memset(late, 1, MOMENTS_MAX * sizeof(*late)); /* the kernel's first touch is no pause */
	count = watch(late, hz / rate, rte_rdtsc() + seconds * hz);
	qsort(late, count, sizeof(*late), compare);
	printf("\"p50\":%.2f,\"p99\":%.2f,\"p99.9\":%.2f,\"max\":%.2f", 1e6 * late[count / 2] / hz,
	       1e6 * late[(uint64_t)count * 99 / 100] / hz,
	       1e6 * late[(uint64_t)count * 999 / 1000] / hz, 1e6 * late[count - 1] / hz);
	free(late);
	return 0;
}
