/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a leg goes over to the worker whose queue its packets come by: where that is nobody but the
 * NIC decides. Until then they are handed over. Nothing is lost, and nothing overtakes:
 *
 *	the owner	MOVE_AFTER accepted packets in a row came from one other worker: it tells
 *			the main lcore, which orders the move and keeps further orders back
 *	the owner	asks the other one to hold the leg
 *	the other one	keeps its packets from now on, and says so behind the last one that it
 *			handed over
 *	the owner	reads that, writes leg.worker, and touches the leg no more
 *	the other one	goes on with what it kept
 *
 * What it asks and what it is told is the leg's address with the lowest bit set, in the ring
 * through which packets are handed over. Worker only.
 */
#ifndef TANDEM_MOVE_H
#define TANDEM_MOVE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "dataplane/burst.h"
#include "dataplane/leg.h"
#include "dataplane/worker.h"

#define MOVE_AFTER 16
#define MOVES_MAX  16  /* at a time, of all workers */
#define HOLDS_MAX  32  /* of a worker: those that move, and those that have come since it looked */
#define MOVE_KEEPS 256 /* packets of a leg */

/* A leg that comes over, and what came for it meanwhile. */
struct hold {
	struct leg *leg;
	bool said;
	uint16_t count, next;
	struct rte_mbuf *mbuf[MOVE_KEEPS];
};

/* Whether what lay in the ring of packets is a word about a leg. */
static inline bool move_is_word(const void *taken)
{
	return (uintptr_t)taken & 1;
}
/* What came before it has been done. */
void move_hear(struct worker *w, void *word);

/* Obeys ORDER_MOVE, which move_hear() answers. False: it cannot now, and is answered at once. */
bool move_begin(struct worker *w, struct leg *leg, uint16_t to, uint64_t now);

/* An accepted packet of `leg` was handed over by worker `from`, or was not: by its owner. */
void move_count(struct worker *w, struct leg *leg, uint16_t from, uint16_t port, uint64_t now);

/* Whether packets of the leg are kept; then this one is, or is dropped. */
bool move_keeps(struct worker *w, const struct leg *leg, struct burst *b, unsigned int i);

/* The leg ends before what was kept for it is on its way. */
void move_forget(struct worker *w, const struct leg *leg);

/* The next packets of a leg that has come over, all of them before others are received. */
bool move_take(struct worker *w, struct burst *b);

#endif
