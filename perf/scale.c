/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many workers in turn on one core, each with its queue of each port, by which packets come as RSS
 * spreads them: what a packet costs then, and how many are handed over before each leg is where its
 * packets come. Without a core for each worker nothing is known of what they do to each other's
 * caches; what is known is that a packet's own work does not grow. A line on the standard input
 *
 *	run LOADS
 *
 * is answered by a line of JSON: TSC cycles per packet of each load, packets that were handed over,
 * legs that went over to another worker.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_launch.h>

#include "dataplane/main/legs/registry.h"
#include "dataplane/worker.h"
#include "perf/traffic.h"

#define LCORE     1
#define PAYLOAD   160
#define LOADS_MAX 4096
#define TURNS_MAX (64 * RIG_PACKETS / BURST_MAX)
#define POLL_US   20

static const struct option options[] = {
	{"legs", required_argument, NULL, 'l'},    {"core", required_argument, NULL, 'k'},
	{"workers", required_argument, NULL, 'w'}, {"no-huge", no_argument, NULL, 'n'},
	{"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};

static const char *const usage =
	"Usage: scale [--workers N] [--legs N] [--core N] [--no-huge]\n"
	"Workers in turn on one core; perf/scale.py runs it. See perf/README.md.\n";

static struct scale {
	struct rig rig;
	struct traffic traffic[RIG_WORKERS_MAX];
	unsigned int workers;
	uint32_t loads;
	double cycles[LOADS_MAX];
} scale;

static bool read_options(struct rig_config *c, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			c->legs = strtoul(optarg, NULL, 10);
			break;
		case 'k':
			c->core = strtoul(optarg, NULL, 10);
			break;
		case 'w':
			c->workers = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			c->hugepages = false;
			break;
		default:
			return false;
		}
	}
	return optind == argc && c->legs >= 2 && c->legs <= RIG_LEGS_MAX && c->legs % 2 == 0 &&
	       c->workers >= 1 && c->workers <= RIG_WORKERS_MAX;
}

static uint32_t packets(void)
{
	return scale.traffic[0].load * scale.workers;
}

static uint32_t sent(void)
{
	uint32_t sum = 0;

	for (unsigned int w = 0; w < scale.workers; w++)
		sum += traffic_sent(&scale.traffic[w]);
	return sum;
}

static double run_load(void)
{
	uint64_t begin;

	for (unsigned int w = 0; w < scale.workers; w++)
		traffic_fill(&scale.traffic[w]);
	begin = rte_rdtsc_precise();
	for (unsigned int turn = 0; turn < TURNS_MAX && sent() < packets(); turn++)
		for (unsigned int w = 0; w < scale.workers; w++)
			worker_poll(scale.rig.dataplane.workers[w]);
	return (double)(rte_rdtsc_precise() - begin) / packets();
}

static int run(void *unused)
{
	for (uint32_t load = 0; load < scale.loads; load++) {
		scale.cycles[load] = run_load();
		if (sent() < packets())
			return -EIO;
	}
	return 0;
}

static uint64_t count(enum worker_counter counter)
{
	uint64_t sum = 0;

	for (unsigned int w = 0; w < scale.workers; w++)
		sum += scale.rig.dataplane.workers[w]->counters[counter];
	return sum;
}

static int answer(void *unused, const char *line)
{
	uint64_t handed = count(COUNTER_HANDOVER), moved = count(COUNTER_MOVED);

	if (sscanf(line, "run %u", &scale.loads) != 1 || !scale.loads || scale.loads > LOADS_MAX)
		return -EINVAL;
	if (rte_eal_remote_launch(run, NULL, LCORE))
		return -EBUSY;
	/* The main lcore orders the legs that move to where they go. */
	while (rte_eal_get_lcore_state(LCORE) == RUNNING) {
		registry_poll(scale.rig.registry);
		usleep(POLL_US);
	}
	if (rte_eal_wait_lcore(LCORE))
		return -EIO;
	printf("{\"cycles\":");
	for (uint32_t k = 0; k < scale.loads; k++)
		printf("%s%.2f", k ? "," : "[", scale.cycles[k]);
	printf("],\"packets\":%u,\"handed_over\":%lu,\"moved\":%lu}\n", packets(),
	       count(COUNTER_HANDOVER) - handed, count(COUNTER_MOVED) - moved);
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
				    .rss = true,
				    .hugepages = true};
	int error;

	if (!read_options(&config, argc, argv)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	error = rig_create(&scale.rig, &config);
	scale.workers = config.workers;
	for (unsigned int w = 0; w < scale.workers && !error; w++) {
		/* A load of all is as large as that of one worker. */
		error = traffic_create(&scale.traffic[w], &scale.rig, w);
		if (!error)
			error = traffic_select(&scale.traffic[w], FROM_PLAIN, PAYLOAD,
					       RIG_PACKETS / RTE_MAX(scale.workers, 1u));
	}
	if (error)
		return EXIT_FAILURE;
	printf("{\"hz\":%lu}\n", rte_get_tsc_hz());
	fflush(stdout);
	return rig_serve(answer, NULL) ? EXIT_FAILURE : EXIT_SUCCESS;
}
