/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pipeline on real DPDK ports, so that testpmd can stand beside it on the same: two of net_pcap,
 * each of which replays a file without end and frees what is sent; or virtio-user's or memif's,
 * where perf/wire.c is on the other end and does that. It writes the files first, a packet of each
 * participant. A line on the standard input
 *
 *	open			opens the ports; at the other end somebody waits for them
 *	pipeline|ports LOADS
 *	serve			goes on until the next line comes
 *	empty RATE SECONDS	nothing: how late a loop is that does nothing else (perf/pauses.h)
 *
 * is answered by a line of JSON: the TSC cycles per packet of each load, in the turns that had
 * some.
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
#include "perf/pauses.h"
#include "perf/pcap.h"
#include "perf/traffic.h"

#define PAYLOAD      160
#define LOADS_MAX    1024
#define DESCRIPTORS  2048
#define CACHED       256   /* packets that a core keeps for itself, as testpmd is told to */
#define PACKETS_MORE 16384 /* than there are in the files */
#define WAIT_US      1000
#define SECONDS      10 /* until it counts as an error that no packets come */

/* Whose ports. */
enum kind { KIND_PCAP, KIND_VIRTIO, KIND_MEMIF };

static const struct {
	const char *name, *driver, *before,
		*behind; /* the file of a network, among its arguments */
} kinds[] = {
	[KIND_PCAP] = {"pcap", "net_pcap", "rx_pcap=", ".pcap,infinite_rx=1"},
	[KIND_VIRTIO] = {"virtio", "net_virtio_user", "path=", ".sock"},
	[KIND_MEMIF] = {"memif", "net_memif", "role=client,socket-abstract=no,socket=", ".sock"},
};

struct device {
	struct rig rig;
	struct traffic traffic;
	const char *directory;
	enum kind kind;
	struct rte_mempool *mbufs;
	bool pipeline; /* else the ports alone */
	bool serving;  // main: rw. Without an end of its own.
	uint32_t loads;
	uint64_t dropped;
	bool idle;            /* no packets came */
	double rate, seconds; /* of an empty loop */
	double cycles[LOADS_MAX];
};

/* --- files ----------------------------------------------------------------------------------- */

static void path_of(char path[256], const struct device *d, unsigned int network)
{
	snprintf(path, 256, "%s/net%u.pcap", d->directory, network);
}

