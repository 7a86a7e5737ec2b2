/* SPDX-License-Identifier: BSD-3-Clause */
/* What somebody may do. Each role may do what those before it may. Any thread. */
#ifndef TANDEM_ROLE_H
#define TANDEM_ROLE_H

#include <stdbool.h>
#include <stddef.h>

enum role {
	ROLE_NOBODY,   /* of an identity: not known. Of a method: none may call it */
	ROLE_VIEWER,   /* sees calls and what is shed */
	ROLE_OPERATOR, /* drives calls, blocks sources, makes credentials */
	ROLE_ADMIN,    /* reads packets of calls, changes secrets */
	ROLE_ANYBODY,  /* of a method: open to who is not known, too */
};

/* "viewer", "operator", "admin"; "nobody" for the others. */
const char *role_name(enum role role);
/* The role of that name and that many octets; ROLE_NOBODY: there is none. */
enum role role_read(const char *text, size_t length);
/* Whether who has `role` may call a method that needs `least`. */
bool role_may(enum role role, enum role least);

#endif
