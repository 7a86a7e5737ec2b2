/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/api/suite.h"

#include <stddef.h>
#include <strings.h>

/* The _32 suites shorten the tag of SRTP alone: SRTCP keeps 80 bits (RFC 4568 section 6.2.2). */
static const struct suite_info suites[SUITE_COUNT] = {
	[SUITE_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", NULL, 16, 14, 10, 10, 0x0001},
	[SUITE_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", NULL, 16, 14, 4, 10, 0x0002},
	[SUITE_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", NULL, 16, 12, 16, 16, 0x0007},
	[SUITE_AEAD_AES_256_GCM] = {"AEAD_AES_256_GCM", NULL, 32, 12, 16, 16, 0x0008},
	[SUITE_AES_256_CM_HMAC_SHA1_80] = {"AES_256_CM_HMAC_SHA1_80", "AES_CM_256_HMAC_SHA1_80", 32,
					   14, 10, 10, 0},
	[SUITE_AES_256_CM_HMAC_SHA1_32] = {"AES_256_CM_HMAC_SHA1_32", "AES_CM_256_HMAC_SHA1_32", 32,
					   14, 4, 10, 0},
};

const struct suite_info *suite_info(enum srtp_suite suite)
{
	if (suite <= SUITE_NONE || suite >= SUITE_COUNT)
		return NULL;
	return &suites[suite];
}

const char *suite_name(enum srtp_suite suite)
{
	const struct suite_info *info = suite_info(suite);

	if (info)
		return info->name;
	return suite == SUITE_NONE ? "none" : "unknown";
}

enum srtp_suite suite_find(const char *name)
{
	for (enum srtp_suite s = SUITE_NONE + 1; s < SUITE_COUNT; s++)
		if (!strcasecmp(suites[s].name, name) ||
		    (suites[s].draft_name && !strcasecmp(suites[s].draft_name, name)))
			return s;
	return SUITE_NONE;
}

enum srtp_suite suite_find_use_srtp(uint16_t profile)
{
	for (enum srtp_suite s = SUITE_NONE + 1; profile && s < SUITE_COUNT; s++)
		if (suites[s].use_srtp == profile)
			return s;
	return SUITE_NONE;
}