static FILE *create_file(const struct device *d, unsigned int network)
{
	const struct pcap_file header = {PCAP_MAGIC, 2, 4, 0, 0, RTE_MBUF_DEFAULT_DATAROOM, 1};
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
		const struct pcap_packet header = {.kept = m->data_len, .length = m->data_len};
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
	char name[32], arguments[300];
	uint16_t port;
	int error;

	snprintf(name, sizeof(name), "%s%u", kinds[d->kind].driver, network);
	snprintf(arguments, sizeof(arguments), "%s,%s%s/net%u%s", name, kinds[d->kind].before,
		 d->directory, network, kinds[d->kind].behind);
	error = rte_dev_probe(arguments);
	if (!error)
		error = rte_eth_dev_get_port_by_name(name, &port);
	if (!error && port != d->rig.dataplane.ports[network].id)
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

/* Receive and send alone, to the same port. */
static unsigned int poll_ports(void)
{
	struct rte_mbuf *packets[BURST_MAX];
	unsigned int taken = 0;

	for (unsigned int n = 0; n < RIG_NETWORKS; n++) {
		uint16_t count = rte_eth_rx_burst(n, 0, packets, BURST_MAX), sent;

		sent = rte_eth_tx_burst(n, 0, packets, count);
		rte_pktmbuf_free_bulk(packets + sent, count - sent);
		taken += count;
	}
	return taken;
}

/* Of the turns that had packets: others are the sender's, who was not fast enough. */
static double run_load(struct device *d)
{
	const uint64_t end = rte_rdtsc() + SECONDS * rte_get_tsc_hz();
	uint64_t took = 0, begin, now;
	uint32_t taken = 0;

	for (begin = rte_rdtsc(); taken < RIG_PACKETS && begin < end; begin = now) {
		unsigned int count = d->pipeline ? worker_poll(d->rig.worker) : poll_ports();

		now = rte_rdtsc();
		taken += count;
		took += count ? now - begin : 0;
	}
	d->idle |= taken < RIG_PACKETS;
	return taken ? (double)took / taken : 0;
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

	d->idle = false;
	for (uint32_t load = 0; load < d->loads && !d->idle; load++)
		d->cycles[load] = run_load(d);
	while (__atomic_load_n(&d->serving, __ATOMIC_RELAXED))
		worker_poll(d->rig.worker);
	d->dropped = drops_of(d->rig.worker) - before;
	return 0;
}

static int run_empty(void *arg)
{
	const struct device *d = arg;

	return pauses_print(d->rate, d->seconds);
}

static void wait_for(unsigned int lcore)
{
	while (rte_eal_get_lcore_state(lcore) == RUNNING)
		usleep(WAIT_US);
	rte_eal_wait_lcore(lcore);
}

static int answer(void *arg, const char *line)
{
	struct device *d = arg;
	const unsigned int lcore = d->rig.worker->lcore;
	char kind[16];

	/* Whatever it served ends with the next line. */
	__atomic_store_n(&d->serving, false, __ATOMIC_RELAXED);
	wait_for(lcore);
	if (strcmp(line, "open\n") == 0) {
		printf("{}\n");
		return open_ports(d);
	}
	if (strcmp(line, "serve\n") == 0) {
		d->loads = 0;
		__atomic_store_n(&d->serving, true, __ATOMIC_RELAXED);
		printf("{}\n");
		return rte_eal_remote_launch(run, d, lcore);
	}
	if (sscanf(line, "empty %lf %lf", &d->rate, &d->seconds) == 2 && d->rate > 0 &&
	    d->seconds > 0 && d->seconds <= 60) {
		printf("{");
		if (rte_eal_remote_launch(run_empty, d, lcore))
			return -EBUSY;
		wait_for(lcore);
		printf("}\n");
		return 0;
	}
	if (sscanf(line, "%15s %u", kind, &d->loads) != 2 || !d->loads || d->loads > LOADS_MAX)
		return -EINVAL;
	d->pipeline = strcmp(kind, "pipeline") == 0;
	if (!d->pipeline && strcmp(kind, "ports") != 0)
		return -EINVAL;
	if (rte_eal_remote_launch(run, d, lcore))
		return -EBUSY;
	wait_for(lcore);
	/* A port that takes no more, with virtio, is a sender who has not taken what came back. */
	if (d->idle || (d->dropped && d->kind == KIND_PCAP))
		return -EIO;
	for (uint32_t k = 0; k < d->loads; k++)
		printf("%s%.2f", k ? "," : "{\"cycles\":[", d->cycles[k]);
	printf("]}\n");
	return 0;
}

/* --- the program ----------------------------------------------------------------------------- */

static const struct option options[] = {{"legs", required_argument, NULL, 'l'},
					{"directory", required_argument, NULL, 'd'},
					{"core", required_argument, NULL, 'k'},
					{"ports", required_argument, NULL, 'p'},
					{"no-huge", no_argument, NULL, 'n'},
					{"help", no_argument, NULL, 'h'},
					{NULL, 0, NULL, 0}};

static const char *const usage =
	"Usage: device --directory DIRECTORY [--ports pcap|virtio|memif] [--legs N] [--core N]\n"
	"              [--no-huge]\n"
	"A dataplane on replayed files, which it writes to the directory; perf/bench and\n"
	"perf/bench-wire run it.\n";

static bool find_kind(enum kind *kind, const char *name)
{
	for (unsigned int k = 0; k < RTE_DIM(kinds); k++)
		if (strcmp(kinds[k].name, name) == 0) {
			*kind = k;
			return true;
		}
	return false;
}

static bool read_options(struct device *d, struct rig_config *c, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			c->legs = strtoul(optarg, NULL, 10);
			break;
		case 'd':
			d->directory = optarg;
			break;
		case 'p':
			if (!find_kind(&d->kind, optarg))
				return false;
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
	return optind == argc && d->directory && c->legs >= 2 && c->legs <= RIG_LEGS_MAX &&
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
	return error ? rig_fail(d->directory, error) : 0;
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

	if (!read_options(&device, &config, argc, argv)) {
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
