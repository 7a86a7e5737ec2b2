/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbour Solicitations and Advertisements (RFC 4861 over RFC 2464). Any thread; nothing is kept.
 */
#ifndef TANDEM_NDP_H
#define TANDEM_NDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_ether.h>

#include "dataplane/lib/address.h"

#define NDP_LENGTH_MAX 72 /* octets of the longest packet written: IPv6, message, one option */

struct ndp {
	bool advertisement;       /* otherwise a solicitation */
	bool solicited, override; /* flags of an advertisement */
	bool has_mac;             /* a link-layer address option: the source's or the target's */
	struct rte_ether_addr mac;
	struct address source, destination, target;
};

/*
 * `packet` begins with an IPv6 header whose payload, ICMPv6, ends within `length`. 0; -ENOMSG when
 * it is another message; -EBADMSG when it must be discarded (RFC 4861 7.1.1, 7.1.2).
 */
int ndp_parse(struct ndp *n, const uint8_t *packet, size_t length);

/* Writes the IPv6 header and the message and returns its length, at most NDP_LENGTH_MAX. */
size_t ndp_write(uint8_t *packet, const struct ndp *n);

extern const struct address ndp_all_nodes; /* ff02::1 */
/* The solicited-node group of `target` (RFC 4291 2.7.1). */
struct address ndp_group(const struct address *target);
/* The Ethernet address of an IPv6 multicast group (RFC 2464 7). */
struct rte_ether_addr ndp_group_mac(const struct address *group);

#endif
