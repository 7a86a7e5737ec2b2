/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/load_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_lcore.h>

#include "dataplane/dataplane.h"
#include "dataplane/load.h"

static const uint32_t bounds_us[LOAD_BOUNDS] = LOAD_BOUNDS_US;

void load_start(struct load *load, uint64_t hz)
{
	for (unsigned int k = 0; k < LOAD_BOUNDS; k++)
		load->bounds[k] = hz * bounds_us[k] / 1000000;
}

static uint64_t microseconds(uint64_t ticks, uint64_t hz)
{
	return ticks / hz * 1000000 + ticks % hz * 1000000 / hz;
}

/* An lcore has one, as the configuration has it. */
static uint32_t core_of(const struct worker *w)
{
	const rte_cpuset_t cores = rte_lcore_cpuset(w->lcore);
	uint32_t core = 0;

	while (core < CPU_SETSIZE - 1 && !CPU_ISSET(core, &cores))
		core++;
	return core;
}

static int fill(Tandem__Dataplane__V1__Worker *out, const struct worker *w)
{
	const struct load *load = &w->load;

	out->bounds_us = malloc(sizeof(bounds_us));
	out->latency = malloc(sizeof(load->latency));
	if (!out->bounds_us || !out->latency)
		return -ENOMEM;
	memcpy(out->bounds_us, bounds_us, sizeof(bounds_us));
	out->n_bounds_us = LOAD_BOUNDS;
	memcpy(out->latency, load->latency, sizeof(load->latency));
	out->n_latency = LOAD_BOUNDS + 1;
	out->number = w->id;
	out->core = core_of(w);
	out->packets = load->taken;
	out->busy_us = microseconds(load->busy, w->hz);
	out->total_us = microseconds(load->total, w->hz);
	out->latency_sum_us = microseconds(load->latency_sum, w->hz);
	return 0;
}

int load_report(const struct dataplane *d, Tandem__Dataplane__V1__Reply *reply)
{
	reply->workers = calloc(d->worker_count, sizeof(reply->workers[0]));
	if (!reply->workers)
		return -ENOMEM;
	for (unsigned int k = 0; k < d->worker_count; k++) {
		Tandem__Dataplane__V1__Worker *worker = calloc(1, sizeof(*worker));

		if (!worker)
			return -ENOMEM;
		tandem__dataplane__v1__worker__init(worker);
		reply->workers[reply->n_workers++] = worker;
		if (fill(worker, d->workers[k]))
			return -ENOMEM;
	}
	return 0;
}
