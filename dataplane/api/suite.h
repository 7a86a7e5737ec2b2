/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SRTP crypto suites both programs speak of. The numbers are on the wire of the dataplane's
 * API (PutKeys.suite): never change one. Any thread.
 */
#ifndef TANDEM_SUITE_H
#define TANDEM_SUITE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A row for each: number, the SDES name (RFC 4568 section 6.2, RFC 6188, RFC 7714), its name in the
 * drafts of RFC 6188, which phones still say, or NULL; octets of master key, master salt and the
 * tags of SRTP and SRTCP (the _32 suites shorten that of SRTP alone: RFC 4568 section 6.2.2); 1:
 * the tag is the cipher's own (RFC 7714); the DTLS use_srtp profile (RFC 5764, 7714) and OpenSSL's
 * name for it, 0 and NULL if it has none.
 */
#define SUITES(X)                                                                                  \
	X(1, AES_CM_128_HMAC_SHA1_80, NULL, 16, 14, 10, 10, 0, 1, "SRTP_AES128_CM_SHA1_80")        \
	X(2, AES_CM_128_HMAC_SHA1_32, NULL, 16, 14, 4, 10, 0, 2, "SRTP_AES128_CM_SHA1_32")         \
	X(3, AEAD_AES_128_GCM, NULL, 16, 12, 16, 16, 1, 7, "SRTP_AEAD_AES_128_GCM")                \
	X(4, AEAD_AES_256_GCM, NULL, 32, 12, 16, 16, 1, 8, "SRTP_AEAD_AES_256_GCM")                \
	X(5, AES_256_CM_HMAC_SHA1_80, "AES_CM_256_HMAC_SHA1_80", 32, 14, 10, 10, 0, 0, NULL)       \
	X(6, AES_256_CM_HMAC_SHA1_32, "AES_CM_256_HMAC_SHA1_32", 32, 14, 4, 10, 0, 0, NULL)

#define X(number, name, ...) SUITE_##name = number,
enum srtp_suite { SUITE_NONE = 0, SUITES(X) SUITE_COUNT };
#undef X

#define SUITE_KEY_MAX  32
#define SUITE_SALT_MAX 14

struct suite_info {
	const char *name, *draft_name;
	uint8_t key_length, salt_length, tag_length, rtcp_tag_length;
	bool aead;
	uint16_t use_srtp;
	const char *openssl_name;
};

/* The same as suite_info()->aead, and whether the master key has 256 bits, for each packet. */
static inline bool suite_is_aead(enum srtp_suite suite)
{
#define X(number, name, draft, key, salt, tag, rtcp_tag, aead, ...) | aead##u << number
	return (0 SUITES(X)) >> suite & 1;
#undef X
}

static inline bool suite_has_long_key(enum srtp_suite suite)
{
#define X(number, name, draft, key, ...) | (key == 32 ? 1u : 0u) << number
	return (0 SUITES(X)) >> suite & 1;
#undef X
}

/* What is offered, best first, where nobody wishes for others: what browsers speak. */
#define SUITES_USUAL 4
extern const enum srtp_suite suites_usual[SUITES_USUAL];

/* NULL for SUITE_NONE and for numbers that are no suite. */
const struct suite_info *suite_info(enum srtp_suite suite);
/* "none" and "unknown" for those. */
const char *suite_name(enum srtp_suite suite);
/*
 * By SDES name, whatever its case, also one of the drafts' names of RFC 6188's suites, or by
 * use_srtp profile; SUITE_NONE when there is none.
 */
enum srtp_suite suite_find(const char *name);
enum srtp_suite suite_find_use_srtp(uint16_t profile);

#endif
