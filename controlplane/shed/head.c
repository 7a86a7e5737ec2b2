/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/shed/head.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What is left of the frame, and between whom it went, once that was read. */
struct cursor {
	const uint8_t *at;
	size_t left;
	struct address from, to;
};

/* The next `size` octets, or NULL when there are not so many. */
static const uint8_t *take(struct cursor *c, size_t size)
{
	const uint8_t *octets = c->at;

	if (c->left < size)
		return NULL;
	c->at += size;
	c->left -= size;
	return octets;
}

static unsigned int be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static void __attribute__((format(printf, 2, 3))) say(struct head *h, const char *fmt, ...)
{
	size_t used = strlen(h->what);
	va_list args;

	va_start(args, fmt);
	vsnprintf(h->what + used, sizeof(h->what) - used, fmt, args);
	va_end(args);
}

/* A number's name in a table, or NULL. */
struct name {
	unsigned int number;
	const char *name;
};

#define NAME_OF(names, number) name_of(names, sizeof(names) / sizeof((names)[0]), number)

static const char *name_of(const struct name *names, size_t count, unsigned int number)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].number == number)
			return names[i].name;
	return NULL;
}

/* Says the name, or the number with what it is a number of. */
static void say_name(struct head *h, const char *name, const char *what, unsigned int number)
{
	if (name)
		say(h, "%s", name);
	else
		say(h, "%s %u", what, number);
}

/* --- what is in UDP: RFC 7983 ---------------------------------------------------------------- */

/* RFC 8489 section 5: the class's two bits are spread among the method's. */
static void read_stun(struct head *h, struct cursor c)
{
	static const char *const classes[] = {"request", "indication", "success", "error"};
	static const struct name methods[] = {
		{1, "Binding"}, {3, "Allocate"},         {4, "Refresh"},     {6, "Send"},
		{7, "Data"},    {8, "CreatePermission"}, {9, "ChannelBind"},
	};
	const uint8_t *p = take(&c, 20);
	unsigned int type, method;

	if (!p) {
		say(h, "STUN, cut short");
		return;
	}
	type = be16(p);
	method = (type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80);
	say(h, "STUN ");
	say_name(h, NAME_OF(methods, method), "method", method);
	say(h, " %s", classes[(type >> 4 & 1) | (type >> 7 & 2)]);
	if (be32(p + 4) != 0x2112a442)
		say(h, " without its magic cookie");
}

static void read_dtls(struct head *h, struct cursor c)
{
	static const struct name contents[] = {
		{20, "change of ciphers"},
		{21, "alert"},
		{22, "handshake"},
		{23, "application data"},
	};
	static const struct name messages[] = {
		{1, "ClientHello"},  {2, "ServerHello"},        {3, "HelloVerifyRequest"},
		{11, "Certificate"}, {16, "ClientKeyExchange"}, {20, "Finished"},
	};
	const uint8_t *record = take(&c, 13), *message = take(&c, 12);
	unsigned int content = record ? record[0] : 0;
	const char *name = NULL;

	if (!record) {
		say(h, "DTLS, cut short");
		return;
	}
	say(h, "DTLS ");
	/* In the epochs after the first one handshakes are encrypted. */
	if (content == 22 && message && be16(record + 3) == 0)
		name = NAME_OF(messages, message[0]);
	say_name(h, name ? name : NAME_OF(contents, content), "content", content);
}

/* RFC 5761 section 4: RTCP's packet types, where RTP has marker and payload type. */
static void read_rtp(struct head *h, struct cursor c)
{
	static const struct name reports[] = {
		{200, "sender report"}, {201, "receiver report"}, {202, "source description"},
		{203, "goodbye"},       {204, "application"},     {205, "transport feedback"},
		{206, "feedback"},      {207, "extended report"},
	};
	const uint8_t *p = take(&c, 8);

	if (!p) {
		say(h, "RTP, cut short");
	} else if (p[1] >= 192 && p[1] <= 223) {
		say(h, "RTCP ");
		say_name(h, NAME_OF(reports, p[1]), "type", p[1]);
		say(h, ", SSRC %08x", be32(p + 4));
	} else {
		const uint8_t *ssrc = take(&c, 4);

		say(h, "RTP type %u, sequence %u", p[1] & 0x7f, be16(p + 2));
		if (ssrc)
			say(h, ", SSRC %08x", be32(ssrc));
	}
}

