/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "dataplane/main/config.h"
#include "dataplane/main/links/bond.h"
#include "dataplane/main/links/devargs.h"
#include "dataplane/main/links/spread.h"
#include "dataplane/lib/log.h"
#include "dataplane/main/workers.h"
#include "dataplane/turn.h"

#define RX_DESCRIPTORS 2048
#define TX_DESCRIPTORS 2048

static bool hugepages_are_free(void)
{
	static const char *const pools[] = {
		"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages",
		"/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages",
	};

	for (unsigned int k = 0; k < RTE_DIM(pools); k++) {
		FILE *file = fopen(pools[k], "re");
		unsigned int pages = 0;

		if (!file)
			continue;
		if (fscanf(file, "%u", &pages) != 1)
			pages = 0;
		fclose(file);
		if (pages)
			return true;
	}
	return false;
}

/* EAL keeps pointers into the texts until its end. */
static struct arguments {
	char *texts[16 + PORTS_MAX * BOND_MEMBERS_MAX];
	int count;
} arguments;

static void __attribute__((format(printf, 2, 3))) add(struct arguments *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (a->count < (int)RTE_DIM(a->texts) - 1 && vasprintf(&a->texts[a->count], fmt, ap) >= 0)
		a->count++;
	va_end(ap);
}

static bool shares_core(const struct config *config, unsigned int k)
{
	for (unsigned int j = 0; j < k; j++)
		if (config->lcores[j] == config->lcores[k])
			return true;
	return false;
}

/* Threads are numbered in the order of the configuration, each pinned to its core. */
static void add_lcores(struct arguments *a, const struct config *config)
{
	char list[16 * (WORKERS_MAX + 1)] = "";
	size_t length = 0;

	for (unsigned int k = 0; k < config->lcore_count; k++) {
		length += snprintf(list + length, sizeof(list) - length, "%s%u@%u", k ? "," : "", k,
				   config->lcores[k]);
		if (shares_core(config, k))
			log_warn("core %u runs more than one thread: good for trying out alone",
				 config->lcores[k]);
	}
	add(a, "--lcores=%s", list);
	add(a, "--main-lcore=0");
}

static int add_device(struct arguments *a, const struct config *config,
		      const struct config_port *port, const char *devargs)
{
	char *complete = devargs_complete(config, port, devargs, devargs_want_program(port));

	if (!complete)
		return -ENODEV;
	add(a, "--%s=%s", devargs_is_virtual(complete) ? "vdev" : "allow", complete);
	free(complete);
	return 0;
}

static int add_devices(struct arguments *a, const struct config *config)
{
	bool pci = false;

	for (unsigned int p = 0; p < config->port_count; p++) {
		const struct config_port *port = &config->ports[p];

		for (unsigned int k = 0; k < port->devargs.count; k++) {
			int error = add_device(a, config, port, port->devargs.texts[k]);

			if (error)
				return error;
			pci |= !devargs_is_virtual(port->devargs.texts[k]);
		}
	}
	if (!pci)
		add(a, "--no-pci");
	return 0;
}

int port_environment_start(const struct config *config, const char *program)
{
	struct arguments *a = &arguments;
	char *texts[RTE_DIM(a->texts)]; /* EAL changes the order */
	int result;

	if (config->hugepages && !hugepages_are_free()) {
		log_error("no free hugepages: echo 512 > /proc/sys/vm/nr_hugepages, or set "
			  "[dataplane] hugepages = no");
		return -ENOMEM;
	}
	add(a, "%s", program);
	add_lcores(a, config);
	result = bond_prepare(config);
	if (!result)
		result = add_devices(a, config);
	if (result)
		return result;
	/*
	 * Nothing on disk: no hugepage files, no runtime directory. EAL does not take --in-memory
	 * with ordinary memory: then an empty /run/dpdk/rte stays. A file for each page would be
	 * more than vhost-user can share.
	 */
	if (config->hugepages) {
		add(a, "--in-memory");
		add(a, "--single-file-segments");
	} else {
		add(a, "--no-shconf");
	}
	add(a, "--no-telemetry");
	add(a, "--log-level=*:%s", config->log == LOG_LEVEL_DEBUG ? "info" : "warning");
	if (!config->hugepages) {
		add(a, "--no-huge");
		add(a, "-m");
		add(a, "%u", 256 + config->legs / 128 + config->streams / 1024); /* MiB */
	}
	/* libxdp's own program is attached by itself, so that shed_detach() knows it. */
	setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);
	result = rte_eal_init(a->count, memcpy(texts, a->texts, sizeof(texts)));
	if (result < 0)
		log_error("DPDK does not start: %s; its own message is above", strerror(rte_errno));
	return result < 0 ? -ENODEV : 0;
}

