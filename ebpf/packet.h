/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A cursor over one Ethernet frame, and the headers it can take. Plain C for the BPF verifier and
 * for user space alike; every multi-byte field is in network byte order.
 *
 * The headers are spelled here because <linux/ip.h> and <netinet/ip.h> (which DPDK includes) both
 * define struct iphdr, so a header meant for both sides can include neither. They are aligned to
 * two bytes as in a frame, whose IP header follows 14 or 18 bytes of Ethernet.
 */
#ifndef TANDEM_EBPF_PACKET_H
#define TANDEM_EBPF_PACKET_H

#include <stddef.h>
#include <linux/types.h>
#include <bpf/bpf_endian.h>

#include "ebpf/packet_load.h"

#define PACKET_HEADER __attribute__((packed, aligned(2)))

enum packet_ethertype {
	PACKET_IPV4 = 0x0800,
	PACKET_ARP = 0x0806,
	PACKET_VLAN = 0x8100,
	PACKET_SLOW = 0x8809,
	PACKET_IPV6 = 0x86dd,
	PACKET_QINQ = 0x88a8,
};

/* The first octet of a slow protocol (IEEE 802.3 57A.3). */
enum { PACKET_SLOW_LACP = 1, PACKET_SLOW_MARKER = 2 };

enum packet_arp_operation {
	PACKET_ARP_REPLY = 2,
};

enum packet_protocol {
	PACKET_HOP_BY_HOP = 0,
	PACKET_ICMPV4 = 1,
	PACKET_UDP = 17,
	PACKET_ROUTING = 43,
	PACKET_FRAGMENT = 44,
	PACKET_ICMPV6 = 58,
	PACKET_DESTINATION = 60,
};

enum packet_icmpv4_type {
	PACKET_ICMPV4_UNREACHABLE = 3,
	PACKET_ICMPV4_ECHO_REQUEST = 8,
	PACKET_ICMPV4_TIME_EXCEEDED = 11,
	PACKET_ICMPV4_PARAMETER_PROBLEM = 12,
};

enum packet_icmpv6_type {
	PACKET_ICMPV6_UNREACHABLE = 1,
	PACKET_ICMPV6_TOO_BIG = 2,
	PACKET_ICMPV6_TIME_EXCEEDED = 3,
	PACKET_ICMPV6_PARAMETER_PROBLEM = 4,
	PACKET_ICMPV6_ECHO_REQUEST = 128,
	PACKET_ICMPV6_NEIGHBOUR_SOLICITATION = 135,
	PACKET_ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136,
};

struct packet_ethernet {
	__u8 dst[6];
	__u8 src[6];
	__be16 type;
} PACKET_HEADER;

struct packet_vlan {
	__be16 tci;
	__be16 type;
} PACKET_HEADER;

/* RFC 826, for IPv4 over Ethernet. */
struct packet_arp {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_mac[6];
	__u8 sender[4];
	__u8 target_mac[6];
	__u8 target[4];
} PACKET_HEADER;

/* RFC 791. */
struct packet_ipv4 {
	__u8 version_ihl;
	__u8 tos;
	__be16 length; /* header included */
	__be16 id;
	__be16 fragment; /* three flags, then the offset in units of eight bytes */
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__u8 src[4];
	__u8 dst[4];
} PACKET_HEADER;

#define PACKET_IPV4_FRAGMENT 0x3fff /* more fragments, or an offset */

/* RFC 8200. */
struct packet_ipv6 {
	__u8 version_class;
	__u8 flow[3];
	__be16 length; /* header excluded */
	__u8 next;
	__u8 hop_limit;
	__u8 src[16];
	__u8 dst[16];
} PACKET_HEADER;

/* RFC 768. */
struct packet_udp {
	__be16 src;
	__be16 dst;
	__be16 length; /* header included */
	__be16 checksum;
} PACKET_HEADER;

/* RFC 792 and RFC 4443. */
struct packet_icmp {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be16 rest[2];
} PACKET_HEADER;

/* Neighbour solicitation and advertisement, RFC 4861 sections 4.3 and 4.4. */
struct packet_neighbour {
	struct packet_icmp icmp;
	__u8 target[16];
} PACKET_HEADER;

/* RFC 3550 section 5.1. */
struct packet_rtp {
	__u8 version_cc;
	__u8 marker_type;
	__be16 sequence;
	__be32 timestamp;
	__be32 ssrc;
} PACKET_HEADER;

