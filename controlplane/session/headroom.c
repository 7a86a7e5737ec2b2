/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/headroom.h"

/* The first of those that allow the fewest. */
static void limit(struct headroom *h, double calls, const char *what)
{
	if (h->limit[0] && calls >= (double)h->calls)
		return;
	h->calls = calls > 0 ? (uint64_t)calls : 0;
	h->limit = what;
}

static void limit_pool(struct headroom *h, const struct headroom_now *now,
		       const struct headroom_pool *pool, const char *what)
{
	if (pool->used)
		limit(h, (double)pool->left * (double)now->calls / (double)pool->used, what);
}

struct headroom headroom_estimate(const struct headroom_now *now)
{
	struct headroom h = {0, ""};

	if (!now->calls || now->busy < 0)
		return h;
	limit(&h, now->calls_max > now->calls ? (double)(now->calls_max - now->calls) : 0, "calls");
	limit_pool(&h, now, &now->legs, "legs");
	for (unsigned int k = 0; k < now->port_count; k++)
		limit_pool(&h, now, &now->ports[k], "ports");
	if (now->busy > 0)
		limit(&h, (double)now->calls * (HEADROOM_BUSY_MOST - now->busy) / now->busy,
		      "workers");
	return h;
}
