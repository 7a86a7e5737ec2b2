/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_arp.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_udp.h>

#include "dataplane/arp.h"
#include "dataplane/main/neighbour.h"
#include "dataplane/main/registry.h"
#include "dataplane/main/workers.h"
#include "perf/traffic.h"

#define SPARE_PACKETS 255 /* for requests for neighbours */
#define FIRST_PORT    1024
#define CALL_SSRC     0x5eed0000u
#define GRACE_MS      10000 /* as the control plane has it */

/* Media addresses are the first of each /28, the gateway is its last host; all else is behind it.
 */
static const uint8_t prefixes[RIG_NETWORKS][4] = {{198, 51, 100, 0}, {203, 0, 113, 0}};
#define GATEWAY 14

static const uint8_t key_salt[SUITE_SALT_MAX] = "measured salt";

static int fail(const char *what, int error)
{
	fprintf(stderr, "pipeline: %s: %s\n", what, strerror(-error));
	return error;
}

static struct address host(unsigned int network, uint8_t last)
{
	uint8_t octets[4];

	memcpy(octets, prefixes[network], sizeof(octets));
	octets[3] = last;
	return address_from_ipv4(octets);
}

/* --- DPDK ------------------------------------------------------------------------------------ */

static int start_environment(const struct rig_config *c)
{
	static char arguments[][40] = {
		"pipeline",          "--no-pci",  "--no-telemetry", "--no-shconf",
		"--log-level=error", "--lcores=", "--in-memory",    "-m"};
	char *argv[RTE_DIM(arguments) + 1] = {NULL};
	int argc = RTE_DIM(arguments) - (c->hugepages ? 1 : 0);

	snprintf(arguments[5], sizeof(arguments[5]), "--lcores=0@%u,1@%u",
		 c->core ? c->core - 1 : 1, c->core);
	/* Without hugepages DPDK must be told how much it may take: 4 KiB a leg is plenty. */
	if (!c->hugepages)
		strcpy(arguments[6], "--no-huge");
	snprintf(arguments[7], sizeof(arguments[7]), "-m%u", 256 + c->legs / 256);
	for (int k = 0; k < argc; k++)
		argv[k] = arguments[k];
	return rte_eal_init(argc, argv) < 0 ? -rte_errno : 0;
}

static void add_network(struct dataplane *d, unsigned int n, unsigned int addresses)
{
	struct network *network = &d->networks[n];

	*network = (struct network){
		.port = n,
		.queues = 1,
		.mtu = 1500,
		.dscp = 46,
		.mac = {{0x02, 0, 0x5e, 0, 0, 0x01 + n}},
		.gateway4 = host(n, GATEWAY),
	};
	snprintf(network->name, sizeof(network->name), "net%u", n);
	for (unsigned int k = 0; k < addresses; k++) {
		network->address[network->address_count++] = d->address_count;
		d->addresses[d->address_count++] = (struct local_address){
			.address = host(n, 1 + k), .network = network, .prefix = 96 + 28};
	}
	d->network_by_port[n] = network;
	d->network_count++;
}

