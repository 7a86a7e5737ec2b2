/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker has to do, and how long it takes: the time that packets are in it, by one reading
 * of the TSC for each burst, and the time of its turns that found something. The worker writes, the
 * main lcore reads and tolerates a torn moment.
 */
#ifndef TANDEM_LOAD_H
#define TANDEM_LOAD_H

#include <stdbool.h>
#include <stdint.h>

/* A packet took so many microseconds at most; one more place has all that took longer. */
#define LOAD_BOUNDS_US                                                                             \
	{                                                                                          \
		1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000                        \
	}
enum { LOAD_BOUNDS = 13 };

struct load {
	uint64_t taken;                    /* packets, by its queues and from other workers */
	uint64_t departed;                 /* frames that it sent, or had another worker send */
	uint64_t busy;                     /* TSC of turns that found something to do ... */
	uint64_t total;                    /* ... and of all, with what it waited between them */
	uint64_t latency_sum;              /* TSC, of all packets that departed */
	uint64_t latency[LOAD_BOUNDS + 1]; /* packets that departed, by how long they took */
	uint64_t bounds[LOAD_BOUNDS];      /* in TSC; constant */
};

/* Before the worker runs. `hz`: TSC ticks a second. */
void load_start(struct load *load, uint64_t hz);

/* A burst came at `arrived` (TSC), when so many had `departed`, and has left `now`. */
static inline void load_depart(struct load *load, uint64_t departed, uint64_t arrived, uint64_t now)
{
	uint64_t count = load->departed - departed, took = now - arrived;
	unsigned int k = 0;

	while (k < LOAD_BOUNDS && took > load->bounds[k])
		k++;
	load->latency[k] += count;
	load->latency_sum += count * took;
}

/* A turn, with what the worker waited after it, took so much TSC. */
static inline void load_turn(struct load *load, uint64_t took, bool found)
{
	load->total += took;
	load->busy += found ? took : 0;
}

#endif
