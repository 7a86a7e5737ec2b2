/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may have a TURN allocation. Users with a password of their own are for tests; others have
 * what an orchestrator made for them (draft-uberti-behave-turn-rest-00): the user name is the time
 * when it expires, a colon and whatever names the user, and the password is the base64 of its
 * HMAC-SHA1 under a secret that orchestrator and relay share. Several secrets are in force at a
 * time, so that they can be changed. Pure, but for random secrets: any thread.
 */
#ifndef TANDEM_TURN_CREDENTIAL_H
#define TANDEM_TURN_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/lib/turn_message.h"

#define TURN_SECRETS      8
#define TURN_SECRET_MAX   128
#define TURN_SECRET_ID    32
#define TURN_USERS        64
#define TURN_PASSWORD_MAX 128

struct turn_secret {
	char id[TURN_SECRET_ID];
	char text[TURN_SECRET_MAX];
};

struct turn_user {
	char name[TURN_SECRET_ID];
	char password[TURN_PASSWORD_MAX];
};

struct turn_credentials {
	struct turn_secret secrets[TURN_SECRETS];
	unsigned int secret_count;
	struct turn_user users[TURN_USERS];
	unsigned int user_count;
};

/* "ID:SECRET" and "USER:PASSWORD", as configured. 0, or -EINVAL with a sentence in `why`. */
int turn_secret_read(struct turn_secret *secret, const char *text, char *why, size_t size);
int turn_user_read(struct turn_user *user, const char *text, char *why, size_t size);

/* One of the id, or the last one if it is empty; NULL: there is none. */
const struct turn_secret *turn_secret_find(const struct turn_credentials *credentials,
					   const char *id);
/*
 * Adds a secret as the last one, in the place of that of the same id. 0; -EINVAL: an id or a text
 * that cannot be, with a sentence in `why`; -ENOSPC: there are TURN_SECRETS.
 */
int turn_secret_put(struct turn_credentials *credentials, const char *id, const char *text,
		    char *why, size_t size);
/* 0, -ENOENT. */
int turn_secret_remove(struct turn_credentials *credentials, const char *id);

/* The base64 of the HMAC; `password` holds TURN_PASSWORD_MAX. */
void turn_rest_password(char *password, const struct turn_secret *secret, const char *user);

/*
 * The key that a request, which has MESSAGE-INTEGRITY, is signed with. False: with none of those of
 * its user, who is perhaps unknown, or whose time is over. `now_s`: seconds since 1970.
 */
bool turn_credentials_verify(const struct turn_credentials *credentials, const char *realm,
			     const struct turn_message *request, uint64_t now_s,
			     uint8_t key[TURN_KEY]);

/* The user for whom it counts: without the time when it expires. Into `name`, which holds `size`.
 */
void turn_user_name(char *name, size_t size, const char *user);

#endif
