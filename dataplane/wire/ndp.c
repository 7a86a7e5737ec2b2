/* SPDX-License-Identifier: BSD-3-Clause */
/* The messages' structures come from the C library; they are copied, never laid over a frame. */
#include "dataplane/wire/ndp.h"

#include <errno.h>
#include <string.h>

#include <netinet/icmp6.h>

#include <rte_ip.h>

#define HOPS 255 /* a router would have lowered it: the sender is on this link */

const struct address ndp_all_nodes = {.octets = {0xff, 0x02, [15] = 0x01}};

static bool is_multicast(const struct address *a)
{
	return a->octets[0] == 0xff;
}

struct address ndp_group(const struct address *target)
{
	struct address group = {.octets = {0xff, 0x02, [11] = 0x01, [12] = 0xff}};

	memcpy(&group.octets[13], &target->octets[13], 3);
	return group;
}

struct rte_ether_addr ndp_group_mac(const struct address *group)
{
	struct rte_ether_addr mac = {{0x33, 0x33}};

	memcpy(&mac.addr_bytes[2], &group->octets[12], 4);
	return mac;
}

/* Every option must have a length; the link-layer address is the one that matters here. */
static int parse_options(struct ndp *n, const uint8_t *option, size_t length)
{
	const uint8_t wanted = n->advertisement ? ND_OPT_TARGET_LINKADDR : ND_OPT_SOURCE_LINKADDR;

	while (length) {
		size_t size = length < 2 ? 0 : option[1] * 8;

		if (!size || size > length)
			return -EBADMSG;
		if (option[0] == wanted && size == 8) {
			memcpy(&n->mac, option + 2, sizeof(n->mac));
			n->has_mac = true;
		}
		option += size;
		length -= size;
	}
	return 0;
}

static bool is_valid_solicitation(const struct ndp *n)
{
	const struct address group = ndp_group(&n->target);

	return !address_is_zero(&n->source) ||
	       (address_equal(&n->destination, &group) && !n->has_mac);
}

static bool is_valid_advertisement(const struct ndp *n)
{
	return !is_multicast(&n->destination) || !n->solicited;
}

int ndp_parse(struct ndp *n, const uint8_t *packet, size_t length)
{
	const uint8_t *body = packet + sizeof(struct rte_ipv6_hdr);
	struct nd_neighbor_advert message;
	struct rte_ipv6_hdr ip;
	size_t size;

	if (length < sizeof(ip))
		return -EBADMSG;
	memcpy(&ip, packet, sizeof(ip));
	size = rte_be_to_cpu_16(ip.payload_len);
	if (size > length - sizeof(ip) || size < sizeof(struct icmp6_hdr))
		return -EBADMSG;
	if (ip.proto != IPPROTO_ICMPV6 ||
	    (body[0] != ND_NEIGHBOR_SOLICIT && body[0] != ND_NEIGHBOR_ADVERT))
		return -ENOMSG;
	if (size < sizeof(message) || ip.hop_limits != HOPS || body[1] != 0 ||
	    rte_ipv6_udptcp_cksum(&ip, body) != 0) /* over a right checksum the sum is zero */
		return -EBADMSG;

	memcpy(&message, body, sizeof(message));
	*n = (struct ndp){
		.advertisement = message.nd_na_type == ND_NEIGHBOR_ADVERT,
		.solicited = message.nd_na_flags_reserved & ND_NA_FLAG_SOLICITED,
		.override = message.nd_na_flags_reserved & ND_NA_FLAG_OVERRIDE,
		.source = address_from_ipv6(ip.src_addr),
		.destination = address_from_ipv6(ip.dst_addr),
		.target = address_from_ipv6(&message.nd_na_target),
	};
	if (is_multicast(&n->target) || is_multicast(&n->source) ||
	    parse_options(n, body + sizeof(message), size - sizeof(message)) ||
	    (n->has_mac && !rte_is_valid_assigned_ether_addr(&n->mac)))
		return -EBADMSG;
	return (n->advertisement ? is_valid_advertisement : is_valid_solicitation)(n) ? 0
										      : -EBADMSG;
}

size_t ndp_write(uint8_t *packet, const struct ndp *n)
{
	struct nd_neighbor_advert message = {
		.nd_na_type = n->advertisement ? ND_NEIGHBOR_ADVERT : ND_NEIGHBOR_SOLICIT,
		.nd_na_flags_reserved = (n->solicited ? ND_NA_FLAG_SOLICITED : 0) |
					(n->override ? ND_NA_FLAG_OVERRIDE : 0),
	};
	uint8_t option[8] = {n->advertisement ? ND_OPT_TARGET_LINKADDR : ND_OPT_SOURCE_LINKADDR, 1};
	size_t size = sizeof(message) + (n->has_mac ? sizeof(option) : 0);
	uint8_t *body = packet + sizeof(struct rte_ipv6_hdr);
	struct rte_ipv6_hdr ip = {
		.vtc_flow = rte_cpu_to_be_32(6u << 28),
		.payload_len = rte_cpu_to_be_16(size),
		.proto = IPPROTO_ICMPV6,
		.hop_limits = HOPS,
	};

	memcpy(ip.src_addr, n->source.octets, sizeof(ip.src_addr));
	memcpy(ip.dst_addr, n->destination.octets, sizeof(ip.dst_addr));
	memcpy(&message.nd_na_target, n->target.octets, sizeof(message.nd_na_target));
	memcpy(option + 2, &n->mac, sizeof(n->mac));
	memcpy(body, &message, sizeof(message));
	memcpy(body + sizeof(message), option, size - sizeof(message));
	message.nd_na_cksum = rte_ipv6_udptcp_cksum(&ip, body);
	memcpy(body, &message, sizeof(message));
	memcpy(packet, &ip, sizeof(ip));
	return sizeof(ip) + size;
}
