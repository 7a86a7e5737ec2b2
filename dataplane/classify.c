/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parses each packet once: Ethernet, IP, UDP and the first octets of what UDP carries, and writes
 * offsets and class into the burst. What later stages rely on is checked here and nowhere else.
 */
#include <rte_arp.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_prefetch.h>
#include <rte_udp.h>

#include "dataplane/burst.h"
#include "dataplane/classify.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/dataplane.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

#define PREFETCH_AHEAD 4 /* packets */

/* What is left to parse of one packet, and where its results go. */
struct cursor {
	struct burst *b;
	unsigned int i;
	const struct dataplane *d;
	const struct port *port;
	const struct network *network; /* once its tag was read */
	const uint8_t *data;
	uint32_t at;  /* octets parsed */
	uint32_t end; /* octets that belong to the packet */
};

static inline void drop(struct cursor *c, enum drop reason)
{
	burst_drop(c->b, c->i, reason);
}

static inline const void *take(struct cursor *c, uint32_t octets)
{
	const uint8_t *here = c->data + c->at;

	if (c->end - c->at < octets)
		return NULL;
	c->at += octets;
	return here;
}

/* Index of the network's media address, or -1. */
static inline int local_address(const struct cursor *c, const struct address *a)
{
	for (unsigned int k = 0; k < c->network->address_count; k++) {
		unsigned int index = c->network->address[k];

		if (address_equal(&c->d->addresses[index].address, a))
			return index;
	}
	return -1;
}

/* The sum of RFC 768's and RFC 8200's pseudo header, not complemented. */
static uint64_t pseudo_sum(const uint8_t *ip, bool ipv4, rte_be16_t length)
{
	uint16_t addresses = ipv4 ? checksum_sum(ip + offsetof(struct rte_ipv4_hdr, src_addr), 8)
				  : checksum_sum(ip + offsetof(struct rte_ipv6_hdr, src_addr), 32);

	return (uint64_t)addresses + rte_cpu_to_be_16(IPPROTO_UDP) + length;
}

/*
 * Reads the whole packet. Between machines on one host there may be no checksum yet: then the field
 * has what a sender's kernel leaves to its NIC, the sum of the pseudo header alone.
 */
static __rte_noinline bool check_sum(const uint8_t *ip, const struct rte_udp_hdr *udp)
{
	uint16_t length = rte_be_to_cpu_16(udp->dgram_len);
	bool ipv4 = ip[0] >> 4 == 4;
	uint64_t sum;

	if (!udp->dgram_cksum)
		return ipv4; /* RFC 8200 8.1: over IPv6 there must be one */
	sum = pseudo_sum(ip, ipv4, udp->dgram_len);
	return checksum_fold(sum + checksum_sum((const uint8_t *)udp, length)) == 0xffff ||
	       checksum_fold(sum) == udp->dgram_cksum;
}

/*
 * What the port has not checked is checked here: with its new headers a damaged packet would have a
 * valid checksum. RX_L4_CKSUM_NONE: there is none yet, and the driver answers for the packet.
 */
static inline bool is_intact(const struct cursor *c, const struct rte_udp_hdr *udp)
{
	uint64_t flags = c->b->mbuf[c->i]->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (unlikely(flags == RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN))
		return check_sum(c->data + c->b->l3[c->i], udp);
	return flags != RTE_MBUF_F_RX_L4_CKSUM_BAD;
}

