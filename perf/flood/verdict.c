/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each verdict costs, in XDP and in the dataplane's own stage. bench-flood starts it, reads
 * the list of cases, a line of JSON, and asks for one after the other:
 *
 *	CASE VERSION REPEAT
 *		the number of the case in the list, 4 or 6, and how many packets; answered by
 *		{"judged": ns, "empty": ns, "cycles": TSC cycles in the dataplane, or null}
 */
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/shed_maps.h"
#include "perf/flood/twin.h"
#include "perf/flood/xdp.h"

static void list(void)
{
	printf("{\"cases\": [");
	for (unsigned int n = 0; n < verdict_case_count; n++) {
		const struct verdict_case *c = &verdict_cases[n];

		printf("%s{\"name\": \"%s\", \"reason\": \"%s\", \"drops\": %s, \"versions\": [%s]}",
		       n ? ", " : "", c->name, shed_reason_name(c->reason),
		       shed_reason_drops(c->reason) ? "true" : "false",
		       c->only == 4   ? "4"
		       : c->only == 6 ? "6"
				      : "4, 6");
	}
	printf("]}\n");
}

static void answer(const char *line)
{
	unsigned int number, repeat;
	struct xdp_cost cost;
	double cycles;
	int version;

	if (sscanf(line, "%u %d %u", &number, &version, &repeat) != 3 ||
	    number >= verdict_case_count || (version != 4 && version != 6) || repeat < 1000)
		errx(1, "cannot be read: %s", line);
	cost = xdp_measure(&verdict_cases[number], version, repeat);
	cycles = twin_measure(&verdict_cases[number], version, repeat);
	printf("{\"judged\": %u, \"empty\": %u, \"cycles\": ", cost.judged, cost.empty);
	if (cycles < 0)
		printf("null}\n");
	else
		printf("%.1f}\n", cycles);
}

static void stay_on(int core)
{
	cpu_set_t cores;

	CPU_ZERO(&cores);
	CPU_SET(core, &cores);
	if (sched_setaffinity(0, sizeof(cores), &cores))
		err(1, "core %d", core);
}

int main(int argc, char **argv)
{
	char line[64];

	if (argc != 4) {
		fprintf(stderr, "usage: verdict CORE SHED-OBJECT VARY-OBJECT\n"
				"Started by perf/bench-flood; requests come on standard input.\n");
		return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 2;
	}
	signal(SIGINT, SIG_IGN); /* Ctrl-C is for bench-flood, which then closes the pipe */
	setvbuf(stdout, NULL, _IOLBF, 0);
	stay_on(atoi(argv[1]));
	xdp_open(argv[2], argv[3]);
	twin_open(atoi(argv[1]));
	list();
	while (fgets(line, sizeof(line), stdin))
		answer(line);
	twin_close();
	xdp_close();
	return 0;
}
