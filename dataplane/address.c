/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/address.h"

#include <arpa/inet.h>
#include <errno.h>

const char *address_text(char *text, const struct address *a)
{
	if (address_is_ipv4(a))
		inet_ntop(AF_INET, &a->octets[12], text, ENDPOINT_TEXT_MAX);
	else
		inet_ntop(AF_INET6, a->octets, text, ENDPOINT_TEXT_MAX);
	return text;
}

int address_parse(struct address *a, const char *text)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1)
		*a = address_from_ipv4(octets);
	else if (inet_pton(AF_INET6, text, octets) == 1)
		*a = address_from_ipv6(octets);
	else
		return -EINVAL;
	return 0;
}