/*
 * RFC 8489 sections 5 and 14. USERNAME, a fragment and more, never has fewer octets than `value`.
 */
struct packet_stun {
	__be16 type;
	__be16 length; /* header excluded */
	__be32 cookie;
	__u8 transaction[12];
} PACKET_HEADER;

struct packet_stun_attribute {
	__be16 type;
	__be16 length; /* of the value, without its padding */
	__u8 value[8]; /* its first octets; where it has fewer, what follows it */
} PACKET_HEADER;

/* NONCE as this server gives it (ebpf/nonce.h). */
struct packet_stun_nonce {
	__be16 type;
	__be16 length;
	__u8 text[16];
} PACKET_HEADER;

enum {
	PACKET_STUN_NONCE = 0x0015,
	PACKET_STUN_REQUEST = 0x0001, /* Binding */
	PACKET_STUN_INDICATION = 0x0011,
	PACKET_TURN_ALLOCATE = 0x0003,
	PACKET_TURN_REFRESH = 0x0004,
	PACKET_TURN_CREATE_PERMISSION = 0x0008,
	PACKET_TURN_CHANNEL_BIND = 0x0009,
	PACKET_STUN_USERNAME = 0x0006,
	PACKET_STUN_COOKIE = 0x2112a442,
	PACKET_STUN_VALUE = 4,      /* where an attribute's value begins */
	PACKET_STUN_ATTRIBUTES = 8, /* as many are looked at */
};

_Static_assert(sizeof(struct packet_ethernet) == 14, "Ethernet");
_Static_assert(sizeof(struct packet_vlan) == 4, "IEEE 802.1Q");
_Static_assert(sizeof(struct packet_arp) == 28, "RFC 826");
_Static_assert(sizeof(struct packet_ipv4) == 20, "RFC 791");
_Static_assert(sizeof(struct packet_ipv6) == 40, "RFC 8200");
_Static_assert(sizeof(struct packet_udp) == 8, "RFC 768");
_Static_assert(sizeof(struct packet_icmp) == 8, "RFC 792");
_Static_assert(sizeof(struct packet_neighbour) == 24, "RFC 4861");
_Static_assert(sizeof(struct packet_rtp) == 12, "RFC 3550");
_Static_assert(sizeof(struct packet_stun) == 20, "RFC 8489");
_Static_assert(sizeof(struct packet_stun_attribute) == 12, "RFC 8489");

/* The frame's unread rest: at is the next byte, end the byte after the last. */
struct packet {
	const void *at;
	const void *end;
};

/* Steps over len bytes, a constant, and returns where they begin; NULL if the frame is shorter. */
static inline __attribute__((always_inline)) const void *packet_take(struct packet *p, __u16 len)
{
	const void *header = p->at;

	/* Sums and no difference: it is from these that the verifier learns the frame's range. */
	if ((unsigned long)header + len > (unsigned long)p->end)
		return NULL;
	p->at = (const __u8 *)header + len;
	return header;
}

/* Whether at least len more bytes follow, where len comes from the packet itself. */
static inline __attribute__((always_inline)) int packet_holds(const struct packet *p, __u16 len)
{
	unsigned long bound = len;

#ifdef __bpf__
	/* To older verifiers, that of Linux 6.1 among them, a byte swap has no upper bound. */
	asm volatile("%0 &= 0xffff" : "+r"(bound));
#endif
	return (unsigned long)p->at + bound <= (unsigned long)p->end;
}

/*
 * Steps over the Ethernet header and at most one VLAN tag. Returns the ethertype that follows in
 * host byte order, PACKET_VLAN or PACKET_QINQ for a second tag, and 0 for a frame too short.
 */
static inline __attribute__((always_inline)) __u16 packet_take_ethernet(struct packet *p)
{
	const struct packet_ethernet *ethernet = packet_take(p, sizeof(*ethernet));
	const struct packet_vlan *vlan;
	__u16 type;

	if (!ethernet)
		return 0;
	type = bpf_ntohs(ethernet->type);
	if (type != PACKET_VLAN && type != PACKET_QINQ)
		return type;
	vlan = packet_take(p, sizeof(*vlan));
	return vlan ? bpf_ntohs(vlan->type) : 0;
}

/* Whether the checksum of an IPv4 header without options is right (RFC 1071). */
static inline __attribute__((always_inline)) int packet_ipv4_intact(const struct packet_ipv4 *ip)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < (int)(sizeof(*ip) / sizeof(__u32)); i++)
		sum += packet_load32((const __u32 *)ip + i);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

#endif
