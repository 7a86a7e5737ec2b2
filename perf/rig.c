/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/rig.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_arp.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>

#include "dataplane/wire/arp.h"
#include "dataplane/main/links/neighbour.h"
#include "dataplane/main/floods/rates.h"
#include "dataplane/main/legs/registry.h"
#include "dataplane/main/turn/turn_server.h"
#include "dataplane/main/workers.h"
#include "ebpf/shed_maps.h"
#include "perf/calls.h"
#include "perf/traffic.h"

#define SPARE_PACKETS 255  /* for requests for neighbours */
#define SPARE_COPIES  1023 /* for packets that are copied ... */
#define COPIES_CACHED 256  /* ... from the worker's cache, as in the program */
#define SPARE_STREAMS 64   /* a leg has one SSRC, whose stream is in the leg */

/*
 * Media addresses are the first of each /28, the gateway is its last host; all else is behind it.
 * Those that TURN relays are none of the /28's.
 */
static const uint8_t prefixes[RIG_NETWORKS][4] = {{198, 51, 100, 0}, {203, 0, 113, 0}};
static const uint8_t relayed[4] = {192, 0, 2, 0};

int rig_fail(const char *what, int error)
{
	fprintf(stderr, "pipeline: %s: %s\n", what, strerror(-error));
	return error;
}

int rig_serve(int (*answer)(void *arg, const char *line), void *arg)
{
	char line[128];
	int error = 0;

	while (!error && fgets(line, sizeof(line), stdin)) {
		error = answer(arg, line);
		if (error)
			rig_fail(strtok(line, "\n"), error);
		fflush(stdout);
	}
	return error;
}

struct address rig_host(unsigned int network, uint8_t last)
{
	uint8_t octets[4];

	memcpy(octets, prefixes[network], sizeof(octets));
	octets[3] = last;
	return address_from_ipv4(octets);
}

struct address rig_relayed(unsigned int network, unsigned int host)
{
	uint8_t octets[4];

	memcpy(octets, relayed, sizeof(octets));
	octets[3] = 1 + RIG_NETWORKS * host + network;
	return address_from_ipv4(octets);
}

/* --- DPDK ------------------------------------------------------------------------------------ */

static int start_environment(const struct rig_config *c)
{
	static char arguments[][40] = {
		"pipeline",          "--no-pci",  "--no-telemetry", "--no-shconf",
		"--log-level=error", "--lcores=", "--in-memory",    "--single-file-segments"};
	char *argv[RTE_DIM(arguments) + 1] = {NULL};
	const unsigned int other = c->core ? c->core - 1 : 1;

	snprintf(arguments[5], sizeof(arguments[5]), "--lcores=0@%u,1@%u,2@%u", other, c->core,
		 other);
	/* Without hugepages DPDK must be told how much it may take: 4 KiB a leg is plenty. */
	if (!c->hugepages) {
		strcpy(arguments[6], "--no-huge");
		snprintf(arguments[7], sizeof(arguments[7]), "-m%u", 256 + c->legs / 256);
	}
	for (unsigned int k = 0; k < RTE_DIM(arguments); k++)
		argv[k] = arguments[k];
	return rte_eal_init(RTE_DIM(arguments), argv) < 0 ? -rte_errno : 0;
}

static void add_port(struct rig *rig, unsigned int n)
{
	struct dataplane *d = &rig->dataplane;

	d->ports[n] = (struct port){
		.id = n,
		.queues = d->worker_count,
		.spreads_flows = rig->config.rss,
		.udp_checksum = !rig->config.software_checksums,
		.checks_udp = !rig->config.software_checksums,
		.mac = {{0x02, 0, 0x5e, 0, 0, 0x01 + n}},
	};
	d->port_by_id[n] = &d->ports[n];
	d->port_count++;
}

static void add_address(struct dataplane *d, struct network *network, struct address address)
{
	d->addresses[d->address_count++] =
		(struct local_address){.address = address, .network = network, .prefix = 96 + 28};
}

static void add_network(struct rig *rig, unsigned int n, unsigned int addresses)
{
	struct dataplane *d = &rig->dataplane;
	struct network *network = &d->networks[n];
	struct port *port = &d->ports[n];

	*network = (struct network){
		.port = port,
		.mtu = 1500,
		.dscp = 46,
		.gateway4 = rig_host(n, RIG_GATEWAY),
	};
	snprintf(network->name, sizeof(network->name), "net%u", n);
	for (unsigned int k = 0; k < addresses; k++) {
		network->address[network->address_count++] = d->address_count;
		add_address(d, network, rig_host(n, 1 + k));
	}
	port->networks[port->network_count++] = network;
	d->network_count++;
}

