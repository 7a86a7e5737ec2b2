/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/packet.h"

bool packet_equal(const struct packet *a, const struct packet *b)
{
	return a->class == b->class && a->length == b->length &&
	       !memcmp(a->octets, b->octets, a->length);
}

struct packet packet_rtp(uint32_t ssrc, uint16_t seq, unsigned int csrcs, int words,
			 unsigned int payload)
{
	struct packet made = {.class = CLASS_RTP};
	uint8_t *p = made.octets;

	*p++ = 0x80 | (words >= 0 ? 0x10 : 0) | csrcs;
	*p++ = 0;
	oracle_put(p, seq, 2);
	oracle_put(p + 2, 160 * seq, 4);
	oracle_put(p + 6, ssrc, 4);
	p += 10;
	for (unsigned int k = 0; k < 4 * csrcs; k++)
		*p++ = 0xc0 + k;
	if (words >= 0) {
		oracle_put(p, 0xbede, 2);
		oracle_put(p + 2, words, 2);
		p += 4;
		for (int k = 0; k < 4 * words; k++)
			*p++ = 0xe0 + k;
	}
	for (unsigned int k = 0; k < payload; k++)
		*p++ = k ^ seq;
	made.length = p - made.octets;
	return made;
}

struct packet packet_rtcp(uint32_t ssrc, unsigned int blocks)
{
	struct packet p = {.class = CLASS_RTCP, .length = 8 + 24 * blocks};

	p.octets[0] = 0x80 | blocks;
	p.octets[1] = 201;
	oracle_put(p.octets + 2, p.length / 4 - 1, 2);
	oracle_put(p.octets + 4, ssrc, 4);
	for (unsigned int k = 8; k < p.length; k++)
		p.octets[k] = k;
	return p;
}

struct packet packet_numbered(struct packet p, uint16_t as)
{
	oracle_put(p.octets + 2, as, 2);
	return p;
}

struct packet packet_protect(struct packet p, const struct oracle *o, uint64_t index)
{
	p.length = p.class == CLASS_RTCP ? oracle_protect_rtcp(o, p.octets, p.length, index)
					 : oracle_protect_rtp(o, p.octets, p.length, 12, index);
	return p;
}

struct packet packet_srtp(const struct oracle *o, uint32_t ssrc, uint64_t index)
{
	return packet_protect(packet_rtp(ssrc, index, 0, -1, 20), o, index);
}

struct packet packet_srtcp(const struct oracle *o, uint32_t ssrc, uint32_t index)
{
	return packet_protect(packet_rtcp(ssrc, 1), o, index);
}
