/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gives a frame another source address or UDP port, at random, so that a flood from a million
 * sources meets the caches as it would. For the verifier and for user space alike.
 */
#ifndef PERF_FLOOD_VARY_H
#define PERF_FLOOD_VARY_H

#include "ebpf/packet.h"

struct vary {
	__u64 random;  /* state of the generator, not 0 */
	__u32 sources; /* of so many, a power of two up to 2^20, one at random; 0: as it is */
	__u32 ports;   /* 1: any destination port above 32767 */
};

#define VARY static inline __attribute__((always_inline))

/* Marsaglia's xorshift64. */
VARY __u32 vary_draw(struct vary *v)
{
	v->random ^= v->random << 13;
	v->random ^= v->random >> 7;
	v->random ^= v->random << 17;
	return v->random >> 20;
}

VARY void vary_port(struct packet p, struct vary *v)
{
	struct packet_udp *udp = (struct packet_udp *)packet_take(&p, sizeof(*udp));

	if (udp && v->ports)
		udp->dst = bpf_htons(0x8000 | (vary_draw(v) & 0x7fff));
}

VARY void vary_sum(struct packet_ipv4 *ip)
{
	const __be16 *word = (const __be16 *)ip;
	__u32 sum = 0;
	int i;

	ip->checksum = 0;
	for (i = 0; i < (int)(sizeof(*ip) / sizeof(*word)); i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	ip->checksum = ~(sum + (sum >> 16));
}

/* Source n: of a /12 of 10.0.0.0/8, or a /64 of 2001:db8::/32; others for other addresses there. */
VARY void vary_source_ipv4(__u8 src[4], __u32 n)
{
	src[0] = 10;
	src[1] = (src[1] & 0xf0) | (n >> 16 & 0x0f);
	src[2] = n >> 8;
	src[3] = n;
}

VARY void vary_source_ipv6(__u8 src[16], __u32 n)
{
	src[5] = n >> 16 & 0x0f;
	src[6] = n >> 8;
	src[7] = n;
}

VARY void vary_ipv4(struct packet p, struct vary *v)
{
	struct packet_ipv4 *ip = (struct packet_ipv4 *)packet_take(&p, sizeof(*ip));

	if (!ip)
		return;
	vary_port(p, v);
	if (!v->sources)
		return;
	vary_source_ipv4(ip->src, vary_draw(v) & (v->sources - 1));
	vary_sum(ip);
}

VARY void vary_ipv6(struct packet p, struct vary *v)
{
	struct packet_ipv6 *ip = (struct packet_ipv6 *)packet_take(&p, sizeof(*ip));

	if (!ip)
		return;
	vary_port(p, v);
	if (v->sources)
		vary_source_ipv6(ip->src, vary_draw(v) & (v->sources - 1));
}

VARY void vary_frame(struct packet p, struct vary *v)
{
	switch (packet_take_ethernet(&p)) {
	case PACKET_IPV4:
		vary_ipv4(p, v);
		break;
	case PACKET_IPV6:
		vary_ipv6(p, v);
		break;
	default:
		break;
	}
}

#undef VARY

#endif
