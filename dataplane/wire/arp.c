/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/arp.h"

#include <errno.h>
#include <string.h>

#define IPV4_LENGTH 4

int arp_parse(struct arp *a, const void *packet, size_t length)
{
	struct rte_arp_hdr h;

	if (length < sizeof(h))
		return -EBADMSG;
	memcpy(&h, packet, sizeof(h));
	a->operation = rte_be_to_cpu_16(h.arp_opcode);
	if (h.arp_hardware != rte_cpu_to_be_16(RTE_ARP_HRD_ETHER) ||
	    h.arp_protocol != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) ||
	    h.arp_hlen != RTE_ETHER_ADDR_LEN || h.arp_plen != IPV4_LENGTH ||
	    (a->operation != RTE_ARP_OP_REQUEST && a->operation != RTE_ARP_OP_REPLY) ||
	    !rte_is_valid_assigned_ether_addr(&h.arp_data.arp_sha))
		return -EBADMSG;
	a->sender_mac = h.arp_data.arp_sha;
	a->target_mac = h.arp_data.arp_tha;
	a->sender = address_from_ipv4(&h.arp_data.arp_sip);
	a->target = address_from_ipv4(&h.arp_data.arp_tip);
	return 0;
}

void arp_write(void *packet, const struct arp *a)
{
	struct rte_arp_hdr h = {
		.arp_hardware = rte_cpu_to_be_16(RTE_ARP_HRD_ETHER),
		.arp_protocol = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4),
		.arp_hlen = RTE_ETHER_ADDR_LEN,
		.arp_plen = IPV4_LENGTH,
		.arp_opcode = rte_cpu_to_be_16(a->operation),
		.arp_data = {.arp_sha = a->sender_mac, .arp_tha = a->target_mac},
	};

	memcpy(&h.arp_data.arp_sip, &a->sender.octets[12], IPV4_LENGTH);
	memcpy(&h.arp_data.arp_tip, &a->target.octets[12], IPV4_LENGTH);
	memcpy(packet, &h, sizeof(h));
}
