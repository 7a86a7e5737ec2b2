/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/rated.h"

#include <stdlib.h>

#define STREAMS_MOST 8 /* of a leg: more come from a sender that draws SSRCs anew */

struct rated *rated_find(const struct rated_list *list, uint32_t ssrc)
{
	struct rated *r;

	LIST_FOREACH (r, list, entry)
		if (r->ssrc == ssrc)
			return r;
	return NULL;
}

static void end(struct rated *r)
{
	LIST_REMOVE(r, entry);
	quality_end(&r->quality);
	free(r);
}

struct rated *rated_add(struct rated_list *list, uint32_t ssrc, uint64_t since_ms)
{
	struct rated *r, *silent = NULL, *made;
	unsigned int count = 0;

	LIST_FOREACH (r, list, entry) {
		count++;
		if (r->heard_ms < (silent ? silent->heard_ms : since_ms))
			silent = r;
	}
	if (count >= STREAMS_MOST && !silent)
		return NULL;
	made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	if (count >= STREAMS_MOST)
		end(silent);
	made->ssrc = ssrc;
	LIST_INSERT_HEAD(list, made, entry);
	return made;
}

void rated_count(const struct rated_list *list, uint32_t bins[RATED_BINS])
{
	static const float bounds[RATED_BINS - 1] = {2.6, 3.1, 3.6, 4.0, 4.3};
	const struct rated *r;

	LIST_FOREACH (r, list, entry) {
		float mos = r->quality.latest.conversational;
		unsigned int bin = 0;

		if (!mos)
			continue;
		while (bin < RATED_BINS - 1 && mos >= bounds[bin])
			bin++;
		bins[bin]++;
	}
}

void rated_move(struct rated_list *to, struct rated_list *from)
{
	struct rated *r;

	LIST_INIT(to);
	while ((r = LIST_FIRST(from))) {
		LIST_REMOVE(r, entry);
		LIST_INSERT_HEAD(to, r, entry);
	}
}

void rated_free(struct rated_list *list)
{
	struct rated *r;

	while ((r = LIST_FIRST(list)))
		end(r);
}
