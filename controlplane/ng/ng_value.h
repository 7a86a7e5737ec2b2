/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a message of the ng protocol is made of, whichever encoding it came in: texts, numbers,
 * lists and dictionaries, in the order in which they came. All of it is an arena's and goes with
 * that. A builder need not look at each step: without memory the arena says `failed`. One thread.
 */
#ifndef TANDEM_NG_VALUE_H
#define TANDEM_NG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/lib/arena.h"

#define NG_DEPTH_MAX 16 /* lists and dictionaries inside each other */

enum ng_kind { NG_TEXT, NG_NUMBER, NG_LIST, NG_DICTIONARY };

struct ng_value {
	struct ng_value *next; /* in its list or dictionary */
	const char *key;       /* in its dictionary */
	enum ng_kind kind;
	int64_t number;
	const char *text; /* NUL-terminated, and without another NUL */
	size_t length;
	struct ng_value *first, *last; /* of a list or a dictionary */
};

struct ng_value *ng_text(struct arena *arena, const char *text);
/* `length` octets, of which a copy is made; none of them may be NUL. */
struct ng_value *ng_octets(struct arena *arena, const char *octets, size_t length);
struct ng_value *ng_printf(struct arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct ng_value *ng_number(struct arena *arena, int64_t number);
struct ng_value *ng_list(struct arena *arena);
struct ng_value *ng_dictionary(struct arena *arena);

/* Add at the end, and return what was added; NULL for either does nothing. */
struct ng_value *ng_add(struct ng_value *list, struct ng_value *item);
/* `key` lives as long as the arena. */
struct ng_value *ng_put(struct ng_value *dictionary, const char *key, struct ng_value *value);

/*
 * Keys are the same whether their words are joined by blanks, hyphens or underscores, in small
 * letters or not.
 */
bool ng_same_key(const char *a, const char *b);
/* NULL if the dictionary, which may be NULL, has no such key. */
struct ng_value *ng_get(const struct ng_value *dictionary, const char *key);
/* The text under a key; NULL if there is none, or something else. */
const char *ng_get_text(const struct ng_value *dictionary, const char *key);
/* The number under a key, which may be written as a text; `fallback` if there is none. */
int64_t ng_get_number(const struct ng_value *dictionary, const char *key, int64_t fallback);

/*
 * Each text of what may be a list or a single one: the value itself, or its items. `item` is a
 * struct ng_value * to walk with.
 */
#define ng_for_each(item, value)                                                                   \
	for (item = !(value) || (value)->kind == NG_DICTIONARY ? NULL                              \
		    : (value)->kind == NG_LIST                 ? (value)->first                    \
							       : (value);                                          \
	     item; item = (value)->kind == NG_LIST ? item->next : NULL)

#endif
