/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/forge.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "tests/rig/oracle.h"

uint16_t forge_load16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* RFC 8489 14.7; the CRC bit by bit, as ITU-T V.42 has it. */
static uint32_t fingerprint(const uint8_t *p, size_t length)
{
	uint32_t crc = ~0u;

	while (length--) {
		crc ^= *p++;
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc ^ 0x5354554e;
}

void forge_begin(struct forge *f, uint16_t type)
{
	static const uint8_t cookie_and_id[16] = {0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
						  0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

	memset(f, 0, sizeof(*f));
	oracle_put(f->octets, type, 2);
	memcpy(f->octets + 4, cookie_and_id, sizeof(cookie_and_id));
	f->length = 20;
}

void forge_put(struct forge *f, uint16_t type, const void *value, uint16_t length)
{
	oracle_put(f->octets + f->length, type, 2);
	oracle_put(f->octets + f->length + 2, length, 2);
	if (length)
		memcpy(f->octets + f->length + 4, value, length);
	f->length += 4 + (length + 3) / 4 * 4;
	oracle_put(f->octets + 2, f->length - 20, 2);
}

static void sign(const uint8_t *message, uint16_t length, const void *key, int key_length,
		 uint8_t digest[20])
{
	uint8_t copy[1024];

	/* The length field counts the attribute that is being computed. */
	memcpy(copy, message, length);
	oracle_put(copy + 2, length + 24 - 20, 2);
	HMAC(EVP_sha1(), key, key_length, copy, length, digest, NULL);
}

void forge_sign(struct forge *f, const char *password)
{
	uint8_t digest[20];

	sign(f->octets, f->length, password, strlen(password), digest);
	forge_put(f, 0x0008, digest, sizeof(digest));
}

void forge_sign_as(struct forge *f, const char *user, const char *realm, const char *password)
{
	char text[1024];
	uint8_t key[16], digest[20];
	int length = snprintf(text, sizeof(text), "%s:%s:%s", user, realm, password);

	EVP_Digest(text, length, key, NULL, EVP_md5(), NULL);
	sign(f->octets, f->length, key, sizeof(key), digest);
	forge_put(f, 0x0008, digest, sizeof(digest));
}

void forge_fingerprint(struct forge *f)
{
	uint32_t crc;
	uint8_t value[4];

	oracle_put(f->octets + 2, f->length + 8 - 20, 2);
	crc = fingerprint(f->octets, f->length);
	oracle_put(value, crc, sizeof(value));
	forge_put(f, 0x8028, value, sizeof(value));
}

const uint8_t *forge_find(const uint8_t *message, uint16_t type, uint16_t *length)
{
	uint16_t end = 20 + forge_load16(message + 2);

	for (uint16_t at = 20; at < end; at += 4 + (forge_load16(message + at + 2) + 3) / 4 * 4)
		if (forge_load16(message + at) == type) {
			*length = forge_load16(message + at + 2);
			return message + at + 4;
		}
	return NULL;
}

bool forge_is_signed(const uint8_t *message, const char *password)
{
	uint16_t length;
	const uint8_t *value = forge_find(message, 0x0008, &length);
	uint8_t digest[20];

	if (!value || length != sizeof(digest))
		return false;
	sign(message, value - 4 - message, password, strlen(password), digest);
	return memcmp(value, digest, sizeof(digest)) == 0;
}

bool forge_has_fingerprint(const uint8_t *message, uint16_t message_length)
{
	uint16_t length;
	const uint8_t *value = forge_find(message, 0x8028, &length);
	uint32_t crc;

	if (!value || length != 4 || value + 4 != message + message_length)
		return false;
	crc = fingerprint(message, value - 4 - message);
	return forge_load16(value) == crc >> 16 && forge_load16(value + 2) == (crc & 0xffff);
}
