/* SPDX-License-Identifier: BSD-3-Clause */
/* The streams of a leg that are rated. The session's loop only. */
#ifndef TANDEM_RATED_H
#define TANDEM_RATED_H

#include <stdint.h>
#include <sys/queue.h>

#include "controlplane/quality/quality.h"

struct rated {
	LIST_ENTRY(rated) entry;
	uint32_t ssrc;
	uint64_t heard_ms; /* packets had come when it was looked at last */
	/* To who hears it, as that one says in RTCP, since it heard it first; an interval ago. */
	int64_t missing, missing_before;
	uint64_t missing_by; /* the leg whose participant says so: of several, the first; 0: none */
	struct quality quality;
};

/* The latest first. All zero: empty. */
LIST_HEAD(rated_list, rated);

/* NULL: there is none of this SSRC. */
struct rated *rated_find(const struct rated_list *list, uint32_t ssrc);
/*
 * If there are many, in the place of one that was not heard from `since_ms` on. NULL if all were,
 * and without memory.
 */
struct rated *rated_add(struct rated_list *list, uint32_t ssrc, uint64_t since_ms);
/* How many sounded how in their last interval: adds to those below 2.6, 3.1, 3.6, 4.0, 4.3, and
 * above. */
#define RATED_BINS 6
void rated_count(const struct rated_list *list, uint32_t bins[RATED_BINS]);
/* All of them, in any order, to a list that is empty. */
void rated_move(struct rated_list *to, struct rated_list *from);
void rated_free(struct rated_list *list);

#endif
