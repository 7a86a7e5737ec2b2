/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Internet addresses of both families in one shape: IPv4 is kept v4-mapped (::ffff:a.b.c.d,
 * RFC 4291 2.5.5.2), so that one 16-octet comparison serves. Everything in network byte order.
 */
#ifndef TANDEM_ADDRESS_H
#define TANDEM_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>

struct address {
	union {
		uint8_t octets[16];
		uint64_t half[2];
	};
};

struct endpoint {
	struct address address;
	rte_be16_t port;
	uint16_t reserved; /* zero, so that an endpoint may be compared and hashed as octets */
};

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

static inline bool address_is_ipv4(const struct address *a)
{
	return a->half[0] == 0 && a->octets[8] == 0 && a->octets[9] == 0 && a->octets[10] == 0xff &&
	       a->octets[11] == 0xff;
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

#define ENDPOINT_TEXT_MAX 56

/* "198.51.100.1", "2001:db8::1"; `text` holds ENDPOINT_TEXT_MAX octets. Returns `text`. */
const char *address_text(char *text, const struct address *a);
/* 0 or -EINVAL: neither an IPv4 nor an IPv6 address. */
int address_parse(struct address *a, const char *text);

#endif
