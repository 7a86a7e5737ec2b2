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
	__u32 sources; /* 1: one of a million, of 10.0.0.0/12 or a /64 each of 2001:db8::/32 */
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

VARY void vary_ipv4(struct packet p, struct vary *v)
{
	struct packet_ipv4 *ip = (struct packet_ipv4 *)packet_take(&p, sizeof(*ip));
	__u32 host;

	if (!ip)
		return;
	vary_port(p, v);
	if (!v->sources)
		return;
	host = vary_draw(v);
	ip->src[0] = 10;
	ip->src[1] = host >> 16 & 0x0f;
	ip->src[2] = host >> 8;
	ip->src[3] = host;
	vary_sum(ip);
}

VARY void vary_ipv6(struct packet p, struct vary *v)
{
	struct packet_ipv6 *ip = (struct packet_ipv6 *)packet_take(&p, sizeof(*ip));
	__u32 net;

	if (!ip)
		return;
	vary_port(p, v);
	if (!v->sources)
		return;
	net = vary_draw(v);
	ip->src[5] = net >> 16 & 0x0f;
	ip->src[6] = net >> 8;
	ip->src[7] = net;
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
