/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/latch.h"

/* Addresses that mean something on this side of a translator alone. */
static const struct prefix local[] = {
	PREFIX_IPV4(10, 0, 0, 0, 8),     /* RFC 1918 */
	PREFIX_IPV4(172, 16, 0, 0, 12),  /* RFC 1918 */
	PREFIX_IPV4(192, 168, 0, 0, 16), /* RFC 1918 */
	PREFIX_IPV4(100, 64, 0, 0, 10),  /* RFC 6598 */
	PREFIX_IPV4(169, 254, 0, 0, 16), /* RFC 3927 */
	PREFIX_IPV4(127, 0, 0, 0, 8),    /* RFC 1122 */
	PREFIX_IPV4(0, 0, 0, 0, 8),      /* RFC 1122 */
	{{.octets = {0xfc}}, 7},         /* RFC 4193 */
	{{.octets = {0xfe, 0x80}}, 10},  /* RFC 4291 section 2.5.6 */
	{{.octets = {0}}, 96},           /* the loopback and the unspecified one among them */
};

bool latch_is_routable(const struct address *address)
{
	for (unsigned int i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (prefix_has(&local[i], address))
			return false;
	return true;
}

bool latch_is_signalled(Tandem__Relay__V1__Latch latch, const struct address *signalled)
{
	switch (latch) {
	case TANDEM__RELAY__V1__LATCH__LATCH_ADDRESS:
		return true;
	case TANDEM__RELAY__V1__LATCH__LATCH_DEFAULT:
		/* Before the SDP is there, nobody is heard, and so nobody needs to be learnt. */
		return address_is_zero(signalled) || latch_is_routable(signalled);
	default:
		return false;
	}
}
