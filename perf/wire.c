/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other end of two ports that are shared memory, vhost or memif: sends what perf/device.c wrote
 * to files, again and again, and takes what comes back. A line on the standard input
 *
 *	flood			sends as fast as it is taken, until another line comes
 *	stop
 *	paced RATE SECONDS	packets a second, each with its time in it
 *	empty RATE SECONDS	nothing: how late a loop is that does nothing else (perf/pauses.h)
 *
 * is answered by a line of JSON: what was sent and received since the last one, and of paced
 * packets the microseconds from sending to receiving.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_launch.h>
#include <rte_udp.h>

#include "perf/pauses.h"
#include "perf/pcap.h"

#define PORTS       2
#define LCORE       1
#define BURST       32
#define DESCRIPTORS 1024
#define FRAMES_MAX  (1 << 20)
#define SAMPLES_MAX (1 << 22)
#define SPARE       32768 /* buffers for what comes back */
#define WAIT_US     500
#define STAMP       60 /* octets before the time in a frame: Ethernet to RTP, and a little */

enum mode { MODE_IDLE, MODE_FLOOD, MODE_PACED, MODE_EMPTY, MODE_END };

static struct {
	struct rte_mempool *mbufs;
	struct rte_mbuf **frames[PORTS];
	uint32_t count[PORTS], next[PORTS];
	enum mode mode;          // main: rw
	double interval;         /* TSC ticks between two packets */
	double rate, seconds;    /* of an empty loop */
	uint64_t sent, received; // lcore: rw
	int error;
	uint32_t samples;
	uint32_t *sample; /* TSC ticks */
} wire;

static int fail(const char *what, int error)
{
	fprintf(stderr, "wire: %s: %s\n", what, strerror(-error));
	return error;
}

/* --- frames ---------------------------------------------------------------------------------- */

static int load_frame(unsigned int port, FILE *file, uint32_t length)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(wire.mbufs);
	char *to = m ? rte_pktmbuf_append(m, length) : NULL;

	if (!to || fread(to, length, 1, file) != 1)
		return -EIO;
	wire.frames[port][wire.count[port]++] = m;
	return 0;
}

static int load_frames(unsigned int port, const char *directory)
{
	struct pcap_packet header;
	char path[256];
	FILE *file;
	int error = 0;

	snprintf(path, sizeof(path), "%s/net%u.pcap", directory, port);
	file = fopen(path, "re");
	if (!file)
		return fail(path, -errno);
	wire.frames[port] = calloc(FRAMES_MAX, sizeof(wire.frames[port][0]));
	if (!wire.frames[port] || fseek(file, sizeof(struct pcap_file), SEEK_SET))
		error = -EIO;
	while (!error && wire.count[port] < FRAMES_MAX &&
	       fread(&header, sizeof(header), 1, file) == 1)
		error = load_frame(port, file, header.kept);
	fclose(file);
	return error || !wire.count[port] ? fail(path, error ? error : -ENODATA) : 0;
}

/* How many there are in both files, from their sizes: all are equally long. */
static uint32_t count_frames(const char *directory)
{
	uint32_t frames = 0;

	for (unsigned int port = 0; port < PORTS; port++) {
		struct pcap_packet header;
		char path[256];
		FILE *file;

		snprintf(path, sizeof(path), "%s/net%u.pcap", directory, port);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (!fseek(file, sizeof(struct pcap_file), SEEK_SET) &&
		    fread(&header, sizeof(header), 1, file) == 1 && !fseek(file, 0, SEEK_END))
			frames += ftell(file) / (sizeof(header) + header.kept);
		fclose(file);
	}
	return frames;
}

/* Of a frame of its own; without a UDP checksum, which the time would make wrong (RFC 768). */
static struct rte_mbuf *stamped(const struct rte_mbuf *frame)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(wire.mbufs);
	const uint64_t now = rte_rdtsc();
	char *to = m ? rte_pktmbuf_append(m, frame->data_len) : NULL;
	struct rte_udp_hdr *udp;

	if (!to) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	memcpy(to, rte_pktmbuf_mtod(frame, const char *), frame->data_len);
	udp = (struct rte_udp_hdr *)(to + RTE_ETHER_HDR_LEN + sizeof(struct rte_ipv4_hdr));
	udp->dgram_cksum = 0;
	memcpy(to + STAMP, &now, sizeof(now));
	return m;
}

/* --- sending --------------------------------------------------------------------------------- */

static struct rte_mbuf *next_frame(unsigned int port)
{
	struct rte_mbuf *m = wire.frames[port][wire.next[port]];

	wire.next[port] = wire.next[port] + 1 == wire.count[port] ? 0 : wire.next[port] + 1;
	return m;
}

