/* SPDX-License-Identifier: BSD-3-Clause */
/* The cookie that has a token (RFC 6265). Any thread. */
#ifndef TANDEM_WEB_COOKIE_H
#define TANDEM_WEB_COOKIE_H

#include <stdbool.h>
#include <stddef.h>

#define WEB_TOKEN_MAX  256 /* octets of a token's text, with its NUL */
#define WEB_COOKIE_MAX 400 /* of a Set-Cookie's value, with its NUL */

/* The value of that name in a Cookie header; false: there is none, or it has no room. */
bool web_cookie_find(const char *header, const char *name, char *value, size_t size);
/* Whether a token can be a cookie's value as it is: 4.1.1's cookie-octets, and not too many. */
bool web_cookie_fits(const char *token);
/* What sets it, for half a day; empty: what takes it away. `secure`: by HTTPS alone. */
void web_cookie_write(char text[WEB_COOKIE_MAX], const char *name, const char *token, bool secure);

#endif
