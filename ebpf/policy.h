/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verdict on a received frame. This is the whole policy and nothing but the policy: no BPF
 * helper, no table of its own, so that the XDP program and the dataplane compile the same source.
 * Each of them supplies the look-ups declared below.
 *
 * Media addresses belong to the dataplane alone, everything else to the kernel. An interface can
 * carry addresses of both, which share its MAC, so what a neighbour sends to all (ARP, solicited-
 * node multicast) is told apart by the address it asks about. What it announces to all without
 * naming a media address (gratuitous ARP, router and neighbour advertisements to ff02::1) is left
 * to the kernel: XDP cannot deliver twice, and the dataplane refreshes its next hops by asking.
 *
 * A packet for a media address is judged in this order, cheapest first: is it well-formed, is its
 * source blocked, is its port open; then policy_turn.h if the port is TURN's, policy_peer.h if its
 * leg knows the sender, or else policy_stranger.h.
 */
#ifndef TANDEM_EBPF_POLICY_H
#define TANDEM_EBPF_POLICY_H

#include "ebpf/nonce.h"
#include "ebpf/packet.h"
#include "ebpf/rate.h"
#include "ebpf/shed.h"
#include "ebpf/sketch.h"

#define POLICY static inline __attribute__((always_inline))

/* One frame that is judged. Begins with `frame` and `judge`, the rest zero. */
struct policy {
	struct packet frame;        /* what is unread of it */
	void *judge;                /* whose look-ups they are */
	void *media;                /* policy_media()'s */
	struct shed_port *port;     /* NULL while it is not known yet */
	struct shed_address source; /* all zero: not known yet */
	__be16 source_port;
	__u16 payload; /* octets of it that UDP carries */
	int counted;   /* in the sketch */
};

/*
 * Supplied by the includer. policy_media: whatever policy_port() takes for one media address, NULL
 * if addr is none. policy_port: the entry of a UDP port in host byte order, or of an enum
 * shed_service; NULL if there is none. policy_now: ns, not below any time it gave before.
 * policy_source: the bucket of a stranger's address, NULL if it is not remembered;
 * policy_remember makes one. policy_client: the bucket of a TURN client, NULL if it has no
 * allocation.
 */
POLICY void *policy_media(void *judge, const struct shed_address *addr);
POLICY struct shed_port *policy_port(void *media, __u32 entry);
POLICY const struct shed_rule *policy_rule(void *judge);
POLICY int policy_blocked(void *judge, const struct shed_address *addr);
POLICY __u64 policy_now(void *judge);
POLICY __u64 *policy_source(void *judge, const struct shed_address *source);
POLICY void policy_remember(void *judge, const struct shed_address *source, __u64 due);
POLICY __u64 *policy_client(void *judge, const struct shed_client *client);
POLICY struct shed_sketch *policy_sketch(void *judge);

#include "ebpf/policy_stranger.h"
#include "ebpf/policy_peer.h"
#include "ebpf/policy_turn.h"

POLICY struct shed_address policy_ipv4_address(const __u8 ip[4])
{
	struct shed_address addr;

	addr.half[0] = 0;
	addr.half[1] = bpf_htonl(0x0000ffff) | (__u64)packet_load32(ip) << 32;
	return addr;
}

POLICY struct shed_address policy_ipv6_address(const __u8 ip[16])
{
	struct shed_address addr;

	addr.half[0] = packet_load64(ip);
	addr.half[1] = packet_load64(ip + 8);
	return addr;
}

/* Whether the packet is meant for a media address. */
POLICY int policy_to_ipv4(struct policy *p, const __u8 ip[4])
{
	struct shed_address addr = policy_ipv4_address(ip);

	p->media = policy_media(p->judge, &addr);
	return p->media != NULL;
}

