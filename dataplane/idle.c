/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker does when its queues stay empty: the one place where worker code may sleep. The
 * first empty turns always spin, so that a busy worker never pays for a sleep.
 */
#include "dataplane/idle.h"

#include <time.h>

#include <rte_pause.h>

#define SPIN_TURNS  256
#define PAUSE_TURNS 4096
#define SLEEP_NS    100000

void idle_wait(enum worker_idle policy, unsigned int empty_turns)
{
	if (policy == IDLE_SPIN || empty_turns < SPIN_TURNS)
		return;
	if (policy == IDLE_PAUSE || empty_turns < PAUSE_TURNS) {
		for (unsigned int k = 0; k < 32; k++)
			rte_pause();
		return;
	}
	nanosleep(&(struct timespec){.tv_nsec = SLEEP_NS}, NULL);
}
