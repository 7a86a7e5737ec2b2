/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/access/token.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_S 86400

static const char name_octets[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-@";

static void write_hex(char *text, const uint8_t *octets, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		*text++ = digits[octets[i] >> 4];
		*text++ = digits[octets[i] & 15];
	}
	*text = '\0';
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hash(uint8_t hash[TOKEN_HASH], const char *text)
{
	if (strlen(text) != 2 * TOKEN_HASH)
		return false;
	for (int i = 0; i < TOKEN_HASH; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		hash[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool read_expiry(uint64_t *expires_s, const char *text)
{
	struct tm when = {0}, real;
	const char *rest;
	time_t time;

	*expires_s = 0;
	if (!strcmp(text, "never"))
		return true;
	rest = strptime(text, "%Y-%m-%d", &when);
	if (!rest || rest != text + 10)
		return false;
	if (*rest && (strlen(rest) != 10 || !(rest = strptime(rest, "T%H:%M:%SZ", &when)) || *rest))
		return false;
	real = when;
	time = timegm(&real); /* which makes the 31st of April the 1st of May */
	if (real.tm_mday != when.tm_mday || real.tm_min != when.tm_min || time <= 0)
		return false;
	*expires_s = (uint64_t)time + (text[10] ? 0 : DAY_S);
	return true;
}

bool token_is_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < TOKEN_NAME && strspn(name, name_octets) == length;
}

int token_read(struct token *token, const char *line, char *why, size_t size)
{
	char name[TOKEN_NAME + 1], role[16], expiry[32], hash[2 * TOKEN_HASH + 2], more;

	if (sscanf(line, "%64s %15s %31s %65s %c", name, role, expiry, hash, &more) != 4) {
		snprintf(why, size,
			 "it has four parts, NAME ROLE EXPIRY SHA256; tandemctl token makes such a "
			 "line");
		return -EINVAL;
	}
	if (!token_is_name(name))
		snprintf(why, size, "\"%s\" is no name; use up to %d of a-z A-Z 0-9 . _ - @", name,
			 TOKEN_NAME - 1);
	else if (!(token->role = role_read(role, strlen(role))))
		snprintf(why, size, "\"%s\" is no role; write viewer, operator or admin", role);
	else if (!read_expiry(&token->expires_s, expiry))
		snprintf(why, size,
			 "\"%s\" is no time; write e.g. 2027-01-31, 2027-01-31T12:00:00Z or never",
			 expiry);
	else if (!read_hash(token->hash, hash))
		snprintf(why, size,
			 "a SHA-256 has %d hexadecimal digits; tandemctl token makes one",
			 2 * TOKEN_HASH);
	else {
		memcpy(token->name, name, sizeof(token->name));
		return 0;
	}
	return -EINVAL;
}

void token_write(char *line, const struct token *token)
{
	char hash[2 * TOKEN_HASH + 1], expiry[32] = "never";
	time_t time = (time_t)token->expires_s;
	struct tm when;

	if (time && gmtime_r(&time, &when))
		strftime(expiry, sizeof(expiry), "%Y-%m-%dT%H:%M:%SZ", &when);
	write_hex(hash, token->hash, TOKEN_HASH);
	snprintf(line, TOKEN_LINE, "%s %s %s %s", token->name, role_name(token->role), expiry,
		 hash);
}

int token_make(char text[TOKEN_TEXT], uint8_t hash[TOKEN_HASH])
{
	uint8_t octets[32];

	if (RAND_bytes(octets, sizeof(octets)) != 1)
		return -EIO;
	strcpy(text, TOKEN_PREFIX);
	write_hex(text + strlen(TOKEN_PREFIX), octets, sizeof(octets));
	OPENSSL_cleanse(octets, sizeof(octets));
	token_hash(text, hash);
	return 0;
}

void token_hash(const char *text, uint8_t hash[TOKEN_HASH])
{
	SHA256((const uint8_t *)text, strlen(text), hash);
}

int token_find(const struct token *tokens, unsigned int count, const uint8_t hash[TOKEN_HASH])
{
	int found = -1;

	for (unsigned int i = 0; i < count; i++)
		if (!CRYPTO_memcmp(tokens[i].hash, hash, TOKEN_HASH))
			found = (int)i;
	return found;
}

bool token_is_expired(const struct token *token, uint64_t now_s)
{
	return token->expires_s && now_s >= token->expires_s;
}
