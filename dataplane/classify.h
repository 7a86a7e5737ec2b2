/* SPDX-License-Identifier: BSD-3-Clause */
/* What a UDP payload is: RFC 7983 by its first octet, RFC 5761 by the second. Workers. */
#ifndef TANDEM_CLASSIFY_H
#define TANDEM_CLASSIFY_H

#include <stdint.h>

#include "dataplane/burst.h"
#include "dataplane/wire/rtp.h"

#define CLASSIFY_RTCP_MIN 8
#define CLASSIFY_STUN_MIN 20
#define CLASSIFY_DTLS_MIN 13

/*
 * Of the `length` octets at `p`, for slot i: its class, or a drop reason. flow puts right what
 * comes to a port without RTCP, and turn takes back what is not for a leg.
 */
static __rte_always_inline void classify_payload(struct burst *b, unsigned int i, const uint8_t *p,
						 uint32_t length)
{
	uint8_t first = length ? p[0] : 0xff;
	uint8_t second = length > 1 ? p[1] : 0;

	if (first >= 128 && first <= 191) {
		if (second >= 192 && second <= 223) {
			if (length < CLASSIFY_RTCP_MIN)
				return burst_drop(b, i, DROP_RTCP_HEADER);
			b->class[i] = CLASS_RTCP;
			return;
		}
		if (!rtp_header_fits(p, length))
			return burst_drop(b, i, DROP_RTP_HEADER);
		b->class[i] = CLASS_RTP;
	} else if (first <= 3) {
		if (length < CLASSIFY_STUN_MIN)
			return burst_drop(b, i, DROP_STUN_MALFORMED);
		b->class[i] = CLASS_STUN;
	} else if (first >= 20 && first <= 63 && length >= CLASSIFY_DTLS_MIN) {
		b->class[i] = CLASS_DTLS;
	} else {
		burst_drop(b, i, DROP_NOT_MEDIA);
	}
}

/* Whether the packet was dropped for its payload alone: all else about it is known. */
static inline bool classify_knows(const struct burst *b, unsigned int i)
{
	switch (b->class[i]) {
	case CLASS_RTP:
	case CLASS_RTCP:
	case CLASS_STUN:
	case CLASS_DTLS:
		return true;
	case CLASS_DROPPED:
		return b->reason[i] == DROP_NOT_MEDIA || b->reason[i] == DROP_RTP_HEADER ||
		       b->reason[i] == DROP_RTCP_HEADER || b->reason[i] == DROP_STUN_MALFORMED;
	default:
		return false;
	}
}

#endif
