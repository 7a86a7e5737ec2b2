/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pipeline on real DPDK ports, so that testpmd can stand beside it on the same: two of net_pcap,
 * each of which replays a file without end and frees what is sent. It writes the files first, a
 * packet of each participant, and then measures what it is asked to: a line on the standard input
 *
 *	pipeline|ports LOADS
 *
 * is answered by a line of JSON with the TSC cycles per packet of each load.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_launch.h>

#include "dataplane/worker.h"
#include "perf/traffic.h"

#define PAYLOAD      160
#define LOADS_MAX    1024
#define DESCRIPTORS  2048
#define CACHED       256   /* packets that a core keeps for itself, as testpmd is told to */
#define PACKETS_MORE 16384 /* than there are in the files */
#define WAIT_US      1000

struct device {
	struct rig rig;
	struct traffic traffic;
	const char *directory;
	struct rte_mempool *mbufs;
	bool pipeline; /* else the ports alone */
	uint32_t loads;
	uint64_t dropped;
	double cycles[LOADS_MAX];
};

/* --- files ----------------------------------------------------------------------------------- */

/* The libpcap file format, in this machine's byte order. */
struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, longest, link;
};
struct packet_header {
	uint32_t seconds, microseconds, kept, length;
};

static void path_of(char path[256], const struct device *d, unsigned int network)
{
	snprintf(path, 256, "%s/net%u.pcap", d->directory, network);
}

static FILE *create_file(const struct device *d, unsigned int network)
{
	const struct file_header header = {0xa1b2c3d4, 2, 4, 0, 0, RTE_MBUF_DEFAULT_DATAROOM, 1};
	char path[256];
	FILE *file;

	path_of(path, d, network);
	file = fopen(path, "we");
	if (file)
		fwrite(&header, sizeof(header), 1, file);
	return file;
}

static void write_packets(struct traffic *t, FILE *const *files, uint32_t count)
{
	for (uint32_t k = 0; k < count; k++) {
		const struct rte_mbuf *m = t->mbuf[k];
		const struct packet_header header = {.kept = m->data_len, .length = m->data_len};
		FILE *file = files[t->sender[k]->network];

		fwrite(&header, sizeof(header), 1, file);
		fwrite(rte_pktmbuf_mtod(m, uint8_t *), m->data_len, 1, file);
	}
}

static int write_files(struct device *d)
{
	struct traffic *t = &d->traffic;
	const uint32_t senders = t->rounds[FROM_PLAIN].count;
	FILE *files[RIG_NETWORKS] = {NULL};
	int error = 0;

	for (unsigned int n = 0; n < RIG_NETWORKS && !error; n++) {
		files[n] = create_file(d, n);
		error = files[n] ? 0 : -errno;
	}
	for (uint32_t done = 0; done < senders && !error; done += RIG_PACKETS) {
		traffic_fill(t);
		write_packets(t, files, RTE_MIN(senders - done, (uint32_t)RIG_PACKETS));
		traffic_skip(t);
	}
	for (unsigned int n = 0; n < RIG_NETWORKS; n++)
		if (files[n] && (ferror(files[n]) | fclose(files[n])) && !error)
			error = -EIO;
	return error;
}

/* --- ports ----------------------------------------------------------------------------------- */

static int open_port(struct device *d, unsigned int network)
{
	const struct rte_eth_conf conf = {0};
	char path[256], arguments[300];
	uint16_t port;
	int error;

	path_of(path, d, network);
	snprintf(arguments, sizeof(arguments), "net_pcap%u,rx_pcap=%s,infinite_rx=1", network,
		 path);
	error = rte_dev_probe(arguments);
	snprintf(arguments, sizeof(arguments), "net_pcap%u", network);
	if (!error)
		error = rte_eth_dev_get_port_by_name(arguments, &port);
	if (!error && port != d->rig.dataplane.networks[network].port)
		error = -EBUSY;
	if (!error)
		error = rte_eth_dev_configure(port, 1, 1, &conf);
	if (!error)
		error = rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL, d->mbufs);
	if (!error)
		error = rte_eth_tx_queue_setup(port, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL);
	return error ? error : rte_eth_dev_start(port);
}

