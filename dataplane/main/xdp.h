/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The XDP programs in front of the AF_XDP ports: what must be in order before DPDK attaches them,
 * and the tables they read. Does nothing when no port is of that kind. Main lcore only.
 */
#ifndef TANDEM_XDP_H
#define TANDEM_XDP_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dataplane.h"

struct config;
struct shed;

struct xdp {
	int claims[NETWORKS_MAX]; /* sockets: one for each interface that is ours */
	unsigned int claim_count;
	bool used; /* the pins are ours: nobody else's calls need them */
	struct shed *shed;
	unsigned int index[ADDRESSES_MAX]; /* of the dataplane's media addresses, in the program */
};

/*
 * Before the ports start: claims the interfaces, mounts bpffs, removes what a killed dataplane
 * left. 0 or -errno, logged; -EADDRINUSE when a running dataplane has one of the interfaces: that
 * one notices nothing.
 */
int xdp_prepare(struct xdp *x, const struct config *config);
/* After: makes the media addresses known. 0 or -errno, logged. */
int xdp_open(struct xdp *x, const struct config *config, const struct dataplane *d);
/* When the ports are closed; also after either of the above has failed, or was never called. */
void xdp_close(struct xdp *x);

/* A store: the next packet meets it. `address` is an index into dataplane.addresses. */
void xdp_port(struct xdp *x, unsigned int address, uint16_t port, bool open);

#endif
