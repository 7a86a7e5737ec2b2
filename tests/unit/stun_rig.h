/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes STUN messages, right and wrong ones, with nothing of the code under test. */
#ifndef TANDEM_TESTS_STUN_RIG_H
#define TANDEM_TESTS_STUN_RIG_H

#include <stdint.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

struct stun_rig {
	uint8_t octets[1024];
	uint16_t length;
};

static inline void rig_store16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static inline uint16_t rig_load16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* Bit by bit, as ITU-T V.42 has it. */
static inline uint32_t rig_crc32(const uint8_t *p, size_t length)
{
	uint32_t crc = ~0u;

	while (length--) {
		crc ^= *p++;
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static inline void rig_begin(struct stun_rig *r, uint16_t type)
{
	static const uint8_t cookie_and_id[16] = {0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
						  0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

	memset(r, 0, sizeof(*r));
	rig_store16(r->octets, type);
	memcpy(r->octets + 4, cookie_and_id, sizeof(cookie_and_id));
	r->length = 20;
}

static inline void rig_put(struct stun_rig *r, uint16_t type, const void *value, uint16_t length)
{
	rig_store16(r->octets + r->length, type);
	rig_store16(r->octets + r->length + 2, length);
	if (length)
		memcpy(r->octets + r->length + 4, value, length);
	r->length += 4 + (length + 3) / 4 * 4;
	rig_store16(r->octets + 2, r->length - 20);
}

static inline void rig_hmac(const uint8_t *message, uint16_t length, const char *password,
			    uint8_t digest[20])
{
	uint8_t copy[1024];

	/* The length field counts the attribute that is being computed. */
	memcpy(copy, message, length);
	rig_store16(copy + 2, length + 24 - 20);
	HMAC(EVP_sha1(), password, strlen(password), copy, length, digest, NULL);
}

static inline void rig_sign(struct stun_rig *r, const char *password)
{
	uint8_t digest[20];

	rig_hmac(r->octets, r->length, password, digest);
	rig_put(r, 0x0008, digest, sizeof(digest));
}

static inline void rig_fingerprint(struct stun_rig *r)
{
	uint32_t crc;
	uint8_t value[4];

	rig_store16(r->octets + 2, r->length + 8 - 20);
	crc = rig_crc32(r->octets, r->length) ^ 0x5354554e;
	rig_store16(value, crc >> 16);
	rig_store16(value + 2, crc);
	rig_put(r, 0x8028, value, sizeof(value));
}

/* The value of the first attribute of that type, or NULL. The message's form is right. */
static inline const uint8_t *rig_find(const uint8_t *message, uint16_t type, uint16_t *length)
{
	uint16_t end = 20 + rig_load16(message + 2);

	for (uint16_t at = 20; at < end; at += 4 + (rig_load16(message + at + 2) + 3) / 4 * 4)
		if (rig_load16(message + at) == type) {
			*length = rig_load16(message + at + 2);
			return message + at + 4;
		}
	return NULL;
}

static inline int rig_is_signed(const uint8_t *message, const char *password)
{
	uint16_t length;
	const uint8_t *value = rig_find(message, 0x0008, &length);
	uint8_t digest[20];

	if (!value || length != sizeof(digest))
		return 0;
	rig_hmac(message, value - 4 - message, password, digest);
	return memcmp(value, digest, sizeof(digest)) == 0;
}

static inline int rig_has_fingerprint(const uint8_t *message, uint16_t message_length)
{
	uint16_t length;
	const uint8_t *value = rig_find(message, 0x8028, &length);
	uint32_t crc;

	if (!value || length != 4 || value + 4 != message + message_length)
		return 0;
	crc = rig_crc32(message, value - 4 - message) ^ 0x5354554e;
	return rig_load16(value) == crc >> 16 && rig_load16(value + 2) == (crc & 0xffff);
}

#endif
