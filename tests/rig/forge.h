/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes STUN messages, right and wrong ones, with nothing of the code under test. */
#ifndef TANDEM_TESTS_RIG_FORGE_H
#define TANDEM_TESTS_RIG_FORGE_H

#include <stdbool.h>
#include <stdint.h>

struct forge {
	uint8_t octets[1024];
	uint16_t length;
};

uint16_t forge_load16(const uint8_t *p);
void forge_begin(struct forge *f, uint16_t type);
void forge_put(struct forge *f, uint16_t type, const void *value, uint16_t length);
void forge_sign(struct forge *f, const char *password);
/* As a client with long-term credentials does (RFC 8489 9.2.2). */
void forge_sign_as(struct forge *f, const char *user, const char *realm, const char *password);
void forge_fingerprint(struct forge *f);

/* The value of the first attribute of that type, or NULL. The message's form is right. */
const uint8_t *forge_find(const uint8_t *message, uint16_t type, uint16_t *length);
bool forge_is_signed(const uint8_t *message, const char *password);
bool forge_has_fingerprint(const uint8_t *message, uint16_t message_length);

#endif
