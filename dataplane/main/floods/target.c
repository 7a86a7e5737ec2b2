/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/floods/target.h"

#include <errno.h>

#include "dataplane/dataplane.h"
#include "ebpf/packet.h"

#define OFFSET 0x1fff /* of a fragment: the first one has the ports */

static void take_port(struct target *target, struct packet *rest)
{
	const struct packet_udp *udp = packet_take(rest, sizeof(*udp));

	if (udp)
		target->local.port = udp->dst;
}

static void take_ipv4(struct target *target, struct packet *rest)
{
	const struct packet_ipv4 *ip = packet_take(rest, sizeof(*ip));

	if (!ip)
		return;
	target->local.address = address_from_ipv4(ip->dst);
	if (ip->version_ihl == 0x45 && ip->protocol == PACKET_UDP &&
	    !(ip->fragment & bpf_htons(OFFSET)))
		take_port(target, rest);
}

/* A solicitation goes to a group: its target is meant. */
static void take_ipv6(struct target *target, struct packet *rest)
{
	const struct packet_ipv6 *ip = packet_take(rest, sizeof(*ip));
	const struct packet_neighbour *neighbour;

	if (!ip)
		return;
	target->local.address = address_from_ipv6(ip->dst);
	if (ip->next == PACKET_UDP) {
		take_port(target, rest);
	} else if (ip->dst[0] == 0xff && ip->next == PACKET_ICMPV6) {
		neighbour = packet_take(rest, sizeof(*neighbour));
		if (neighbour)
			target->local.address = address_from_ipv6(neighbour->target);
	}
}

static void take_arp(struct target *target, struct packet *rest)
{
	const struct packet_arp *arp = packet_take(rest, sizeof(*arp));

	if (arp)
		target->local.address = address_from_ipv4(arp->target);
}

int target_find(struct target *target, const struct dataplane *d, const struct shed_sample *sample)
{
	size_t captured = RTE_MIN(sample->captured, sizeof(sample->octets));
	struct packet rest = {sample->octets, sample->octets + captured};

	memset(target, 0, sizeof(*target));
	switch (packet_take_ethernet(&rest)) {
	case PACKET_IPV4:
		take_ipv4(target, &rest);
		break;
	case PACKET_IPV6:
		take_ipv6(target, &rest);
		break;
	case PACKET_ARP:
		take_arp(target, &rest);
		break;
	}
	for (target->address = 0; target->address < d->address_count; target->address++)
		if (address_equal(&d->addresses[target->address].address, &target->local.address))
			return 0;
	return -ENOENT;
}
