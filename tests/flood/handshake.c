/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/flood/handshake.h"

#include <string.h>

#include <zlib.h>

/* --- STUN (RFC 8489) ------------------------------------------------------------------------- */

enum {
	BINDING_REQUEST = 0x0001,
	USERNAME = 0x0006,
	MESSAGE_INTEGRITY = 0x0008,
	PRIORITY = 0x0024,
	USE_CANDIDATE = 0x0025,
	FINGERPRINT = 0x8028,
	ICE_CONTROLLING = 0x802a,
};
enum { COOKIE = 0x2112a442, FINGERPRINT_XOR = 0x5354554e, TRANSACTION = 12, STUN_HEADER = 20 };

static void put_attribute(struct frame *f, uint16_t type, uint16_t octets)
{
	frame_put16(f, type);
	frame_put16(f, octets);
}

static void put_credentials(struct frame *f, const char *username)
{
	size_t octets = strlen(username);

	put_attribute(f, USERNAME, octets);
	frame_put(f, username, octets);
	frame_put(f, "\0\0\0", -octets % 4);
	put_attribute(f, PRIORITY, 4);
	frame_put32(f, 0x6e0001ff);
	put_attribute(f, ICE_CONTROLLING, 8);
	frame_put_random(f, 8);
	put_attribute(f, USE_CANDIDATE, 0);
	put_attribute(f, MESSAGE_INTEGRITY, 20);
	frame_put_random(f, 20);
}

void handshake_put_check(struct frame *f, const char *username)
{
	uint32_t start = f->length, length;

	frame_put16(f, BINDING_REQUEST);
	frame_put16(f, 0);
	frame_put32(f, COOKIE);
	frame_put_random(f, TRANSACTION);
	if (username)
		put_credentials(f, username);
	length = f->length - start + 8 - STUN_HEADER;
	f->octets[start + 2] = length >> 8;
	f->octets[start + 3] = length;
	put_attribute(f, FINGERPRINT, 4);
	frame_put32(f, crc32(0, f->octets + start, f->length - start - 4) ^ FINGERPRINT_XOR);
}

/* --- DTLS ------------------------------------------------------------------------------------ */

static const char hello_rest[] =
	"\x00\x00"                                 /* neither session nor cookie */
	"\x00\x04\xc0\x2b\xc0\x2f"                 /* ECDHE with ECDSA or RSA, AES_128_GCM */
	"\x01\x00"                                 /* no compression */
	"\x00\x2d"                                 /* extensions: */
	"\x00\x17\x00\x00"                         /* extended_master_secret */
	"\x00\x0a\x00\x06\x00\x04\x00\x1d\x00\x17" /* supported_groups: x25519, secp256r1 */
	"\x00\x0b\x00\x02\x01\x00"                 /* ec_point_formats: uncompressed */
	"\x00\x0d\x00\x08\x00\x06"                 /* signature_algorithms: */
	"\x04\x03\x08\x04\x04\x01"                 /* ECDSA, PSS, PKCS1 with SHA-256 */
	"\x00\x0e\x00\x09\x00\x06"                 /* use_srtp: the two GCM suites, */
	"\x00\x07\x00\x08\x00\x01\x00";            /* AES128_CM_SHA1_80, no MKI */
enum { RANDOM = 32, HELLO = 2 + RANDOM + sizeof(hello_rest) - 1, MESSAGE_HEADER = 12 };

void handshake_put_hello(struct frame *f)
{
	static const uint8_t record[11] = {22, 0xfe, 0xfd};

	frame_put(f, record, sizeof(record));
	frame_put16(f, MESSAGE_HEADER + HELLO);
	/* client_hello, its length, message 0, all of it in one fragment */
	frame_put32(f, 1 << 24 | HELLO);
	frame_put32(f, 0);
	frame_put32(f, HELLO);
	frame_put16(f, 0xfefd);
	frame_put_random(f, RANDOM);
	frame_put(f, hello_rest, sizeof(hello_rest) - 1);
}
