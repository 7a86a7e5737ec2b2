/* SPDX-License-Identifier: BSD-3-Clause */
/* The dataplane's configuration, read and judged before anything starts. Main lcore only. */
#ifndef TANDEM_CONFIG_H
#define TANDEM_CONFIG_H

#include <stdbool.h>

#include "dataplane/lib/address.h"
#include "dataplane/dataplane.h"
#include "dataplane/lib/ini.h"

struct config_address {
	struct address address;
	uint8_t prefix; /* bits of the 128 that are on-link; IPv4: 96 + length */
};

/* Where floods are shed: the words of `shed`. */
enum config_shed { CONFIG_SHED_AUTO, CONFIG_SHED_XDP, CONFIG_SHED_WORKER, CONFIG_SHED_OFF };

/* "[network NAME]", or what a port says of itself. */
struct config_network {
	char name[32];
	char *port_name; /* NULL: it is the port's own */
	unsigned port;   /* index */
	unsigned place;  /* of its section among the others */
	struct config_address addresses[NETWORK_ADDRESSES_MAX];
	unsigned address_count;
	struct address gateway4, gateway6; /* all zero: none */
	unsigned vlan;                     /* 0: untagged */
	unsigned mtu;                      /* 0: as the port says */
	unsigned dscp;
};

/* "[port NAME]" */
struct config_port {
	struct option_list devargs; /* one device, or those of a bond */
	int shed;                   /* enum config_shed */
	struct config_network own;  /* its name is the port's; perhaps without addresses */
};

struct config {
	char *socket;
	char *xdp;
	int log;                          /* enum log_level */
	int idle;                         /* enum worker_idle */
	int crypto;                       /* index of config_engines; 0: the fastest */
	unsigned lcores[WORKERS_MAX + 1]; /* CPU cores; the first is the main lcore's */
	unsigned lcore_count;
	unsigned legs;
	unsigned allocations; /* of TURN; 0: none is served */
	unsigned
		streams; /* SSRCs beside the first of each leg, all workers together; 0: one each */
	unsigned streams_per_flow;
	unsigned packets; /* buffers; 0: enough for the queues */
	bool hugepages;
	struct config_port ports[PORTS_MAX];
	unsigned port_count;
	struct config_network named[NETWORKS_MAX]; /* that have a section */
	unsigned named_count;
	/* All that have addresses, in the order of their sections. */
	const struct config_network *networks[NETWORKS_MAX];
	unsigned network_count;
};

static inline const char *config_port_name(const struct config_port *port)
{
	return port->own.name;
}

extern const char *const config_engines[];

/* As options_load(): 0 go on, 1 leave with success, -errno when mistakes were reported. */
int config_load(struct config *config, struct options **options, int argc, char **argv);

#endif