POLICY int policy_to_ipv6(struct policy *p, const __u8 ip[16])
{
	struct shed_address addr = policy_ipv6_address(ip);

	/* Nobody owns 0::/8, and an IPv4-mapped destination would be found as IPv4. */
	p->media = ip[0] ? policy_media(p->judge, &addr) : NULL;
	return p->media != NULL;
}

/* Unspecified, loopback, multicast, reserved: RFC 1122 section 3.2.1.3. */
POLICY int policy_source_ipv4(const __u8 ip[4])
{
	return ip[0] != 0 && ip[0] != 127 && ip[0] < 224;
}

/* Multicast, and the addresses of ::/80: unspecified, loopback, IPv4-mapped (RFC 4291). */
POLICY int policy_source_ipv6(const __u8 ip[16])
{
	return (packet_load64(ip) || ip[8] || ip[9]) && ip[0] != 0xff;
}

POLICY int policy_is_off(struct policy *p)
{
	const struct shed_rule *rule = policy_rule(p->judge);

	return rule && rule->off;
}

/*
 * What a media address answers beside UDP. Blocked prefixes do not count among neighbours: the
 * gateway may be in one.
 */
POLICY enum shed_reason policy_service(struct policy *p, __u32 service)
{
	const struct shed_rule *rule = policy_rule(p->judge);

	p->port = policy_port(p->media, service);
	if (!rule || !p->port)
		return SHED_TO_DATAPLANE;
	return rate_take(&p->port->due[SHED_STRANGER], policy_now(p->judge), &rule->service)
		       ? SHED_TO_DATAPLANE
		       : SHED_SERVICE_RATE;
}

/* ARP is told apart by its target; a question and its answer both carry the one who is meant. */
POLICY enum shed_reason policy_arp(struct policy *p)
{
	const struct packet_arp *arp = packet_take(&p->frame, sizeof(*arp));

	if (!arp || arp->hardware != bpf_htons(1) || arp->protocol != bpf_htons(PACKET_IPV4) ||
	    arp->hardware_length != 6 || arp->protocol_length != 4)
		return SHED_TO_KERNEL;
	if (!policy_to_ipv4(p, arp->target))
		return SHED_TO_KERNEL;
	if (policy_is_off(p))
		return SHED_TO_DATAPLANE;
	p->source = policy_ipv4_address(arp->sender);
	return policy_service(p, arp->operation == bpf_htons(PACKET_ARP_REPLY) ? SHED_ANSWERS
									       : SHED_QUESTIONS);
}

/* From a media address of ours, as no packet of the wire can be where they speak inside. */
POLICY int policy_is_own(struct policy *p)
{
	const struct shed_rule *rule = policy_rule(p->judge);

	return rule && rule->hairpin && policy_media(p->judge, &p->source);
}

/* len is what the IP header leaves for UDP; the frame holds that much. */
POLICY enum shed_reason policy_udp(struct policy *p, __u16 len)
{
	const struct packet_udp *udp = packet_take(&p->frame, sizeof(*udp));
	struct shed_port *port;

	if (!udp || len < sizeof(*udp) || bpf_ntohs(udp->length) != len)
		return SHED_UDP_LENGTH;
	if (!udp->src)
		return SHED_UDP_PORT;
	if (policy_is_off(p))
		return SHED_TO_DATAPLANE;
	if (policy_blocked(p->judge, &p->source))
		return SHED_BLOCKED;
	if (policy_is_own(p))
		return SHED_SOURCE;
	port = policy_port(p->media, bpf_ntohs(udp->dst));
	/* Nobody asks what was dropped there, and a scan would wait for a further line of each. */
	if (!port || !(port->flags & SHED_PORT_OPEN))
		return SHED_CLOSED_PORT;
	p->port = port;
	p->source_port = udp->src;
	p->payload = len - sizeof(*udp);
	if (port->flags & (SHED_PORT_TURN | SHED_PORT_RELAYED))
		return policy_turn(p);
	return policy_is_peer(p) ? policy_peer(p) : policy_stranger(p);
}

