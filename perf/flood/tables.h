/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tables hold in this measurement: one media address each of IPv4 and IPv6, by index 0 and
 * 1; of each a leg's port, TURN's and a relayed one are open.
 */
#ifndef PERF_FLOOD_TABLES_H
#define PERF_FLOOD_TABLES_H

#include "ebpf/shed_maps.h"
#include "perf/flood/cases.h"

struct tables {
	struct shed *shed;
	struct shed_port *ports[2]; /* of each address */
	struct shed_rule *rule;
};

/* Adds the addresses and, where an XDP program knows them, TURN's clients. 0 or -errno. */
int tables_open(struct tables *t, struct shed *shed);

/* Makes them what the case wants, but for blocks and sockets. */
void tables_prepare(struct tables *t, const struct verdict_case *c, int version);

/* The nth prefix that is blocked. */
struct shed_prefix tables_prefix(const struct verdict_case *c, int version, unsigned int n);

/* Client n of TURN, of CASE_CLIENTS sources; after them the peer. */
struct shed_client tables_client(int version, unsigned int n);

#endif
