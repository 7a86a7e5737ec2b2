/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all workers share and only read: ports, media addresses, the flow table, the legs. Written
 * by the main lcore, before the workers start or one entry at a time as noted.
 */
#ifndef TANDEM_DATAPLANE_H
#define TANDEM_DATAPLANE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mempool.h>

#include "dataplane/lib/address.h"
#include "dataplane/clock.h"
#include "dataplane/leg.h"
#include "dataplane/worker.h"

struct bond;
struct shed_port;
struct shed_rule;
struct shed_sketch;
struct turn;

#define PORTS_MAX             16
#define NETWORKS_MAX          16
#define NETWORK_ADDRESSES_MAX 8
#define ADDRESSES_MAX         64

/* One DPDK port: the "[port NAME]" of the configuration. */
struct port {
	char name[32];
	uint16_t id;       /* of DPDK */
	uint16_t queues;   /* a worker polls every worker_count-th; it sends by the one of its id */
	uint8_t spread;    /* enum spread: how it spreads over its queues what comes */
	bool udp_checksum; /* it computes the UDP checksums of what it sends */
	bool checks_udp;   /* it checks UDP checksums of what it receives */
	bool judged;       /* no XDP program sheds floods for it: each worker's first stage does */
	/* What one participant sends comes by one queue, and every worker has one: legs go there.
	 */
	bool spreads_flows;
	struct rte_ether_addr mac;
	struct bond *bond; /* its devices, where it has several */
	bool paused;       // main: rw, workers: ro. Nobody receives or sends.
	uint32_t passed;   // main, workers: rw. Workers that have seen it.
	uint8_t network_count;
	struct network *networks[NETWORKS_MAX];
};

/* What is behind one VLAN tag of a port, or behind none: "[network NAME]", or of the port itself.
 */
struct network {
	char name[32];
	struct port *port;
	uint16_t mtu;  /* the largest IP packet */
	uint16_t vlan; /* tag of every frame, host byte order; 0: untagged */
	uint8_t dscp;
	uint8_t address_count;
	uint8_t address[NETWORK_ADDRESSES_MAX]; /* indices into dataplane.addresses */
	struct address gateway4, gateway6;      /* all zero: none */
};

/* A media address: the relay's own, known to nobody else on this host. */
struct local_address {
	struct address address;
	struct network *network;
	uint8_t prefix; /* octets of address.octets that are on-link, in bits (v4: 96 + length) */
};

/* Who has (media address, UDP port). One word, so that no worker sees half of a change. */
enum flow_kind {
	FLOW_CLOSED,
	FLOW_LEG,
	FLOW_TURN,    /* where the TURN server listens */
	FLOW_RELAYED, /* the relayed address of an allocation */
};
struct flow_entry {
	union { /* indices */
		uint32_t leg, listener, allocation;
	};
	uint8_t kind; /* enum flow_kind */
	uint8_t component;
	uint16_t reserved;
} __rte_aligned(8);

struct dataplane {
	bool stop; // main: rw, workers: ro
	struct clock clock;
	uint16_t worker_count;
	uint16_t port_count;
	uint16_t network_count;
	uint16_t address_count;
	struct port ports[PORTS_MAX];
	struct network networks[NETWORKS_MAX];
	struct port *port_by_id[RTE_MAX_ETHPORTS];
	struct local_address addresses[ADDRESSES_MAX];
	struct flow_entry *flows; /* [address index << 16 | UDP port, host byte order] */
	/*
	 * What floods are shed by (ebpf/shed.h): the ports of each media address, by its index, and
	 * what is the same for all. NULL if nothing is shed, and nobody is expected.
	 */
	struct shed_port *shed_ports[ADDRESSES_MAX];
	struct shed_rule *shed_rule;
	struct shed_sketch *shed_sketch;
	struct leg *legs;
	uint32_t leg_count;
	struct turn *turn; /* NULL: there is no room for allocations */
	/* Of the NUMA nodes that have a port, else NULL; and of the one where the legs are. */
	struct rte_mempool *node_mbufs[RTE_MAX_NUMA_NODES], *mbufs;
	struct worker *workers[WORKERS_MAX];
};

static inline bool port_is_paused(const struct port *p)
{
	return __atomic_load_n(&p->paused, __ATOMIC_RELAXED);
}

static inline struct flow_entry flow_entry_load(const struct dataplane *d, unsigned int address,
						uint16_t port)
{
	struct flow_entry entry;

	__atomic_load(&d->flows[address << 16 | port], &entry, __ATOMIC_ACQUIRE);
	return entry;
}

/* Main lcore. */
static inline void flow_entry_store(const struct dataplane *d, unsigned int address, uint16_t port,
				    struct flow_entry entry)
{
	__atomic_store(&d->flows[address << 16 | port], &entry, __ATOMIC_RELEASE);
}

#endif
