/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a device spreads over its queues what comes: by the addresses and UDP ports of a packet, so
 * that what one participant sends stays with one worker. Main lcore only.
 */
#ifndef TANDEM_SPREAD_H
#define TANDEM_SPREAD_H

#include <stdint.h>

#include <rte_ethdev.h>

enum spread {
	SPREAD_ONE,    /* there is one queue */
	SPREAD_UDP,    /* by addresses and UDP ports */
	SPREAD_IP,     /* by addresses alone, at least in one IP version */
	SPREAD_KERNEL, /* as the kernel's driver does, which does not say how */
	SPREAD_HOST,   /* as the hypervisor does: each as its own table of flows says */
	SPREAD_FIRST,  /* not at all: everything comes by the first queue */
};

extern const char *const spread_texts[];

/* Asks for what the device has of it, in what the port is going to be configured with. */
enum spread spread_ask(struct rte_eth_conf *conf, const struct rte_eth_dev_info *info,
		       unsigned int queues);
/* A port that has started: each queue gets as many of the table's places as the others. */
void spread_evenly(uint16_t port, const struct rte_eth_dev_info *info, unsigned int queues);

/* The same for an interface of the kernel's that has `queues`. */
enum spread spread_kernel(const char *interface, unsigned int queues);

#endif