static __rte_always_inline void classify_udp(struct cursor *c)
{
	const struct rte_udp_hdr *udp = take(c, sizeof(*udp));
	uint32_t length;

	if (!udp)
		return drop(c, DROP_RUNT);
	length = rte_be_to_cpu_16(udp->dgram_len);
	if (length < sizeof(*udp) || length - sizeof(*udp) > c->end - c->at)
		return drop(c, DROP_UDP_LENGTH);
	if (!udp->src_port)
		return drop(c, DROP_UDP_PORT);
	if (unlikely(!is_intact(c, udp)))
		return drop(c, DROP_UDP_CHECKSUM);
	c->end = c->at + length - sizeof(*udp);
	rte_prefetch0(&c->d->flows[c->b->local[c->i] << 16 | rte_be_to_cpu_16(udp->dst_port)]);
	c->b->local_port[c->i] = udp->dst_port;
	c->b->source[c->i].port = udp->src_port;
	c->b->payload[c->i] = c->at;
	c->b->length[c->i] = c->end - c->at;
	classify_payload(c->b, c->i, c->data + c->at, c->end - c->at);
}

static inline void classify_host(struct cursor *c)
{
	c->b->payload[c->i] = c->at;
	c->b->length[c->i] = c->end - c->at;
	c->b->class[c->i] = CLASS_HOST;
}

static inline void classify_ipv4(struct cursor *c)
{
	const struct rte_ipv4_hdr *ip;
	struct address to;
	uint32_t total;
	int local;

	c->b->l3[c->i] = c->at;
	ip = take(c, sizeof(*ip));
	if (!ip)
		return drop(c, DROP_RUNT);
	total = rte_be_to_cpu_16(ip->total_length);
	if (ip->version_ihl >> 4 != 4 || (ip->version_ihl & 0x0f) < 5 || total < sizeof(*ip) ||
	    total > c->end - c->b->l3[c->i])
		return drop(c, DROP_IP_HEADER);
	if (ip->version_ihl != RTE_IPV4_VHL_DEF)
		return drop(c, DROP_IP_OPTIONS);
	if (checksum_sum((const uint8_t *)ip, sizeof(*ip)) != 0xffff)
		return drop(c, DROP_IP_HEADER);
	c->end = c->b->l3[c->i] + total;

	to = address_from_ipv4(&ip->dst_addr);
	local = local_address(c, &to);
	if (local < 0)
		return drop(c, DROP_NOT_OURS);
	if (ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		return drop(c, DROP_FRAGMENT);

	c->b->local[c->i] = local;
	c->b->source[c->i] = (struct endpoint){.address = address_from_ipv4(&ip->src_addr)};
	if (likely(ip->next_proto_id == IPPROTO_UDP))
		classify_udp(c);
	else if (ip->next_proto_id == IPPROTO_ICMP)
		classify_host(c);
	else
		drop(c, DROP_PROTOCOL);
}

/* ff02::1, and ff02::1:ff00:0/104, where neighbours are solicited (RFC 4291 2.7.1). */
static inline bool is_discovery_group(const struct address *a)
{
	static const uint8_t group[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 0x01};

	return memcmp(a->octets, group, sizeof(group)) == 0 ||
	       memcmp(a->octets, all_nodes, sizeof(all_nodes)) == 0;
}

static inline void classify_ipv6(struct cursor *c)
{
	const struct rte_ipv6_hdr *ip;
	struct address from, to;
	uint32_t total;
	int local;

	c->b->l3[c->i] = c->at;
	ip = take(c, sizeof(*ip));
	if (!ip)
		return drop(c, DROP_RUNT);
	total = sizeof(*ip) + rte_be_to_cpu_16(ip->payload_len);
	if ((ip->vtc_flow & rte_cpu_to_be_32(0xf0000000)) != rte_cpu_to_be_32(0x60000000) ||
	    total > c->end - c->b->l3[c->i])
		return drop(c, DROP_IP_HEADER);
	c->end = c->b->l3[c->i] + total;

	/* A mapped address never travels (RFC 4291 2.5.5.2): here it would pass for an IPv4 one. */
	from = address_from_ipv6(ip->src_addr);
	to = address_from_ipv6(ip->dst_addr);
	if (address_is_ipv4(&from) || address_is_ipv4(&to))
		return drop(c, DROP_IP_HEADER);
	local = local_address(c, &to);
	if (local < 0 && !(ip->proto == IPPROTO_ICMPV6 && is_discovery_group(&to)))
		return drop(c, DROP_NOT_OURS);

	c->b->local[c->i] = local < 0 ? 0 : local;
	c->b->source[c->i] = (struct endpoint){.address = from};
	switch (ip->proto) {
	case IPPROTO_UDP:
		return classify_udp(c);
	case IPPROTO_ICMPV6:
		return classify_host(c);
	case IPPROTO_FRAGMENT:
		return drop(c, DROP_FRAGMENT);
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return drop(c, DROP_IP_OPTIONS);
	default:
		return drop(c, DROP_PROTOCOL);
	}
}

static inline bool find_network(struct cursor *c, unsigned int vlan)
{
	for (unsigned int k = 0; k < c->port->network_count; k++) {
		c->network = c->port->networks[k];
		if (likely(c->network->vlan == vlan)) {
			c->b->network[c->i] = c->network - c->d->networks;
			return true;
		}
	}
	return false;
}

static inline void classify_frame(struct cursor *c)
{
	const struct rte_ether_hdr *ether = take(c, sizeof(*ether));
	unsigned int vlan = 0; /* that of frames with a priority alone, too (802.1Q) */
	rte_be16_t type;

	if (!ether)
		return drop(c, DROP_RUNT);
	if (!rte_is_same_ether_addr(&ether->dst_addr, &c->port->mac) &&
	    !rte_is_multicast_ether_addr(&ether->dst_addr))
		return drop(c, DROP_NOT_OURS);
	type = ether->ether_type;
	if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN)) {
		const struct rte_vlan_hdr *tag = take(c, sizeof(*tag));

		if (!tag)
			return drop(c, DROP_RUNT);
		vlan = rte_be_to_cpu_16(tag->vlan_tci) & 0x0fff;
		type = tag->eth_proto;
	}
	if (!find_network(c, vlan))
		return drop(c, DROP_NOT_OURS);
	if (likely(type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4)))
		return classify_ipv4(c);
	if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6))
		return classify_ipv6(c);
	if (type != rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP))
		return drop(c, DROP_NOT_OURS);
	c->b->l3[c->i] = c->at;
	classify_host(c);
}

