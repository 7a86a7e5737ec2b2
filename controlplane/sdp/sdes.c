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

/* "inline:" key||salt ["|" lifetime] ["|" MKI ":" length] */
static int parse_key(struct sdes *out, const char *word, size_t length, const char **why)
{
	const char *end = word + length, *bar;

	if (memchr(word, ';', length)) {
		*why = "it has several keys, and Tandem takes lines with one";
		return -ENOTSUP;
	}
	if (length < 7 || strncasecmp(word, "inline:", 7)) {
		*why = "give the key as inline:BASE64";
		return -EINVAL;
	}
	word += 7;
	bar = memchr(word, '|', (size_t)(end - word));
	if (decode_key(out, word, (size_t)((bar ? bar : end) - word))) {
		*why = "give a key in base64 that is as long as the suite's key and salt";
		return -EINVAL;
	}
	while (bar) {
		const char *part = bar + 1;

		bar = memchr(part, '|', (size_t)(end - part));
		length = (size_t)((bar ? bar : end) - part);
		if (memchr(part, ':', length)) {
			*why = "it has an MKI, and Tandem takes lines without";
			return -ENOTSUP;
		}
		if (!lifetime_valid(part, length)) {
			*why = "give a key lifetime as a number of packets or as 2^n, n up to 48";
			return -EINVAL;
		}
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
static int check_parameter(const char *word, size_t length, const char **why)
{
	if (word[0] == '-' || is_word(word, length, "KDR=0") || starts_with(word, length, "WSH="))
		return 0;
	if (starts_with(word, length, "KDR="))
		*why = "it has a key derivation rate, and Tandem takes lines without";
	else if (starts_with(word, length, "FEC_"))
		*why = "it has FEC parameters, and Tandem takes lines without";
	else if (starts_with(word, length, "UNENCRYPTED_"))
		*why = "it wants packets unencrypted, which Tandem refuses";
	else if (is_word(word, length, "UNAUTHENTICATED_SRTP"))
		*why = "it wants packets unauthenticated, which Tandem refuses";
	else
		*why = "it has a session parameter that Tandem does not know";
	return -ENOTSUP;
}

static int parse_line(struct sdes *out, const char *rest, const char **why)
{
	char name[32];
	size_t length;
	const char *word = next_word(&rest, &length);
	int ret;

	if (!length || length > 9 || strspn(word, "0123456789") != length) {
		*why = "begin with a tag of one to nine digits";
		return -EINVAL;
	}
	out->tag = (uint32_t)strtoul(word, NULL, 10);

	word = next_word(&rest, &length);
	if (!length) {
		*why = "name the suite and the key after the tag";
		return -EINVAL;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(length < sizeof(name) ? length : 0), word);
	out->suite = suite_find(name);
	if (!out->suite) {
		*why = "its suite is unknown";
		return -ENOTSUP;
	}
	out->draft_name = strcasecmp(name, suite_name(out->suite)) != 0;

	word = next_word(&rest, &length);
	ret = parse_key(out, word, length, why);
	while (!ret && *(word = next_word(&rest, &length)))
		ret = check_parameter(word, length, why);
	return ret;
}

int sdes_parse(struct sdes *out, const char *value, const char **why)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = parse_line(out, value, why);
	if (ret)
		sdes_wipe(out);
	return ret;
}

int sdes_choose(struct sdes *out, const char *const *values, unsigned int count, uint32_t suites,
		uint32_t tag, const char **why)
{
	const char *first = NULL;

	for (unsigned int i = 0; i < count; i++) {
		const char *reason;

		if (!sdes_parse(out, values[i], &reason)) {
			if (!(suites & 1U << out->suite))
				reason = "its suite is not among those allowed here";
			else if (tag && out->tag != tag)
				reason = "its tag is not the one that was offered";
			else
				return 0;
		}
		if (!first)
			first = reason;
		sdes_wipe(out);
	}
	*why = first ? first : "there is no a=crypto line";
	return -ENOENT;
}

unsigned int sdes_choose_all(struct sdes out[SUITE_COUNT], const char *const *values,
			     unsigned int count, uint32_t suites, const char **why)
{
	const char *first = NULL, *reason;
	unsigned int found = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (sdes_choose(&out[found], &values[i], 1, suites, 0, &reason)) {
			first = first ? first : reason;
			continue;
		}
		suites &= ~(1U << out[found].suite);
		found++;
	}
	*why = first ? first : "there is no a=crypto line";
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