/*
 * Nothing comes there by the wire, so they are not among those that are looked up for what does, of
 * which a network has 8: more clients are on several networks in life.
 */
static void add_relayed(struct rig *rig, unsigned int n, unsigned int addresses)
{
	for (unsigned int k = 0; k < addresses; k++)
		add_address(&rig->dataplane, &rig->dataplane.networks[n], rig_relayed(n, k));
}

static int create_packets(struct rig *rig)
{
	struct dataplane *d = &rig->dataplane;
	uint32_t spare = rig->config.listeners ? SPARE_COPIES : SPARE_PACKETS;
	unsigned int cached = rig->config.listeners ? COPIES_CACHED : 0;

	unsigned int loads = rig->config.rss ? 1 : rig->config.workers;

	d->mbufs = rte_pktmbuf_pool_create("packets", RIG_PACKETS * loads + spare, cached, 0,
					   RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	return d->mbufs ? 0 : -ENOMEM;
}

static int create_legs(struct rig *rig)
{
	struct dataplane *d = &rig->dataplane;
	const struct memory before = memory_used();

	d->leg_count = rig->config.legs;
	d->legs = rte_zmalloc("legs", sizeof(d->legs[0]) * d->leg_count, RTE_CACHE_LINE_SIZE);
	if (!d->legs)
		return -ENOMEM;
	for (uint32_t k = 0; k < d->leg_count; k++)
		d->legs[k].index = k;
	rig->memory.legs = memory_since(&before);
	return 0;
}

static int create_table(struct rig *rig)
{
	struct dataplane *d = &rig->dataplane;
	const unsigned int addresses = rig_hosts(&rig->config);
	const struct memory before = memory_used();

	d->worker_count = rig->config.workers;
	for (unsigned int n = 0; n < RIG_NETWORKS; n++) {
		add_port(rig, n);
		add_network(rig, n, addresses);
	}
	for (unsigned int n = 0; n < rig_clients(&rig->config); n++)
		add_relayed(rig, n, addresses);
	d->flows = rte_zmalloc("flows", sizeof(d->flows[0]) * d->address_count << 16,
			       RTE_CACHE_LINE_SIZE);
	rig->memory.table = memory_since(&before);
	return d->flows ? 0 : -ENOMEM;
}

static int create_shed(struct rig *rig)
{
	struct dataplane *d = &rig->dataplane;

	if (rig->config.shed == RIG_SHED_OFF)
		return 0;
	if (shed_create(&rig->shed))
		return -ENOMEM;
	for (unsigned int k = 0; k < d->address_count; k++) {
		struct shed_address address;
		int index;

		memcpy(address.byte, d->addresses[k].address.octets, sizeof(address.byte));
		index = shed_address_add(rig->shed, &address);
		if (index < 0)
			return index;
		d->shed_ports[k] = shed_ports(rig->shed, index);
	}
	d->shed_rule = shed_rule(rig->shed);
	d->shed_sketch = shed_sketch(rig->shed);
	rates_put_default(d->shed_rule);
	for (unsigned int n = 0; n < RIG_NETWORKS; n++)
		d->ports[n].judged = rig->config.shed == RIG_SHED_JUDGED;
	return 0;
}

static int create_workers(struct rig *rig)
{
	struct dataplane *d = &rig->dataplane;
	const struct memory before = memory_used();

	for (unsigned int k = 0; k < d->worker_count; k++) {
		int error = worker_create(&d->workers[k], d, k, SPARE_STREAMS);

		if (error)
			return error;
		d->workers[k]->engine = rig->engine;
		d->workers[k]->streams_per_flow = 4;
		if (rig->config.shed == RIG_SHED_JUDGED && worker_judge(d->workers[k]))
			return -ENOMEM;
	}
	rig->memory.workers = memory_since(&before);
	rig->worker = d->workers[0];
	return 0;
}

/* --- legs ------------------------------------------------------------------------------------ */

static void on_event(void *arg, const Tandem__Dataplane__V1__Event *event)
{
}

static int create_turn(struct rig *rig)
{
	const struct turn_server_config config = {.dataplane = &rig->dataplane, .event = on_event};
	uint32_t calls = rig->config.legs / RIG_NETWORKS;
	int error = turn_server_create(&rig->turn, &config, calls * rig_clients(&rig->config),
				       SOCKET_ID_ANY);

	if (!error)
		registry_serve_turn(rig->registry, rig->turn);
	return error;
}

static int create_registry(struct rig *rig)
{
	const struct registry_config config = {
		.dataplane = &rig->dataplane, .engine = rig->engine, .event = on_event};
	const struct memory before = memory_used();
	int error = registry_create(&rig->registry, &config);

	if (!error && rig_clients(&rig->config))
		error = create_turn(rig);
	rig->memory.registry = memory_since(&before);
	return error;
}

/* The gateways answer. */
static void teach_gateways(struct rig *rig)
{
	struct dataplane *d = &rig->dataplane;

	for (unsigned int n = 0; n < RIG_NETWORKS; n++) {
		uint8_t frame[RTE_ETHER_HDR_LEN + sizeof(struct rte_arp_hdr)] = {0};
		struct rte_ether_hdr *ether = (struct rte_ether_hdr *)frame;
		struct rte_ether_addr mac = {{0x02, 0, 0x5e, 0, 1, n}};

		ether->dst_addr = d->ports[n].mac;
		ether->src_addr = mac;
		ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP);
		arp_write(frame + sizeof(*ether), &(struct arp){.operation = RTE_ARP_OP_REPLY,
								.sender_mac = mac,
								.sender = rig_host(n, RIG_GATEWAY),
								.target_mac = d->ports[n].mac,
								.target = rig_host(n, 1)});
		neighbour_input(d, frame, sizeof(frame), n, sizeof(*ether));
	}
}

