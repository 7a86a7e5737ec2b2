/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses as messages have them: 4 or 16 octets, and ports in host order. Any thread. */
#ifndef TANDEM_OCTETS_H
#define TANDEM_OCTETS_H

#include "dataplane/api/dataplane.pb-c.h"
#include "dataplane/lib/address.h"

/* Returns octets that stay those of `address`. */
static inline ProtobufCBinaryData octets_of(const struct address *address)
{
	return (ProtobufCBinaryData){address_octet_count(address),
				     (uint8_t *)address_octets(address)};
}

/* Reads an address. 0, or -EINVAL if there are neither 4 nor 16 octets. */
static inline int octets_read(struct address *address, const ProtobufCBinaryData *octets)
{
	return address_from_octets(address, octets->data, octets->len);
}

/* Fills in an endpoint, whose octets stay those of `address`. */
void octets_fill_endpoint(Tandem__Dataplane__V1__Endpoint *out, const struct address *address,
			  unsigned int port);
/* Reads an endpoint. It is zero if `in` is NULL or has no address. */
struct endpoint octets_read_endpoint(const Tandem__Dataplane__V1__Endpoint *in);

/* Reads a prefix, of whose address `length` bits count. 0, or -EINVAL if it has fewer. */
int octets_read_prefix(struct prefix *prefix, const ProtobufCBinaryData *octets,
		       unsigned int length);
/* Returns how many bits of its address a prefix has, as octets_read_prefix() takes them. */
unsigned int octets_prefix_length(const struct prefix *prefix);

/* Reads what stands for a source of packets: an IPv4 address, or an IPv6 /64. 0, or -EINVAL. */
int octets_read_source(struct prefix *source, const ProtobufCBinaryData *octets);

#endif