/* From here on the ports are these and no longer traffic.c's. */
static int open_ports(struct device *d)
{
	int error = 0;

	d->mbufs = rte_pktmbuf_pool_create("received", d->rig.config.legs + PACKETS_MORE, CACHED, 0,
					   RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (!d->mbufs)
		return -ENOMEM;
	for (unsigned int n = 0; n < RIG_NETWORKS && !error; n++)
		error = open_port(d, n);
	return error;
}

/* --- on the worker's core -------------------------------------------------------------------- */

static double run_pipeline(struct device *d)
{
	struct worker *w = d->rig.worker;
	uint64_t begin = rte_rdtsc_precise(), took;
	uint32_t taken = 0;

	while (taken < RIG_PACKETS)
		taken += worker_poll(w);
	took = rte_rdtsc_precise() - begin;
	return (double)took / taken;
}

static double run_ports(void)
{
	struct rte_mbuf *packets[BURST_MAX];
	uint64_t begin = rte_rdtsc_precise(), took;
	uint32_t taken = 0;

	while (taken < RIG_PACKETS) {
		for (unsigned int n = 0; n < RIG_NETWORKS; n++) {
			uint16_t count = rte_eth_rx_burst(n, 0, packets, BURST_MAX);

			taken += rte_eth_tx_burst(n, 0, packets, count);
		}
	}
	took = rte_rdtsc_precise() - begin;
	return (double)took / taken;
}

static uint64_t drops_of(const struct worker *w)
{
	uint64_t drops = 0;

	for (unsigned int k = DROP_NONE + 1; k < DROP_MAX; k++)
		drops += w->drops[k];
	return drops;
}

static int run(void *arg)
{
	struct device *d = arg;
	const uint64_t before = drops_of(d->rig.worker);

	for (uint32_t load = 0; load < d->loads; load++)
		d->cycles[load] = d->pipeline ? run_pipeline(d) : run_ports();
	d->dropped = drops_of(d->rig.worker) - before;
	return 0;
}

static int answer(void *arg, const char *line)
{
	struct device *d = arg;
	const unsigned int lcore = d->rig.worker->lcore;
	char kind[16];

	if (sscanf(line, "%15s %u", kind, &d->loads) != 2 || !d->loads || d->loads > LOADS_MAX)
		return -EINVAL;
	d->pipeline = strcmp(kind, "pipeline") == 0;
	if (!d->pipeline && strcmp(kind, "ports") != 0)
		return -EINVAL;
	if (rte_eal_remote_launch(run, d, lcore))
		return -EBUSY;
	while (rte_eal_get_lcore_state(lcore) == RUNNING)
		usleep(WAIT_US);
	rte_eal_wait_lcore(lcore);
	if (d->dropped)
		return -EIO;
	for (uint32_t k = 0; k < d->loads; k++)
		printf("%s%.2f", k ? "," : "{\"cycles\":[", d->cycles[k]);
	printf("]}\n");
	return 0;
}

/* --- the program ----------------------------------------------------------------------------- */

static const struct option options[] = {
	{"legs", required_argument, NULL, 'l'}, {"directory", required_argument, NULL, 'd'},
	{"core", required_argument, NULL, 'k'}, {"no-huge", no_argument, NULL, 'n'},
	{"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0}};

static const char *const usage =
	"Usage: device --directory DIRECTORY [--legs N] [--core N] [--no-huge]\n"
	"A dataplane on replayed files, which it writes to the directory; perf/bench runs it.\n";

static bool read_options(struct rig_config *c, const char **directory, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			c->legs = strtoul(optarg, NULL, 10);
			break;
		case 'd':
			*directory = optarg;
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
	return optind == argc && *directory && c->legs >= 2 && c->legs <= RIG_LEGS_MAX &&
	       c->legs % 2 == 0;
}

static int create(struct device *d, const struct rig_config *config)
{
	int error = rig_create(&d->rig, config);

	if (!error)
		error = traffic_create(&d->traffic, &d->rig, 0);
	if (!error)
		error = traffic_select(&d->traffic, FROM_PLAIN, PAYLOAD, RIG_PACKETS);
	if (error)
		return error;
	error = write_files(d);
	if (error)
		return rig_fail(d->directory, error);
	error = open_ports(d);
	return error ? rig_fail("ports of net_pcap", error) : 0;
}

int main(int argc, char **argv)
{
	struct rig_config config = {.engine = "ipsec_mb",
				    .suite = SUITE_AES_CM_128_HMAC_SHA1_80,
				    .calls = CALLS_PLAIN,
				    .legs = 1000,
				    .core = 1,
				    .workers = 1,
				    .hugepages = true,
				    .software_checksums = true}; /* net_pcap computes none */
	static struct device device;
	int error;

	if (!read_options(&config, &device.directory, argc, argv)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	error = create(&device, &config);
	if (error)
		return EXIT_FAILURE;
	printf("{\"hz\":%lu}\n", rte_get_tsc_hz());
	fflush(stdout);
	return rig_serve(answer, &device) ? EXIT_FAILURE : EXIT_SUCCESS;
}
