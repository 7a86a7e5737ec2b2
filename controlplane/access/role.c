/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/access/role.h"

#include <string.h>

static const char *const names[] = {
	[ROLE_VIEWER] = "viewer",
	[ROLE_OPERATOR] = "operator",
	[ROLE_ADMIN] = "admin",
};

const char *role_name(enum role role)
{
	return role >= ROLE_VIEWER && role <= ROLE_ADMIN ? names[role] : "nobody";
}

enum role role_read(const char *text, size_t length)
{
	for (enum role role = ROLE_VIEWER; role <= ROLE_ADMIN; role++)
		if (strlen(names[role]) == length && !strncmp(names[role], text, length))
			return role;
	return ROLE_NOBODY;
}

bool role_may(enum role role, enum role least)
{
	if (least == ROLE_ANYBODY)
		return true;
	return least != ROLE_NOBODY && role >= least;
}
