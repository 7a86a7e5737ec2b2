/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/sdp/sdes.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define BASE64_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define BASE64_MAX      ((SUITE_KEY_MAX + SUITE_SALT_MAX + 2) / 3 * 4)

static size_t key_salt_length(enum srtp_suite suite)
{
	const struct suite_info *info = suite_info(suite);

	return info ? (size_t)info->key_length + info->salt_length : 0;
}

/* Cuts the next word off *rest; the empty string when there is none. */
static const char *next_word(const char **rest, size_t *length)
{
	const char *word = *rest + strspn(*rest, " \t");

	*length = strcspn(word, " \t");
	*rest = word + *length;
	return word;
}

/*
 * `length` characters of base64 that must be just as many octets as the suite wants. Padding may be
 * left out, as some phones do.
 */
static int decode_key(struct sdes *out, const char *text, size_t length)
{
	size_t want = key_salt_length(out->suite), padding;
	uint8_t octets[BASE64_MAX];
	char padded[BASE64_MAX + 1];
	int ret = -EINVAL;

	for (padding = 0; length && text[length - 1] == '='; padding++)
		length--;
	if (padding > 2 || length != (want * 8 + 5) / 6)
		return -EINVAL;
	memset(padded, 'A', sizeof(padded));
	memcpy(padded, text, length);
	padded[(want + 2) / 3 * 4] = '\0';
	if (strspn(padded, BASE64_ALPHABET) == (want + 2) / 3 * 4 &&
	    EVP_DecodeBlock(octets, (const uint8_t *)padded, (int)strlen(padded)) > 0) {
		memcpy(out->key_salt, octets, want);
		ret = 0;
	}
	OPENSSL_cleanse(octets, sizeof(octets));
	OPENSSL_cleanse(padded, sizeof(padded));
	return ret;
}

/* "2^" and an exponent up to 48, or a decimal number of packets: RFC 4568 section 6.1. */
static bool lifetime_valid(const char *text, size_t length)
{
	bool power = length > 2 && !memcmp(text, "2^", 2);
	const char *digits = power ? text + 2 : text;
	size_t count = power ? length - 2 : length;
	unsigned long long value = 0;

	if (!count || count > 15)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!isdigit((unsigned char)digits[i]))
			return false;
		value = value * 10 + (unsigned long long)(digits[i] - '0');
	}
	return value && value <= (power ? 48 : 1ULL << 48);
}

static int refuse(char *why, size_t size, int code, const char *what)
{
	snprintf(why, size, "%s", what);
	return code;
}

/* "inline:" key||salt ["|" lifetime] ["|" MKI ":" length] */
static int parse_key(struct sdes *out, const char *word, size_t length, char *why, size_t size)
{
	const char *end = word + length, *bar;

	if (memchr(word, ';', length))
		return refuse(why, size, -ENOTSUP,
			      "it has several keys, and Tandem takes lines with one");
	if (length < 7 || strncasecmp(word, "inline:", 7))
		return refuse(why, size, -EINVAL, "give the key as inline:BASE64");
	word += 7;
	bar = memchr(word, '|', (size_t)(end - word));
	if (decode_key(out, word, (size_t)((bar ? bar : end) - word)))
		return refuse(why, size, -EINVAL,
			      "give a key in base64 that is as long as the suite's key and salt");
	while (bar) {
		const char *part = bar + 1;

		bar = memchr(part, '|', (size_t)(end - part));
		length = (size_t)((bar ? bar : end) - part);
		if (memchr(part, ':', length))
			return refuse(why, size, -ENOTSUP,
				      "it has an MKI, and Tandem takes lines without");
		if (!lifetime_valid(part, length))
			return refuse(
				why, size, -EINVAL,
				"give a key lifetime as a number of packets or as 2^n, n up to 48");
	}
	return 0;
}

static bool is_word(const char *word, size_t length, const char *name)
{
	return length == strlen(name) && !strncasecmp(word, name, length);
}

static bool starts_with(const char *word, size_t length, const char *prefix)
{
	return length >= strlen(prefix) && !strncasecmp(word, prefix, strlen(prefix));
}

