/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/reply.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/dataplane.h"

#define HOPS 64

static bool is_ipv4(const uint8_t *ip)
{
	return ip[0] >> 4 == 4;
}

void reply_ethernet(struct rte_mbuf *m, const struct network *network, uint32_t length)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

	rte_ether_addr_copy(&ether->src_addr, &ether->dst_addr);
	rte_ether_addr_copy(&network->port->mac, &ether->src_addr);
	m->data_len = m->pkt_len = length;
	m->ol_flags = 0;
}

static void reply_ipv4(struct rte_ipv4_hdr *ip, const struct network *network, uint16_t length)
{
	rte_be32_t local = ip->dst_addr;

	ip->dst_addr = ip->src_addr;
	ip->src_addr = local;
	ip->type_of_service = network->dscp << 2;
	ip->total_length = rte_cpu_to_be_16(sizeof(*ip) + length);
	ip->packet_id = 0;
	ip->fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG);
	ip->time_to_live = HOPS;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void reply_ipv6(struct rte_ipv6_hdr *ip, const struct network *network, uint16_t length)
{
	uint8_t local[sizeof(ip->dst_addr)];

	memcpy(local, ip->dst_addr, sizeof(local));
	memcpy(ip->dst_addr, ip->src_addr, sizeof(local));
	memcpy(ip->src_addr, local, sizeof(local));
	ip->vtc_flow = rte_cpu_to_be_32(6u << 28 | (uint32_t)network->dscp << 22);
	ip->payload_len = rte_cpu_to_be_16(length);
	ip->hop_limits = HOPS;
}

void reply_ip(struct rte_mbuf *m, const struct network *network, unsigned int l3, uint16_t length)
{
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, l3);

	if (is_ipv4(ip)) {
		reply_ipv4((struct rte_ipv4_hdr *)ip, network, length);
		reply_ethernet(m, network, l3 + sizeof(struct rte_ipv4_hdr) + length);
	} else {
		reply_ipv6((struct rte_ipv6_hdr *)ip, network, length);
		reply_ethernet(m, network, l3 + sizeof(struct rte_ipv6_hdr) + length);
	}
}

void reply_udp(struct rte_mbuf *m, const struct network *network, unsigned int l3, uint16_t length)
{
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, l3);
	bool ipv4 = is_ipv4(ip);
	size_t header = ipv4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + header);
	rte_be16_t local = udp->dst_port;

	udp->dst_port = udp->src_port;
	udp->src_port = local;
	udp->dgram_len = rte_cpu_to_be_16(sizeof(*udp) + length);
	udp->dgram_cksum = 0;
	reply_ip(m, network, l3, sizeof(*udp) + length);
	udp->dgram_cksum = ipv4 ? rte_ipv4_udptcp_cksum((struct rte_ipv4_hdr *)ip, udp)
				: rte_ipv6_udptcp_cksum((struct rte_ipv6_hdr *)ip, udp);
}
