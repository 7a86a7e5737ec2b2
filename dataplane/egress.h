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
#include <rte_udp.h>

#include "dataplane/address.h"
#include "dataplane/checksum.h"

/* Ethernet, one VLAN tag, IPv6, UDP. */
#define EGRESS_HEADER_MAX (14 + 4 + 40 + 8)

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

/* Untagged or tagged IPv4 fits one cache line, `remote` aside. */
struct egress {
	struct nexthop *nexthop;
	uint16_t port;  /* DPDK port */
	uint16_t mtu;   /* the largest IP packet */
	uint8_t l3;     /* offset of the IP header */
	uint8_t length; /* octets of `header` */
	/* Sums of the prebuilt fields, folded to 16 bits, in network byte order, not complemented.
	 */
	uint16_t ip_sum;                   /* IPv4 header with length 0 */
	uint16_t udp_sum;                  /* pseudo header and UDP header with lengths 0 */
	uint8_t header[EGRESS_HEADER_MAX]; /* destination MAC and lengths are zero */
	struct endpoint remote;
	uint32_t users; // main: rw. Configurations and others that name it.
};

/*
 * Writes the headers for `length` octets of UDP payload that stand at frame + egress->length. Any
 * thread. 0, or -EHOSTUNREACH while the next hop is unresolved.
 */
static inline int egress_fill(const struct egress *e, uint8_t *frame, uint32_t length)
{
	uint64_t mac = __atomic_load_n(&e->nexthop->mac, __ATOMIC_RELAXED);
	uint16_t udp_length = rte_cpu_to_be_16(sizeof(struct rte_udp_hdr) + length);
	struct rte_udp_hdr *udp;
	uint16_t sum;

	if (unlikely(!mac))
		return -EHOSTUNREACH;
	memcpy(frame, e->header, e->length);
	memcpy(frame, &mac, RTE_ETHER_ADDR_LEN);

	udp = (struct rte_udp_hdr *)(frame + e->length - sizeof(*udp));
	udp->dgram_len = udp_length;
	/* The length counts twice: in the pseudo header and in the UDP header. */
	sum = ~checksum_fold((uint64_t)e->udp_sum + 2u * udp_length +
			     checksum_sum(frame + e->length, length));
	udp->dgram_cksum = sum ? sum : 0xffff;

	if (likely(e->length - e->l3 == sizeof(struct rte_ipv4_hdr) + sizeof(*udp))) {
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
