/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verdict on a received frame. This is the whole policy and nothing but the policy: no BPF
 * helper, no state, so that the XDP program and user space compile the same source. Each of them
 * supplies the two look-ups declared below.
 *
 * Media addresses belong to the dataplane alone, everything else to the kernel. An interface can
 * carry addresses of both, which share its MAC, so what a neighbour sends to all (ARP, solicited-
 * node multicast) is told apart by the address it asks about. What it announces to all without
 * naming a media address (gratuitous ARP, router and neighbour advertisements to ff02::1) is left
 * to the kernel: XDP cannot deliver twice, and the dataplane refreshes its next hops by asking.
 */
#ifndef TANDEM_EBPF_POLICY_H
#define TANDEM_EBPF_POLICY_H

#include "ebpf/packet.h"
#include "ebpf/shed.h"

#define POLICY static inline __attribute__((always_inline))

/* The index of a media address, or a negative number if addr is none. Supplied by the includer. */
POLICY int policy_media(const struct shed_address *addr);

/* The flags (enum shed_port_flag) of a UDP port in host byte order. Supplied by the includer. */
POLICY __u32 policy_port(__u32 media, __u16 port);

POLICY int policy_media_ipv4(const __u8 ip[4])
{
	struct shed_address addr = {};

	addr.byte[10] = 0xff;
	addr.byte[11] = 0xff;
	__builtin_memcpy(&addr.byte[12], ip, 4);
	return policy_media(&addr);
}

POLICY int policy_media_ipv6(const __u8 ip[16])
{
	struct shed_address addr;

	/* Nobody owns 0::/8, and an IPv4-mapped destination would be found as IPv4. */
	if (!ip[0])
		return -1;
	__builtin_memcpy(addr.byte, ip, sizeof(addr.byte));
	return policy_media(&addr);
}

/* Unspecified, loopback, multicast, reserved: RFC 1122 section 3.2.1.3. */
POLICY int policy_source_ipv4(const __u8 ip[4])
{
	return ip[0] != 0 && ip[0] != 127 && ip[0] < 224;
}

/* Multicast, and the addresses of ::/80: unspecified, loopback, IPv4-mapped (RFC 4291). */
POLICY int policy_source_ipv6(const __u8 ip[16])
{
	__u8 head = 0;
	int i;

	for (i = 0; i < 10; i++)
		head |= ip[i];
	return head != 0 && ip[0] != 0xff;
}

/* ARP is told apart by its target; a question and its answer both carry the one who is meant. */
POLICY enum shed_reason policy_arp(struct packet *p)
{
	const struct packet_arp *arp = packet_take(p, sizeof(*arp));

	if (!arp || arp->hardware != bpf_htons(1) || arp->protocol != bpf_htons(PACKET_IPV4) ||
	    arp->hardware_length != 6 || arp->protocol_length != 4)
		return SHED_TO_KERNEL;
	return policy_media_ipv4(arp->target) < 0 ? SHED_TO_KERNEL : SHED_TO_DATAPLANE;
}

/* len is what the IP header leaves for UDP; the frame holds that much. */
POLICY enum shed_reason policy_udp(struct packet *p, __u32 media, __u16 len)
{
	const struct packet_udp *udp = packet_take(p, sizeof(*udp));

	if (!udp || len < sizeof(*udp) || bpf_ntohs(udp->length) != len)
		return SHED_UDP_LENGTH;
	if (!udp->src)
		return SHED_UDP_PORT;
	if (!(policy_port(media, bpf_ntohs(udp->dst)) & SHED_PORT_OPEN))
		return SHED_CLOSED_PORT;
	return SHED_TO_DATAPLANE;
}

/* Echo requests to answer, and errors about what the dataplane sent. */
POLICY enum shed_reason policy_icmpv4(struct packet *p, __u16 len)
{
	const struct packet_icmp *icmp = packet_take(p, sizeof(*icmp));

	if (!icmp || len < sizeof(*icmp))
		return SHED_ICMP;
	switch (icmp->type) {
	case PACKET_ICMPV4_UNREACHABLE:
	case PACKET_ICMPV4_ECHO_REQUEST:
	case PACKET_ICMPV4_TIME_EXCEEDED:
	case PACKET_ICMPV4_PARAMETER_PROBLEM:
		return SHED_TO_DATAPLANE;
	default:
		return SHED_ICMP;
	}
}

