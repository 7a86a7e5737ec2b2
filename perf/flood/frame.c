/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/flood/frame.h"

#include <arpa/inet.h>
#include <string.h>

#include "perf/flood/turn_payload.h"
#include "perf/flood/vary.h"

enum { MEDIA = 160, NOISE = 64, IPV4_AT = 12 };

static struct shed_address address(int version, const char *ipv4, const char *ipv6)
{
	struct shed_address a = {.byte = {[10] = 0xff, [11] = 0xff}};

	if (version == 4)
		inet_pton(AF_INET, ipv4, &a.byte[IPV4_AT]);
	else
		inet_pton(AF_INET6, ipv6, a.byte);
	return a;
}

struct shed_address frame_media(int version)
{
	return address(version, "198.51.100.1", "2001:db8:1::1");
}

struct shed_address frame_peer(int version)
{
	return address(version, "198.51.100.10", "2001:db8:1::10");
}

struct shed_address frame_stranger(int version)
{
	return address(version, "203.0.113.66", "2001:db8:bad::66");
}

/* --- payloads ----------------------------------------------------------------------------------*/

struct attribute {
	__be16 type;
	__be16 length;
} PACKET_HEADER;

/* What an agent's check is made of (RFC 8445 section 7.1.1), its authentication left zero. */
struct check {
	struct packet_stun stun;
	struct attribute username;
	char fragments[12];
	struct attribute priority;
	__u8 priority_value[4];
	struct attribute controlling;
	__u8 tie_breaker[8];
	struct attribute nominate;
	struct attribute integrity;
	__u8 hmac[20];
	struct attribute fingerprint;
	__u8 crc[4];
} PACKET_HEADER;

static struct attribute make_attribute(__u16 type, __u16 length)
{
	return (struct attribute){htons(type), htons(length)};
}

static unsigned int put_stun(__u8 *to)
{
	struct check c = {
		.stun = {htons(PACKET_STUN_REQUEST), htons(sizeof(c) - sizeof(c.stun)),
			 htonl(PACKET_STUN_COOKIE)},
		.username = make_attribute(PACKET_STUN_USERNAME, sizeof(c.fragments)),
		.priority = make_attribute(0x0024, sizeof(c.priority_value)),
		.controlling = make_attribute(0x802a, sizeof(c.tie_breaker)),
		.nominate = make_attribute(0x0025, 0),
		.integrity = make_attribute(0x0008, sizeof(c.hmac)),
		.fingerprint = make_attribute(0x8028, sizeof(c.crc)),
	};

	memcpy(c.fragments, FRAME_UFRAG ":browser", sizeof(c.fragments));
	memcpy(to, &c, sizeof(c));
	return sizeof(c);
}

static unsigned int put_rtp(__u8 *to)
{
	const struct packet_rtp rtp = {0x80, 0, htons(FRAME_SEQUENCE), 0, htonl(FRAME_SSRC)};

	memcpy(to, &rtp, sizeof(rtp));
	return sizeof(rtp) + MEDIA;
}

static bool is_turn(enum frame_kind kind)
{
	return kind >= FRAME_CHANNEL && kind <= FRAME_ANSWER;
}

static unsigned int put_payload(__u8 *to, enum frame_kind kind, const struct shed_address *from)
{
	static const __u8 rtcp[] = {0x80, 201, 0, 1, 0x5e, 0xed, 0, 1};
	static const __u8 hello[] = {22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 115, 1};

	switch (kind) {
	case FRAME_RTP:
		return put_rtp(to);
	case FRAME_STUN:
		return put_stun(to);
	case FRAME_RTCP:
		memcpy(to, rtcp, sizeof(rtcp));
		return sizeof(rtcp);
	case FRAME_DTLS:
		memcpy(to, hello, sizeof(hello));
		return 128;
	case FRAME_CHANNEL:
		return turn_payload_channel(to, put_rtp(to + TURN_PAYLOAD_CHANNEL));
	case FRAME_SEND:
		return turn_payload_send(to, put_rtp(to + TURN_PAYLOAD_SEND));
	case FRAME_ALLOCATE:
		return turn_payload_allocate(to);
	case FRAME_ANSWER:
		return turn_payload_answer(to, from);
	default:
		memset(to, 0xff, NOISE);
		return NOISE;
	}
}

/* --- headers -----------------------------------------------------------------------------------*/