void port_environment_stop(void)
{
	rte_eal_cleanup();
	while (arguments.count)
		free(arguments.texts[--arguments.count]);
}

static int setup_queues(const struct port *p, struct rte_mempool *mbufs,
			const struct rte_eth_dev_info *info)
{
	uint16_t rx = RX_DESCRIPTORS, tx = TX_DESCRIPTORS;
	int socket = rte_eth_dev_socket_id(p->id);
	int error = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &rx, &tx);

	if (error)
		return error;
	for (uint16_t q = 0; q < p->queues; q++) {
		error = rte_eth_rx_queue_setup(p->id, q, rx, socket, NULL, mbufs);
		if (!error)
			error = rte_eth_tx_queue_setup(p->id, q, tx, socket, &info->default_txconf);
		if (error)
			return error;
	}
	return 0;
}

static int start_port(struct port *p, const struct config_port *config, struct rte_mempool *mbufs)
{
	struct rte_eth_conf conf = {.rxmode = {.mtu = config->own.mtu}};
	struct rte_eth_dev_info info;
	int error = rte_eth_dev_info_get(p->id, &info);

	if (error)
		return error;
	p->queues = RTE_MIN(p->queues, info.max_rx_queues);
	p->queues = RTE_MIN(p->queues, info.max_tx_queues);
	conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	p->udp_checksum = conf.txmode.offloads;
	p->checks_udp = conf.rxmode.offloads;
	p->spread = spread_ask(&conf, &info, p->queues);
	error = rte_eth_dev_configure(p->id, p->queues, p->queues, &conf);
	if (!error)
		error = setup_queues(p, mbufs, &info);
	if (!error)
		error = rte_eth_dev_start(p->id);
	if (!error && conf.rxmode.mq_mode == RTE_ETH_MQ_RX_RSS)
		spread_evenly(p->id, &info, p->queues);
	if (!error)
		error = rte_eth_macaddr_get(p->id, &p->mac);
	/*
	 * Neighbours are solicited by multicast; a port without filters says it cannot. A bond has
	 * filters of its own: whose members cannot takes everything, and classify looks.
	 */
	if (rte_eth_allmulticast_enable(p->id) && p->bond)
		rte_eth_promiscuous_enable(p->id);
	return error;
}

static int find_device(const char *devargs, uint16_t *id)
{
	char *device = devargs_device(devargs);
	int error = device ? rte_eth_dev_get_port_by_name(device, id) : -ENOMEM;

	free(device);
	return error;
}

static int bond_devices(struct port *p, const struct config *all, const struct config_port *config,
			bool program)
{
	char *complete[BOND_MEMBERS_MAX];
	unsigned int count = 0;
	int error = 0;

	for (; count < config->devargs.count && !error; count++) {
		complete[count] =
			devargs_complete(all, config, config->devargs.texts[count], program);
		error = complete[count] ? 0 : -ENOMEM;
	}
	if (!error)
		error = bond_create(p, complete, count);
	while (count)
		free(complete[--count]);
	return error;
}

/* The port is its only device, or the bond of all. */
static int find_devices(struct port *p, const struct config *all, const struct config_port *config,
			bool program)
{
	for (unsigned int k = 0; k < config->devargs.count; k++) {
		int error = find_device(config->devargs.texts[k], &p->id);

		if (error) {
			log_error("[port %s] devargs: there is no DPDK device \"%s\"", p->name,
				  config->devargs.texts[k]);
			return error;
		}
	}
	return config->devargs.count > 1 ? bond_devices(p, all, config, program) : 0;
}

/* A device of DPDK's own begins anew, without our XDP program. */
static int begin_anew(const struct config *all, const struct config_port *config,
		      const char *devargs)
{
	char *complete = devargs_complete(all, config, devargs, false);
	char *device = devargs_device(devargs);
	int error = complete && device ? rte_eal_hotplug_remove("vdev", device) : -ENOMEM;

	if (!error)
		error = rte_eal_hotplug_add("vdev", device, strchr(complete, ',') + 1);
	free(device);
	free(complete);
	return error;
}

/*
 * The kernel or the driver may refuse our XDP program. With none in its devargs the device attaches
 * libxdp's, which hands over whatever arrives.
 */
