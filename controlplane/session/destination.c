/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/destination.h"

/* RFC 6890 and its kin; the first that has an address counts. */
static const struct {
	struct prefix prefix;
	const char *what;
} hostless[] = {
	{PREFIX_IPV4(0, 0, 0, 0, 8), "an address of no host"},
	{PREFIX_IPV4(127, 0, 0, 0, 8), "a loopback address"},
	{PREFIX_IPV4(169, 254, 0, 0, 16), "a link-local address"},
	{PREFIX_IPV4(224, 0, 0, 0, 4), "a multicast address"},
	{PREFIX_IPV4(255, 255, 255, 255, 32), "the broadcast address"},
	{PREFIX_IPV4(240, 0, 0, 0, 4), "a reserved address"},
	{{{.octets = {[15] = 1}}, 128}, "a loopback address"},
	{{{.octets = {0}}, 96}, "an address of no host"},
	{{{.octets = {0xff}}, 8}, "a multicast address"},
	{{{.octets = {0xfe, 0x80}}, 10}, "a link-local address"},
};

const char *destination_refuse(const struct address *address, const struct networks *networks,
			       const struct prefix *denied, unsigned int denied_count)
{
	for (size_t k = 0; k < sizeof(hostless) / sizeof(hostless[0]); k++)
		if (prefix_has(&hostless[k].prefix, address))
			return hostless[k].what;
	if (networks_find(networks, address))
		return "an address of the relay itself";
	for (unsigned int k = 0; k < denied_count; k++)
		if (prefix_has(&denied[k], address))
			return "in a prefix of [network] deny";
	return NULL;
}
