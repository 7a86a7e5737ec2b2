/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/flood/frame.h"

#include <assert.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

enum { NETWORK = ETH_HLEN, HOPS = 255 };

#define SEED 0x9e3779b97f4a7c15

static uint64_t x = SEED;

void random_restart(void)
{
	x = SEED;
}

uint32_t random32(void)
{
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x >> 32;
}

uint32_t random_below(uint32_t limit)
{
	return (uint64_t)random32() * limit >> 32;
}

uint8_t *frame_room(struct frame *f, size_t octets)
{
	uint8_t *at = f->octets + f->length;

	assert(f->length + octets <= sizeof(f->octets));
	f->length += octets;
	return at;
}

void frame_put(struct frame *f, const void *data, size_t octets)
{
	memcpy(frame_room(f, octets), data, octets);
}

void frame_put8(struct frame *f, uint8_t value)
{
	frame_put(f, &value, sizeof(value));
}

void frame_put16(struct frame *f, uint16_t value)
{
	value = htons(value);
	frame_put(f, &value, sizeof(value));
}

void frame_put32(struct frame *f, uint32_t value)
{
	value = htonl(value);
	frame_put(f, &value, sizeof(value));
}

void frame_put_random(struct frame *f, size_t octets)
{
	while (octets--)
		frame_put8(f, random32());
}

void frame_put_address(struct frame *f, const struct endpoint *e)
{
	if (is_ipv4(e))
		frame_put(f, &e->address.s6_addr[12], sizeof(struct in_addr));
	else
		frame_put(f, &e->address, sizeof(e->address));
}

void frame_ethernet(struct frame *f, const struct way *w, uint16_t type)
{
	frame_put(f, w->to_mac, ETH_ALEN);
	frame_put(f, w->from_mac, ETH_ALEN);
	frame_put16(f, type);
}

void frame_ip(struct frame *f, const struct way *w, uint8_t protocol)
{
	const struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.id = random32(),
		.ttl = HOPS,
		.protocol = protocol,
	};
	struct ip6_hdr ip6 = {.ip6_nxt = protocol, .ip6_hlim = HOPS};

	ip6.ip6_vfc = 6 << 4;
	if (is_ipv4(&w->to)) {
		frame_ethernet(f, w, ETH_P_IP);
		frame_put(f, &ip, offsetof(struct iphdr, saddr));
	} else {
		frame_ethernet(f, w, ETH_P_IPV6);
		frame_put(f, &ip6, offsetof(struct ip6_hdr, ip6_src));
	}
	frame_put_address(f, &w->from);
	frame_put_address(f, &w->to);
}

void frame_udp(struct frame *f, const struct way *w)
{
	frame_ip(f, w, IPPROTO_UDP);
	frame_put16(f, w->from.port);
	frame_put16(f, w->to.port);
	frame_put32(f, 0);
}

/* --- checksums (RFC 1071) -------------------------------------------------------------------- */

static uint32_t sum(uint32_t so_far, const uint8_t *data, size_t octets)
{
	for (size_t k = 0; k < octets; k++)
		so_far += k % 2 ? data[k] : data[k] << 8;
	return so_far;
}

static uint16_t fold(uint32_t so_far)
{
	so_far = (so_far & 0xffff) + (so_far >> 16);
	return ~(so_far + (so_far >> 16));
}

static void store16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

/* `sums` is that of the pseudo header's addresses. */
static void finish_transport(uint8_t *data, size_t octets, uint8_t protocol, uint32_t sums)
{
	uint8_t *checksum = data + (protocol == IPPROTO_UDP ? 6 : 2);
	uint16_t value;

	if (protocol == IPPROTO_UDP)
		store16(data + 4, octets);
	/* ICMP has no pseudo header. */
	if (protocol == IPPROTO_ICMP)
		sums = 0;
	else
		sums += octets + protocol;
	store16(checksum, 0);
	value = fold(sum(sums, data, octets));
	store16(checksum, value || protocol != IPPROTO_UDP ? value : 0xffff);
}

static bool has_checksum(uint8_t protocol)
{
	return protocol == IPPROTO_UDP || protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

void frame_finish(struct frame *f)
{
	uint8_t *ip = f->octets + NETWORK, *data, protocol;
	size_t octets = f->length - NETWORK;
	uint32_t sums;

	if (ip[0] >> 4 == 4) {
		data = ip + sizeof(struct iphdr);
		protocol = ip[offsetof(struct iphdr, protocol)];
		sums = sum(0, ip + offsetof(struct iphdr, saddr), 2 * sizeof(struct in_addr));
		store16(ip + offsetof(struct iphdr, tot_len), octets);
		store16(ip + offsetof(struct iphdr, check), 0);
		store16(ip + offsetof(struct iphdr, check), fold(sum(0, ip, data - ip)));
	} else {
		data = ip + sizeof(struct ip6_hdr);
		protocol = ip[offsetof(struct ip6_hdr, ip6_nxt)];
		sums = sum(0, ip + offsetof(struct ip6_hdr, ip6_src), 2 * sizeof(struct in6_addr));
		store16(ip + offsetof(struct ip6_hdr, ip6_plen), octets - (data - ip));
	}
	if (has_checksum(protocol))
		finish_transport(data, octets - (data - ip), protocol, sums);
}