POLICY enum shed_reason policy_ipv4(struct packet *p)
{
	const struct packet_ipv4 *ip = packet_take(p, sizeof(*ip));
	int media = ip ? policy_media_ipv4(ip->dst) : -1;
	__u16 len;

	if (!ip || media < 0)
		return SHED_TO_KERNEL;
	len = bpf_ntohs(ip->length);
	if (ip->version_ihl >> 4 != 4 || (ip->version_ihl & 15) < 5 || len < sizeof(*ip))
		return SHED_IP_HEADER;
	len -= sizeof(*ip);
	if (!packet_holds(p, len))
		return SHED_RUNT;
	if (ip->version_ihl != 0x45)
		return SHED_IP_OPTIONS;
	if (!packet_ipv4_intact(ip))
		return SHED_CHECKSUM;
	if (ip->fragment & bpf_htons(PACKET_IPV4_FRAGMENT))
		return SHED_FRAGMENT;
	if (!policy_source_ipv4(ip->src))
		return SHED_SOURCE;
	switch (ip->protocol) {
	case PACKET_UDP:
		return policy_udp(p, media, len);
	case PACKET_ICMPV4:
		return policy_icmpv4(p, len);
	default:
		return SHED_PROTOCOL;
	}
}

/* UDP over IPv6 must carry a checksum (RFC 8200 section 8.1); the payload is not summed here. */
POLICY enum shed_reason policy_udp_ipv6(struct packet *p, const struct packet_ipv6 *ip, __u32 media,
					__u16 len)
{
	struct packet peek = *p;
	const struct packet_udp *udp = packet_take(&peek, sizeof(*udp));

	if (!policy_source_ipv6(ip->src))
		return SHED_SOURCE;
	if (udp && !udp->checksum)
		return SHED_CHECKSUM;
	return policy_udp(p, media, len);
}

POLICY int policy_is_neighbour(const struct packet_icmp *icmp)
{
	return icmp->type == PACKET_ICMPV6_NEIGHBOUR_SOLICITATION ||
	       icmp->type == PACKET_ICMPV6_NEIGHBOUR_ADVERTISEMENT;
}

POLICY enum shed_reason policy_icmpv6(struct packet *p, const struct packet_ipv6 *ip, __u16 len)
{
	const struct packet_icmp *icmp = packet_take(p, sizeof(*icmp));

	if (!icmp || len < sizeof(*icmp))
		return SHED_ICMP;
	if (policy_is_neighbour(icmp)) {
		/* Believed only from the link itself: RFC 4861 sections 7.1.1 and 7.1.2. */
		if (ip->hop_limit != 255 || icmp->code || len < sizeof(struct packet_neighbour))
			return SHED_NDP;
		return SHED_TO_DATAPLANE;
	}
	if (!policy_source_ipv6(ip->src))
		return SHED_SOURCE;
	switch (icmp->type) {
	case PACKET_ICMPV6_UNREACHABLE:
	case PACKET_ICMPV6_TOO_BIG:
	case PACKET_ICMPV6_TIME_EXCEEDED:
	case PACKET_ICMPV6_PARAMETER_PROBLEM:
	case PACKET_ICMPV6_ECHO_REQUEST:
		return SHED_TO_DATAPLANE;
	default:
		return SHED_ICMP;
	}
}

/*
 * The media address an IPv6 packet is meant for. A solicitation goes to the solicited-node group,
 * which addresses of the kernel may share, and an advertisement to ff02::1 can be somebody else's
 * claim to a media address: of those the target counts.
 */
POLICY int policy_meant_ipv6(struct packet peek, const struct packet_ipv6 *ip)
{
	const struct packet_neighbour *nd;

	if (ip->dst[0] != 0xff)
		return policy_media_ipv6(ip->dst);
	nd = packet_take(&peek, sizeof(*nd));
	if (!nd || ip->next != PACKET_ICMPV6 || !policy_is_neighbour(&nd->icmp))
		return -1;
	return policy_media_ipv6(nd->target);
}

POLICY enum shed_reason policy_ipv6(struct packet *p)
{
	const struct packet_ipv6 *ip = packet_take(p, sizeof(*ip));
	int media = ip ? policy_meant_ipv6(*p, ip) : -1;
	__u16 len;

	if (!ip || media < 0)
		return SHED_TO_KERNEL;
	len = bpf_ntohs(ip->length);
	if (ip->version_class >> 4 != 6)
		return SHED_IP_HEADER;
	if (!packet_holds(p, len))
		return SHED_RUNT;
	switch (ip->next) {
	case PACKET_UDP:
		return policy_udp_ipv6(p, ip, media, len);
	case PACKET_ICMPV6:
		return policy_icmpv6(p, ip, len);
	case PACKET_FRAGMENT:
		return SHED_FRAGMENT;
	case PACKET_HOP_BY_HOP:
	case PACKET_ROUTING:
	case PACKET_DESTINATION:
		return SHED_IP_OPTIONS;
	default:
		return SHED_PROTOCOL;
	}
}

/* The verdict on the frame that p spans. SHED_NO_SOCKET is not the policy's to give. */
POLICY enum shed_reason policy_verdict(struct packet p)
{
	switch (packet_take_ethernet(&p)) {
	case PACKET_IPV4:
		return policy_ipv4(&p);
	case PACKET_IPV6:
		return policy_ipv6(&p);
	case PACKET_ARP:
		return policy_arp(&p);
	default:
		return SHED_TO_KERNEL;
	}
}

#undef POLICY

#endif
