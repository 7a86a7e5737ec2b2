/* SPDX-License-Identifier: BSD-3-Clause */
/* RTP, RTCP and their protected kin as the participants of a call make them, octet by octet. */
#ifndef TANDEM_TESTS_RIG_PACKET_H
#define TANDEM_TESTS_RIG_PACKET_H

#include "dataplane/burst.h"
#include "tests/rig/oracle.h"

#define PACKET_MAX 1500

/* The payload of one UDP datagram. */
struct packet {
	enum packet_class class;
	uint16_t length;
	uint8_t octets[PACKET_MAX];
};

bool packet_equal(const struct packet *a, const struct packet *b);

/* With `csrcs` CSRCs, `words` words of extension (-1: none) and `payload` octets. */
struct packet packet_rtp(uint32_t ssrc, uint16_t seq, unsigned int csrcs, int words,
			 unsigned int payload);

/* A receiver report with `blocks` report blocks. */
struct packet packet_rtcp(uint32_t ssrc, unsigned int blocks);

/* With another number than its content has. */
struct packet packet_numbered(struct packet p, uint16_t as);

/* As its sender would have protected it, under any index it likes; without CSRCs or extension. */
struct packet packet_protect(struct packet p, const struct oracle *o, uint64_t index);
struct packet packet_srtp(const struct oracle *o, uint32_t ssrc, uint64_t index);
struct packet packet_srtcp(const struct oracle *o, uint32_t ssrc, uint32_t index);

#endif