static void read_payload(struct head *h, struct cursor c)
{
	if (c.left == 0)
		say(h, "empty");
	else if (c.at[0] < 4)
		read_stun(h, c);
	else if (c.at[0] >= 20 && c.at[0] < 64)
		read_dtls(h, c);
	else if (c.at[0] >= 64 && c.at[0] < 80)
		say(h, "TURN channel data");
	else if (c.at[0] >> 6 == 2)
		read_rtp(h, c);
	else
		say(h, "neither STUN, DTLS nor RTP, begins with %02x", c.at[0]);
}

/* --- what is in IP --------------------------------------------------------------------------- */

static void say_addresses(struct head *h, const struct cursor *c)
{
	address_text(h->source, &c->from);
	address_text(h->destination, &c->to);
}

static void say_ports(struct head *h, const struct cursor *c, unsigned int from, unsigned int to)
{
	const struct endpoint source = endpoint_make(&c->from, from);
	const struct endpoint destination = endpoint_make(&c->to, to);

	endpoint_text(h->source, &source);
	endpoint_text(h->destination, &destination);
}

static void read_udp(struct head *h, struct cursor c)
{
	const uint8_t *p = take(&c, 8);
	size_t length = p ? be16(p + 4) : 0;

	if (!p) {
		say(h, "UDP, cut short");
		return;
	}
	say_ports(h, &c, be16(p), be16(p + 2));
	say(h, "UDP, ");
	/* What follows the datagram is padding of the link, and not the datagram's. */
	if (length >= 8 && length - 8 < c.left)
		c.left = length - 8;
	read_payload(h, c);
}

static void read_icmp(struct head *h, struct cursor c)
{
	static const struct name types[] = {
		{0, "echo reply"},   {3, "destination unreachable"}, {5, "redirect"},
		{8, "echo request"}, {11, "time exceeded"},          {12, "parameter problem"},
		{13, "timestamp"},
	};
	const uint8_t *p = take(&c, 1);

	say(h, "ICMP ");
	if (p)
		say_name(h, NAME_OF(types, p[0]), "type", p[0]);
	else
		say(h, "cut short");
}

static void read_icmp6(struct head *h, struct cursor c)
{
	static const struct name types[] = {
		{1, "destination unreachable"},
		{2, "packet too big"},
		{3, "time exceeded"},
		{4, "parameter problem"},
		{128, "echo request"},
		{129, "echo reply"},
		{133, "router solicitation"},
		{134, "router advertisement"},
		{135, "neighbour solicitation"},
		{136, "neighbour advertisement"},
		{137, "redirect"},
	};
	const uint8_t *p = take(&c, 1);

	say(h, "ICMPv6 ");
	if (p)
		say_name(h, NAME_OF(types, p[0]), "type", p[0]);
	else
		say(h, "cut short");
}

static void read_transport(struct head *h, struct cursor c, unsigned int protocol)
{
	static const struct name protocols[] = {
		{IPPROTO_TCP, "TCP"}, {IPPROTO_IGMP, "IGMP"}, {IPPROTO_GRE, "GRE"},
		{IPPROTO_ESP, "ESP"}, {IPPROTO_SCTP, "SCTP"},
	};

	if (protocol == IPPROTO_UDP)
		read_udp(h, c);
	else if (protocol == IPPROTO_ICMP)
		read_icmp(h, c);
	else if (protocol == IPPROTO_ICMPV6)
		read_icmp6(h, c);
	else
		say_name(h, NAME_OF(protocols, protocol), "IP protocol", protocol);
}

