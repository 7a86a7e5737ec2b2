/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Internet addresses of both families in one shape: IPv4 is kept v4-mapped (::ffff:a.b.c.d,
 * RFC 4291 2.5.5.2), so that one 16-octet comparison serves. Everything in network byte order. Here
 * is the one place where they become octets of a message, texts, and where prefixes are
 * compared. Any thread.
 */
#ifndef TANDEM_ADDRESS_H
#define TANDEM_ADDRESS_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct address {
	union {
		uint8_t octets[16];
		uint64_t half[2];
	};
};

struct endpoint {
	struct address address;
	uint16_t port;     /* network byte order */
	uint16_t reserved; /* zero, so that an endpoint may be compared and hashed as octets */
};

/* The addresses whose first `length` bits are those of `address`, and whose bits behind are 0. */
struct prefix {
	struct address address;
	unsigned int length; /* of 128: an IPv4 prefix of n bits has 96 + n */
};

#define ADDRESS_IPV4_BITS 96 /* that come before an IPv4 address */

/* Initializes a prefix: a.b.c.d/n. */
#define PREFIX_IPV4(a, b, c, d, n)                                                                 \
	{                                                                                          \
		{.octets = {[10] = 0xff, [11] = 0xff, a, b, c, d}}, ADDRESS_IPV4_BITS + (n)        \
	}

static inline struct address address_from_ipv4(const void *octets)
{
	struct address a = {.octets = {[10] = 0xff, [11] = 0xff}};

	memcpy(&a.octets[12], octets, 4);
	return a;
}

static inline struct address address_from_ipv6(const void *octets)
{
	struct address a;

	memcpy(a.octets, octets, 16);
	return a;
}

/* Of a message: 4 octets or 16. 0, or -EINVAL for another length. */
static inline int address_from_octets(struct address *a, const void *octets, size_t length)
{
	if (length != 4 && length != 16)
		return -EINVAL;
	*a = length == 4 ? address_from_ipv4(octets) : address_from_ipv6(octets);
	return 0;
}

static inline bool address_is_ipv4(const struct address *a)
{
	return a->half[0] == 0 && a->octets[8] == 0 && a->octets[9] == 0 && a->octets[10] == 0xff &&
	       a->octets[11] == 0xff;
}

/* For a message, inside `a`: as many octets as address_octet_count() says. */
static inline const uint8_t *address_octets(const struct address *a)
{
	return &a->octets[address_is_ipv4(a) ? 12 : 0];
}

static inline size_t address_octet_count(const struct address *a)
{
	return address_is_ipv4(a) ? 4 : 16;
}

static inline bool address_equal(const struct address *a, const struct address *b)
{
	return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}

/* "::", the unspecified address (RFC 4291 2.5.2), which also stands for none. */
static inline bool address_is_zero(const struct address *a)
{
	return a->half[0] == 0 && a->half[1] == 0;
}

/* One that a host on a network can have: RFC 1122 3.2.1.3, RFC 4291 2.5. */
static inline bool address_is_host(const struct address *a)
{
	static const struct address loopback = {.octets = {[15] = 1}};

	if (address_is_ipv4(a))
		return a->octets[12] != 0 && a->octets[12] != 127 && a->octets[12] < 224;
	return a->octets[0] != 0xff && !address_is_zero(a) && !address_equal(a, &loopback);
}

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && address_equal(&a->address, &b->address);
}

/* Nothing was set: no participant has port 0. */
static inline bool endpoint_is_unset(const struct endpoint *e)
{
	return e->port == 0;
}

/* Neither an address nor a port: it stands for none. */
static inline bool endpoint_is_zero(const struct endpoint *e)
{
	return e->port == 0 && address_is_zero(&e->address);
}

/* With a port in host order, as messages and texts have it. */
static inline struct endpoint endpoint_make(const struct address *a, unsigned int port)
{
	return (struct endpoint){.address = *a, .port = htons((uint16_t)port)};
}
/* Returns the port in host order. */
static inline unsigned int endpoint_port(const struct endpoint *e)
{
	return ntohs(e->port);
}

/* Whether the first `length` bits of 16 octets here and there are the same ones. */
bool address_same_bits(const void *a, const void *b, unsigned int length);

/* The prefix of this length that the address is in; longer than 128: of all its bits. */
struct prefix prefix_of(const struct address *a, unsigned int length);
/* Whether the address is in it. No IPv4 address is in a prefix of IPv6, short as it may be. */
static inline bool prefix_has(const struct prefix *p, const struct address *a)
{
	return address_is_ipv4(&p->address) == address_is_ipv4(a) &&
	       address_same_bits(p->address.octets, a->octets, p->length);
}
/* Whether all of `other` is in it. */
static inline bool prefix_contains(const struct prefix *p, const struct prefix *other)
{
	return p->length <= other->length && prefix_has(p, &other->address);
}

/* What holds the text of an address, of an endpoint, and of a prefix. */
#define ADDRESS_TEXT 56

/* "198.51.100.1", "2001:db8::1"; `text` holds ADDRESS_TEXT octets. Each returns `text`. */
const char *address_text(char *text, const struct address *a);
/* "198.51.100.1:20000", "[2001:db8::1]:20000"; with port 0 the address alone. */
const char *endpoint_text(char *text, const struct endpoint *e);
/* "203.0.113.0/24", "2001:db8::/32"; of a whole address without its length. */
const char *prefix_text(char *text, const struct prefix *p);

/* 0 or -EINVAL: neither an IPv4 nor an IPv6 address. */
int address_parse(struct address *a, const char *text);
/*
 * "203.0.113.0/24", "2001:db8::/32", or an address, which is the prefix of all its bits. 0;
 * -EINVAL: no such text; -EDOM: some bits are set behind its length, and are 0 in `p`.
 */
int prefix_parse(struct prefix *p, const char *text);

#endif
