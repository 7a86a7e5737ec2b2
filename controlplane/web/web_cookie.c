/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/web/web_cookie.h"

#include <stdio.h>
#include <string.h>

#define LIFE_S 43200 /* a shift, and what is left of it */

bool web_cookie_find(const char *header, const char *name, char *value, size_t size)
{
	size_t length = strlen(name), octets;

	while (*header) {
		header += strspn(header, "; \t");
		octets = strcspn(header, ";");
		if (octets > length && header[length] == '=' &&
		    strncmp(header, name, length) == 0) {
			octets -= length + 1;
			if (octets >= size)
				return false;
			memcpy(value, header + length + 1, octets);
			value[octets] = '\0';
			return true;
		}
		header += octets;
	}
	return false;
}

bool web_cookie_fits(const char *token)
{
	size_t length = strlen(token);

	for (size_t k = 0; k < length; k++)
		if (token[k] <= ' ' || token[k] > '~' || strchr("\",;\\", token[k]))
			return false;
	return length > 0 && length < WEB_TOKEN_MAX;
}

void web_cookie_write(char text[WEB_COOKIE_MAX], const char *name, const char *token, bool secure)
{
	snprintf(text, WEB_COOKIE_MAX, "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s",
		 name, token, *token ? LIFE_S : 0, secure ? "; Secure" : "");
}
