/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/dtls/dtls_srtp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>

#define LABEL "EXTRACTOR-dtls_srtp" /* RFC 5764 section 4.2 */

int dtls_srtp_offer(struct ssl_st *ssl, const enum srtp_suite *suites, unsigned int count)
{
	char list[128] = "";
	size_t used = 0;

	if (!suites) {
		suites = suites_usual;
		count = SUITES_USUAL;
	}
	for (unsigned int i = 0; i < count; i++) {
		const struct suite_info *info = suite_info(suites[i]);

		if (!info || !info->openssl_name)
			return -EINVAL;
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ":" : "",
					 info->openssl_name);
		if (used >= sizeof(list))
			return -EINVAL;
	}
	/* Unlike nearly all of OpenSSL this call returns 0 when it succeeds. */
	return used && SSL_set_tlsext_use_srtp(ssl, list) == 0 ? 0 : -EINVAL;
}

enum srtp_suite dtls_srtp_export(struct ssl_st *ssl, struct dtls_keys *client,
				 struct dtls_keys *server)
{
	const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(ssl);
	uint8_t block[2 * (SUITE_KEY_MAX + SUITE_SALT_MAX)];
	const uint8_t *next = block;
	const struct suite_info *info;
	enum srtp_suite suite;
	size_t key, salt;

	suite = profile ? suite_find_use_srtp((uint16_t)profile->id) : SUITE_NONE;
	info = suite_info(suite);
	if (!info)
		return SUITE_NONE;
	key = info->key_length;
	salt = info->salt_length;
	if (SSL_export_keying_material(ssl, block, 2 * (key + salt), LABEL, strlen(LABEL), NULL, 0,
				       0) != 1)
		return SUITE_NONE;
	memcpy(client->key, next, key);
	memcpy(server->key, next += key, key);
	memcpy(client->salt, next += key, salt);
	memcpy(server->salt, next += salt, salt);
	OPENSSL_cleanse(block, sizeof(block));
	return suite;
}
