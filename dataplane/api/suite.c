/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/api/suite.h"

#include <stddef.h>
#include <strings.h>

static const struct suite_info suites[SUITE_COUNT] = {
#define X(number, name, ...) [SUITE_##name] = {#name, __VA_ARGS__},
	SUITES(X)
#undef X
};

const enum srtp_suite suites_usual[SUITES_USUAL] = {
	SUITE_AEAD_AES_128_GCM,
	SUITE_AEAD_AES_256_GCM,
	SUITE_AES_CM_128_HMAC_SHA1_80,
	SUITE_AES_CM_128_HMAC_SHA1_32,
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