static void read_ipv4(struct head *h, struct cursor c)
{
	const uint8_t *p = take(&c, 20);
	unsigned int header, fragment;

	if (!p || p[0] >> 4 != 4 || (p[0] & 15) < 5) {
		say(h, p ? "malformed IPv4" : "IPv4, cut short");
		return;
	}
	c.from = address_from_ipv4(p + 12);
	c.to = address_from_ipv4(p + 16);
	say_addresses(h, &c);
	header = 4 * (p[0] & 15);
	if (header > 20) {
		say(h, "IPv4 options, ");
		if (!take(&c, header - 20)) {
			say(h, "cut short");
			return;
		}
	}
	fragment = be16(p + 6) & 0x3fff;
	if (fragment)
		say(h, "fragment at %u, ", 8 * (fragment & 0x1fff));
	if (fragment & 0x1fff)
		say(h, "IP protocol %u", p[9]);
	else
		read_transport(h, c, p[9]);
}

static void read_ipv6(struct head *h, struct cursor c)
{
	static const struct name extensions[] = {
		{0, "hop-by-hop options"},
		{43, "routing header"},
		{60, "destination options"},
	};
	const uint8_t *p = take(&c, 40), *fragment;

	if (!p || p[0] >> 4 != 6) {
		say(h, p ? "malformed IPv6" : "IPv6, cut short");
		return;
	}
	c.from = address_from_ipv6(p + 8);
	c.to = address_from_ipv6(p + 24);
	say_addresses(h, &c);
	if (p[6] != 44) {
		const char *extension = NAME_OF(extensions, p[6]);

		if (extension)
			say(h, "IPv6 with %s", extension);
		else
			read_transport(h, c, p[6]);
		return;
	}
	fragment = take(&c, 8);
	if (!fragment) {
		say(h, "fragment, cut short");
		return;
	}
	say(h, "fragment at %u, ", be16(fragment + 2) & 0xfff8);
	if (be16(fragment + 2) & 0xfff8)
		say(h, "IP protocol %u", fragment[0]);
	else
		read_transport(h, c, fragment[0]);
}

/* --- what is in Ethernet --------------------------------------------------------------------- */

/* Its addresses are what it is about, and IPv4's only when it says so. */
static void read_arp(struct head *h, struct cursor c)
{
	static const struct name operations[] = {{1, "request"}, {2, "reply"}};
	const uint8_t *p = take(&c, 28);

	say(h, "ARP ");
	if (!p) {
		say(h, "cut short");
		return;
	}
	say_name(h, NAME_OF(operations, be16(p + 6)), "operation", be16(p + 6));
	if (be16(p + 2) != 0x0800 || p[5] != 4 || p[4] != 6)
		return;
	c.from = address_from_ipv4(p + 14);
	c.to = address_from_ipv4(p + 24);
	say_addresses(h, &c);
}

void head_read(struct head *h, const uint8_t *octets, size_t length)
{
	struct cursor c = {octets, length};
	const uint8_t *p = take(&c, 14);
	unsigned int type = p ? be16(p + 12) : 0;

	memset(h, 0, sizeof(*h));
	if (!p) {
		say(h, "a frame without an Ethernet header");
		return;
	}
	for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8); tags++) {
		p = take(&c, 4);
		if (!p) {
			say(h, "VLAN tag, cut short");
			return;
		}
		say(h, "VLAN %u, ", be16(p) & 0xfff);
		type = be16(p + 2);
	}
	switch (type) {
	case 0x0800:
		read_ipv4(h, c);
		break;
	case 0x86dd:
		read_ipv6(h, c);
		break;
	case 0x0806:
		read_arp(h, c);
		break;
	default:
		say(h, "Ethernet type %04x", type);
	}
}
