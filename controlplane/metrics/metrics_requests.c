/* SPDX-License-Identifier: BSD-3-Clause */
/* What the front ends are asked for, and what came of it. */
#include "controlplane/metrics/metrics_view.h"

/* A command that never came has no samples: most never do. */
static void write_ng(struct exposition *e, const struct ng *ng)
{
	static const struct exposition_family requests = {
		"tandem_ng_requests", NULL,
		"Requests of the ng protocol that were served, by command.", EXPOSITION_COUNTER};
	const struct ng_count *counts = NULL;
	unsigned int count = ng ? ng_counts(ng, &counts) : 0;

	exposition_family(e, &requests);
	for (unsigned int k = 0; k < count; k++) {
		if (!counts[k].done && !counts[k].failed)
			continue;
		exposition_value(
			e, EXPOSITION_LABELS({"command", counts[k].command}, {"result", "done"}),
			counts[k].done);
		exposition_value(
			e, EXPOSITION_LABELS({"command", counts[k].command}, {"result", "failed"}),
			counts[k].failed);
	}
}

void metrics_write_requests(struct exposition *e, const struct metrics_view *v)
{
	write_ng(e, v->ng);
}