static void send_burst(unsigned int port)
{
	struct rte_mbuf *packets[BURST];
	uint16_t taken;

	for (unsigned int k = 0; k < BURST; k++) {
		packets[k] = next_frame(port);
		rte_mbuf_refcnt_update(packets[k], 1);
	}
	taken = rte_eth_tx_burst(port, 0, packets, BURST);
	wire.sent += taken;
	rte_pktmbuf_free_bulk(packets + taken, BURST - taken);
}

static void send_one(unsigned int port)
{
	struct rte_mbuf *m = stamped(next_frame(port));

	if (!m)
		return;
	if (rte_eth_tx_burst(port, 0, &m, 1))
		wire.sent++;
	else
		rte_pktmbuf_free(m);
}

static void take_sample(const struct rte_mbuf *m, uint64_t now)
{
	uint64_t then;

	memcpy(&then, rte_pktmbuf_mtod_offset(m, const uint8_t *, STAMP), sizeof(then));
	if (wire.samples < SAMPLES_MAX && now - then < UINT32_MAX)
		wire.sample[wire.samples++] = now - then;
}

static void receive(unsigned int port, bool timed)
{
	struct rte_mbuf *packets[2 * BURST];
	uint16_t count = rte_eth_rx_burst(port, 0, packets, RTE_DIM(packets));
	const uint64_t now = rte_rdtsc();

	wire.received += count;
	for (unsigned int k = 0; timed && k < count; k++)
		take_sample(packets[k], now);
	rte_pktmbuf_free_bulk(packets, count);
}

static enum mode mode(void)
{
	return __atomic_load_n(&wire.mode, __ATOMIC_ACQUIRE);
}

static void set_mode(enum mode to)
{
	__atomic_store_n(&wire.mode, to, __ATOMIC_RELEASE);
}

static int run(void *unused)
{
	double due = 0;
	uint64_t turn = 0;

	for (enum mode m = mode(); m != MODE_END; m = mode()) {
		for (unsigned int port = 0; port < PORTS; port++)
			receive(port, m == MODE_PACED);
		if (m == MODE_EMPTY) {
			wire.error = pauses_print(wire.rate, wire.seconds);
			set_mode(MODE_IDLE);
		} else if (m == MODE_FLOOD) {
			for (unsigned int port = 0; port < PORTS; port++)
				send_burst(port);
		} else if (m == MODE_PACED) {
			const uint64_t now = rte_rdtsc();

			/* Who comes late, because something else had the core, makes up for
			 * nothing. */
			if (now > due + 32 * wire.interval)
				due = now;
			for (; due <= now; due += wire.interval)
				send_one(turn++ % PORTS);
		} else {
			usleep(WAIT_US);
		}
	}
	return 0;
}

/* --- what is asked --------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

static double microseconds(double part)
{
	const uint32_t at = part * (wire.samples - 1);

	return 1e6 * wire.sample[at] / rte_get_tsc_hz();
}

static void settle(void)
{
	set_mode(MODE_IDLE);
	usleep(20 * WAIT_US); /* what was on its way has come */
}

static void answer(uint64_t sent, uint64_t received)
{
	printf("{\"sent\":%lu,\"received\":%lu", wire.sent - sent, wire.received - received);
	if (wire.samples) {
		qsort(wire.sample, wire.samples, sizeof(wire.sample[0]), compare);
		printf(",\"p50\":%.2f,\"p99\":%.2f,\"p99.9\":%.2f,\"max\":%.2f", microseconds(0.5),
		       microseconds(0.99), microseconds(0.999), microseconds(1));
	}
	printf("}\n");
	fflush(stdout);
}

static int serve(const char *line)
{
	static uint64_t sent, received;
	double rate, seconds;

	wire.samples = 0;
	if (strcmp(line, "flood\n") == 0) {
		set_mode(MODE_FLOOD);
	} else if (strcmp(line, "stop\n") == 0) {
		settle();
	} else if (sscanf(line, "empty %lf %lf", &wire.rate, &wire.seconds) == 2 && wire.rate > 0 &&
		   wire.seconds > 0 && wire.seconds <= 60) {
		settle();
		printf("{");
		set_mode(MODE_EMPTY);
		while (mode() == MODE_EMPTY)
			usleep(WAIT_US);
		printf("}\n");
		fflush(stdout);
		return wire.error;
	} else if (sscanf(line, "paced %lf %lf", &rate, &seconds) == 2 && rate > 0 && seconds > 0 &&
		   seconds <= 60) {
		settle();
		sent = wire.sent;
		received = wire.received;
		wire.interval = rte_get_tsc_hz() / rate;
		set_mode(MODE_PACED);
		usleep(1e6 * seconds);
		settle();
	} else {
		return -EINVAL;
	}
	answer(sent, received);
	sent = wire.sent;
	received = wire.received;
	return 0;
}