static int put_legs(struct rig *rig)
{
	struct rig_memory *memory = &rig->memory;
	const struct memory before = memory_used();
	int error;

	teach_gateways(rig);
	error = calls_put_legs(rig);
	memory->configuration = memory_since(&before);
	return error;
}

static int put_sources(struct rig *rig)
{
	const struct memory before = memory_used();
	int error;

	rig->sources = rte_zmalloc("sources", sizeof(rig->sources[0]) * rig->config.legs,
				   RTE_CACHE_LINE_SIZE);
	if (!rig->sources)
		return rig_fail("the participants", -ENOMEM);
	error = calls_put_sources(rig);
	rig->memory.participants = memory_since(&before);
	return error;
}

/* What one key takes, of either direction, on the average of so many that chunks do not matter. */
static int weigh_key(struct rig *rig, uint64_t *octets)
{
	static const uint8_t zeros[SUITE_KEY_MAX];
	static struct crypt_key *keys[4096];
	const struct memory before = memory_used();
	unsigned int count = 0;
	int error = 0;

	while (count < RTE_DIM(keys) && !error) {
		error = rig->engine->key_create(&keys[count], rig->config.suite, CRYPT_RECEIVE,
						zeros, zeros);
		count += !error;
	}
	*octets = memory_since(&before) / RTE_DIM(keys);
	while (count > 0)
		rig->engine->key_free(keys[--count]);
	return error;
}

/*
 * Two of each leg with SRTP; one where legs have their participants' alone, which both know.
 * libsrtp's are not worth the time that they take.
 */
static int weigh_keys(struct rig *rig)
{
	const enum rig_calls calls = rig->config.calls;
	uint64_t key = 0;
	int error = 0;

	if (calls != CALLS_PLAIN && !rig_clients(&rig->config) && rig->engine == &crypt_ipsec_mb)
		error = weigh_key(rig, &key);
	rig->memory.keys = key * rig->config.legs * (calls == CALLS_SECURE ? 2 : 1);
	return error ? rig_fail("keys", error) : 0;
}

static int start_engines(struct rig *rig)
{
	int error = crypt_engine_start(&rig->engine, rig->config.engine);

	if (error)
		return error;
	/* Participants need not be slow because the pipeline is. */
	if (rig->engine == &crypt_ipsec_mb || crypt_engine_start(&rig->maker, "ipsec_mb"))
		rig->maker = rig->engine;
	return 0;
}

static int create_dataplane(struct rig *rig)
{
	int error = create_packets(rig);

	if (!error)
		error = create_legs(rig);
	if (!error)
		error = create_table(rig);
	if (!error)
		error = create_shed(rig);
	if (!error)
		error = create_workers(rig);
	if (!error)
		error = neighbour_start(&rig->dataplane);
	if (!error)
		error = create_registry(rig);
	return error;
}

int rig_create(struct rig *rig, const struct rig_config *config)
{
	int error;

	rig->config = *config;
	error = start_environment(config);
	if (error)
		return rig_fail("DPDK does not start", error);
	error = start_engines(rig);
	if (error)
		return rig_fail(config->engine, error);
	traffic_open_ports(config);
	error = create_dataplane(rig);
	if (error)
		return rig_fail("memory for the legs: more hugepages, or --no-huge", error);
	error = put_legs(rig);
	if (!error)
		error = put_sources(rig);
	return error ? error : weigh_keys(rig);
}
