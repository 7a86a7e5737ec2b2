/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/aim.h"

#include <errno.h>

#include <rte_arp.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/dataplane.h"

#define NDP_TARGET 8 /* octets behind the beginning of ICMPv6 (RFC 4861 section 4.3) */

/* What is left of the frame's head. */
struct head {
	const uint8_t *at, *end;
};

/* NULL: there is less. */
static const void *take(struct head *h, size_t octets)
{
	const uint8_t *at = h->at;

	if ((size_t)(h->end - at) < octets)
		return NULL;
	h->at += octets;
	return at;
}

static void take_port(struct aim *aim, struct head *h)
{
	const struct rte_udp_hdr *udp = take(h, sizeof(*udp));

	if (udp)
		memcpy(&aim->local.port, &udp->dst_port, sizeof(udp->dst_port));
}

static void take_ipv4(struct aim *aim, struct head *h)
{
	const uint8_t *begin = h->at;
	const struct rte_ipv4_hdr *ip = take(h, sizeof(*ip));

	if (!ip)
		return;
	aim->local.address = address_from_ipv4(begin + offsetof(struct rte_ipv4_hdr, dst_addr));
	if (begin[0] == RTE_IPV4_VHL_DEF && ip->next_proto_id == IPPROTO_UDP &&
	    !(ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_OFFSET_MASK)))
		take_port(aim, h);
}

/* A solicitation goes to a group: its target is meant. */
static void take_ipv6(struct aim *aim, struct head *h)
{
	const struct rte_ipv6_hdr *ip = take(h, sizeof(*ip));
	const uint8_t *target;

	if (!ip)
		return;
	aim->local.address = address_from_ipv6(ip->dst_addr);
	if (ip->proto == IPPROTO_UDP) {
		take_port(aim, h);
	} else if (ip->dst_addr[0] == 0xff && ip->proto == IPPROTO_ICMPV6) {
		target = take(h, NDP_TARGET + sizeof(struct address));
		if (target)
			aim->local.address = address_from_ipv6(target + NDP_TARGET);
	}
}

static void take_arp(struct aim *aim, struct head *h)
{
	const uint8_t *arp = take(h, sizeof(struct rte_arp_hdr));

	if (arp)
		aim->local.address =
			address_from_ipv4(arp + offsetof(struct rte_arp_hdr, arp_data.arp_tip));
}

static uint16_t take_type(struct head *h)
{
	const uint8_t *ether = take(h, RTE_ETHER_HDR_LEN);
	const uint8_t *type = ether ? ether + 2 * RTE_ETHER_ADDR_LEN : NULL;

	if (type && (type[0] << 8 | type[1]) == RTE_ETHER_TYPE_VLAN) {
		const uint8_t *tag = take(h, sizeof(struct rte_vlan_hdr));

		type = tag ? tag + 2 : NULL;
	}
	return type ? type[0] << 8 | type[1] : 0;
}

int aim_find(struct aim *aim, const struct dataplane *d, const struct shed_sample *sample)
{
	size_t captured = RTE_MIN(sample->captured, sizeof(sample->octets));
	struct head h = {sample->octets, sample->octets + captured};

	memset(aim, 0, sizeof(*aim));
	switch (take_type(&h)) {
	case RTE_ETHER_TYPE_IPV4:
		take_ipv4(aim, &h);
		break;
	case RTE_ETHER_TYPE_IPV6:
		take_ipv6(aim, &h);
		break;
	case RTE_ETHER_TYPE_ARP:
		take_arp(aim, &h);
		break;
	}
	for (aim->address = 0; aim->address < d->address_count; aim->address++)
		if (address_equal(&d->addresses[aim->address].address, &aim->local.address))
			return 0;
	return -ENOENT;
}
