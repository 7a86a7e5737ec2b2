/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/links/solicit.h"

#include <string.h>

#include <rte_ether.h>

#include "dataplane/wire/arp.h"
#include "dataplane/dataplane.h"
#include "dataplane/egress.h"
#include "dataplane/wire/ndp.h"
#include "dataplane/main/links/port.h"

#define ETHER_HEADER_MAX (sizeof(struct rte_ether_hdr) + sizeof(struct rte_vlan_hdr))

static const struct rte_ether_addr broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

const struct local_address *solicit_source(const struct dataplane *d, const struct network *network,
					   const struct address *target)
{
	for (unsigned int k = 0; k < network->address_count; k++) {
		const struct local_address *local = &d->addresses[network->address[k]];

		if (address_is_ipv4(&local->address) == address_is_ipv4(target))
			return local;
	}
	return NULL;
}

static size_t put_ether(uint8_t *frame, const struct network *network,
			const struct rte_ether_addr *to, uint16_t type)
{
	struct rte_ether_hdr ether = {.dst_addr = *to, .src_addr = network->port->mac};
	struct rte_vlan_hdr tag = {
		.vlan_tci = rte_cpu_to_be_16(network->vlan),
		.eth_proto = rte_cpu_to_be_16(type),
	};

	ether.ether_type = rte_cpu_to_be_16(network->vlan ? RTE_ETHER_TYPE_VLAN : type);
	memcpy(frame, &ether, sizeof(ether));
	if (!network->vlan)
		return sizeof(ether);
	memcpy(frame + sizeof(ether), &tag, sizeof(tag));
	return ETHER_HEADER_MAX;
}

static int send_arp(struct dataplane *d, const struct network *network,
		    const struct rte_ether_addr *to, const struct address *sender,
		    const struct address *target)
{
	uint8_t frame[ETHER_HEADER_MAX + sizeof(struct rte_arp_hdr)];
	size_t l3 = put_ether(frame, network, to, RTE_ETHER_TYPE_ARP);

	arp_write(frame + l3, &(struct arp){
				      .operation = RTE_ARP_OP_REQUEST,
				      .sender_mac = network->port->mac,
				      .sender = *sender,
				      .target = *target,
			      });
	return port_send_frame(d, network->port->id, frame, l3 + sizeof(struct rte_arp_hdr));
}

static int send_ndp(struct dataplane *d, const struct network *network,
		    const struct rte_ether_addr *to, const struct ndp *n)
{
	uint8_t frame[ETHER_HEADER_MAX + NDP_LENGTH_MAX];
	size_t l3 = put_ether(frame, network, to, RTE_ETHER_TYPE_IPV6);

	return port_send_frame(d, network->port->id, frame, l3 + ndp_write(frame + l3, n));
}

int solicit_send(struct dataplane *d, const struct nexthop *n, bool unicast)
{
	const struct local_address *from = solicit_source(d, n->network, &n->address);
	const struct address group = ndp_group(&n->address);
	struct rte_ether_addr to;
	struct ndp ask;

	memcpy(&to, &n->mac, sizeof(to));
	if (address_is_ipv4(&n->address))
		return send_arp(d, n->network, unicast ? &to : &broadcast, &from->address,
				&n->address);
	if (!unicast)
		to = ndp_group_mac(&group);
	ask = (struct ndp){
		.has_mac = true,
		.mac = n->network->port->mac,
		.source = from->address,
		.destination = unicast ? n->address : group,
		.target = n->address,
	};
	return send_ndp(d, n->network, &to, &ask);
}

int solicit_probe(struct dataplane *d, const struct local_address *local)
{
	const struct address none = address_from_ipv4(&(uint32_t){0});
	const struct address group = ndp_group(&local->address);
	const struct rte_ether_addr to = ndp_group_mac(&group);

	if (address_is_ipv4(&local->address))
		return send_arp(d, local->network, &broadcast, &none, &local->address);
	return send_ndp(d, local->network, &to,
			&(struct ndp){
				.source = {{{0}}},
				.destination = group,
				.target = local->address,
			});
}

int solicit_announce(struct dataplane *d, const struct local_address *local)
{
	const struct rte_ether_addr to = ndp_group_mac(&ndp_all_nodes);

	if (address_is_ipv4(&local->address))
		return send_arp(d, local->network, &broadcast, &local->address, &local->address);
	return send_ndp(d, local->network, &to,
			&(struct ndp){
				.advertisement = true,
				.override = true,
				.has_mac = true,
				.mac = local->network->port->mac,
				.source = local->address,
				.destination = ndp_all_nodes,
				.target = local->address,
			});
}
