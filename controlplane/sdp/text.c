/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/sdp/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

/* Room for `length` more octets and a NUL. realloc() would leave the old copy uncleared. */
static int reserve(struct text *text, size_t length)
{
	size_t need = text->length + length + 1, size = text->size ? text->size : 1024;
	char *data;

	if (text->error || need <= text->size)
		return text->error;
	if (need > text->limit)
		return text->error = -EMSGSIZE;
	while (size < need)
		size *= 2;
	data = malloc(size);
	if (!data)
		return text->error = -ENOMEM;
	if (text->data) {
		memcpy(data, text->data, text->length + 1);
		OPENSSL_cleanse(text->data, text->size);
		free(text->data);
	}
	text->data = data;
	text->size = size;
	return 0;
}

void text_append(struct text *text, const char *octets, size_t length)
{
	if (reserve(text, length))
		return;
	memcpy(text->data + text->length, octets, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_printf(struct text *text, const char *fmt, ...)
{
	va_list args, again;
	int length;

	va_start(args, fmt);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, args);
	if (length < 0)
		text->error = text->error ? text->error : -EMSGSIZE;
	else if (!reserve(text, (size_t)length))
		text->length += (size_t)vsnprintf(text->data + text->length, (size_t)length + 1,
						  fmt, again);
	va_end(again);
	va_end(args);
}

void text_wipe(struct text *text)
{
	if (text->data)
		OPENSSL_cleanse(text->data, text->size);
	free(text->data);
	*text = (struct text){.limit = text->limit};
}
