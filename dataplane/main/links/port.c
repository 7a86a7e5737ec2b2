/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ethdev.h>

#include "dataplane/main/config.h"
#include "dataplane/main/links/devargs.h"
#include "dataplane/lib/log.h"
#include "dataplane/main/workers.h"

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
	char *texts[64];
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

static int add_devices(struct arguments *a, const struct config *config)
{
	bool pci = false;

	for (unsigned int p = 0; p < config->port_count; p++) {
		const struct config_port *port = &config->ports[p];
		char *devargs = devargs_complete(config, port, devargs_want_program(port));

		if (!devargs)
			return -ENODEV;
		if (devargs_is_virtual(devargs)) {
			add(a, "--vdev=%s", devargs);
		} else {
			add(a, "--allow=%s", devargs);
			pci = true;
		}
		free(devargs);
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
	result = add_devices(a, config);
	if (result)
		return result;
	/*
	 * Nothing on disk: no hugepage files, no runtime directory. EAL does not take --in-memory
	 * with ordinary memory: then an empty /run/dpdk/rte stays.
	 */
	if (config->hugepages)
		add(a, "--in-memory");
	else
		add(a, "--no-shconf");
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

static int setup_queues(const struct network *n, struct rte_mempool *mbufs,
			const struct rte_eth_dev_info *info)
{
	uint16_t rx = RX_DESCRIPTORS, tx = TX_DESCRIPTORS;
	int socket = rte_eth_dev_socket_id(n->port);
	int error = rte_eth_dev_adjust_nb_rx_tx_desc(n->port, &rx, &tx);

	if (error)
		return error;
	for (uint16_t q = 0; q < n->queues; q++) {
		error = rte_eth_rx_queue_setup(n->port, q, rx, socket, NULL, mbufs);
		if (!error)
			error = rte_eth_tx_queue_setup(n->port, q, tx, socket,
						       &info->default_txconf);
		if (error)
			return error;
	}
	return 0;
}

static int start_port(struct network *n, const struct config_port *port, struct rte_mempool *mbufs)
{
	struct rte_eth_conf conf = {.rxmode = {.mtu = port->mtu}};
	struct rte_eth_dev_info info;
	int error = rte_eth_dev_info_get(n->port, &info);

	if (error)
		return error;
	n->queues = RTE_MIN(n->queues, info.max_rx_queues);
	n->queues = RTE_MIN(n->queues, info.max_tx_queues);
	conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	n->udp_checksum = conf.txmode.offloads;
	n->checks_udp = conf.rxmode.offloads;
	error = rte_eth_dev_configure(n->port, n->queues, n->queues, &conf);
	if (!error)
		error = setup_queues(n, mbufs, &info);
	if (!error)
		error = rte_eth_dev_start(n->port);
	if (!error)
		error = rte_eth_macaddr_get(n->port, &n->mac);
	if (!error && !port->mtu)
		error = rte_eth_dev_get_mtu(n->port, &n->mtu);
	/* Neighbours are solicited by multicast; a port without filters says it cannot. */
	rte_eth_allmulticast_enable(n->port);
	return error;
}

static int add_addresses(struct dataplane *d, struct network *n, const struct config_port *port)
{
	for (unsigned int k = 0; k < port->address_count; k++) {
		if (d->address_count == ADDRESSES_MAX) {
			log_error("[port %s] address: more than %d media addresses in all", n->name,
				  ADDRESSES_MAX);
			return -ENOSPC;
		}
		n->address[n->address_count++] = d->address_count;
		d->addresses[d->address_count++] = (struct local_address){
			.address = port->addresses[k].address,
			.prefix = port->addresses[k].prefix,
			.network = n,
		};
	}
	return 0;
}

static int find_device(struct network *n, const struct config_port *port)
{
	char *device = devargs_device(port->devargs);
	int error = device ? rte_eth_dev_get_port_by_name(device, &n->port) : -ENOMEM;

	free(device);
	if (error)
		log_error("[port %s] devargs: there is no DPDK device \"%s\"", port->name,
			  port->devargs);
	return error;
}

/*
 * The kernel or the driver may refuse our XDP program. With none in its devargs the device attaches
 * libxdp's, which hands over whatever arrives.
 */
static int start_without_program(struct network *n, const struct config *config,
				 const struct config_port *port, struct rte_mempool *mbufs)
{
	char *devargs = devargs_complete(config, port, false);
	char *device = devargs_device(port->devargs);
	int error = -ENOMEM;

	if (!devargs || !device)
		goto out_free;
	error = rte_eal_hotplug_remove("vdev", device);
	if (!error)
		error = rte_eal_hotplug_add("vdev", device, strchr(devargs, ',') + 1);
	if (!error)
		error = find_device(n, port);
	n->queues = devargs_queues(config, port);
	if (!error)
		error = start_port(n, port, mbufs);

out_free:
	free(device);
	free(devargs);
	return error;
}

static int start_device(struct network *n, const struct config *config,
			const struct config_port *port, struct rte_mempool *mbufs)
{
	bool program = devargs_want_program(port);
	int error = start_port(n, port, mbufs);

	n->judged = port->shed != CONFIG_SHED_OFF && !program;
	if (error && program && port->shed == CONFIG_SHED_AUTO &&
	    !start_without_program(n, config, port, mbufs)) {
		n->judged = true;
		log_warn("[port %s] shed: the XDP program could not be attached; DPDK's own "
			 "message is above. The workers shed floods instead, and all traffic of "
			 "the interface is theirs: nothing is left to the kernel",
			 n->name);
		return 0;
	}
	if (error)
		log_error("[port %s] devargs: %s does not start: %s; DPDK's own message is above",
			  n->name, port->devargs, strerror(-error));
	return error;
}

int port_start_all(struct dataplane *d, const struct config *config)
{
	for (unsigned int p = 0; p < config->port_count; p++) {
		const struct config_port *port = &config->ports[p];
		struct network *n = &d->networks[p];
		int error = find_device(n, port);

		if (error)
			return error;
		strcpy(n->name, port->name);
		n->queues = devargs_queues(config, port);
		n->vlan = port->vlan;
		n->mtu = port->mtu;
		n->dscp = port->dscp;
		n->gateway4 = port->gateway4;
		n->gateway6 = port->gateway6;
		error = add_addresses(d, n, port);
		if (!error)
			error = start_device(n, config, port, d->mbufs);
		if (error)
			return error;
		d->network_by_port[n->port] = n;
		d->network_count++;
	}
	return 0;
}

void port_stop_all(struct dataplane *d)
{
	uint16_t port;

	RTE_ETH_FOREACH_DEV (port) {
		rte_eth_dev_stop(port);
		rte_eth_dev_close(port);
	}
}

static int post(struct dataplane *d, unsigned int worker, uint16_t port, struct rte_mbuf *m)
{
	const struct order order = {.kind = ORDER_SEND, .port = port, .object = m};

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
	return post(d, 0, port, m);
}

int port_send_datagram(struct dataplane *d, unsigned int worker, const struct egress *egress,
		       const void *datagram, size_t length)
{
	struct rte_mbuf *m;
	uint8_t *to;
	int error;

	if (length + egress->length - egress->l3 > egress->mtu)
		return -EMSGSIZE;
	m = rte_pktmbuf_alloc(d->mbufs);
	if (!m)
		return -ENOBUFS;
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
	return post(d, worker, egress->port, m);
}
