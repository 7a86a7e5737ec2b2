/* SPDX-License-Identifier: BSD-3-Clause */
/* What the front ends are asked for, and what came of it. */
#include <stdio.h>
#include <string.h>

#include "controlplane/access/access.h"
#include "controlplane/metrics/metrics_view.h"
#include "controlplane/rpc/rpc.h"

#define NAME 64

/* --- gRPC, and the same by HTTP -------------------------------------------------------------- */

/* "/package.Service/Method" in two words. */
static void split(const char *path, char service[NAME], char method[NAME])
{
	const char *slash = strrchr(path, '/');
	const char *dot = slash;

	while (dot > path && dot[-1] != '.' && dot[-1] != '/')
		dot--;
	snprintf(service, NAME, "%.*s", (int)(slash - dot), dot);
	snprintf(method, NAME, "%s", slash + 1);
}

/* Success is told from the start, so that the first one counts in a rate; a failure once it came.
 */
static void write_method(struct exposition *e, const char *path, const struct rpc_count *count)
{
	char service[NAME], method[NAME];

	split(path, service, method);
	for (int code = 0; code < RPC_CODES; code++)
		if (count->codes[code] || code == GRPC_STATUS_OK)
			exposition_value(e,
					 EXPOSITION_LABELS({"service", service}, {"method", method},
							   {"code", access_code_name(code)}),
					 count->codes[code]);
}

static void write_rpc(struct exposition *e, const struct metrics_view *v)
{
	static const struct exposition_family requests = {
		"tandem_rpc_requests", NULL,
		"Requests of the API, by gRPC or HTTP, that were answered, by method and status.",
		EXPOSITION_COUNTER};
	static const struct exposition_family failures = {
		"tandem_access_failures", NULL,
		"Attempts to get in that failed: no credential, an unknown or an expired one, or a "
		"role that may not.",
		EXPOSITION_COUNTER};

	exposition_family(e, &requests);
	for (unsigned int k = 0; k < v->service_count; k++)
		for (unsigned int m = 0; v->services[k].counts && m < v->services[k].count; m++)
			write_method(e, v->services[k].methods[m].path, &v->services[k].counts[m]);
	exposition_family(e, &failures);
	if (v->access)
		exposition_value(e, NULL, access_failures(v->access));
}

/* --- ng -------------------------------------------------------------------------------------- */

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
	write_rpc(e, v);
	write_ng(e, v->ng);
}
