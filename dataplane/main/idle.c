/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker does when its queues stay empty: the one place where worker code may sleep. The
 * first empty turns always spin, so that a busy worker never pays for a sleep: many of them where
 * the core is the worker's own, few where it is wanted for other things.
 */
#include "dataplane/idle.h"

#include <time.h>

#include <rte_pause.h>

#define PAUSE_TURNS 256
#define SLEEP_TURNS 4
#define SLEEP_NS    100000

void idle_wait(enum worker_idle policy, unsigned int empty_turns)
{
	if (policy == IDLE_PAUSE && empty_turns >= PAUSE_TURNS) {
		for (unsigned int k = 0; k < 32; k++)
			rte_pause();
	} else if (policy == IDLE_SLEEP && empty_turns >= SLEEP_TURNS) {
		nanosleep(&(struct timespec){.tv_nsec = SLEEP_NS}, NULL);
	}
}
