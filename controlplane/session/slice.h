/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Work that takes longer than the loop may be held up: it is done in slices, one in each turn of
 * the loop, so that whatever else has come is served between. Several take turns. One loop.
 */
#ifndef TANDEM_SLICE_H
#define TANDEM_SLICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <uv.h>

/* The caller's, until `end` is called. */
struct slice {
	TAILQ_ENTRY(slice) entry;
	bool (*step)(struct slice *slice);           /* some of it; whether it is done */
	void (*end)(struct slice *slice, bool done); /* it is, or nobody waits for it any longer */
};

struct slices {
	TAILQ_HEAD(, slice) waiting;
	unsigned int count;
	uv_idle_t idle; /* data: the owner's, which closes it */
};

void slices_open(struct slices *slices, uv_loop_t *loop);
/* Ends those that are not done. */
void slices_close(struct slices *slices);
/* Its first step is made at once, which may end it before this returns. */
void slices_add(struct slices *slices, struct slice *slice);

#endif
