/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of RTP and RTCP headers (RFC 3550 5.1, 6.4), in host byte order. The caller knows that the
 * packet holds what is read: classify refuses packets shorter than their headers say.
 */
#ifndef TANDEM_RTP_H
#define TANDEM_RTP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>

#define RTP_HEADER  12 /* without CSRCs and extension */
#define RTCP_HEADER 8  /* with the sender's SSRC */

#define RTP_PADDING 0x20 /* in the first octet */

#define RTP_MAX_DROPOUT 3000 /* RFC 3550 A.1: what leaves out more numbers leaps */

static inline uint16_t rtp_read16(const uint8_t *p)
{
	rte_be16_t value;

	memcpy(&value, p, sizeof(value));
	return rte_be_to_cpu_16(value);
}

static inline uint32_t rtp_read32(const uint8_t *p)
{
	rte_be32_t value;

	memcpy(&value, p, sizeof(value));
	return rte_be_to_cpu_32(value);
}

static inline void rtp_write16(uint8_t *p, uint16_t value)
{
	rte_be16_t octets = rte_cpu_to_be_16(value);

	memcpy(p, &octets, sizeof(octets));
}

static inline void rtp_write32(uint8_t *p, uint32_t value)
{
	rte_be32_t octets = rte_cpu_to_be_32(value);

	memcpy(p, &octets, sizeof(octets));
}

static inline uint8_t rtp_payload_type(const uint8_t *p)
{
	return p[1] & 0x7f;
}

static inline uint16_t rtp_seq(const uint8_t *p)
{
	return rtp_read16(p + 2);
}

static inline uint32_t rtp_timestamp(const uint8_t *p)
{
	return rtp_read32(p + 4);
}

static inline uint32_t rtp_ssrc(const uint8_t *p)
{
	return rtp_read32(p + 8);
}

static inline uint32_t rtcp_ssrc(const uint8_t *p)
{
	return rtp_read32(p + 4);
}

/* RFC 3550 5.1: the header with its CSRCs and its extension fits into `length` octets. */
static inline bool rtp_header_fits(const uint8_t *p, uint32_t length)
{
	uint32_t header = RTP_HEADER + 4 * (p[0] & 0x0f);

	if (p[0] & 0x10) {
		if (length < header + 4)
			return false;
		header += 4 + 4 * rtp_read16(p + header + 2);
	}
	return header <= length;
}

/* Octets before the payload: the fixed header, CSRCs and header extension. */
static inline uint32_t rtp_header_length(const uint8_t *p)
{
	uint32_t length = RTP_HEADER + 4 * (p[0] & 0x0f);

	if (p[0] & 0x10)
		length += 4 + 4 * rtp_read16(p + length + 2);
	return length;
}

#endif
