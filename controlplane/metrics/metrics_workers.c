/* SPDX-License-Identifier: BSD-3-Clause */
/* What each worker had to do, how long packets were in the relay, and how many more calls fit. */
#include <stdio.h>

#include "controlplane/metrics/metrics_view.h"

#define NUMBER 16

/* A family of which each worker has one sample. */
static void write_each(struct exposition *e, const struct exposition_family *family,
		       const Tandem__Relay__V1__StatusReply *s,
		       double (*value)(const Tandem__Relay__V1__WorkerLoad *))
{
	exposition_family(e, family);
	for (size_t i = 0; i < s->n_worker_loads; i++) {
		char number[NUMBER];

		snprintf(number, sizeof(number), "%u", s->worker_loads[i]->number);
		exposition_value(e, EXPOSITION_LABELS({"worker", number}),
				 value(s->worker_loads[i]));
	}
}

static double packets(const Tandem__Relay__V1__WorkerLoad *load)
{
	return load->packets;
}

static double busy(const Tandem__Relay__V1__WorkerLoad *load)
{
	return load->busy_us / 1e6;
}

static double total(const Tandem__Relay__V1__WorkerLoad *load)
{
	return load->total_us / 1e6;
}

/* The dataplane says what its bounds are. */
static void write_latency(struct exposition *e, const Tandem__Relay__V1__StatusReply *s)
{
	static const struct exposition_family latency = {
		"tandem_packet_latency_seconds", "seconds",
		"From the arrival of a packet in the relay to its departure.",
		EXPOSITION_HISTOGRAM};
	struct histogram_scale scale = {.count = s->n_latency_bounds_us};

	exposition_family(e, &latency);
	if (!scale.count || scale.count > HISTOGRAM_BOUNDS)
		return;
	for (unsigned int k = 0; k < scale.count; k++)
		scale.bounds[k] = s->latency_bounds_us[k] / 1e6;
	for (size_t i = 0; i < s->n_worker_loads; i++) {
		const Tandem__Relay__V1__WorkerLoad *load = s->worker_loads[i];
		struct histogram h = {.sum = load->latency_sum_us / 1e6};
		char number[NUMBER];

		for (size_t k = 0; k < load->n_latency && k <= scale.count; k++)
			h.counts[k] = load->latency[k];
		snprintf(number, sizeof(number), "%u", load->number);
		exposition_histogram(e, EXPOSITION_LABELS({"worker", number}), &scale, &h);
	}
}

void metrics_write_workers(struct exposition *e, const struct metrics_view *v)
{
	static const struct exposition_family taken = {
		"tandem_worker_packets", NULL,
		"Packets that a worker took, from NICs and from other workers.",
		EXPOSITION_COUNTER};
	static const struct exposition_family busy_seconds = {
		"tandem_worker_busy_seconds", "seconds",
		"Time of a worker's turns that found something to do.", EXPOSITION_COUNTER};
	static const struct exposition_family all_seconds = {"tandem_worker_seconds", "seconds",
							     "Time of all turns of a worker.",
							     EXPOSITION_COUNTER};
	static const struct exposition_family headroom = {
		"tandem_headroom_calls", NULL,
		"How many more calls fit that are as those which run, by what ends first."};
	const Tandem__Relay__V1__Headroom *room = v->status->headroom;

	write_each(e, &taken, v->status, packets);
	write_each(e, &busy_seconds, v->status, busy);
	write_each(e, &all_seconds, v->status, total);
	write_latency(e, v->status);
	exposition_family(e, &headroom);
	if (room && room->limit[0])
		exposition_value(e, EXPOSITION_LABELS({"limit", room->limit}), room->calls);
}