static int start_without_program(struct port *p, const struct config *all,
				 const struct config_port *config, struct rte_mempool *mbufs)
{
	int error = 0;

	bond_free(p);
	for (unsigned int k = 0; k < config->devargs.count && !error; k++)
		error = begin_anew(all, config, config->devargs.texts[k]);
	if (!error)
		error = find_devices(p, all, config, false);
	p->queues = devargs_queues(all, config);
	return error ? error : start_port(p, config, mbufs);
}

static void note_spread_of(struct port *p, const char *devargs)
{
	char *interface = devargs_interface(devargs);

	if (interface && p->spread != SPREAD_KERNEL)
		p->spread = spread_kernel(interface, p->queues);
	free(interface);
}

/*
 * What is behind AF_XDP is spread by the kernel's driver. By addresses alone all that a trunk sends
 * comes to one worker: then handing over is what spreads it.
 */
static void note_spread(struct port *p, const struct config_port *config, unsigned int workers)
{
	char *interface = devargs_interface(config->devargs.texts[0]);

	for (unsigned int k = 0; k < config->devargs.count; k++)
		note_spread_of(p, config->devargs.texts[k]);
	p->spreads_flows =
		p->queues >= workers &&
		(p->spread == SPREAD_UDP || p->spread == SPREAD_KERNEL || p->spread == SPREAD_HOST);
	log_info("[port %s] %u queues, %s", p->name, p->queues, spread_texts[p->spread]);
	if (p->spread == SPREAD_FIRST)
		log_warn(
			"[port %s] devargs: the device has queues, but does not spread over them what "
			"comes: one worker takes it all and hands it over. Give it one queue, or "
			"a function or firmware with RSS",
			p->name);
	if (p->spread == SPREAD_KERNEL)
		log_warn("[port %s] devargs: %s does not say whether it spreads UDP by ports; see "
			 "ethtool -n %s rx-flow-hash udp4",
			 p->name, interface, interface);
	free(interface);
}

static int start_device(struct port *p, const struct config *all, const struct config_port *config,
			struct rte_mempool *mbufs)
{
	bool program = devargs_want_program(config);
	int error = start_port(p, config, mbufs);

	p->judged = config->shed != CONFIG_SHED_OFF && !program;
	if (error && program && config->shed == CONFIG_SHED_AUTO &&
	    !start_without_program(p, all, config, mbufs)) {
		p->judged = true;
		log_warn("[port %s] shed: the XDP program could not be attached; DPDK's own "
			 "message is above. The workers shed floods instead, and all traffic of "
			 "the interface is theirs: nothing is left to the kernel",
			 p->name);
		return 0;
	}
	if (error)
		log_error("[port %s] devargs: %s does not start: %s; DPDK's own message is above",
			  p->name, config->devargs.texts[0], strerror(-error));
	return error;
}

unsigned int port_queues(const struct config *config, const struct config_port *port)
{
	return RTE_MAX(devargs_queues(config, port), config->lcore_count - 1) * port->devargs.count;
}

static unsigned int node_of(uint16_t port)
{
	int node = rte_eth_dev_socket_id(port);

	return node < 0 || node >= RTE_MAX_NUMA_NODES ? 0 : node;
}

unsigned int port_node(const struct config_port *port)
{
	uint16_t id;

	return find_device(port->devargs.texts[0], &id) ? 0 : node_of(id);
}

static int start(struct dataplane *d, const struct config *all, const struct config_port *config)
{
	struct port *p = &d->ports[d->port_count];
	int error;

	snprintf(p->name, sizeof(p->name), "%s", config_port_name(config));
	error = find_devices(p, all, config, devargs_want_program(config));
	if (error)
		return error;
	p->queues = devargs_queues(all, config);
	error = start_device(p, all, config, d->node_mbufs[node_of(p->id)]);
	if (error)
		return error;
	note_spread(p, config, all->lcore_count - 1);
	d->port_by_id[p->id] = p;
	d->port_count++;
	return 0;
}

static int add_addresses(struct dataplane *d, struct network *n,
			 const struct config_network *config)
{
	for (unsigned int k = 0; k < config->address_count; k++) {
		if (d->address_count == ADDRESSES_MAX) {
			log_error("network %s: address: more than %d media addresses in all",
				  n->name, ADDRESSES_MAX);
			return -ENOSPC;
		}
		n->address[n->address_count++] = d->address_count;
		d->addresses[d->address_count++] = (struct local_address){
			.address = config->addresses[k].address,
			.prefix = config->addresses[k].prefix,
			.network = n,
		};
	}
	return 0;
}

