/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How busy a loop is, and how late its timers are: what everything that waits for the loop waits
 * longer. The loop's thread only.
 */
#ifndef TANDEM_LOOP_WATCH_H
#define TANDEM_LOOP_WATCH_H

#include <stdint.h>

#include <uv.h>

#include "controlplane/lib/histogram.h"

struct loop_watch {
	uv_timer_t timer;
	uint64_t began, idle, due; /* ns */
	struct histogram lag;      /* seconds */
};

extern const struct histogram_scale loop_watch_lag;

void loop_watch_begin(struct loop_watch *watch, uv_loop_t *loop);
/* The timer is to be closed by its owner. */
void loop_watch_end(struct loop_watch *watch);
/* Seconds since it began in which the loop did not wait for something to happen. */
double loop_watch_busy(const struct loop_watch *watch);

#endif
