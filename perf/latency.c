/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long packets stay in a pipeline, one half of whose calls is plain and one half SRTP on one
 * side. It measures what it is asked to: a line on the standard input
 *
 *	forward|decrypt|nothing INTERVAL SERVICE quiet|rekey wall|stopped LOADS
 *
 * is answered by a line of JSON. INTERVAL is TSC ticks from packet to packet, 0: all at once, and
 * SERVICE the ticks that a packet takes at full load. "nothing" is a loop that reads the TSC: what
 * the machine itself adds. With "rekey" the main lcore pushes keys meanwhile. With "stopped" the
 * clock stands still while the core is away (paced.h).
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_launch.h>

#include "dataplane/worker.h"
#include "perf/paced.h"
#include "perf/rekey.h"

#define LOADS_MAX 256
#define WAIT_US   1000

enum what { FORWARD, DECRYPT, NOTHING };

struct order_of_work {
	struct traffic *traffic;
	struct rekey *rekey;
	enum what what;
	double interval;
	uint32_t loads;
	int error;               /* 0 or -EIO: packets were lost */
	double ticks[LOADS_MAX]; /* per packet, of each load */
	uint64_t polling;        /* ticks of all loads */
	struct paced_clock clock;
	uint32_t latency[LOADS_MAX * RIG_PACKETS];
	unsigned long payload; /* octets */
};

/* --- on the worker's core -------------------------------------------------------------------- */

static int lost(const struct worker *w)
{
	fprintf(stderr, "latency: %u of %u packets were sent\n", paced_sent(), RIG_PACKETS);
	for (unsigned int k = DROP_NONE + 1; k < DROP_MAX; k++)
		if (w->drops[k])
			fprintf(stderr, "latency: dropped, %s: %lu\n", drop_reasons[k].help,
				w->drops[k]);
	return -EIO;
}

/* As worker_run(), until all packets were sent or a second has passed since they came. */
static int poll_worker(struct worker *w)
{
	while (paced_sent() < RIG_PACKETS) {
		worker_poll(w);
		if (paced_is_late())
			return lost(w);
	}
	return 0;
}

/*
 * A worker has its core to itself (isolcpus); here other programs could have turns on it, and what
 * would be measured is how long these last. Without the right to it, they do.
 */
static void claim_core(void)
{
	const struct sched_param priority = {.sched_priority = 1};

	pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
}

static int run(void *arg)
{
	struct order_of_work *o = arg;
	struct worker *w = o->traffic->rig->worker;

	claim_core();
	for (uint32_t load = 0; load < o->loads && !o->error; load++) {
		uint64_t took;

		rekey_take(o->rekey);
		traffic_fill(o->traffic);
		paced_plan(o->interval);
		/* Orders that came while nobody polled are not what is measured. */
		while (!rte_ring_empty(w->orders))
			worker_obey(w, rte_rdtsc());
		paced_start(&o->clock, &o->latency[load * RIG_PACKETS]);
		if (o->what == NOTHING)
			paced_watch();
		else
			o->error = poll_worker(w);
		took = rte_rdtsc() - paced_begin();
		o->ticks[load] = (double)took / RIG_PACKETS;
		o->polling += took;
	}
	return o->error;
}

/* --- what is asked --------------------------------------------------------------------------- */

/* Calls that are plain on both sides: the first two of every four legs (CALLS_EITHER). */
static void keep_plain_calls(struct traffic *t)
{
	struct traffic_round *round = &t->rounds[FROM_PLAIN];
	uint32_t kept = 0;

	for (uint32_t k = 0; k < round->count; k++)
		if ((round->order[k] - t->rig->sources) % 4 < 2)
			round->order[kept++] = round->order[k];
	round->count = kept;
}

