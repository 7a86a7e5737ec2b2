/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/flood/kind.h"

#include <string.h>

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "tests/flood/handshake.h"

enum { MEDIA = 160, TAG = 10, PAYLOAD_MAX = 200, MAC_ONE_OF_MANY = 0x02 };

/* --- UDP ------------------------------------------------------------------------------------- */

static void make_garbage(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	frame_put_random(f, 1 + random_below(PAYLOAD_MAX));
	frame_finish(f);
}

static bool is_target(const struct plan *p, const struct endpoint *e)
{
	for (unsigned int n = 0; n < p->targets; n++)
		if (p->target[n].port == e->port)
			return true;
	return false;
}

static void make_closed(const struct plan *p, struct way *w, struct frame *f)
{
	do
		w->to.port = 1 + random_below(UINT16_MAX);
	while (is_target(p, &w->to));
	make_garbage(p, w, f);
}

static void put_rtp(struct frame *f, uint32_t ssrc, size_t octets)
{
	frame_put16(f, 0x8000);
	frame_put16(f, random32());
	frame_put32(f, random32());
	frame_put32(f, ssrc);
	frame_put_random(f, octets);
}

static void make_rtp(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	put_rtp(f, random32(), MEDIA);
	frame_finish(f);
}

static void make_srtp(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	put_rtp(f, p->ssrc, MEDIA + TAG);
	frame_finish(f);
}

/* As a participant would begin a stream beside its own. */
static void make_stream(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	frame_put16(f, 0x8000);
	frame_put16(f, w->number);
	frame_put32(f, MEDIA * w->number);
	frame_put32(f, ~p->ssrc);
	frame_put_random(f, MEDIA);
	frame_finish(f);
}

/* A sender report without blocks; in SRTCP its index and its tag follow (RFC 3711 section 3.4). */
static void put_rtcp(struct frame *f, uint32_t ssrc, size_t more)
{
	frame_put32(f, 0x80c80006);
	frame_put32(f, ssrc);
	frame_put_random(f, 20 + more);
}

static void make_rtcp(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	put_rtcp(f, random32(), 0);
	frame_finish(f);
}

static void make_srtcp(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	put_rtcp(f, p->ssrc, 4 + TAG);
	frame_finish(f);
}

static void make_stun(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	handshake_put_check(f, NULL);
	frame_finish(f);
}

static void make_stun_password(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	handshake_put_check(f, p->username);
	frame_finish(f);
}

/* STUN's header; `octets` of attributes follow. */
static void put_stun(struct frame *f, uint16_t type, uint16_t octets)
{
	frame_put16(f, type);
	frame_put16(f, octets);
	frame_put32(f, 0x2112a442);
	frame_put_random(f, 12);
}

/* REQUESTED-TRANSPORT: UDP. */
static void make_allocate(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	put_stun(f, 0x0003, 8);
	frame_put32(f, 0x00190004);
	frame_put32(f, 17u << 24);
	frame_finish(f);
}

static void make_channel(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	frame_put16(f, 0x4000 | random_below(0x1000));
	frame_put16(f, MEDIA);
	frame_put_random(f, MEDIA);
	frame_finish(f);
}

/* XOR-PEER-ADDRESS, of IPv4, and DATA. */
static void make_send(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	put_stun(f, 0x0016, 12 + 4 + MEDIA);
	frame_put32(f, 0x00120008);
	frame_put32(f, 0x00010000 | random_below(UINT16_MAX));
	frame_put32(f, random32());
	frame_put32(f, 0x00130000 | MEDIA);
	frame_put_random(f, MEDIA);
	frame_finish(f);
}

static void make_dtls(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	handshake_put_hello(f);
	frame_finish(f);
}

static void make_replay(const struct plan *p, struct way *w, struct frame *f)
{
	const struct frame *heard = &p->captured[random_below(p->captures)];

	frame_put(f, heard->octets, heard->length);
}

/* --- malformed ------------------------------------------------------------------------------- */

static void make_fragment(const struct plan *p, struct way *w, struct frame *f)
{
	/* The first, one from the middle, the last: offset in octets, and whether more follow. */
	static const uint16_t part[][2] = {{0, 1}, {64, 1}, {128, 0}};
	const uint16_t *which = part[random_below(3)];
	uint8_t *ip = f->octets + ETH_HLEN;

	if (is_ipv4(&w->to)) {
		frame_udp(f, w);
		put_rtp(f, random32(), 64);
		ip[6] = which[1] << 5;
		ip[7] = which[0] / 8;
	} else {
		frame_ip(f, w, IPPROTO_FRAGMENT);
		frame_put16(f, IPPROTO_UDP << 8);
		frame_put16(f, which[0] | which[1]);
		frame_put32(f, random32());
		frame_put16(f, w->from.port);
		frame_put16(f, w->to.port);
		frame_put32(f, random32());
		put_rtp(f, random32(), 64);
	}
	frame_finish(f);
}

