/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The nonces by which the TURN server challenges a stranger (RFC 8489 9.2): only who is reachable
 * at its address can know one, nobody has to remember any, and a flood with made-up sources has
 * none. The text of twelve octets: the minute it was made in, and SipHash of the client's endpoint
 * and that minute.
 *
 * Two secrets take turns, each for an era, and each is drawn anew in the middle of the other's,
 * when no nonce of its own is young enough to be taken.
 */
#ifndef TANDEM_EBPF_NONCE_H
#define TANDEM_EBPF_NONCE_H

#include "ebpf/packet_load.h"
#include "ebpf/shed.h"
#include "ebpf/siphash.h"

enum {
	NONCE_TEXT = 16,    /* octets: of twelve, six bits each */
	NONCE_MINUTES = 60, /* a nonce serves for so long */
	NONCE_ERA = 128,    /* minutes */
};

#define NONCE_INLINE static inline __attribute__((always_inline))

NONCE_INLINE __u64 nonce_seal(const struct shed_nonce *n, const struct shed_address *client,
			      __be16 port, __u32 minute)
{
	const __u64 words[] = {client->half[0], client->half[1], port | (__u64)minute << 32};

	return siphash(n->secret[minute / NONCE_ERA & 1], words, 3, 2, 4);
}

/* Six bits as a digit: '#' to 'B', and ']' to '|', which need no quoting (RFC 8489 14.10). */
NONCE_INLINE __u8 nonce_digit(__u32 value)
{
	return '#' + value + (value >> 5) * 26;
}

#define NONCE_EACH(octet) (0x0101010101010101ULL * (octet)) /* of a word */

/*
 * Reads eight digits, an octet of the word each, all at once: 48 bits, of which the first digit has
 * the lowest. What is no digit leaves a bit in `wrong`.
 */
NONCE_INLINE __u64 nonce_digits(__u64 word, __u64 *wrong)
{
	/* The highest bit of each octet keeps it from borrowing from the next one. */
	__u64 lifted = (word | NONCE_EACH(0x80)) - NONCE_EACH('#');
	__u64 far = lifted & NONCE_EACH(0x7f);
	__u64 second = (far + NONCE_EACH(0x80 - (']' - '#'))) >> 7 & NONCE_EACH(1);
	__u64 value = far - second * 26;

	*wrong |= (word | ~lifted) & NONCE_EACH(0x80);
	*wrong |= (value >> 5 & NONCE_EACH(3)) ^ second; /* values from 32 on are the second's */
	value = (value & 0x003f003f003f003f) | (value >> 2 & 0x0fc00fc00fc00fc0);
	value = (value & 0x00000fff00000fff) | (value >> 4 & 0x00fff00000fff000);
	return (value & 0xffffff) | (value >> 8 & 0xffffff000000);
}

/* False: it is no text of twelve octets. They come little-endian: the minute, and the seal. */
NONCE_INLINE int nonce_read(const __u8 text[NONCE_TEXT], __u32 *minute, __u64 *seal)
{
	__u64 wrong = 0;
	__u64 low = nonce_digits(packet_load64(text), &wrong);
	__u64 high = nonce_digits(packet_load64(text + NONCE_TEXT / 2), &wrong);

	*minute = low;
	*seal = low >> 32 | high << 16;
	return !wrong;
}

/* What nonce_read() reads. */
NONCE_INLINE void nonce_write(__u8 text[NONCE_TEXT], __u32 minute, __u64 seal)
{
	__u64 low = minute | seal << 32, high = seal >> 16;
	int k;

	for (k = 0; k < NONCE_TEXT / 2; k++) {
		text[k] = nonce_digit(low >> (6 * k) & 63);
		text[k + NONCE_TEXT / 2] = nonce_digit(high >> (6 * k) & 63);
	}
}

/* Whether this server has given it to this client, not long ago. */
NONCE_INLINE int nonce_is_right(const struct shed_nonce *n, const struct shed_address *client,
				__be16 port, const __u8 text[NONCE_TEXT])
{
	__u32 minute;
	__u64 seal;

	return nonce_read(text, &minute, &seal) && n->minute - minute <= NONCE_MINUTES &&
	       seal == nonce_seal(n, client, port, minute);
}

#endif
