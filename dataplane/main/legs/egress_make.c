/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/legs/egress_make.h"
#include "dataplane/egress.h"

#include <string.h>

#include "dataplane/dataplane.h"
#include "dataplane/main/links/neighbour.h"
#include "dataplane/main/slab.h"
#include "dataplane/main/shared.h"
#include "dataplane/turn.h"

#define TTL 64

static struct slab egresses = {.size = sizeof(struct egress)};

static uint8_t put_ether(uint8_t *header, const struct network *network, uint16_t type)
{
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)header;
	struct rte_vlan_hdr *tag = (struct rte_vlan_hdr *)(ether + 1);

	rte_ether_addr_copy(&network->port->mac, &ether->src_addr);
	if (!network->vlan) {
		ether->ether_type = rte_cpu_to_be_16(type);
		return sizeof(*ether);
	}
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN);
	tag->vlan_tci = rte_cpu_to_be_16(network->vlan);
	tag->eth_proto = rte_cpu_to_be_16(type);
	return sizeof(*ether) + sizeof(*tag);
}

static uint8_t put_ipv4(struct egress *e, const struct address *from, const struct address *to)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(e->header + e->l3);

	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->type_of_service = e->dscp << 2;
	ip->fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG);
	ip->time_to_live = TTL;
	ip->next_proto_id = IPPROTO_UDP;
	memcpy(&ip->src_addr, &from->octets[12], 4);
	memcpy(&ip->dst_addr, &to->octets[12], 4);
	e->ip_sum = rte_raw_cksum(ip, sizeof(*ip));
	e->udp_sum = rte_raw_cksum(&ip->src_addr, 2 * sizeof(ip->src_addr));
	return sizeof(*ip);
}

static uint8_t put_ipv6(struct egress *e, const struct address *from, const struct address *to)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(e->header + e->l3);

	ip->vtc_flow = rte_cpu_to_be_32(6u << 28 | (uint32_t)e->dscp << 22);
	ip->proto = IPPROTO_UDP;
	ip->hop_limits = TTL;
	memcpy(ip->src_addr, from->octets, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, to->octets, sizeof(ip->dst_addr));
	e->udp_sum = rte_raw_cksum(ip->src_addr, 2 * sizeof(ip->src_addr));
	return sizeof(*ip);
}

/* The allocation whose relayed address this is; NULL: it is none's. */
static struct allocation *allocation_at(const struct dataplane *d, const struct endpoint *remote)
{
	for (unsigned int k = 0; d->turn && k < d->address_count; k++) {
		struct flow_entry entry;

		if (!address_equal(&d->addresses[k].address, &remote->address))
			continue;
		entry = flow_entry_load(d, k, rte_be_to_cpu_16(remote->port));
		return entry.kind == FLOW_RELAYED ? &d->turn->allocations[entry.allocation] : NULL;
	}
	return NULL;
}

/* To the client of an allocation: what the way there is, the allocation knows. */
static struct egress *lead_to(struct egress *e, struct allocation *a, const struct address *from,
			      uint16_t local_port)
{
	const struct egress *to_client = a->egress;
	const struct egress_relayed relayed = {a, endpoint_make(from, local_port)};

	a->users++;
	e->port = to_client->port;
	e->mtu = to_client->mtu;
	memcpy(e->header, &relayed, sizeof(relayed));
	return e;
}

struct egress *egress_create(struct dataplane *d, unsigned int local, uint16_t local_port,
			     const struct endpoint *remote, uint8_t dscp)
{
	const struct local_address *from = &d->addresses[local];
	bool ipv4 = address_is_ipv4(&remote->address);
	struct allocation *allocation = allocation_at(d, remote);
	struct egress *e = slab_take(&egresses);
	struct rte_udp_hdr *udp;

	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	if (allocation) {
		e->users = 1;
		e->dscp = dscp;
		e->remote = *remote;
		return lead_to(e, allocation, &from->address, local_port);
	}
	e->nexthop = neighbour_get(from->network, &remote->address);
	if (!e->nexthop) {
		slab_put(&egresses, e);
		return NULL;
	}
	e->users = 1;
	e->dscp = dscp;
	e->remote = *remote;
	e->port = from->network->port->id;
	e->mtu = from->network->mtu;
	e->l3 = put_ether(e->header, from->network,
			  ipv4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	e->length = e->l3 + (ipv4 ? put_ipv4 : put_ipv6)(e, &from->address, &remote->address);
	udp = (struct rte_udp_hdr *)(e->header + e->length);
	udp->src_port = rte_cpu_to_be_16(local_port);
	udp->dst_port = remote->port;
	e->length += sizeof(*udp);
	e->offload = from->network->port->udp_checksum;
	e->udp_sum = checksum_fold((uint64_t)e->udp_sum + rte_cpu_to_be_16(IPPROTO_UDP) +
				   (e->offload ? 0 : udp->src_port + udp->dst_port));
	return e;
}

void egress_release(struct egress *e)
{
	if (!shared_release(e))
		return;
	if (egress_is_relayed(e))
		egress_relayed(e).allocation->users--;
	else
		neighbour_put(e->nexthop);
	slab_put(&egresses, e);
}
