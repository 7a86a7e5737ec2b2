/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum (RFC 1071) of a payload. rte_raw_cksum() adds 16 bits at a time, which
 * would be most of what forwarding a packet costs.
 */
#ifndef TANDEM_CHECKSUM_H
#define TANDEM_CHECKSUM_H

#include <stdint.h>
#include <string.h>

static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static inline uint64_t checksum_load(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* The sum, in network byte order and not complemented. Ones' complement sums may be added in words
 * of any size and folded in the end. */
static inline uint16_t checksum_sum(const uint8_t *p, uint32_t length)
{
	uint64_t low[2] = {0}, high[2] = {0}, rest = 0;

	for (; length >= 16; length -= 16, p += 16) {
		uint64_t first = checksum_load(p), second = checksum_load(p + 8);

		low[0] += (uint32_t)first;
		high[0] += first >> 32;
		low[1] += (uint32_t)second;
		high[1] += second >> 32;
	}
	if (length & 8) {
		uint64_t word = checksum_load(p);

		rest += (uint32_t)word + (word >> 32);
		p += 8;
	}
	if (length & 4) {
		uint32_t word;

		memcpy(&word, p, sizeof(word));
		rest += word;
		p += 4;
	}
	for (uint32_t k = 0; k < length % 4; k++)
		rest += (uint64_t)p[k] << (k % 2 ? 8 : 0);
	return checksum_fold(low[0] + low[1] + high[0] + high[1] + rest);
}

#endif
