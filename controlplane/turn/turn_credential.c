/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/turn/turn_credential.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define USER_MAX 508 /* octets of USERNAME (RFC 8489 14.3) */

static int read_pair(char *left, size_t left_size, char *right, size_t right_size, const char *text,
		     char *why, size_t size)
{
	const char *colon = strchr(text, ':');

	if (!colon || colon == text || !colon[1] || (size_t)(colon - text) >= left_size ||
	    strlen(colon + 1) >= right_size) {
		snprintf(why, size,
			 "it is no pair; write a name of up to %zu octets, a colon, and up to %zu",
			 left_size - 1, right_size - 1);
		return -EINVAL;
	}
	snprintf(left, left_size, "%.*s", (int)(colon - text), text);
	snprintf(right, right_size, "%s", colon + 1);
	return 0;
}

int turn_secret_read(struct turn_secret *secret, const char *text, char *why, size_t size)
{
	return read_pair(secret->id, sizeof(secret->id), secret->text, sizeof(secret->text), text,
			 why, size);
}

int turn_user_read(struct turn_user *user, const char *text, char *why, size_t size)
{
	return read_pair(user->name, sizeof(user->name), user->password, sizeof(user->password),
			 text, why, size);
}

const struct turn_secret *turn_secret_find(const struct turn_credentials *c, const char *id)
{
	for (unsigned int k = c->secret_count; k-- > 0;)
		if (!*id || strcmp(c->secrets[k].id, id) == 0)
			return &c->secrets[k];
	return NULL;
}

/* It is told in lists and logs. */
static bool is_id(const char *id)
{
	size_t length = strlen(id);

	if (!length || length >= TURN_SECRET_ID)
		return false;
	for (; *id; id++)
		if (*id == ':' || (uint8_t)*id < ' ' || *id == 0x7f)
			return false;
	return true;
}

/* All of them: a configuration may have two of one id. */
int turn_secret_remove(struct turn_credentials *c, const char *id)
{
	unsigned int kept = 0, count = c->secret_count;

	for (unsigned int k = 0; k < count; k++)
		if (strcmp(c->secrets[k].id, id) != 0)
			c->secrets[kept++] = c->secrets[k];
	c->secret_count = kept;
	OPENSSL_cleanse(&c->secrets[kept], (TURN_SECRETS - kept) * sizeof(c->secrets[0]));
	return kept < count ? 0 : -ENOENT;
}

int turn_secret_put(struct turn_credentials *c, const char *id, const char *text, char *why,
		    size_t size)
{
	struct turn_secret *secret;

	if (!is_id(id)) {
		snprintf(why, size, "id: write 1 to %d octets without a colon", TURN_SECRET_ID - 1);
		return -EINVAL;
	}
	if (!*text || strlen(text) >= TURN_SECRET_MAX) {
		snprintf(why, size, "text: a secret has 1 to %d octets", TURN_SECRET_MAX - 1);
		return -EINVAL;
	}
	turn_secret_remove(c, id);
	if (c->secret_count == TURN_SECRETS)
		return -ENOSPC;
	secret = &c->secrets[c->secret_count++];
	strcpy(secret->id, id);
	strcpy(secret->text, text);
	return 0;
}

void turn_rest_password(char *password, const struct turn_secret *secret, const char *user)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;

	HMAC(EVP_sha1(), secret->text, strlen(secret->text), (const uint8_t *)user, strlen(user),
	     digest, &length);
	EVP_EncodeBlock((uint8_t *)password, digest, length);
}

/* RFC 8489 9.2.2 */
static bool make_key(uint8_t key[TURN_KEY], const char *user, const char *realm,
		     const char *password)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	const char *parts[] = {user, ":", realm, ":", password};
	bool made = md && EVP_DigestInit_ex(md, EVP_md5(), NULL) == 1;

	for (unsigned int k = 0; k < sizeof(parts) / sizeof(parts[0]); k++)
		made = made && EVP_DigestUpdate(md, parts[k], strlen(parts[k])) == 1;
	made = made && EVP_DigestFinal_ex(md, key, NULL) == 1;
	EVP_MD_CTX_free(md);
	return made;
}

static bool signs(const struct turn_message *request, const char *user, const char *realm,
		  const char *password, uint8_t key[TURN_KEY])
{
	struct stun_auth auth;
	bool right;

	if (!make_key(key, user, realm, password))
		return false;
	stun_auth_set_key(&auth, key, TURN_KEY);
	right = stun_integrity_is_right(request->data, request->integrity, &auth);
	OPENSSL_cleanse(&auth, sizeof(auth));
	if (!right)
		OPENSSL_cleanse(key, TURN_KEY);
	return right;
}

/* "1790000000:agent-7", or the time alone. */
static bool is_in_time(const char *user, uint64_t now_s)
{
	char *end;
	unsigned long long expires;

	if (*user < '0' || *user > '9')
		return false;
	errno = 0;
	expires = strtoull(user, &end, 10);
	return !errno && (*end == ':' || !*end) && expires > now_s;
}

static bool verify_rest(const struct turn_credentials *c, const char *realm, const char *user,
			const struct turn_message *request, uint64_t now_s, uint8_t key[TURN_KEY])
{
	bool right = false;

	if (!is_in_time(user, now_s))
		return false;
	for (unsigned int k = 0; k < c->secret_count && !right; k++) {
		char password[TURN_PASSWORD_MAX];

		turn_rest_password(password, &c->secrets[k], user);
		right = signs(request, user, realm, password, key);
		OPENSSL_cleanse(password, sizeof(password));
	}
	return right;
}

bool turn_credentials_verify(const struct turn_credentials *c, const char *realm,
			     const struct turn_message *request, uint64_t now_s,
			     uint8_t key[TURN_KEY])
{
	char user[USER_MAX + 1];

	if (request->username_length > USER_MAX ||
	    memchr(request->data + request->username, 0, request->username_length) ||
	    request->realm_length != strlen(realm) ||
	    memcmp(request->data + request->realm, realm, request->realm_length) != 0)
		return false;
	memcpy(user, request->data + request->username, request->username_length);
	user[request->username_length] = '\0';
	for (unsigned int k = 0; k < c->user_count; k++)
		if (strcmp(c->users[k].name, user) == 0)
			return signs(request, user, realm, c->users[k].password, key);
	return verify_rest(c, realm, user, request, now_s, key);
}

void turn_user_name(char *name, size_t size, const char *user)
{
	size_t digits = strspn(user, "0123456789");
	bool has_time = digits && (user[digits] == ':' || !user[digits]);

	/* A time alone names nobody: all of those are one user. */
	snprintf(name, size, "%s", !has_time ? user : user[digits] ? user + digits + 1 : "");
}
