/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/challenge.h"

#include <string.h>

#include "dataplane/wire/siphash.h"

#define OCTETS 12

static const uint8_t digits[64] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static uint64_t seal(const struct challenge *c, const struct endpoint *client, uint32_t minute)
{
	const uint64_t words[] = {client->address.half[0], client->address.half[1],
				  client->port | (uint64_t)minute << 32};

	return siphash(c->secret[minute / CHALLENGE_ERA & 1], words, 3, 2, 4);
}

/* base64url (RFC 4648 5), whose twelve octets need no padding. */
static void encode(const uint8_t octets[OCTETS], uint8_t text[TURN_NONCE])
{
	for (unsigned int k = 0; k < OCTETS; k += 3) {
		uint32_t word = octets[k] << 16 | octets[k + 1] << 8 | octets[k + 2];

		for (unsigned int d = 0; d < 4; d++)
			*text++ = digits[word >> (18 - 6 * d) & 63];
	}
}

static void write_nonce(const struct challenge *c, const struct endpoint *client, uint32_t minute,
			uint8_t *text)
{
	uint64_t mac = seal(c, client, minute);
	uint8_t octets[OCTETS];

	memcpy(octets, &minute, sizeof(minute));
	memcpy(octets + sizeof(minute), &mac, sizeof(mac));
	encode(octets, text);
}

void challenge_write(const struct challenge *c, const struct endpoint *client, uint8_t *text)
{
	write_nonce(c, client, __atomic_load_n(&c->minute, __ATOMIC_RELAXED), text);
}

static unsigned int value_of(uint8_t digit)
{
	unsigned int k = 0;

	while (k < sizeof(digits) - 1 && digits[k] != digit)
		k++;
	return k;
}

/* Its first digits, which hold the minute. */
static uint32_t minute_of(const uint8_t text[TURN_NONCE])
{
	uint8_t octets[6];
	uint32_t minute;

	for (unsigned int k = 0; k < 2; k++) {
		const uint8_t *t = text + 4 * k;
		uint32_t word = value_of(t[0]) << 18 | value_of(t[1]) << 12 | value_of(t[2]) << 6 |
				value_of(t[3]);

		octets[3 * k] = word >> 16;
		octets[3 * k + 1] = word >> 8;
		octets[3 * k + 2] = word;
	}
	memcpy(&minute, octets, sizeof(minute));
	return minute;
}

bool challenge_is_met(const struct challenge *c, const struct endpoint *client, const uint8_t *text,
		      size_t length)
{
	uint32_t now = __atomic_load_n(&c->minute, __ATOMIC_RELAXED), minute;
	uint8_t right[TURN_NONCE], differ = 0;

	if (length != TURN_NONCE)
		return false;
	minute = minute_of(text);
	if (now - minute > CHALLENGE_MINUTES)
		return false;
	write_nonce(c, client, minute, right);
	for (unsigned int k = 0; k < TURN_NONCE; k++)
		differ |= right[k] ^ text[k];
	return !differ;
}
