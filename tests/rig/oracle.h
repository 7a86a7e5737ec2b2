/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP and SRTCP protection straight from RFC 3711, 6188 and 7714 over OpenSSL, sharing nothing
 * with the engines: what they send must be these octets. It is itself held to the RFCs' vectors.
 */
#ifndef TANDEM_TESTS_RIG_ORACLE_H
#define TANDEM_TESTS_RIG_ORACLE_H

#include <stdlib.h>
#include <string.h>

#include "dataplane/srtp/crypt.h"

struct oracle_keys {
	uint8_t cipher[32];
	uint8_t salt[14];
	uint8_t auth[20];
};

/* Session keys. */
struct oracle {
	enum srtp_suite suite;
	struct oracle_keys rtp;
	struct oracle_keys rtcp;
};

void oracle_derive(struct oracle *o, enum srtp_suite suite, const uint8_t *key,
		   const uint8_t *salt);

/* In network byte order. */
void oracle_put(uint8_t *p, uint64_t value, int octets);

/* Octets that all differ from their neighbours, for keys and salts. */
void oracle_fill(uint8_t *p, size_t length, unsigned int step, unsigned int seed);

/* RFC 3711 4.1.1 */
void oracle_cm(const struct suite_info *info, const struct oracle_keys *keys, const uint8_t *ssrc,
	       uint64_t index, uint8_t *data, int length);

/* Returns the new length. */
int oracle_protect_rtp(const struct oracle *o, uint8_t *p, int length, int header, uint64_t index);
int oracle_protect_rtcp(const struct oracle *o, uint8_t *p, int length, uint32_t index);

#endif
