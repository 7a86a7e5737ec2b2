/* SPDX-License-Identifier: BSD-3-Clause */
/* ARP for IPv4 over Ethernet (RFC 826, 5227). Any thread; nothing is kept. */
#ifndef TANDEM_ARP_H
#define TANDEM_ARP_H

#include <stddef.h>
#include <stdint.h>

#include <rte_arp.h>

#include "dataplane/lib/address.h"

struct arp {
	uint16_t operation; /* RTE_ARP_OP_REQUEST or RTE_ARP_OP_REPLY */
	struct rte_ether_addr sender_mac, target_mac;
	struct address sender, target; /* IPv4 */
};

/* 0, or -EBADMSG: cut off, another hardware or protocol, another operation, a group as sender. */
int arp_parse(struct arp *a, const void *packet, size_t length);

/* Writes sizeof(struct rte_arp_hdr) octets. */
void arp_write(void *packet, const struct arp *a);

#endif
