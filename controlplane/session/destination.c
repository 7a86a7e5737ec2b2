/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/destination.h"

#include <string.h>
#include <sys/socket.h>

#include "controlplane/lib/prefix.h"

/* RFC 6890 and its kin. */
static const struct {
	uint8_t octets[4];
	unsigned int length;
	const char *what;
} ipv4[] = {
	{{0}, 8, "an address of no host"},
	{{127}, 8, "a loopback address"},
	{{169, 254}, 16, "a link-local address"},
	{{224}, 4, "a multicast address"},
	{{255, 255, 255, 255}, 32, "the broadcast address"},
	{{240}, 4, "a reserved address"},
};

static bool begins_with(const uint8_t *octets, const uint8_t *prefix, unsigned int length)
{
	unsigned int whole = length / 8, rest = length % 8;

	return memcmp(octets, prefix, whole) == 0 &&
	       (rest == 0 || (octets[whole] ^ prefix[whole]) >> (8 - rest) == 0);
}

static const char *refuse_ipv4(const uint8_t octets[4])
{
	for (size_t k = 0; k < sizeof(ipv4) / sizeof(ipv4[0]); k++)
		if (begins_with(octets, ipv4[k].octets, ipv4[k].length))
			return ipv4[k].what;
	return NULL;
}

static const char *refuse_ipv6(const uint8_t octets[16])
{
	static const uint8_t zero[12], mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(octets, zero, 12) == 0)
		return octets[12] || octets[13] || octets[14] || octets[15] != 1
			       ? "an address of no host"
			       : "a loopback address";
	if (memcmp(octets, mapped, 12) == 0)
		return "an IPv4 address in IPv6's clothes";
	if (octets[0] == 0xff)
		return "a multicast address";
	return octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80 ? "a link-local address" : NULL;
}

static bool is_denied(const struct sdp_address *address, const struct prefix *denied,
		      unsigned int count)
{
	struct prefix one = {.size = address->family == AF_INET ? 4 : 16};

	one.length = 8 * one.size;
	memcpy(one.octets, address->ip, one.size);
	for (unsigned int k = 0; k < count; k++)
		if (prefix_contains(&denied[k], &one))
			return true;
	return false;
}

const char *destination_refuse(const struct sdp_address *address, const struct networks *networks,
			       const struct prefix *denied, unsigned int denied_count)
{
	struct sdp_address bare = *address;
	const char *what;

	if (address->family == AF_UNSPEC)
		return NULL;
	what = address->family == AF_INET ? refuse_ipv4(address->ip) : refuse_ipv6(address->ip);
	if (what)
		return what;
	bare.port = 0;
	if (networks_find(networks, &bare))
		return "an address of the relay itself";
	return is_denied(address, denied, denied_count) ? "in a prefix of [network] deny" : NULL;
}
