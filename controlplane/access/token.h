/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bearer token (RFC 6750): 256 random bits as text. The configuration has its SHA-256 alone,
 * which nobody can turn back, since nothing else has so many bits. Any thread.
 */
#ifndef TANDEM_TOKEN_H
#define TANDEM_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/access/role.h"

#define TOKEN_PREFIX "tandem_"
#define TOKEN_TEXT   (sizeof(TOKEN_PREFIX) + 64) /* with its end */
#define TOKEN_HASH   32
#define TOKEN_NAME   64
#define TOKEN_LINE   256 /* of what is configured */

struct token {
	char name[TOKEN_NAME];
	enum role role;
	uint64_t expires_s; /* since 1970; 0: never */
	uint8_t hash[TOKEN_HASH];
};

/*
 * "NAME ROLE EXPIRY SHA256" as configured: a name of letters, digits and . _ - @; a role; the time
 * until which it is good, 2027-01-31 (until that day's end), 2027-01-31T12:00:00Z or never; 64
 * hexadecimal digits. 0, or -EINVAL with "what is wrong; the remedy" in `why`.
 */
int token_read(struct token *token, const char *line, char *why, size_t size);
/* The same line; into `line`, which holds TOKEN_LINE. */
void token_write(char *line, const struct token *token);
/* Whether a name could be configured. */
bool token_is_name(const char *name);

/* A new token, and its hash. 0, or -EIO: the machine has no random numbers. */
int token_make(char text[TOKEN_TEXT], uint8_t hash[TOKEN_HASH]);
/* Whatever the text is. */
void token_hash(const char *text, uint8_t hash[TOKEN_HASH]);
/* The index of the token with that hash, which takes as long for each, and -1 if there is none. */
int token_find(const struct token *tokens, unsigned int count, const uint8_t hash[TOKEN_HASH]);
bool token_is_expired(const struct token *token, uint64_t now_s);

#endif
