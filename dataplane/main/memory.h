/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is taken once, before anything runs: packets on each NUMA node that has a port, legs and the
 * table of flows on the node where most of the ports' queues are.
 */
#ifndef TANDEM_MEMORY_H
#define TANDEM_MEMORY_H

struct config;
struct dataplane;

/* DPDK has its devices. 0 or -ENOMEM; memory_destroy() follows in each case. */
int memory_create(struct dataplane *d, const struct config *config);
/* The NUMA node where most queues are, and so what all workers read. */
int memory_node(const struct config *config);
void memory_destroy(struct dataplane *d);

#endif