static void make_jumbo(const struct plan *p, struct way *w, struct frame *f)
{
	frame_udp(f, w);
	put_rtp(f, random32(), ETH_HLEN + p->mtu - f->length - 12);
	frame_finish(f);
}

/* Cut inside of the UDP header or, one time in four, of the IP header. */
static void make_runt(const struct plan *p, struct way *w, struct frame *f)
{
	uint32_t transport = is_ipv4(&w->to) ? ETH_HLEN + 20 : ETH_HLEN + 40;

	make_garbage(p, w, f);
	f->length = random_below(4) ? transport + random_below(8)
				    : ETH_HLEN + random_below(transport - ETH_HLEN);
}

/* --- not UDP --------------------------------------------------------------------------------- */

static void random_mac(uint8_t mac[ETH_ALEN])
{
	for (unsigned int k = 0; k < ETH_ALEN; k++)
		mac[k] = random32();
	mac[0] = MAC_ONE_OF_MANY;
}

/* Requests and, as often, replies that nobody asked for. */
static void make_arp(const struct plan *p, struct way *w, struct frame *f)
{
	bool asks = random_below(2);

	random_mac(w->from_mac);
	if (asks)
		memset(w->to_mac, 0xff, ETH_ALEN);
	frame_ethernet(f, w, ETH_P_ARP);
	frame_put32(f, 0x00010800);
	frame_put16(f, 0x0604);
	frame_put16(f, asks ? 1 : 2);
	frame_put(f, w->from_mac, ETH_ALEN);
	frame_put_address(f, &w->from);
	frame_put(f, p->to_mac, ETH_ALEN);
	frame_put_address(f, &w->to);
}

/* RFC 4861 sections 4.3 and 4.4. */
static void put_discovery(struct frame *f, uint8_t type, uint32_t flags,
			  const struct endpoint *about, const uint8_t mac[ETH_ALEN])
{
	frame_put16(f, type << 8);
	frame_put16(f, 0);
	frame_put32(f, flags);
	frame_put_address(f, about);
	frame_put16(f,
		    (type == ND_NEIGHBOR_SOLICIT ? ND_OPT_SOURCE_LINKADDR : ND_OPT_TARGET_LINKADDR)
				    << 8 |
			    1);
	frame_put(f, mac, ETH_ALEN);
	frame_finish(f);
}

static void make_ndp(const struct plan *p, struct way *w, struct frame *f)
{
	static const uint8_t group[13] = {0xff, 2, [11] = 1, [12] = 0xff};
	struct endpoint asked = w->to;

	random_mac(w->from_mac);
	if (random_below(2)) {
		frame_ip(f, w, IPPROTO_ICMPV6);
		put_discovery(f, ND_NEIGHBOR_ADVERT, 0x60000000, &w->from, w->from_mac);
		return;
	}
	memcpy(&w->to.address, group, sizeof(group));
	w->to_mac[0] = w->to_mac[1] = 0x33;
	memcpy(w->to_mac + 2, &w->to.address.s6_addr[12], 4);
	frame_ip(f, w, IPPROTO_ICMPV6);
	put_discovery(f, ND_NEIGHBOR_SOLICIT, 0, &asked, w->from_mac);
}

/* Pings and, one time in four, errors about a datagram that the target never sent. */
static void put_icmp(struct way *w, struct frame *f, uint8_t protocol, uint8_t echo, uint8_t error)
{
	struct way back = {.from = w->to, .to = w->from};
	struct frame quoted = {0};

	frame_ip(f, w, protocol);
	if (random_below(4)) {
		frame_put32(f, (uint32_t)echo << 24);
		frame_put_random(f, 4 + 56);
	} else {
		frame_udp(&quoted, &back);
		frame_finish(&quoted);
		frame_put32(f, (uint32_t)error << 24);
		frame_put32(f, 0);
		frame_put(f, quoted.octets + ETH_HLEN, quoted.length - ETH_HLEN);
	}
	frame_finish(f);
}

static void make_icmp(const struct plan *p, struct way *w, struct frame *f)
{
	put_icmp(w, f, IPPROTO_ICMP, ICMP_ECHO, ICMP_DEST_UNREACH);
}

