/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/pseudonym.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "controlplane/lib/pseudonym_key.h"
#include "controlplane/lib/socket_address.h"

#define SHOWN 5 /* octets of the digest */

static uint8_t key[PSEUDONYM_KEY];
static bool on;

int pseudonym_open(const char *path, char *why, size_t size)
{
	int error = pseudonym_key_read(key, path, why, size);

	on = !error;
	return error;
}

void pseudonym_close(void)
{
	OPENSSL_cleanse(key, sizeof(key));
	on = false;
}

bool pseudonym_is_on(void)
{
	return on;
}

/* --- one address ----------------------------------------------------------------------------- */

/* Of the octets that an address has, and of how many of its bits count where it is a prefix. */
static int write_name(char *text, const struct address *address, unsigned int length)
{
	uint8_t message[17], digest[EVP_MAX_MD_SIZE] = {0};
	bool ipv4 = address_is_ipv4(address);

	memcpy(message, address->octets, 16);
	message[16] = (uint8_t)length;
	HMAC(EVP_sha256(), key, sizeof(key), message, sizeof(message), digest, NULL);
	return snprintf(text, ADDRESS_TEXT, "ip%c-%02x%02x%02x%02x%02x", ipv4 ? '4' : '6',
			digest[0], digest[1], digest[2], digest[3], digest[SHOWN - 1]);
}

const char *pseudonym_address(char *text, const struct address *address)
{
	if (!on || address_is_zero(address))
		return address_text(text, address);
	write_name(text, address, 128);
	return text;
}

const char *pseudonym_endpoint(char *text, const struct endpoint *endpoint)
{
	int length;

	if (!on || address_is_zero(&endpoint->address))
		return endpoint_text(text, endpoint);
	length = write_name(text, &endpoint->address, 128);
	if (!endpoint_is_unset(endpoint))
		snprintf(text + length, ADDRESS_TEXT - length, ":%u", endpoint_port(endpoint));
	return text;
}

const char *pseudonym_prefix(char *text, const struct prefix *prefix)
{
	unsigned int most = address_is_ipv4(&prefix->address) ? ADDRESS_IPV4_BITS : 0;
	int length;

	if (!on || prefix->length <= most)
		return prefix_text(text, prefix);
	length = write_name(text, &prefix->address, prefix->length);
	if (prefix->length < 128)
		snprintf(text + length, ADDRESS_TEXT - length, "/%u", prefix->length - most);
	return text;
}

const char *pseudonym_line(char *line, size_t size, const char *text)
{
	static const char spaces[] = " \t\"'(),;";
	char word[ADDRESS_TEXT], other[ADDRESS_TEXT];
	size_t used = 0;

	line[0] = '\0';
	while (*text && used < size) {
		size_t between = strspn(text, spaces), length = strcspn(text + between, spaces);
		const char *shown = text + between, *end = shown + length;

		/* What ends a sentence or comes before a reason is no part of an address. */
		while (length && strchr(".:", shown[length - 1]))
			length--;
		snprintf(word, sizeof(word), "%.*s", (int)length, shown);
		if (on && length < sizeof(word) && pseudonym_text(other, word) == 0)
			used += snprintf(line + used, size - used, "%.*s%s%.*s", (int)between, text,
					 other, (int)(end - shown - length), shown + length);
		else
			used += snprintf(line + used, size - used, "%.*s", (int)(end - text), text);
		text = end;
	}
	return line;
}

int pseudonym_text(char text[ADDRESS_TEXT], const char *shown)
{
	union socket_address with_port;
	struct endpoint endpoint;
	struct prefix prefix;

	if (prefix_parse(&prefix, shown) == 0) {
		pseudonym_prefix(text, &prefix);
		return 0;
	}
	if (socket_address_parse(&with_port, shown) || with_port.any.sa_family == AF_UNIX)
		return -EINVAL;
	endpoint = socket_address_endpoint(&with_port);
	pseudonym_endpoint(text, &endpoint);
	return 0;
}