/* Echo requests to answer, and errors about what the dataplane sent. */
POLICY enum shed_reason policy_icmp(struct policy *p, int is_echo)
{
	if (policy_is_off(p))
		return SHED_TO_DATAPLANE;
	if (policy_blocked(p->judge, &p->source))
		return SHED_BLOCKED;
	return policy_service(p, is_echo ? SHED_ECHO : SHED_ERRORS);
}

POLICY enum shed_reason policy_icmpv4(struct policy *p, __u16 len)
{
	const struct packet_icmp *icmp = packet_take(&p->frame, sizeof(*icmp));

	if (!icmp || len < sizeof(*icmp))
		return SHED_ICMP;
	switch (icmp->type) {
	case PACKET_ICMPV4_UNREACHABLE:
	case PACKET_ICMPV4_ECHO_REQUEST:
	case PACKET_ICMPV4_TIME_EXCEEDED:
	case PACKET_ICMPV4_PARAMETER_PROBLEM:
		return policy_icmp(p, icmp->type == PACKET_ICMPV4_ECHO_REQUEST);
	default:
		return SHED_ICMP;
	}
}

POLICY enum shed_reason policy_ipv4(struct policy *p)
{
	const struct packet_ipv4 *ip = packet_take(&p->frame, sizeof(*ip));
	__u16 len;

	if (!ip || !policy_to_ipv4(p, ip->dst))
		return SHED_TO_KERNEL;
	len = bpf_ntohs(ip->length);
	if (ip->version_ihl >> 4 != 4 || (ip->version_ihl & 15) < 5 || len < sizeof(*ip))
		return SHED_IP_HEADER;
	len -= sizeof(*ip);
	if (!packet_holds(&p->frame, len))
		return SHED_RUNT;
	if (ip->version_ihl != 0x45)
		return SHED_IP_OPTIONS;
	if (!packet_ipv4_intact(ip))
		return SHED_CHECKSUM;
	p->source = policy_ipv4_address(ip->src);
	if (ip->fragment & bpf_htons(PACKET_IPV4_FRAGMENT))
		return SHED_FRAGMENT;
	if (!policy_source_ipv4(ip->src))
		return SHED_SOURCE;
	switch (ip->protocol) {
	case PACKET_UDP:
		return policy_udp(p, len);
	case PACKET_ICMPV4:
		return policy_icmpv4(p, len);
	default:
		return SHED_PROTOCOL;
	}
}

/* UDP over IPv6 must carry a checksum (RFC 8200 section 8.1); the payload is not summed here. */
POLICY enum shed_reason policy_udp_ipv6(struct policy *p, const struct packet_ipv6 *ip, __u16 len)
{
	struct packet peek = p->frame;
	const struct packet_udp *udp = packet_take(&peek, sizeof(*udp));

	if (!policy_source_ipv6(ip->src))
		return SHED_SOURCE;
	if (udp && !udp->checksum)
		return SHED_CHECKSUM;
	return policy_udp(p, len);
}

POLICY int policy_is_neighbour(const struct packet_icmp *icmp)
{
	return icmp->type == PACKET_ICMPV6_NEIGHBOUR_SOLICITATION ||
	       icmp->type == PACKET_ICMPV6_NEIGHBOUR_ADVERTISEMENT;
}

/* Believed only from the link itself: RFC 4861 sections 7.1.1 and 7.1.2. */
POLICY enum shed_reason policy_neighbour(struct policy *p, const struct packet_ipv6 *ip,
					 const struct packet_icmp *icmp, __u16 len)
{
	if (ip->hop_limit != 255 || icmp->code || len < sizeof(struct packet_neighbour))
		return SHED_NDP;
	if (policy_is_off(p))
		return SHED_TO_DATAPLANE;
	return policy_service(p, icmp->type == PACKET_ICMPV6_NEIGHBOUR_ADVERTISEMENT
					 ? SHED_ANSWERS
					 : SHED_QUESTIONS);
}