static int create_dataplane(struct rig *rig)
{
	struct dataplane *d = &rig->dataplane;
	uint32_t legs = rig->config.legs;
	unsigned int addresses = (legs / RIG_NETWORKS + 63999) / 64000;

	d->worker_count = 1;
	d->leg_count = legs;
	for (unsigned int n = 0; n < RIG_NETWORKS; n++)
		add_network(d, n, addresses);
	d->mbufs = rte_pktmbuf_pool_create("packets", RIG_PACKETS + SPARE_PACKETS, 0, 0,
					   RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	d->legs = rte_zmalloc("legs", sizeof(d->legs[0]) * legs, RTE_CACHE_LINE_SIZE);
	d->table = rte_zmalloc("flows", sizeof(d->table[0]) * d->address_count << 16,
			       RTE_CACHE_LINE_SIZE);
	rig->sources = rte_zmalloc("sources", sizeof(rig->sources[0]) * legs, RTE_CACHE_LINE_SIZE);
	if (!d->mbufs || !d->legs || !d->table || !rig->sources)
		return -ENOMEM;
	for (uint32_t k = 0; k < legs; k++)
		d->legs[k].index = k;
	return 0;
}

static int create_worker(struct rig *rig)
{
	struct dataplane *d = &rig->dataplane;
	int error = worker_create(&d->workers[0], d, 0, rig->config.legs);

	if (error)
		return error;
	rig->worker = d->workers[0];
	rig->worker->engine = rig->engine;
	rig->worker->streams_per_flow = 4;
	rig->worker->lcore = 1;
	return 0;
}

/* --- legs ------------------------------------------------------------------------------------ */

static void on_event(void *arg, const Tandem__Dataplane__V1__Event *event)
{
}

static void on_port(void *arg, unsigned int address, uint16_t port, bool open)
{
}

/* The worker does not run yet: this thread does its part. */
static void settle(struct rig *rig)
{
	do {
		worker_poll(rig->worker);
	} while (registry_poll(rig->registry));
}

static bool is_secure(const struct rig *rig, uint32_t k)
{
	return rig->config.calls == CALLS_SECURE ||
	       (rig->config.calls == CALLS_MIXED && k % 2 == 0) ||
	       (rig->config.calls == CALLS_EITHER && k % 4 == 2);
}

/* Leg k and its neighbour k ^ 1 are a call across the two networks. */
static struct endpoint local_of(uint32_t k)
{
	uint32_t place = k / RIG_NETWORKS;

	return (struct endpoint){.address = host(k % RIG_NETWORKS, 1 + place / 64000),
				 .port = rte_cpu_to_be_16(FIRST_PORT + place % 64000)};
}

static struct endpoint remote_of(uint32_t k)
{
	uint32_t place = k / RIG_NETWORKS;

	return (struct endpoint){.address = host(k % RIG_NETWORKS, 16 + place % 200),
				 .port = rte_cpu_to_be_16(FIRST_PORT + place / 200 * 2)};
}

static void put_endpoint(Tandem__Dataplane__V1__Endpoint *to, struct endpoint *from)
{
	tandem__dataplane__v1__endpoint__init(to);
	to->address.data = &from->address.octets[12];
	to->address.len = 4;
	to->port = rte_be_to_cpu_16(from->port);
}

static int put_leg(struct rig *rig, uint32_t k, const char **what)
{
	struct endpoint local = local_of(k), remote = remote_of(k);
	Tandem__Dataplane__V1__PutLeg put;
	Tandem__Dataplane__V1__Endpoint to_local, to_remote;

	tandem__dataplane__v1__put_leg__init(&put);
	put_endpoint(&to_local, &local);
	put_endpoint(&to_remote, &remote);
	put.leg = 1 + k;
	put.peer = 1 + (k ^ 1);
	put.local = &to_local;
	put.remote = &to_remote;
	put.rtcp_mux = put.receive = put.send = true;
	put.security = is_secure(rig, k) ? TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES
					 : TANDEM__DATAPLANE__V1__SECURITY__SECURITY_NONE;
	return registry_put_leg(rig->registry, &put, what);
}

/* The key that the participant (0) or the relay (1) protects with: it is nobody else's. */
static void make_key(uint8_t octets[SUITE_KEY_MAX], uint32_t k, uint32_t epoch, unsigned int who)
{
	for (unsigned int i = 0; i < SUITE_KEY_MAX; i++)
		octets[i] = (k >> i % 4 * 8) + 31 * i + 2 * (epoch & 1) + who;
}

int rig_put_keys(struct rig *rig, uint32_t k, uint32_t epoch, const char **what)
{
	const struct suite_info *info = suite_info(rig->config.suite);
	uint8_t octets[2][SUITE_KEY_MAX];
	Tandem__Dataplane__V1__PutKeys put;

	make_key(octets[0], k, epoch, 0);
	make_key(octets[1], k, epoch, 1);
	tandem__dataplane__v1__put_keys__init(&put);
	put.leg = 1 + k;
	put.epoch = epoch;
	put.suite = rig->config.suite;
	put.receive_key = (ProtobufCBinaryData){info->key_length, octets[0]};
	put.send_key = (ProtobufCBinaryData){info->key_length, octets[1]};
	put.receive_salt = put.send_salt =
		(ProtobufCBinaryData){info->salt_length, (uint8_t *)key_salt};
	put.grace_ms = GRACE_MS;
	return registry_put_keys(rig->registry, &put, what);
}

int rig_make_key(const struct rig *rig, struct crypt_key **key, uint32_t k, uint32_t epoch)
{
	uint8_t octets[SUITE_KEY_MAX];

	make_key(octets, k, epoch, 0);
	return rig->maker->key_create(key, rig->config.suite, CRYPT_SEND, octets, key_salt);
}

static void put_source(struct rig *rig, uint32_t k, struct source *s)
{
	const struct network *network = &rig->dataplane.networks[k % RIG_NETWORKS];
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)s->header;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ether + 1);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	struct endpoint local = local_of(k), remote = remote_of(k);
	const struct flow_entry entry =
		flow_entry_load(&rig->dataplane, network->address[k / RIG_NETWORKS / 64000],
				rte_be_to_cpu_16(local.port));

	s->leg = &rig->dataplane.legs[entry.leg];
	s->network = k % RIG_NETWORKS;
	s->ssrc = CALL_SSRC + k;
	s->index = k % 0x8000; /* RFC 3711 3.3.1: so no packet is lost around the first wrap */
	ether->dst_addr = network->mac;
	ether->src_addr = (struct rte_ether_addr){{0x02, 0, 0x5e, 0, 1, s->network}};
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->time_to_live = 60;
	ip->next_proto_id = IPPROTO_UDP;
	memcpy(&ip->src_addr, &remote.address.octets[12], 4);
	memcpy(&ip->dst_addr, &local.address.octets[12], 4);
	udp->src_port = remote.port;
	udp->dst_port = local.port;
}

