/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One pipeline with its calls, which measures what it is asked to: a line on the standard input
 *
 *	pipeline|ports|raw|stages plain|secure PAYLOAD LOADS
 *
 * is answered by a line of JSON with the TSC cycles per packet of each load. Several of these
 * processes can be asked in turn, so that engines and builds are measured beside each other.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "perf/measure.h"

#define PAYLOAD_MAX 1400

static const struct option options[] = {
	{"engine", required_argument, NULL, 'e'}, {"suite", required_argument, NULL, 's'},
	{"calls", required_argument, NULL, 'c'},  {"legs", required_argument, NULL, 'l'},
	{"core", required_argument, NULL, 'k'},   {"no-huge", no_argument, NULL, 'n'},
	{"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};

static const char *const usage =
	"Usage: pipeline [--engine ipsec_mb|libsrtp] [--suite NAME] [--calls plain|mixed|secure]\n"
	"                [--legs N] [--core N] [--no-huge]\n"
	"A dataplane in one process; perf/bench runs it. See perf/README.md.\n";

/* Index of `word`, or -1. */
static int find(const char *const *words, const char *word)
{
	for (int k = 0; words[k]; k++)
		if (!strcmp(words[k], word))
			return k;
	return -1;
}

static bool read_options(struct rig_config *c, int argc, char **argv)
{
	static const char *const calls[] = {"plain", "mixed", "secure", NULL};
	int option, found;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'e':
			c->engine = optarg;
			break;
		case 's':
			c->suite = suite_find(optarg);
			break;
		case 'c':
			found = find(calls, optarg);
			if (found < 0)
				return false;
			c->calls = found;
			break;
		case 'l':
			c->legs = strtoul(optarg, NULL, 10);
			break;
		case 'k':
			c->core = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			c->hugepages = false;
			break;
		default:
			return false;
		}
	}
	return optind == argc && c->suite && c->legs >= 2 && c->legs <= RIG_LEGS_MAX &&
	       c->legs % 2 == 0;
}

static void print_list(const double *values, uint32_t count, size_t stride)
{
	for (uint32_t k = 0; k < count; k++)
		printf("%s%.2f", k ? "," : "[", values[k * stride]);
	putchar(']');
}

static void print_result(const struct measure *m)
{
	printf("{\"cycles\":");
	print_list(m->cycles, m->loads, 1);
	if (m->kind == MEASURE_STAGES) {
		printf(",\"stages\":{");
		for (unsigned int k = 0; measure_stages[k]; k++) {
			printf("%s\"%s\":", k ? "," : "", measure_stages[k]);
			print_list(&m->stages[0][k], m->loads, RTE_DIM(m->stages[0]));
		}
		putchar('}');
	}
	printf("}\n");
}

static int answer(struct traffic *t, const char *line)
{
	static const char *const kinds[] = {"pipeline", "ports", "raw", "stages", NULL};
	static const char *const froms[] = {"plain", "secure", NULL};
	static struct measure m;
	char kind[16], from[16];
	unsigned int payload;
	int error, k, f;

	m.traffic = t;
	if (sscanf(line, "%15s %15s %u %u", kind, from, &payload, &m.loads) != 4)
		return -EINVAL;
	k = find(kinds, kind);
	f = find(froms, from);
	if (k < 0 || f < 0 || payload > PAYLOAD_MAX || !m.loads || m.loads > MEASURE_LOADS_MAX)
		return -EINVAL;
	m.kind = k;
	/* The order begins anew only where something else is sent. */
	error = f == (int)t->from && payload == t->payload ? 0 : traffic_select(t, f, payload);
	if (!error)
		error = measure_run(&m);
	if (!error)
		print_result(&m);
	return error;
}

int main(int argc, char **argv)
{
	struct rig_config config = {.engine = "ipsec_mb",
				    .suite = SUITE_AES_CM_128_HMAC_SHA1_80,
				    .calls = CALLS_PLAIN,
				    .legs = 1000,
				    .core = 1,
				    .hugepages = true};
	static struct rig rig;
	static struct traffic traffic;
	char line[128];
	int error;

	if (!read_options(&config, argc, argv)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	error = rig_create(&rig, &config);
	if (!error)
		error = traffic_create(&traffic, &rig);
	if (error)
		return EXIT_FAILURE;
	printf("{\"hz\":%lu}\n", rte_get_tsc_hz());
	fflush(stdout);
	while (!error && fgets(line, sizeof(line), stdin)) {
		error = answer(&traffic, line);
		if (error)
			fprintf(stderr, "pipeline: %s: %s\n", strtok(line, "\n"), strerror(-error));
		fflush(stdout);
	}
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