static __u8 *put_udp(struct frame *f, __u8 *at, enum frame_kind kind,
		     const struct shed_address *from)
{
	__u16 port = is_turn(kind) ? FRAME_TURN : FRAME_PORT;
	unsigned int octets;

	f->udp = (struct packet_udp *)at;
	f->payload = at + sizeof(*f->udp);
	octets = put_payload(f->payload, kind, from);
	/* Over IPv6 there must be a checksum; nobody on this way looks whether it is right. */
	*f->udp = (struct packet_udp){htons(FRAME_FROM), htons(port),
				      htons(sizeof(*f->udp) + octets), htons(0xabcd)};
	return f->payload + octets;
}

static __u8 *put_icmp(struct frame *f, __u8 *at, enum frame_kind kind)
{
	const struct shed_address media = frame_media(6);
	struct packet_neighbour *nd = (struct packet_neighbour *)at;

	f->icmp = &nd->icmp;
	if (kind == FRAME_ECHO) {
		f->icmp->type = f->ipv4 ? PACKET_ICMPV4_ECHO_REQUEST : PACKET_ICMPV6_ECHO_REQUEST;
		return at + sizeof(*f->icmp);
	}
	f->icmp->type = PACKET_ICMPV6_NEIGHBOUR_SOLICITATION;
	memcpy(nd->target, media.byte, sizeof(nd->target));
	return at + sizeof(*nd);
}

static __u8 *put_arp(__u8 *at, const struct shed_address *from, const struct shed_address *to)
{
	struct packet_arp arp = {htons(1), htons(PACKET_IPV4), 6, 4, htons(1)};

	memcpy(arp.sender, &from->byte[IPV4_AT], sizeof(arp.sender));
	memcpy(arp.target, &to->byte[IPV4_AT], sizeof(arp.target));
	memcpy(at, &arp, sizeof(arp));
	return at + sizeof(arp);
}

static __u8 *put_ipv4(struct frame *f, __u8 *at, enum frame_kind kind,
		      const struct shed_address *from, const struct shed_address *to)
{
	__u8 *end;

	f->ipv4 = (struct packet_ipv4 *)at;
	at += sizeof(*f->ipv4);
	end = kind == FRAME_ECHO ? put_icmp(f, at, kind) : put_udp(f, at, kind, from);
	*f->ipv4 = (struct packet_ipv4){
		.version_ihl = 0x45,
		.length = htons(end - (__u8 *)f->ipv4),
		.ttl = 64,
		.protocol = kind == FRAME_ECHO ? PACKET_ICMPV4 : PACKET_UDP,
	};
	memcpy(f->ipv4->src, &from->byte[IPV4_AT], sizeof(f->ipv4->src));
	memcpy(f->ipv4->dst, &to->byte[IPV4_AT], sizeof(f->ipv4->dst));
	return end;
}

static __u8 *put_ipv6(struct frame *f, __u8 *at, enum frame_kind kind,
		      const struct shed_address *from, const struct shed_address *to)
{
	const bool is_icmp = kind >= FRAME_ECHO;
	__u8 *end;

	f->ipv6 = (struct packet_ipv6 *)at;
	at += sizeof(*f->ipv6);
	end = is_icmp ? put_icmp(f, at, kind) : put_udp(f, at, kind, from);
	*f->ipv6 = (struct packet_ipv6){
		.version_class = 0x60,
		.length = htons(end - at),
		.next = is_icmp ? PACKET_ICMPV6 : PACKET_UDP,
		.hop_limit = 255,
	};
	memcpy(f->ipv6->src, from->byte, sizeof(f->ipv6->src));
	memcpy(f->ipv6->dst, to->byte, sizeof(f->ipv6->dst));
	return end;
}

void frame_make(struct frame *f, int version, enum frame_kind kind, const struct shed_address *from,
		void (*spoil)(struct frame *f))
{
	const struct shed_address to = frame_media(version);
	struct packet_ethernet *ethernet = (struct packet_ethernet *)f->octet;
	__u8 *at = f->octet + sizeof(*ethernet), *end;

	*f = (struct frame){};
	memcpy(ethernet, "\x02\0\0\0\0\x01\x02\0\0\0\0\x09", 12);
	ethernet->type = htons(version == 6             ? PACKET_IPV6
			       : kind == FRAME_QUESTION ? PACKET_ARP
							: PACKET_IPV4);
	if (version == 6)
		end = put_ipv6(f, at, kind, from, &to);
	else if (kind == FRAME_QUESTION)
		end = put_arp(at, from, &to);
	else
		end = put_ipv4(f, at, kind, from, &to);
	f->length = end - f->octet;
	if (spoil)
		spoil(f);
	if (f->ipv4) {
		vary_sum(f->ipv4);
		f->ipv4->checksum ^= f->wrong_checksum;
	}
}
