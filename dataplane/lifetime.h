/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A key wears out with the packets of one stream (RFC 3711 9.2): in good time before, the control
 * plane hears of it, once a key.
 */
#ifndef TANDEM_LIFETIME_H
#define TANDEM_LIFETIME_H

#include "dataplane/stream.h"
#include "dataplane/worker.h"

/* Worker. `index` was just used; `end` is the first one that must not be. */
static inline void lifetime_watch(struct worker *w, struct leg *leg, struct stream *s,
				  uint64_t index, uint64_t end)
{
	if (unlikely(index >= end - end / 16) && !s->stale)
		s->stale = worker_notify(w, (struct notice){.kind = NOTICE_KEYS_STALE, .leg = leg});
}

#endif