/*
 * Headers are parsed here, and where the port does not check them the octets summed; rewrite writes
 * the second half of the mbuf.
 */
static inline void prefetch_packet(const struct burst *b, unsigned int i, bool whole)
{
	rte_prefetch0(rte_pktmbuf_mtod(b->mbuf[i], const uint8_t *));
	rte_prefetch0((const char *)b->mbuf[i] + RTE_CACHE_LINE_SIZE);
	if (whole)
		burst_prefetch_payload(b, i);
}

void classify_stage(struct worker *w, struct burst *b)
{
	const struct dataplane *d = w->dataplane;

	/* All of one port, but for those that were handed over. */
	bool whole = b->count && !d->port_by_id[b->port[0]]->checks_udp;

	for (unsigned int i = 0; i < b->count && i < PREFETCH_AHEAD; i++)
		prefetch_packet(b, i, whole);
	for (unsigned int i = 0; i < b->count; i++) {
		struct rte_mbuf *m = b->mbuf[i];
		struct cursor c = {
			.b = b,
			.i = i,
			.d = d,
			.port = d->port_by_id[b->port[i]],
			.data = rte_pktmbuf_mtod(m, const uint8_t *),
			.end = rte_pktmbuf_data_len(m),
		};

		if (i + PREFETCH_AHEAD < b->count)
			prefetch_packet(b, i + PREFETCH_AHEAD, whole);
		b->leg[i] = NULL;
		b->stream[i] = NULL;
		b->allocation[i] = NULL;
		if (m->nb_segs == 1)
			classify_frame(&c);
		else
			drop(&c, DROP_NO_ROOM);
	}
}
