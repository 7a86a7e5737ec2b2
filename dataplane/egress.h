/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where and how a leg's packets leave: the prebuilt Ethernet, IP and UDP headers and the next hop.
 * Immutable, made by the main lcore. It reaches the flow that sends through the leg as a part of
 * its configuration, and lives as long as one names it.
 */
#ifndef TANDEM_EGRESS_H
#define TANDEM_EGRESS_H

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include "dataplane/lib/address.h"
#include "dataplane/wire/checksum.h"

/* Ethernet, one VLAN tag, IPv6, UDP. */
#define EGRESS_HEADER_MAX (14 + 4 + 40 + 8)

struct allocation;
struct leg;
struct network;

/*
 * One neighbour that packets are sent to. `mac` holds the six octets in the low-address bytes, or 0
 * while unresolved: one 64-bit store publishes it.
 */
struct nexthop {
	uint64_t mac;            // main: rw, workers: ro
	struct address address;  // main: rw
	struct network *network; // main: rw
	uint32_t users;          // main: rw. Egresses that point here.
	uint8_t state;           // main: rw
	uint8_t tries;           // main: rw
	uint64_t deadline;       // main: rw. TSC of the next request
};

/*
 * Untagged or tagged IPv4 fits one cache line, `remote` aside. What leads to the relayed address of
 * an allocation of this relay's has no next hop and no header: it never reaches a wire as it is.
 */
struct egress {
	struct nexthop *nexthop; /* NULL of what is relayed */
	uint16_t port;           /* DPDK port */
	uint16_t mtu;            /* the largest IP packet */
	uint8_t l3 : 7;          /* offset of the IP header */
	uint8_t offload : 1;     /* the port computes UDP checksums */
	uint8_t length;          /* octets of `header` */
	/*
	 * Sums of the prebuilt fields, folded to 16 bits, in network byte order, not complemented.
	 */
	uint16_t ip_sum;  /* IPv4 header with length 0 */
	uint16_t udp_sum; /* pseudo header with length 0, and without `offload` the UDP header */
	/* Destination MAC and lengths are zero; or struct egress_relayed. */
	uint8_t header[EGRESS_HEADER_MAX];
	struct endpoint remote;
	uint32_t users; // main: rw. Configurations and others that name it.
	uint8_t dscp;   // main: rw
};

/*
 * What leads to the relayed address of an allocation has this in the place of a header, which it
 * has none of: in the line that every packet reads.
 */
struct egress_relayed {
	struct allocation *allocation;
	struct endpoint local; /* from where it comes */
};

static inline bool egress_is_relayed(const struct egress *e)
{
	return !e->length;
}

static inline struct egress_relayed egress_relayed(const struct egress *e)
{
	struct egress_relayed relayed;

	memcpy(&relayed, e->header, sizeof(relayed));
	return relayed;
}

static inline bool egress_is_ipv4(const struct egress *e)
{
	return e->length - e->l3 == sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr);
}

/* From where what leaves by it comes. */
static inline struct endpoint egress_local(const struct egress *e)
{
	const uint8_t *udp = e->header + e->length - sizeof(struct rte_udp_hdr);
	struct endpoint local;

	if (egress_is_relayed(e))
		return egress_relayed(e).local;
	local.address = egress_is_ipv4(e) ? address_from_ipv4(e->header + e->l3 + 12)
					  : address_from_ipv6(e->header + e->l3 + 8);
	memcpy(&local.port, udp, sizeof(local.port));
	return local;
}

/* The usual sizes are constants, and no call. */
static inline void egress_copy_header(const struct egress *e, uint8_t *frame)
{
	if (likely(e->length == 14 + 20 + 8))
		memcpy(frame, e->header, 14 + 20 + 8);
	else if (e->length == 14 + 4 + 20 + 8)
		memcpy(frame, e->header, 14 + 4 + 20 + 8);
	else
		memcpy(frame, e->header, e->length);
}

/* The port finishes what begins as the pseudo header's sum. */
static inline void egress_request_checksum(const struct egress *e, struct rte_mbuf *m)
{
	m->l2_len = e->l3;
	m->l3_len = e->length - e->l3 - sizeof(struct rte_udp_hdr);
	m->ol_flags = RTE_MBUF_F_TX_UDP_CKSUM |
		      (egress_is_ipv4(e) ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6);
}

/*
 * Writes the headers of a packet, which begins with them and has `length` octets of UDP payload
 * behind. Any thread. 0, or -EHOSTUNREACH while the next hop is unresolved.
 */
static inline int egress_fill(const struct egress *e, struct rte_mbuf *m, uint32_t length)
{
	uint64_t mac = __atomic_load_n(&e->nexthop->mac, __ATOMIC_RELAXED);
	uint16_t udp_length = rte_cpu_to_be_16(sizeof(struct rte_udp_hdr) + length);
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(frame + e->length) - 1;
	uint64_t sum = e->udp_sum + udp_length;

	if (unlikely(!mac))
		return -EHOSTUNREACH;
	egress_copy_header(e, frame);
	memcpy(frame, &mac, RTE_ETHER_ADDR_LEN);

	udp->dgram_len = udp_length;
	if (e->offload) {
		udp->dgram_cksum = checksum_fold(sum);
		egress_request_checksum(e, m);
	} else {
		/* The length counts twice: in the pseudo header and in the UDP header. */
		sum += udp_length + checksum_sum(frame + e->length, length);
		udp->dgram_cksum = ~checksum_fold(sum);
		if (unlikely(!udp->dgram_cksum))
			udp->dgram_cksum = 0xffff;
		m->ol_flags = 0;
	}

	if (likely(egress_is_ipv4(e))) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + e->l3);

		ip->total_length = rte_cpu_to_be_16(e->length - e->l3 + length);
		ip->hdr_checksum = ~checksum_fold((uint64_t)e->ip_sum + ip->total_length);
	} else {
		struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(frame + e->l3);

		ip->payload_len = udp_length;
	}
	return 0;
}

#endif
