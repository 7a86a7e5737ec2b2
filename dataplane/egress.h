/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where and how a leg's packets leave: the prebuilt Ethernet, IP and UDP headers and the next hop.
 * Immutable once published in leg->egress; made and retired by the main lcore, read by every worker
 * whose flows send through the leg.
 */
#ifndef TANDEM_EGRESS_H
#define TANDEM_EGRESS_H

#include <stdint.h>

#include "dataplane/address.h"

/* Ethernet, one VLAN tag, IPv6, UDP. */
#define EGRESS_HEADER_MAX (14 + 4 + 40 + 8)

struct leg;
struct network;

/*
 * One neighbour that packets are sent to. `mac` holds the six octets in the low-address bytes, or 0
 * while unresolved: one 64-bit store publishes it.
 */
struct nexthop {
	uint64_t mac;             // main: rw, workers: ro
	struct address address;   // main: rw
	struct network *network;  // main: rw
	uint32_t users;           // main: rw. Egresses that point here.
	uint8_t state;            // main: rw
	uint8_t tries;            // main: rw
	uint64_t deadline;        // main: rw. TSC of the next request
};

struct egress {
	struct nexthop *nexthop;
	struct endpoint remote;
	uint16_t port; /* DPDK port */
	uint16_t mtu;  /* the largest IP packet */
	uint8_t l3;    /* offset of the IP header */
	uint8_t length; /* octets of `header` */
	/* Sums of the prebuilt fields, folded to 16 bits, in network byte order, not complemented. */
	uint16_t ip_sum;  /* IPv4 header with length 0 */
	uint16_t udp_sum; /* pseudo header and UDP header with lengths 0 */
	uint8_t header[EGRESS_HEADER_MAX]; /* destination MAC and lengths are zero */
};

#endif