static int carry_out(struct order_of_work *o, bool rekey, uint16_t payload)
{
	unsigned int lcore = o->traffic->rig->worker->lcore;
	int error = traffic_select(o->traffic, o->what == DECRYPT ? FROM_SECURE : FROM_PLAIN,
				   payload, RIG_PACKETS);

	if (error)
		return error;
	o->error = 0;
	o->polling = 0;
	error = rte_eal_remote_launch(run, o, lcore);
	if (error)
		return error;
	while (rte_eal_get_lcore_state(lcore) == RUNNING) {
		if (!rekey)
			usleep(WAIT_US);
		else if (!error)
			error = rekey_push(o->rekey);
	}
	return rte_eal_wait_lcore(lcore) ?: error;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of sorted latencies: so many in a thousand are at most as long. */
static uint32_t permille(const struct order_of_work *o, uint64_t part)
{
	return o->latency[(o->loads * (uint64_t)RIG_PACKETS * part - 1) / 1000];
}

static void print_answer(struct order_of_work *o, uint64_t pushed, double seconds)
{
	const uint32_t count = o->loads * RIG_PACKETS;

	qsort(o->latency, count, sizeof(o->latency[0]), by_size);
	qsort(o->ticks, o->loads, sizeof(o->ticks[0]), by_value);
	printf("{\"packets\":%u,\"ticks\":%.2f,\"p50\":%u,\"p99\":%u,\"p99.9\":%u,\"max\":%u,"
	       "\"keys\":%.0f,\"pauses\":%.1f,\"paused\":%.5f}\n",
	       count, o->ticks[o->loads / 2], permille(o, 500), permille(o, 990), permille(o, 999),
	       permille(o, 1000), pushed / seconds,
	       o->clock.pauses * (double)rte_get_tsc_hz() / o->polling,
	       (double)o->clock.paused / o->polling);
}

static int answer(void *arg, const char *line)
{
	struct order_of_work *o = arg;
	static const char *const whats[] = {"forward", "decrypt", "nothing"};
	char what[16], manner[16], clock[16];
	uint64_t begin = rte_rdtsc(), before = o->rekey->pushed;
	int error;

	o->clock = (struct paced_clock){.pauses = 0};
	if (sscanf(line, "%15s %lf %lf %15s %15s %u", what, &o->interval, &o->clock.service, manner,
		   clock, &o->loads) != 6 ||
	    !o->loads || o->loads > LOADS_MAX)
		return -EINVAL;
	for (o->what = FORWARD; strcmp(whats[o->what], what); o->what++)
		if (o->what == NOTHING)
			return -EINVAL;
	o->clock.stopped = !strcmp(clock, "stopped");
	error = carry_out(o, !strcmp(manner, "rekey"), o->payload);
	if (!error)
		print_answer(o, o->rekey->pushed - before,
			     (double)(rte_rdtsc() - begin) / rte_get_tsc_hz());
	return error;
}

/* --- the program ----------------------------------------------------------------------------- */

static const struct option options[] = {{"suite", required_argument, NULL, 's'},
					{"legs", required_argument, NULL, 'l'},
					{"payload", required_argument, NULL, 'p'},
					{"core", required_argument, NULL, 'k'},
					{"no-huge", no_argument, NULL, 'n'},
					{"help", no_argument, NULL, 'h'},
					{NULL, 0, NULL, 0}};

static const char *const usage =
	"Usage: latency [--suite NAME] [--legs N] [--payload N] [--core N] [--no-huge]\n"
	"A dataplane in one process, with N legs of each kind; perf/bench runs it. See "
	"perf/README.md.\n";

static bool read_options(struct rig_config *c, unsigned long *payload, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			c->suite = suite_find(optarg);
			break;
		case 'l':
			c->legs = 2 * strtoul(optarg, NULL, 10);
			break;
		case 'p':
			*payload = strtoul(optarg, NULL, 10);
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
	return optind == argc && c->suite && c->legs >= 4 && c->legs <= RIG_LEGS_MAX &&
	       c->legs % 4 == 0 && *payload && *payload <= 1400;
}

int main(int argc, char **argv)
{
	struct rig_config config = {.engine = "ipsec_mb",
				    .suite = SUITE_AES_CM_128_HMAC_SHA1_80,
				    .calls = CALLS_EITHER,
				    .legs = 20000,
				    .core = 1,
				    .workers = 1,
				    .hugepages = true};
	static struct rig rig;
	static struct traffic traffic;
	static struct rekey rekey;
	static struct order_of_work order = {.traffic = &traffic, .rekey = &rekey, .payload = 160};
	int error;

	if (!read_options(&config, &order.payload, argc, argv)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	error = rig_create(&rig, &config);
	if (!error)
		error = traffic_create(&traffic, &rig, 0);
	if (!error)
		error = rekey_create(&rekey, &rig);
	if (error)
		return EXIT_FAILURE;
	keep_plain_calls(&traffic);
	paced_open(&traffic);
	printf("{\"hz\":%lu}\n", rte_get_tsc_hz());
	fflush(stdout);
	return rig_serve(answer, &order) ? EXIT_FAILURE : EXIT_SUCCESS;
}
