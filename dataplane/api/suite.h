/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SRTP crypto suites both programs speak of. The numbers are on the wire of the dataplane's
 * API (PutKeys.suite): never change one. Any thread.
 */
#ifndef TANDEM_SUITE_H
#define TANDEM_SUITE_H

#include <stdint.h>

enum srtp_suite {
	SUITE_NONE = 0,
	SUITE_AES_CM_128_HMAC_SHA1_80 = 1, /* RFC 3711, 4568 */
	SUITE_AES_CM_128_HMAC_SHA1_32 = 2, /* RFC 3711, 4568 */
	SUITE_AEAD_AES_128_GCM = 3,        /* RFC 7714 */
	SUITE_AEAD_AES_256_GCM = 4,        /* RFC 7714 */
	SUITE_AES_256_CM_HMAC_SHA1_80 = 5, /* RFC 6188 */
	SUITE_AES_256_CM_HMAC_SHA1_32 = 6, /* RFC 6188 */
	SUITE_COUNT
};

#define SUITE_KEY_MAX  32
#define SUITE_SALT_MAX 14

struct suite_info {
	const char *name;        /* the SDES name (RFC 4568 section 6.2, RFC 6188, RFC 7714) */
	const char *draft_name;  /* as drafts of RFC 6188 had it, which phones still say; or NULL */
	uint8_t key_length;      /* octets of the master key */
	uint8_t salt_length;     /* octets of the master salt */
	uint8_t tag_length;      /* octets of the authentication tag of an SRTP packet */
	uint8_t rtcp_tag_length; /* the same of an SRTCP packet */
	uint16_t use_srtp;       /* the DTLS use_srtp profile (RFC 5764, 7714); 0: it has none */
};

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