/* The session parameters of RFC 4568 section 6.3; one that begins with "-" may be passed over. */
static int check_parameter(const char *word, size_t length, char *why, size_t size)
{
	const char *what;

	if (word[0] == '-' || is_word(word, length, "KDR=0") || starts_with(word, length, "WSH="))
		return 0;
	if (starts_with(word, length, "KDR="))
		what = "it has a key derivation rate, and Tandem takes lines without";
	else if (starts_with(word, length, "FEC_"))
		what = "it has FEC parameters, and Tandem takes lines without";
	else if (starts_with(word, length, "UNENCRYPTED_"))
		what = "it wants packets unencrypted, which Tandem refuses";
	else if (is_word(word, length, "UNAUTHENTICATED_SRTP"))
		what = "it wants packets unauthenticated, which Tandem refuses";
	else
		what = "it has a session parameter that Tandem does not know";
	return refuse(why, size, -ENOTSUP, what);
}

static int parse_line(struct sdes *out, const char *rest, char *why, size_t size)
{
	char name[32];
	size_t length;
	const char *word = next_word(&rest, &length);
	int ret;

	if (!length || length > 9 || strspn(word, "0123456789") != length)
		return refuse(why, size, -EINVAL, "begin with a tag of one to nine digits");
	out->tag = (uint32_t)strtoul(word, NULL, 10);

	word = next_word(&rest, &length);
	if (!length)
		return refuse(why, size, -EINVAL, "name the suite and the key after the tag");
	snprintf(name, sizeof(name), "%.*s", (int)(length < sizeof(name) ? length : 0), word);
	out->suite = suite_find(name);
	if (!out->suite)
		return refuse(why, size, -ENOTSUP, "its suite is unknown");
	out->draft_name = strcasecmp(name, suite_name(out->suite)) != 0;

	word = next_word(&rest, &length);
	ret = parse_key(out, word, length, why, size);
	while (!ret && *(word = next_word(&rest, &length)))
		ret = check_parameter(word, length, why, size);
	return ret;
}

int sdes_parse(struct sdes *out, const char *value, char *why, size_t size)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = parse_line(out, value, why, size);
	if (ret)
		sdes_wipe(out);
	return ret;
}

int sdes_choose(struct sdes *out, const char *const *values, unsigned int count, uint32_t suites,
		char *why, size_t size)
{
	refuse(why, size, -ENOENT, "there is no a=crypto line");
	for (unsigned int i = 0; i < count; i++) {
		char reason[SDES_WHY];

		if (!sdes_parse(out, values[i], reason, sizeof(reason))) {
			if (suites & 1U << out->suite)
				return 0;
			refuse(reason, sizeof(reason), -ENOENT,
			       "its suite is not among those allowed here");
		}
		if (i == 0)
			refuse(why, size, -ENOENT, reason);
		sdes_wipe(out);
	}
	return -ENOENT;
}

unsigned int sdes_choose_all(struct sdes out[SUITE_COUNT], const char *const *values,
			     unsigned int count, uint32_t suites, char *why, size_t size)
{
	unsigned int found = 0;

	refuse(why, size, -ENOENT, "there is no a=crypto line");
	for (unsigned int i = 0; i < count; i++) {
		char reason[SDES_WHY];

		if (!sdes_choose(&out[found], &values[i], 1, suites, reason, sizeof(reason)))
			suites &= ~(1U << out[found++].suite);
		else if (i == 0)
			refuse(why, size, -ENOENT, reason);
	}
	return found;
}

int sdes_make(struct sdes *out, uint32_t tag, enum srtp_suite suite)
{
	size_t length = key_salt_length(suite);

	memset(out, 0, sizeof(*out));
	if (!length)
		return -EINVAL;
	out->tag = tag;
	out->suite = suite;
	if (RAND_priv_bytes(out->key_salt, (int)length) != 1) {
		sdes_wipe(out);
		return -EIO;
	}
	return 0;
}

int sdes_print(char *text, size_t size, const struct sdes *sdes)
{
	size_t length = key_salt_length(sdes->suite);
	char key[BASE64_MAX + 1];
	int written;

	if (!length)
		return -EINVAL;
	EVP_EncodeBlock((uint8_t *)key, sdes->key_salt, (int)length);
	written = snprintf(text, size, "%u %s inline:%s", sdes->tag,
			   sdes->draft_name ? suite_info(sdes->suite)->draft_name
					    : suite_name(sdes->suite),
			   key);
	OPENSSL_cleanse(key, sizeof(key));
	if (written < 0 || (size_t)written >= size) {
		if (size)
			OPENSSL_cleanse(text, size);
		return -ENOBUFS;
	}
	return 0;
}

void sdes_wipe(struct sdes *sdes)
{
	OPENSSL_cleanse(sdes, sizeof(*sdes));
}
