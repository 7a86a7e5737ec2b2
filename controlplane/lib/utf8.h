/* SPDX-License-Identifier: BSD-3-Clause */
/* Which octets are text. Any thread. */
#ifndef TANDEM_UTF8_H
#define TANDEM_UTF8_H

#include <stdbool.h>

/* RFC 3629: no surrogates, no overlong forms. */
bool utf8_is_valid(const char *text);

#endif
