/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A text that grows up to a limit and may hold secrets: what it outgrows is cleared. The first
 * error stays in `error` (-ENOMEM, -EMSGSIZE) and later writes do nothing, so that a writer checks
 * once.
 */
#ifndef TANDEM_TEXT_H
#define TANDEM_TEXT_H

#include <stddef.h>

struct text {
	char *data; /* NUL-terminated once something was written; free with text_wipe() */
	size_t length;
	size_t size;
	size_t limit; /* octets `data` may grow to, set by the caller; the rest begins as zero */
	int error;
};

void text_append(struct text *text, const char *octets, size_t length);
void text_printf(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_wipe(struct text *text);

#endif
