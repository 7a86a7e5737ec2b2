/* SPDX-License-Identifier: BSD-3-Clause */
/* New Ethernet, IP and UDP headers, prebuilt in the egress, before the payload. */
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/burst.h"
#include "dataplane/egress.h"
#include "dataplane/leg.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

static inline uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static inline void rewrite_packet(struct burst *b, unsigned int i)
{
	const struct egress *e = b->egress[i];
	struct rte_mbuf *m = b->mbuf[i];
	uint64_t mac = __atomic_load_n(&e->nexthop->mac, __ATOMIC_RELAXED);
	uint32_t udp_length = sizeof(struct rte_udp_hdr) + b->length[i];
	uint32_t ip_length = e->length - e->l3 + b->length[i];
	struct rte_udp_hdr *udp;
	uint8_t *frame;
	uint16_t sum;

	if (unlikely(!mac))
		return burst_drop(b, i, DROP_NO_NEIGHBOUR);
	if (unlikely(ip_length > e->mtu))
		return burst_drop(b, i, DROP_NO_ROOM);
	if (e->length <= b->payload[i])
		frame = (uint8_t *)rte_pktmbuf_adj(m, b->payload[i] - e->length);
	else
		frame = (uint8_t *)rte_pktmbuf_prepend(m, e->length - b->payload[i]);
	if (unlikely(!frame))
		return burst_drop(b, i, DROP_NO_ROOM);
	/* Ethernet padding, if there was any, goes. */
	rte_pktmbuf_data_len(m) = rte_pktmbuf_pkt_len(m) = e->length + b->length[i];
	m->ol_flags = 0;

	memcpy(frame, e->header, e->length);
	memcpy(frame, &mac, RTE_ETHER_ADDR_LEN);
	udp = (struct rte_udp_hdr *)(frame + e->length - sizeof(*udp));
	udp->dgram_len = rte_cpu_to_be_16(udp_length);
	/* The length counts twice: in the pseudo header and in the UDP header. */
	sum = ~fold(e->udp_sum + 2u * udp->dgram_len +
		    rte_raw_cksum(frame + e->length, b->length[i]));
	udp->dgram_cksum = sum ? sum : 0xffff;

	if (e->length - e->l3 == sizeof(struct rte_ipv4_hdr) + sizeof(*udp)) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + e->l3);

		ip->total_length = rte_cpu_to_be_16(ip_length);
		ip->hdr_checksum = ~fold(e->ip_sum + ip->total_length);
	} else {
		struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(frame + e->l3);

		ip->payload_len = rte_cpu_to_be_16(udp_length);
	}
	burst_send(b, i, e->port);
}

void rewrite_stage(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->count; i++)
		if (burst_is_media(b, i))
			rewrite_packet(b, i);
}