static void make_icmp6(const struct plan *p, struct way *w, struct frame *f)
{
	put_icmp(w, f, IPPROTO_ICMPV6, ICMP6_ECHO_REQUEST, ICMP6_DST_UNREACH);
}

/* --- all of them ----------------------------------------------------------------------------- */

const struct kind kinds[] = {
	{"garbage", FROM_STRANGER, NEEDS_PORT, make_garbage, "random octets to open ports"},
	{"closed", FROM_STRANGER, 0, make_closed, "random octets to all other ports"},
	{"rtp", FROM_STRANGER, NEEDS_PORT, make_rtp, "spoofed RTP to open ports"},
	{"rtp-stream", FROM_PEER, NEEDS_PEER | NEEDS_SSRC | NEEDS_PORT, make_stream,
	 "the peer's 5-tuple, another SSRC, one number after another (--pool 65536)"},
	{"rtcp", FROM_STRANGER, NEEDS_PORT, make_rtcp, "spoofed RTCP to open ports"},
	{"stun", FROM_STRANGER, NEEDS_PORT, make_stun, "Binding requests without credentials"},
	{"stun-password", FROM_STRANGER, NEEDS_USERNAME | NEEDS_PORT, make_stun_password,
	 "Binding requests with the right ufrag and a wrong password"},
	{"turn-allocate", FROM_STRANGER, NEEDS_PORT, make_allocate, "TURN Allocate requests"},
	{"turn-channel", FROM_STRANGER, NEEDS_PORT, make_channel, "TURN ChannelData"},
	{"turn-send", FROM_STRANGER, NEEDS_PORT, make_send, "TURN Send indications"},
	{"dtls", FROM_STRANGER, NEEDS_PORT, make_dtls,
	 "ClientHello from addresses that nobody checked"},
	{"dtls-port", FROM_HOST, NEEDS_PEER | NEEDS_PORT, make_dtls,
	 "ClientHello from the peer's address and other ports"},
	{"dtls-race", FROM_PEER, NEEDS_PEER | NEEDS_PORT, make_dtls,
	 "ClientHello from the peer's address and port"},
	{"srtp-replay", FROM_PEER, NEEDS_PEER | NEEDS_CAPTURED | NEEDS_PORT, make_replay,
	 "what the peer has sent before, once more"},
	{"srtp-forge", FROM_PEER, NEEDS_PEER | NEEDS_SSRC | NEEDS_PORT, make_srtp,
	 "the peer's 5-tuple and SSRC, random sequence numbers and tags"},
	{"srtcp-forge", FROM_PEER, NEEDS_PEER | NEEDS_SSRC | NEEDS_PORT, make_srtcp,
	 "the same as SRTCP"},
	{"fragments", FROM_STRANGER, NEEDS_PORT, make_fragment, "first, middle and last fragments"},
	{"jumbo", FROM_STRANGER, NEEDS_PORT, make_jumbo, "RTP as large as the interface sends it"},
	{"runt", FROM_STRANGER, NEEDS_PORT, make_runt, "frames that end inside of a header"},
	{"arp", FROM_STRANGER, NEEDS_IPV4, make_arp, "ARP requests and replies"},
	{"ndp", FROM_STRANGER, NEEDS_IPV6, make_ndp, "neighbour solicitations, advertisements"},
	{"icmp", FROM_STRANGER, NEEDS_IPV4, make_icmp, "pings and errors"},
	{"icmp6", FROM_STRANGER, NEEDS_IPV6, make_icmp6, "pings and errors of IPv6"},
};
const unsigned int kinds_count = sizeof(kinds) / sizeof(*kinds);

const struct kind *kind_find(const char *name)
{
	for (unsigned int n = 0; n < kinds_count; n++)
		if (!strcmp(kinds[n].name, name))
			return &kinds[n];
	return NULL;
}

bool kind_fits(const struct kind *k, const struct endpoint *target)
{
	return !(k->needs & (is_ipv4(target) ? NEEDS_IPV6 : NEEDS_IPV4)) &&
	       (target->port || !(k->needs & NEEDS_PORT));
}

struct in6_addr kind_source(uint32_t n, const struct endpoint *target)
{
	struct in6_addr v4 = {.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 198}};
	struct in6_addr v6 = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, 0xf0, [15] = 1}};

	n++; /* 198.18.0.1 is the first */
	v4.s6_addr[13] = 18 | (n >> 16 & 1);
	v4.s6_addr[14] = v6.s6_addr[6] = n >> 8;
	v4.s6_addr[15] = v6.s6_addr[7] = n;
	v6.s6_addr[5] = n >> 16;
	return is_ipv4(target) ? v4 : v6;
}