POLICY enum shed_reason policy_icmpv6(struct policy *p, const struct packet_ipv6 *ip, __u16 len)
{
	const struct packet_icmp *icmp = packet_take(&p->frame, sizeof(*icmp));

	if (!icmp || len < sizeof(*icmp))
		return SHED_ICMP;
	if (policy_is_neighbour(icmp))
		return policy_neighbour(p, ip, icmp, len);
	if (!policy_source_ipv6(ip->src))
		return SHED_SOURCE;
	switch (icmp->type) {
	case PACKET_ICMPV6_UNREACHABLE:
	case PACKET_ICMPV6_TOO_BIG:
	case PACKET_ICMPV6_TIME_EXCEEDED:
	case PACKET_ICMPV6_PARAMETER_PROBLEM:
	case PACKET_ICMPV6_ECHO_REQUEST:
		return policy_icmp(p, icmp->type == PACKET_ICMPV6_ECHO_REQUEST);
	default:
		return SHED_ICMP;
	}
}

/*
 * Whether an IPv6 packet is meant for a media address. A solicitation goes to the solicited-node
 * group, which addresses of the kernel may share, and an advertisement to ff02::1 can be somebody
 * else's claim to a media address: of those the target counts.
 */
POLICY int policy_meant_ipv6(struct policy *p, const struct packet_ipv6 *ip)
{
	struct packet peek = p->frame;
	const struct packet_neighbour *nd;

	if (ip->dst[0] != 0xff)
		return policy_to_ipv6(p, ip->dst);
	nd = packet_take(&peek, sizeof(*nd));
	if (!nd || ip->next != PACKET_ICMPV6 || !policy_is_neighbour(&nd->icmp))
		return 0;
	return policy_to_ipv6(p, nd->target);
}

POLICY enum shed_reason policy_ipv6(struct policy *p)
{
	const struct packet_ipv6 *ip = packet_take(&p->frame, sizeof(*ip));
	__u16 len;

	if (!ip || !policy_meant_ipv6(p, ip))
		return SHED_TO_KERNEL;
	len = bpf_ntohs(ip->length);
	if (ip->version_class >> 4 != 6)
		return SHED_IP_HEADER;
	if (!packet_holds(&p->frame, len))
		return SHED_RUNT;
	p->source = policy_ipv6_address(ip->src);
	switch (ip->next) {
	case PACKET_UDP:
		return policy_udp_ipv6(p, ip, len);
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

/* Of the slow protocols (IEEE 802.3 57A), which only the other end of a link speaks: bonds'. */
POLICY enum shed_reason policy_slow(struct policy *p)
{
	const struct shed_rule *rule = policy_rule(p->judge);
	const __u8 *subtype = packet_take(&p->frame, 1);

	if (!rule || !rule->lacp || !subtype)
		return SHED_TO_KERNEL;
	return *subtype == PACKET_SLOW_LACP || *subtype == PACKET_SLOW_MARKER ? SHED_TO_DATAPLANE
									      : SHED_TO_KERNEL;
}

POLICY enum shed_reason policy_frame(struct policy *p)
{
	switch (packet_take_ethernet(&p->frame)) {
	case PACKET_IPV4:
		return policy_ipv4(p);
	case PACKET_IPV6:
		return policy_ipv6(p);
	case PACKET_ARP:
		return policy_arp(p);
	case PACKET_SLOW:
		return policy_slow(p);
	default:
		return SHED_TO_KERNEL;
	}
}

/* The verdict on the frame. SHED_NO_SOCKET is not the policy's to give. */
POLICY enum shed_reason policy_verdict(struct policy *p)
{
	enum shed_reason reason = policy_frame(p);

	if (!shed_reason_drops(reason))
		return reason;
	policy_count(p);
	if (p->port) {
		p->port->shed++;
		p->port->shed_reason = reason;
	}
	return reason;
}

#undef POLICY

#endif
