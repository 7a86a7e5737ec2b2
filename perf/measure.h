/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Measurements, each on the worker's core and of one load of packets after another. All of a load's
 * packets must have been sent when it ends, else the measurement fails: nothing is fast because it
 * was dropped.
 */
#ifndef TANDEM_PERF_MEASURE_H
#define TANDEM_PERF_MEASURE_H

#include "perf/traffic.h"

#define MEASURE_LOADS_MAX 1024

enum measure_kind {
	MEASURE_PIPELINE, /* worker_poll(): everything a worker does */
	MEASURE_PORTS,    /* what the ports of this rig take of that: receive and send alone */
	MEASURE_RAW,      /* the engine alone, with the jobs that the pipeline would give it */
	MEASURE_STAGES,   /* the pipeline, stage by stage */
};

struct measure {
	struct traffic *traffic;
	enum measure_kind kind;
	uint32_t loads;
	int error;                            /* 0 or -EIO: packets were lost */
	double cycles[MEASURE_LOADS_MAX];     /* TSC per packet, of each load */
	double stages[MEASURE_LOADS_MAX][16]; /* likewise, by stage; measure_stages[] */
};

/* "rx", then the stages in worker.c's order, then NULL. */
extern const char *const measure_stages[];

/* Runs `m` on the worker's core and waits. */
int measure_run(struct measure *m);

#endif