/* --- start ----------------------------------------------------------------------------------- */

static int open_port(unsigned int port, const char *kind, const char *sockets)
{
	const struct rte_eth_conf conf = {0};
	char arguments[300], name[32];
	uint16_t id;
	int error;

	snprintf(name, sizeof(name), "net_%s%u", kind, port);
	snprintf(arguments, sizeof(arguments), "%s,%s%s/net%u.sock", name,
		 strcmp(kind, "vhost") == 0 ? "iface=" : "role=server,socket-abstract=no,socket=",
		 sockets, port);
	error = rte_dev_probe(arguments);
	if (!error)
		error = rte_eth_dev_get_port_by_name(name, &id);
	if (!error && id != port)
		error = -EBUSY;
	if (!error)
		error = rte_eth_dev_configure(id, 1, 1, &conf);
	if (!error)
		error = rte_eth_rx_queue_setup(id, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL, wire.mbufs);
	if (!error)
		error = rte_eth_tx_queue_setup(id, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL);
	if (!error)
		error = rte_eth_dev_start(id);
	return error ? fail(arguments, error) : 0;
}

static int start_environment(unsigned int core, bool hugepages, uint32_t frames)
{
	static char arguments[][40] = {"wire",
				       "--no-pci",
				       "--no-telemetry",
				       "--no-shconf",
				       "--log-level=error",
				       "--lcores=",
				       "--in-memory",
				       "--single-file-segments"};
	char *argv[RTE_DIM(arguments) + 1] = {NULL};

	snprintf(arguments[5], sizeof(arguments[5]), "--lcores=0@%u,1@%u", core, core);
	if (!hugepages) {
		strcpy(arguments[6], "--no-huge");
		snprintf(arguments[7], sizeof(arguments[7]), "-m%u", 256 + frames / 256);
	}
	for (unsigned int k = 0; k < RTE_DIM(arguments); k++)
		argv[k] = arguments[k];
	return rte_eal_init(RTE_DIM(arguments), argv) < 0 ? -EINVAL : 0;
}

static const struct option options[] = {{"kind", required_argument, NULL, 'p'},
					{"files", required_argument, NULL, 'f'},
					{"sockets", required_argument, NULL, 's'},
					{"core", required_argument, NULL, 'k'},
					{"no-huge", no_argument, NULL, 'n'},
					{"help", no_argument, NULL, 'h'},
					{NULL, 0, NULL, 0}};

static const char *const usage =
	"Usage: wire --kind vhost|memif --files DIRECTORY --sockets DIRECTORY [--core N] [--no-huge]\n"
	"The other end of perf/device's ports; perf/bench-wire runs it.\n";

struct wanted {
	const char *kind, *files, *sockets;
	unsigned int core;
	bool hugepages;
};

static bool read_options(struct wanted *w, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			w->kind = optarg;
			break;
		case 'f':
			w->files = optarg;
			break;
		case 's':
			w->sockets = optarg;
			break;
		case 'k':
			w->core = strtoul(optarg, NULL, 10);
			break;
		case 'n':
			w->hugepages = false;
			break;
		default:
			return false;
		}
	}
	return optind == argc && w->kind && w->files && w->sockets &&
	       (!strcmp(w->kind, "vhost") || !strcmp(w->kind, "memif"));
}

static int start(const struct wanted *w)
{
	uint32_t frames = count_frames(w->files);
	int error = start_environment(w->core, w->hugepages, frames);

	if (error)
		return fail("DPDK does not start", error);
	wire.sample = calloc(SAMPLES_MAX, sizeof(wire.sample[0]));
	wire.mbufs = rte_pktmbuf_pool_create("frames", frames + SPARE, 256, 0,
					     RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (!wire.sample || !wire.mbufs)
		return fail("memory for the frames", -ENOMEM);
	for (unsigned int port = 0; port < PORTS && !error; port++)
		error = load_frames(port, w->files);
	for (unsigned int port = 0; port < PORTS && !error; port++)
		error = open_port(port, w->kind, w->sockets);
	return error;
}

int main(int argc, char **argv)
{
	struct wanted wanted = {.hugepages = true};
	char line[128];
	int error;

	if (!read_options(&wanted, argc, argv)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	error = start(&wanted);
	if (!error)
		error = rte_eal_remote_launch(run, NULL, LCORE);
	if (error)
		return EXIT_FAILURE;
	printf("{}\n");
	fflush(stdout);
	while (!error && fgets(line, sizeof(line), stdin)) {
		error = serve(line);
		if (error)
			fail(strtok(line, "\n"), error);
	}
	set_mode(MODE_END);
	rte_eal_wait_lcore(LCORE);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
