/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The XDP programs in front of the AF_XDP ports: what must be in order before DPDK attaches them.
 * And the tables by which floods are shed, whether or not there are any. Main lcore only.
 */
#ifndef TANDEM_XDP_H
#define TANDEM_XDP_H

#include <stdbool.h>

#include "dataplane/api/dataplane.pb-c.h"
#include "dataplane/dataplane.h"
#include "dataplane/main/links/bond.h"

struct config;
struct shed;

struct xdp {
	int claims[PORTS_MAX * BOND_MEMBERS_MAX]; /* sockets: one for each interface that is ours */
	unsigned int claim_count;
	bool used;  /* the pins are ours: nobody else's calls need them */
	bool alone; /* nobody had libxdp's directory before */
	struct shed *shed;
	Tandem__Dataplane__V1__JudgeKind judges[PORTS_MAX]; /* of the dataplane's ports */
};

/*
 * Before the ports start: claims the interfaces, mounts bpffs, removes what a killed dataplane
 * left. 0 or -errno, logged; -EADDRINUSE when a running dataplane has one of the interfaces: that
 * one notices nothing.
 */
int xdp_prepare(struct xdp *x, const struct config *config);
/* After: the tables, with the media addresses, which the workers read too. 0 or -errno, logged. */
int xdp_open(struct xdp *x, const struct config *config, struct dataplane *d);
/* When the ports are closed; also after either of the above has failed, or was never called. */
void xdp_close(struct xdp *x);

#endif