static int put_all(struct rig *rig)
{
	const char *what = "";

	for (uint32_t k = 0; k < rig->config.legs; k++) {
		struct source *s = &rig->sources[k];
		int error = put_leg(rig, k, &what);

		if (!error && is_secure(rig, k))
			error = rig_put_keys(rig, k, 1, &what);
		if (!error && is_secure(rig, k))
			error = rig_make_key(rig, &s->key, k, 1);
		if (error)
			return fail(what, error);
		put_source(rig, k, s);
		if (k % 64 == 63)
			settle(rig);
	}
	settle(rig);
	return 0;
}

/* All participants are behind gateways, and these answer. */
static void teach_gateways(struct rig *rig)
{
	struct dataplane *d = &rig->dataplane;

	for (unsigned int n = 0; n < RIG_NETWORKS; n++) {
		uint8_t frame[RTE_ETHER_HDR_LEN + sizeof(struct rte_arp_hdr)] = {0};
		struct rte_ether_hdr *ether = (struct rte_ether_hdr *)frame;
		struct rte_ether_addr mac = {{0x02, 0, 0x5e, 0, 1, n}};

		ether->dst_addr = d->networks[n].mac;
		ether->src_addr = mac;
		ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP);
		arp_write(frame + sizeof(*ether), &(struct arp){.operation = RTE_ARP_OP_REPLY,
								.sender_mac = mac,
								.sender = host(n, GATEWAY),
								.target_mac = d->networks[n].mac,
								.target = host(n, 1)});
		neighbour_input(d, frame, sizeof(frame), n, sizeof(*ether));
	}
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

int rig_create(struct rig *rig, const struct rig_config *config)
{
	const struct registry_config registry = {
		.dataplane = &rig->dataplane, .event = on_event, .port = on_port};
	struct registry_config with_engine = registry;
	int error;

	rig->config = *config;
	error = start_environment(config);
	if (error)
		return fail("DPDK does not start", error);
	error = start_engines(rig);
	if (error)
		return fail(config->engine, error);
	with_engine.engine = rig->engine;
	traffic_open_ports();
	error = create_dataplane(rig);
	if (!error)
		error = create_worker(rig);
	if (!error)
		error = neighbour_start(&rig->dataplane);
	if (!error)
		error = registry_create(&rig->registry, &with_engine);
	if (error)
		return fail("memory for the legs: more hugepages, or --no-huge", error);
	teach_gateways(rig);
	return put_all(rig);
}
