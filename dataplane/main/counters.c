/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

#include "dataplane/dataplane.h"
#include "dataplane/main/links/link_report.h"
#include "dataplane/main/load_report.h"
#include "ebpf/shed_maps.h"

static const struct {
	const char *name, *help;
} worker_counters[COUNTER_MAX] = {
#define X(id, label, text) [COUNTER_##id] = {label, text},
	WORKER_COUNTERS(X)
#undef X
};

static const struct {
	const char *name, *help;
	size_t offset;
	bool drop;
} port_counters[] = {
	{"port_missed", "lost before the worker took them", offsetof(struct rte_eth_stats, imissed),
	 true},
	{"port_errors", "received broken", offsetof(struct rte_eth_stats, ierrors), true},
	{"port_no_buffer", "received without a free packet buffer",
	 offsetof(struct rte_eth_stats, rx_nombuf), true},
	{"port_send_errors", "not sent by the port", offsetof(struct rte_eth_stats, oerrors), true},
};

#define MOST (SHED_REASON_COUNT + DROP_MAX + COUNTER_MAX + RTE_DIM(port_counters) + 2)

struct list {
	Tandem__Dataplane__V1__Counter **counters;
	size_t count;
};

static int add(struct list *list, const char *prefix, const char *name, const char *help, bool drop,
	       uint64_t value)
{
	Tandem__Dataplane__V1__Counter *counter = calloc(1, sizeof(*counter));

	if (!counter)
		return -ENOMEM;
	tandem__dataplane__v1__counter__init(counter);
	counter->value = value;
	counter->drop = drop;
	counter->help = strdup(help);
	if (!counter->help || asprintf(&counter->name, "%s%s", prefix, name) < 0) {
		free(counter->help);
		free(counter);
		return -ENOMEM;
	}
	list->counters[list->count++] = counter;
	return 0;
}

void counters_shed(const struct counters *c, uint64_t packets[])
{
	if (!c->shed || shed_count(c->shed, packets))
		memset(packets, 0, SHED_REASON_COUNT * sizeof(packets[0]));
	for (unsigned int w = 0; w < c->dataplane->worker_count; w++)
		for (unsigned int k = 0; k < SHED_REASON_COUNT; k++)
			packets[k] += c->dataplane->workers[w]->sheds[k];
}

static int report_shed(const struct counters *c, struct list *list)
{
	uint64_t packets[SHED_REASON_COUNT];
	int error = 0;

	counters_shed(c, packets);
	for (unsigned int k = 0; k < SHED_REASON_COUNT && !error; k++)
		error = add(list, "shed_", shed_reason_name(k), shed_reason_help(k),
			    shed_reason_drops(k), packets[k]);
	return error;
}

int counters_report_shed(const struct counters *c, Tandem__Dataplane__V1__Counter ***out,
			 size_t *count)
{
	struct list list = {.counters = calloc(SHED_REASON_COUNT, sizeof(list.counters[0]))};
	int error = list.counters ? report_shed(c, &list) : -ENOMEM;

	*out = list.counters;
	*count = list.count;
	return error;
}

static uint64_t sum_port_counter(const struct dataplane *d, size_t offset)
{
	uint64_t sum = 0;

	for (unsigned int p = 0; p < d->port_count; p++) {
		struct rte_eth_stats stats;
		uint64_t value;

		if (rte_eth_stats_get(d->ports[p].id, &stats))
			continue;
		memcpy(&value, (const char *)&stats + offset, sizeof(value));
		sum += value;
	}
	return sum;
}

static int report_workers(const struct dataplane *d, struct list *list)
{
	int error = 0;

	for (unsigned int k = DROP_NONE + 1; k < DROP_MAX && !error; k++) {
		uint64_t sum = 0;

		for (unsigned int w = 0; w < d->worker_count; w++)
			sum += d->workers[w]->drops[k];
		error = add(list, "", drop_reasons[k].name, drop_reasons[k].help, true, sum);
	}
	for (unsigned int k = 0; k < COUNTER_MAX && !error; k++) {
		uint64_t sum = 0;

		for (unsigned int w = 0; w < d->worker_count; w++)
			sum += d->workers[w]->counters[k];
		error = add(list, "", worker_counters[k].name, worker_counters[k].help, false, sum);
	}
	return error;
}

int counters_report(const struct counters *c, Tandem__Dataplane__V1__Reply *reply)
{
	struct list list = {.counters = calloc(MOST, sizeof(list.counters[0]))};
	int error;

	if (!list.counters)
		return -ENOMEM;
	error = report_shed(c, &list);
	for (unsigned int k = 0; k < RTE_DIM(port_counters) && !error; k++)
		error = add(&list, "", port_counters[k].name, port_counters[k].help,
			    port_counters[k].drop,
			    sum_port_counter(c->dataplane, port_counters[k].offset));
	if (!error)
		error = report_workers(c->dataplane, &list);
	if (!error && c->punts_lost)
		error = add(&list, "", "punt_lost",
			    "DTLS datagrams that the control plane did not read in time", true,
			    *c->punts_lost);
	if (!error && c->turn_excess)
		error = add(&list, "", "turn_excess",
			    "TURN requests, more in a second than the control plane is to judge",
			    true, *c->turn_excess);
	reply->counters = list.counters;
	reply->n_counters = list.count;
	if (!error)
		error = link_report(c->dataplane, reply);
	return error ? error : load_report(c->dataplane, reply);
}
