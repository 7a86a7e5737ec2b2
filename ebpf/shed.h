/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the XDP program, the dataplane and the tests agree upon: map names, keys, values, limits and
 * the names of the verdicts. Only fixed-width types, so that every compilation sees one layout.
 *
 *   map          type              key                    value               written by
 *   xsks_map     XSKMAP            receive queue          AF_XDP socket       DPDK's net_af_xdp
 *   tandem_addr  HASH              struct shed_address    __u32, its index    dataplane, main lcore
 *   tandem_port  ARRAY, mmap'ed    shed_port_key()        struct shed_port    dataplane, main lcore
 *   tandem_drop  PERCPU_ARRAY      enum shed_reason       __u64, packets      XDP program
 *
 * Keys and values that are numbers are in host byte order; addresses are in network byte order.
 * The last three are pinned by name, so that the programs of all ports share them. xsks_map is not:
 * a queue number means another socket on every port. net_af_xdp looks it up by exactly this name.
 */
#ifndef TANDEM_EBPF_SHED_H
#define TANDEM_EBPF_SHED_H

#include <linux/types.h>

#define SHED_PROGRAM     "tandem_shed"
#define SHED_MAP_SOCKET  "xsks_map"
#define SHED_MAP_ADDRESS "tandem_addr"
#define SHED_MAP_PORT    "tandem_port"
#define SHED_MAP_COUNTER "tandem_drop"

enum {
	SHED_QUEUES = 64,
	SHED_ADDRESSES = 64,
	SHED_PORTS = 65536, /* per media address */
};

/* A media address in network byte order; IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
struct shed_address {
	__u8 byte[16];
};
_Static_assert(sizeof(struct shed_address) == 16, "the key of tandem_addr");

enum shed_port_flag {
	SHED_PORT_OPEN = 1 << 0,
};

/*
 * One UDP port of one media address. The dataplane opens and closes it by one aligned store through
 * its mapping; the XDP program only reads.
 */
struct shed_port {
	__u32 flags;  /* enum shed_port_flag */
	__u32 unused; /* zero; keeps the entry at 8 bytes, the stride of a BPF array */
};
_Static_assert(sizeof(struct shed_port) == 8, "the value of tandem_port");

/* The index of a port in tandem_port: address is the value found in tandem_addr. */
static inline __u32 shed_port_key(__u32 address, __u16 port)
{
	return address * SHED_PORTS + port;
}

/*
 * Every packet gets exactly one verdict and is counted under it: X(identifier, name, help). The
 * first two deliver the packet, all others drop it. Where dataplane/drop.h drops for the same
 * reason, the name is the same.
 */
#define SHED_REASONS(X)                                                                            \
	X(TO_KERNEL, "kernel", "not for a media address: left to the kernel")                      \
	X(TO_DATAPLANE, "dataplane", "handed to the dataplane")                                    \
	X(RUNT, "runt", "shorter than its headers say")                                            \
	X(IP_HEADER, "ip_header", "malformed IP header")                                           \
	X(IP_OPTIONS, "ip_options", "IP options or extension headers")                             \
	X(CHECKSUM, "checksum", "wrong IPv4 header checksum, or none in UDP over IPv6")            \
	X(FRAGMENT, "fragment", "IP fragment")                                                     \
	X(SOURCE, "source", "from an address that no host can have")                               \
	X(PROTOCOL, "protocol", "neither UDP nor ICMP")                                            \
	X(UDP_LENGTH, "udp_length", "UDP length does not fit the packet")                          \
	X(UDP_PORT, "udp_port", "UDP source port 0")                                               \
	X(CLOSED_PORT, "closed_port", "UDP to a port that is not open")                            \
	X(ICMP, "icmp", "ICMP, malformed or neither echo request nor error")                       \
	X(NDP, "ndp", "neighbour discovery that RFC 4861 section 7.1 discards")                    \
	X(NO_SOCKET, "no_socket", "no AF_XDP socket is bound to the receive queue")

/* clang-format off */
enum shed_reason {
#define X(id, name, help) SHED_##id,
	SHED_REASONS(X)
#undef X
	SHED_REASON_COUNT
};
/* clang-format on */

static inline int shed_reason_drops(enum shed_reason reason)
{
	return reason > SHED_TO_DATAPLANE;
}

#endif
