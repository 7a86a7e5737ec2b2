/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Measurements, each on its worker's core and of one load of packets after another. All of a load's
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

/* Where workers that are measured at the same time wait for each other. */
struct measure_meeting {
	unsigned int workers;
	unsigned int arrived; /* in all loads so far */
	bool failed;
};

struct measure {
	struct traffic *traffic;
	enum measure_kind kind;
	uint32_t loads;
	int error; /* 0 or -EIO: packets were lost */
	struct measure_meeting *meeting;
	double cycles[MEASURE_LOADS_MAX];     /* TSC per packet, of each load */
	double stages[MEASURE_LOADS_MAX][16]; /* likewise, by stage; measure_stages[] */
};

/* "rx", then the stages in worker.c's order, then NULL. */
extern const char *const measure_stages[];

/* Runs m[0] to m[workers - 1] at the same time, each on its worker's core, and waits. */
int measure_run(struct measure *m, unsigned int workers);

#endif
