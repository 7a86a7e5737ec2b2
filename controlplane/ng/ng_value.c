/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ng/ng_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ng_value *make(struct arena *arena, enum ng_kind kind)
{
	struct ng_value *v = arena_take(arena, sizeof(*v));

	if (v)
		v->kind = kind;
	return v;
}

struct ng_value *ng_octets(struct arena *arena, const char *octets, size_t length)
{
	struct ng_value *v = make(arena, NG_TEXT);
	char *copy = v ? arena_take(arena, length + 1) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, octets, length); /* the arena's memory is zero */
	v->text = copy;
	v->length = length;
	return v;
}

struct ng_value *ng_text(struct arena *arena, const char *text)
{
	return ng_octets(arena, text, strlen(text));
}

struct ng_value *ng_printf(struct arena *arena, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return ng_text(arena, text);
}

struct ng_value *ng_number(struct arena *arena, int64_t number)
{
	struct ng_value *v = make(arena, NG_NUMBER);

	if (v)
		v->number = number;
	return v;
}

struct ng_value *ng_list(struct arena *arena)
{
	return make(arena, NG_LIST);
}

struct ng_value *ng_dictionary(struct arena *arena)
{
	return make(arena, NG_DICTIONARY);
}

struct ng_value *ng_add(struct ng_value *list, struct ng_value *item)
{
	if (!list || !item)
		return item;
	if (list->last)
		list->last->next = item;
	else
		list->first = item;
	list->last = item;
	return item;
}

struct ng_value *ng_put(struct ng_value *dictionary, const char *key, struct ng_value *value)
{
	if (value)
		value->key = key;
	return ng_add(dictionary, value);
}

static char plain(char c)
{
	return c == '-' || c == '_' ? ' ' : (char)tolower((unsigned char)c);
}

bool ng_same_key(const char *a, const char *b)
{
	while (*a && plain(*a) == plain(*b)) {
		a++;
		b++;
	}
	return plain(*a) == plain(*b);
}

struct ng_value *ng_get(const struct ng_value *dictionary, const char *key)
{
	struct ng_value *v = NULL;

	if (dictionary && dictionary->kind == NG_DICTIONARY)
		v = dictionary->first;
	while (v && !ng_same_key(v->key, key))
		v = v->next;
	return v;
}

const char *ng_get_text(const struct ng_value *dictionary, const char *key)
{
	const struct ng_value *v = ng_get(dictionary, key);

	return v && v->kind == NG_TEXT ? v->text : NULL;
}

int64_t ng_get_number(const struct ng_value *dictionary, const char *key, int64_t fallback)
{
	const struct ng_value *v = ng_get(dictionary, key);
	long long number;
	char *end;

	if (v && v->kind == NG_NUMBER)
		return v->number;
	if (!v || v->kind != NG_TEXT || !*v->text)
		return fallback;
	errno = 0;
	number = strtoll(v->text, &end, 10);
	return *end || errno ? fallback : number;
}
