/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/memory.h"

#include <errno.h>
#include <stdio.h>

#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "dataplane/dataplane.h"
#include "dataplane/main/config.h"
#include "dataplane/main/links/port.h"
#include "dataplane/main/slab.h"

#define PACKETS_PER_QUEUE 8192
#define CACHE             256 /* of each worker */

/* Where the ports are. */
struct nodes {
	unsigned int queues[RTE_MAX_NUMA_NODES];
	unsigned int all;
	unsigned int home;
};

static void find_nodes(struct nodes *nodes, const struct config *config)
{
	*nodes = (struct nodes){.all = 0};
	for (unsigned int p = 0; p < config->port_count; p++) {
		unsigned int queues = port_queues(config, &config->ports[p]);

		nodes->queues[port_node(&config->ports[p])] += queues;
		nodes->all += queues;
	}
	for (unsigned int n = 1; n < RTE_MAX_NUMA_NODES; n++)
		if (nodes->queues[n] > nodes->queues[nodes->home])
			nodes->home = n;
}

static int create_packets(struct dataplane *d, const struct config *config,
			  const struct nodes *nodes)
{
	for (unsigned int n = 0; n < RTE_MAX_NUMA_NODES; n++) {
		char name[RTE_MEMPOOL_NAMESIZE];
		unsigned int packets;

		if (!nodes->queues[n])
			continue;
		packets = config->packets
				  ? (uint64_t)config->packets * nodes->queues[n] / nodes->all
				  : rte_align32pow2(PACKETS_PER_QUEUE * nodes->queues[n] + 1) - 1;
		snprintf(name, sizeof(name), "packets-%u", n);
		d->node_mbufs[n] = rte_pktmbuf_pool_create(name, packets, CACHE, 0,
							   RTE_MBUF_DEFAULT_BUF_SIZE, n);
		if (!d->node_mbufs[n])
			return -ENOMEM;
	}
	d->mbufs = d->node_mbufs[nodes->home];
	return 0;
}

int memory_node(const struct config *config)
{
	struct nodes nodes;

	find_nodes(&nodes, config);
	return nodes.home;
}

int memory_create(struct dataplane *d, const struct config *config)
{
	size_t addresses = 0;
	struct nodes nodes;

	for (unsigned int k = 0; k < config->network_count; k++)
		addresses += config->networks[k]->address_count;
	find_nodes(&nodes, config);
	slab_set_node(nodes.home);
	d->leg_count = config->legs;
	d->legs = rte_zmalloc_socket("legs", sizeof(d->legs[0]) * d->leg_count, RTE_CACHE_LINE_SIZE,
				     nodes.home);
	d->flows = rte_zmalloc_socket("flows", sizeof(d->flows[0]) * addresses << 16,
				      RTE_CACHE_LINE_SIZE, nodes.home);
	if (!d->legs || !d->flows)
		return -ENOMEM;
	for (uint32_t k = 0; k < d->leg_count; k++)
		d->legs[k].index = k;
	return create_packets(d, config, &nodes);
}

void memory_destroy(struct dataplane *d)
{
	rte_free(d->flows);
	rte_free(d->legs);
	for (unsigned int n = 0; n < RTE_MAX_NUMA_NODES; n++)
		rte_mempool_free(d->node_mbufs[n]);
}
