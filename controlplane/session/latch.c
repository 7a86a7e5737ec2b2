/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/latch.h"

#include <string.h>
#include <sys/socket.h>

/* Addresses that mean something on this side of a translator alone. */
static const struct range {
	int family;
	unsigned int bits;
	uint8_t ip[16];
} ranges[] = {
	{AF_INET, 8, {10}},           /* RFC 1918 */
	{AF_INET, 12, {172, 16}},     /* RFC 1918 */
	{AF_INET, 16, {192, 168}},    /* RFC 1918 */
	{AF_INET, 10, {100, 64}},     /* RFC 6598 */
	{AF_INET, 16, {169, 254}},    /* RFC 3927 */
	{AF_INET, 8, {127}},          /* RFC 1122 */
	{AF_INET, 8, {0}},            /* RFC 1122 */
	{AF_INET6, 7, {0xfc}},        /* RFC 4193 */
	{AF_INET6, 10, {0xfe, 0x80}}, /* RFC 4291 section 2.5.6 */
	{AF_INET6, 96, {0}},          /* the loopback and the unspecified one among them */
};

static bool is_in(const struct sdp_address *address, const struct range *range)
{
	unsigned int whole = range->bits / 8, rest = range->bits % 8;

	if (address->family != range->family || memcmp(address->ip, range->ip, whole) != 0)
		return false;
	return rest == 0 || (address->ip[whole] ^ range->ip[whole]) >> (8 - rest) == 0;
}

bool latch_is_routable(const struct sdp_address *address)
{
	if (address->family == AF_UNSPEC)
		return false;
	for (unsigned int i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (is_in(address, &ranges[i]))
			return false;
	return true;
}

bool latch_is_signalled(Tandem__Relay__V1__Latch latch, const struct sdp_address *signalled)
{
	switch (latch) {
	case TANDEM__RELAY__V1__LATCH__LATCH_ADDRESS:
		return true;
	case TANDEM__RELAY__V1__LATCH__LATCH_DEFAULT:
		/* Before the SDP is there, nobody is heard, and so nobody needs to be learnt. */
		return signalled->family == AF_UNSPEC || latch_is_routable(signalled);
	default:
		return false;
	}
}
