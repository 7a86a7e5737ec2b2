/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay as a whole, every ten seconds of the last hour: from the dataplane's counters, which
 * are asked for, and what the audit found last. While the dataplane is away nothing is kept. The
 * session's loop only.
 */
#ifndef TANDEM_HISTORY_H
#define TANDEM_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "controlplane/session/rated.h"

#define HISTORY_MOMENTS 360
#define HISTORY_WORKERS 64 /* more have no place */

struct session;

struct moment {
	uint64_t time_ms; /* of the wall clock */
	uint64_t calls, legs;
	double received, sent, dropped; /* packets a second since the one before */
	uint32_t mos[RATED_BINS];
	unsigned int workers;
	float busy[HISTORY_WORKERS]; /* 0 to 1 */
};

/* What the dataplane has counted since it started. */
struct totals {
	uint64_t received, sent, dropped;
	unsigned int workers;
	struct {
		uint64_t busy_us, all_us;
	} load[HISTORY_WORKERS];
};

struct history {
	uv_timer_t timer; /* data: the session; closed by its owner */
	bool asking;
	uint64_t taken; /* ms of the loop's clock: `last` was; 0: what it was is not known */
	struct totals last;
	unsigned int first, count;
	struct moment *moments; /* a ring */
};

int history_open(struct session *s); /* 0, -ENOMEM */
void history_free(struct session *s);
/* The dataplane is connected, perhaps another one: it counts from here on. */
void history_begin(struct session *s);
/* The oldest is 0; NULL: there are not so many. */
const struct moment *history_moment(const struct history *h, unsigned int number);

#endif
