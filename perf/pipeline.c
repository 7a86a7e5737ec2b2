/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One pipeline with its calls, which measures what it is asked to: a line on the standard input
 *
 *	pipeline|ports|raw|stages plain|secure|client PAYLOAD LOADS [PACKETS]
 *
 * is answered by a line of JSON with the TSC cycles per packet of each load of PACKETS (8192), and
 *
 *	memory
 *
 * by what is allocated. Several of these processes can be asked in turn, so that engines and builds
 * are measured beside each other.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/stream.h"
#include "perf/measure.h"

#define PAYLOAD_MAX 1400

static const struct option options[] = {{"engine", required_argument, NULL, 'e'},
					{"suite", required_argument, NULL, 's'},
					{"calls", required_argument, NULL, 'c'},
					{"legs", required_argument, NULL, 'l'},
					{"core", required_argument, NULL, 'k'},
					{"workers", required_argument, NULL, 'w'},
					{"listeners", required_argument, NULL, 'i'},
					{"no-huge", no_argument, NULL, 'n'},
					{"software-checksums", no_argument, NULL, 'u'},
					{"shed", required_argument, NULL, 'd'},
					{"help", no_argument, NULL, 'h'},
					{NULL, 0, NULL, 0}};

static const char *const usage =
	"Usage: pipeline [--engine ipsec_mb|libsrtp] [--suite NAME]\n"
	"                [--calls plain|mixed|browser|secure|shared|turn|turns] [--legs N] [--core N]\n"
	"                [--workers 1|2] [--listeners 0|1|2] [--shed off|vouched|judged]\n"
	"                [--no-huge] [--software-checksums]\n"
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
	static const char *const calls[] = {"plain",  "mixed", "browser", "secure",
					    "shared", "turn",  "turns",   NULL};
	static const char *const sheds[] = {"off", "vouched", "judged", NULL};
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
		case 'w':
			c->workers = strtoul(optarg, NULL, 10);
			break;
		case 'i':
			c->listeners = strtoul(optarg, NULL, 10);
			break;
		case 'd':
			found = find(sheds, optarg);
			if (found < 0)
				return false;
			c->shed = found;
			break;
		case 'n':
			c->hugepages = false;
			break;
		case 'u':
			c->software_checksums = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc && c->suite && c->legs >= 2 && c->legs <= RIG_LEGS_MAX &&
	       c->legs % 2 == 0 && c->workers >= 1 && c->workers <= 2 &&
	       c->listeners <= RIG_LISTENERS;
}

static void print_list(const double *values, uint32_t count, size_t stride)
{
	for (uint32_t k = 0; k < count; k++)
		printf("%s%.2f", k ? "," : "[", values[k * stride]);
	putchar(']');
}

/* Of all workers together, on the average of one: as many packets come out as they are cores. */
static void print_cycles(const struct measure *m, unsigned int workers)
{
	printf("\"cycles\":[");
	for (uint32_t k = 0; k < m->loads; k++) {
		double rate = 0;

		for (unsigned int w = 0; w < workers; w++)
			rate += 1 / m[w].cycles[k];
		printf("%s%.2f", k ? "," : "", workers / rate);
	}
	putchar(']');
}

static void print_result(const struct measure *m, unsigned int workers)
{
	putchar('{');
	print_cycles(m, workers);
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

static void print_memory(void)
{
	const struct memory used = memory_used();

	printf("{\"heap\":%lu,\"blocks\":%lu,\"malloc\":%lu}\n", used.heap, used.blocks,
	       used.malloc);
}

/* What the legs take, and the TSC's frequency. */
static void print_start(const struct rig *rig)
{
	const struct rig_memory *m = &rig->memory;

	printf("{\"hz\":%lu,\"memory\":{\"leg\":%lu,\"table\":%lu,\"workers\":%lu,"
	       "\"registry\":%lu,\"configuration\":%lu,\"keys\":%lu},"
	       "\"participants\":%lu,\"stream\":%zu}\n",
	       rte_get_tsc_hz(), m->legs, m->table, m->workers, m->registry,
	       m->configuration - m->keys, m->keys, m->participants, sizeof(struct stream));
}

static int measure(struct traffic *t, unsigned int workers, const char *line)
{
	static const char *const kinds[] = {"pipeline", "ports", "raw", "stages", NULL};
	static const char *const froms[] = {"plain", "secure", "client", NULL};
	static struct measure m[RIG_WORKERS_MAX];
	unsigned int payload, loads, packets = RIG_PACKETS;
	char kind[16], from[16];
	int error = 0, k, f;

	if (sscanf(line, "%15s %15s %u %u %u", kind, from, &payload, &loads, &packets) < 4)
		return -EINVAL;
	k = find(kinds, kind);
	f = find(froms, from);
	if (k < 0 || f < 0 || payload > PAYLOAD_MAX || !loads || loads > MEASURE_LOADS_MAX ||
	    !packets || packets > RIG_PACKETS || packets % BURST_MAX)
		return -EINVAL;
	for (unsigned int w = 0; w < workers && !error; w++) {
		m[w].traffic = &t[w];
		m[w].kind = k;
		m[w].loads = loads;
		error = traffic_select(&t[w], f, payload, packets);
	}
	if (!error)
		error = measure_run(m, workers);
	if (!error)
		print_result(m, workers);
	return error;
}

struct asked {
	struct traffic traffic[RIG_WORKERS_MAX];
	unsigned int workers;
};

static int answer(void *arg, const char *line)
{
	struct asked *a = arg;

	if (strcmp(line, "memory\n") != 0)
		return measure(a->traffic, a->workers, line);
	print_memory();
	return 0;
}

int main(int argc, char **argv)
{
	struct rig_config config = {.engine = "ipsec_mb",
				    .suite = SUITE_AES_CM_128_HMAC_SHA1_80,
				    .calls = CALLS_PLAIN,
				    .legs = 1000,
				    .core = 1,
				    .workers = 1,
				    .hugepages = true};
	static struct rig rig;
	static struct asked asked;
	int error;

	if (!read_options(&config, argc, argv)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	error = rig_create(&rig, &config);
	for (unsigned int k = 0; k < config.workers && !error; k++)
		error = traffic_create(&asked.traffic[k], &rig, k);
	if (error)
		return EXIT_FAILURE;
	print_start(&rig);
	fflush(stdout);
	asked.workers = config.workers;
	return rig_serve(answer, &asked) ? EXIT_FAILURE : EXIT_SUCCESS;
}
