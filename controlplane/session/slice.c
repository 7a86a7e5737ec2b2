/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/slice.h"

#include <stddef.h>

static void leave(struct slices *slices, struct slice *slice, bool done)
{
	TAILQ_REMOVE(&slices->waiting, slice, entry);
	if (--slices->count == 0)
		uv_idle_stop(&slices->idle);
	slice->end(slice, done);
}

static void on_turn(uv_idle_t *idle)
{
	struct slices *slices = (struct slices *)((char *)idle - offsetof(struct slices, idle));
	struct slice *slice = TAILQ_FIRST(&slices->waiting);

	TAILQ_REMOVE(&slices->waiting, slice, entry);
	TAILQ_INSERT_TAIL(&slices->waiting, slice, entry);
	if (slice->step(slice))
		leave(slices, slice, true);
}

void slices_open(struct slices *slices, uv_loop_t *loop)
{
	TAILQ_INIT(&slices->waiting);
	uv_idle_init(loop, &slices->idle);
}

void slices_close(struct slices *slices)
{
	struct slice *slice;

	while ((slice = TAILQ_FIRST(&slices->waiting)))
		leave(slices, slice, false);
}

void slices_add(struct slices *slices, struct slice *slice)
{
	if (slice->step(slice)) {
		slice->end(slice, true);
		return;
	}
	TAILQ_INSERT_TAIL(&slices->waiting, slice, entry);
	if (slices->count++ == 0)
		uv_idle_start(&slices->idle, on_turn);
}