static int add_network(struct dataplane *d, const struct config_network *config)
{
	struct network *n = &d->networks[d->network_count++];
	struct port *p = &d->ports[config->port];
	uint16_t mtu;
	int error = rte_eth_dev_get_mtu(p->id, &mtu);

	if (error) {
		log_error("[port %s] mtu: the device does not say: %s", p->name, strerror(-error));
		return error;
	}
	strcpy(n->name, config->name);
	n->port = p;
	n->mtu = config->mtu ? config->mtu : mtu;
	if (n->mtu > mtu) {
		log_error("network %s: mtu: more than port %s has: %u", n->name, p->name, mtu);
		return -EINVAL;
	}
	n->vlan = config->vlan;
	n->dscp = config->dscp;
	n->gateway4 = config->gateway4;
	n->gateway6 = config->gateway6;
	p->networks[p->network_count++] = n;
	return add_addresses(d, n, config);
}

int port_start_all(struct dataplane *d, const struct config *config)
{
	int error = 0;

	for (unsigned int p = 0; p < config->port_count && !error; p++)
		error = start(d, config, &config->ports[p]);
	for (unsigned int n = 0; n < config->network_count && !error; n++)
		error = add_network(d, config->networks[n]);
	return error;
}

void port_stop_all(struct dataplane *d)
{
	uint16_t port;

	/* Bonds came after their members, and go before them; so does one that did not start. */
	for (unsigned int p = 0; p < PORTS_MAX; p++)
		bond_free(&d->ports[p]);
	RTE_ETH_FOREACH_DEV (port) {
		rte_eth_dev_stop(port);
		rte_eth_dev_close(port);
	}
}

static int post(struct dataplane *d, unsigned int worker, struct leg *leg, uint16_t port,
		struct rte_mbuf *m)
{
	const struct order order = {.kind = ORDER_SEND, .port = port, .leg = leg, .object = m};

	if (worker_order(d->workers[worker], order)) {
		rte_pktmbuf_free(m);
		return -ENOBUFS;
	}
	return 0;
}

int port_send_frame(struct dataplane *d, uint16_t port, const void *frame, size_t length)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(d->mbufs);
	char *to = m ? rte_pktmbuf_append(m, length) : NULL;

	if (!to) {
		rte_pktmbuf_free(m);
		return m ? -EMSGSIZE : -ENOBUFS;
	}
	memcpy(to, frame, length);
	return post(d, 0, NULL, port, m);
}

/* In what the client of an allocation can unwrap. */
static int send_relayed(struct dataplane *d, unsigned int worker, struct leg *leg,
			const struct egress *egress, struct rte_mbuf *m, const void *datagram,
			size_t length)
{
	void *to = rte_pktmbuf_append(m, length);
	const struct egress_relayed relayed = egress_relayed(egress);
	enum drop reason = DROP_TOO_LARGE;

	if (to) {
		memcpy(to, datagram, length);
		reason = turn_to_client(d->turn, relayed.allocation, m, 0, length, &relayed.local,
					rte_rdtsc());
	}
	if (reason != DROP_NONE) {
		rte_pktmbuf_free(m);
		return reason == DROP_NO_NEIGHBOUR ? -EHOSTUNREACH : -EMSGSIZE;
	}
	allocation_count(&relayed.allocation->to_client, length);
	return post(d, worker, leg, relayed.allocation->egress->port, m);
}

int port_send_datagram(struct dataplane *d, unsigned int worker, struct leg *leg,
		       const struct egress *egress, const void *datagram, size_t length)
{
	struct rte_mbuf *m;
	uint8_t *to;
	int error;

	if (length + egress->length - egress->l3 > egress->mtu)
		return -EMSGSIZE;
	m = rte_pktmbuf_alloc(d->mbufs);
	if (!m)
		return -ENOBUFS;
	if (egress_is_relayed(egress))
		return send_relayed(d, worker, leg, egress, m, datagram, length);
	to = (uint8_t *)rte_pktmbuf_append(m, egress->length + length);
	if (!to) {
		rte_pktmbuf_free(m);
		return -EMSGSIZE;
	}
	memcpy(to + egress->length, datagram, length);
	error = egress_fill(egress, m, length);
	if (error) {
		rte_pktmbuf_free(m);
		return error;
	}
	return post(d, worker, leg, egress->port, m);
}
