/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a message ends in a TURN client's stream (RFC 8656 12.5, RFC 8489 6.2.2): STUN by its
 * length, ChannelData by its length and padding. Pure; any thread.
 */
#ifndef TANDEM_GATE_FRAME_H
#define TANDEM_GATE_FRAME_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#define GATE_FRAME_MOST 1452 /* octets: what fits a datagram of the inner link, by IPv6 */
#define GATE_FRAME_HEAD 4    /* octets that tell the length */

struct gate_frame {
	size_t datagram; /* octets that are the message */
	size_t stream;   /* octets that it takes in the stream, padding included */
};

/*
 * Of a stream that begins with these octets, at least GATE_FRAME_HEAD of them. 0; -EBADMSG: it is
 * neither; -EMSGSIZE: longer than any that is served.
 */
static inline int gate_frame_read(struct gate_frame *frame, const uint8_t *octets)
{
	size_t length = octets[2] << 8 | octets[3];

	switch (octets[0] >> 6) {
	case 0:
		if (length % 4)
			return -EBADMSG;
		frame->datagram = 20 + length;
		break;
	case 1:
		frame->datagram = 4 + length;
		break;
	default:
		return -EBADMSG;
	}
	frame->stream = (frame->datagram + 3) & ~(size_t)3;
	return frame->stream <= GATE_FRAME_MOST ? 0 : -EMSGSIZE;
}

#endif
