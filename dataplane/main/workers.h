/* SPDX-License-Identifier: BSD-3-Clause */
/* The main lcore's side of a worker: its memory, its rings and what is put into its mailbox. */
#ifndef TANDEM_WORKERS_H
#define TANDEM_WORKERS_H

#include "dataplane/worker.h"

/*
 * The most that one request posts to one worker: when a leg goes, each of those that are heard by
 * it, hear it, or let go of what they send; and requests for next hops.
 */
#define ORDERS_PER_REQUEST 256

/* 0 or -ENOMEM: the rings and the memory of a worker with `streams` SSRCs. */
int worker_create(struct worker **out, struct dataplane *d, uint16_t id, uint32_t streams);
void worker_destroy(struct worker *w);

/* What it needs beside where a network is `judged`; before it is launched. 0 or -ENOMEM. */
int worker_judge(struct worker *w);

/*
 * The answers to orders must always find room, so the number of open orders is bounded:
 * -EAGAIN when too many are, and nothing was posted.
 */
int worker_order(struct worker *w, struct order order);
/* For what one request or one notice posts, to whichever worker. */
bool workers_have_room(const struct dataplane *d);

#endif
