/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports whose packets arrive at given times. What the worker has had no time for waits, however
 * long the queue grows, and a packet's latency counts from when it was to arrive: a worker that was
 * held up is charged for all that came meanwhile. Worker's core only, but for paced_open().
 */
#ifndef TANDEM_PERF_PACED_H
#define TANDEM_PERF_PACED_H

#include "perf/traffic.h"

/* These ports take the place of traffic.c's; what traffic_fill() makes is handed out here. */
void paced_open(struct traffic *t);

/*
 * A virtual core is taken away now and then, for tens of microseconds, and so is any core that gets
 * interrupts. A pause is a time from one call of a port's function to the next which is longer by
 * PACED_PAUSE_US than one and a half times what the packets between them take at full load
 * (`service` ticks each). They are counted, and with `stopped` the clock that packets arrive by
 * stands still.
 */
#define PACED_PAUSE_US 12
struct paced_clock {
	bool stopped;
	double service;
	uint64_t pauses, paused; /* so far; ticks */
};

/*
 * Draws when the packets of a load arrive: a Poisson process, which is what many calls that know
 * nothing of each other add up to. `interval`: TSC ticks from packet to packet, on average; 0: all
 * at once.
 */
void paced_plan(double interval);
/* They arrive from now on. Latencies, in ticks, are put into `latency`, RIG_PACKETS of them. */
void paced_start(struct paced_clock *clock, uint32_t *latency);
/* Packets of this load that were sent. */
uint32_t paced_sent(void);
/* TSC: when the first packet arrives. */
uint64_t paced_begin(void);
/* True: the last packet should have been sent a second ago. */
bool paced_is_late(void);

/*
 * Instead of a pipeline: takes each packet as soon as the TSC, read all the time, says it is here.
 */
void paced_watch(void);

#endif
