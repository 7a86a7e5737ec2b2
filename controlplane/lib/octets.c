/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/octets.h"

void octets_fill_endpoint(Tandem__Dataplane__V1__Endpoint *out, const struct address *address,
			  unsigned int port)
{
	tandem__dataplane__v1__endpoint__init(out);
	out->address = octets_of(address);
	out->port = port;
}

struct endpoint octets_read_endpoint(const Tandem__Dataplane__V1__Endpoint *in)
{
	struct address address;

	if (!in || octets_read(&address, &in->address))
		return (struct endpoint){.port = 0};
	return endpoint_make(&address, in->port);
}

int octets_read_prefix(struct prefix *prefix, const ProtobufCBinaryData *octets,
		       unsigned int length)
{
	struct address address;

	if (octets_read(&address, octets) || length > 8 * octets->len)
		return -EINVAL;
	*prefix = prefix_of(&address, length + 8 * (16 - octets->len));
	return 0;
}

unsigned int octets_prefix_length(const struct prefix *prefix)
{
	return prefix->length - (address_is_ipv4(&prefix->address) ? ADDRESS_IPV4_BITS : 0);
}

int octets_read_source(struct prefix *source, const ProtobufCBinaryData *octets)
{
	return octets_read_prefix(source, octets, octets->len == 16 ? 64 : 32);
}
