/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ng/ng_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define REAL_MAX 1e15 /* of which every whole number is exact */

/* --- from JSON ------------------------------------------------------------------------------- */

static struct ng_value *from_json(struct arena *arena, const json_t *json, unsigned int depth);

static struct ng_value *from_object(struct arena *arena, const json_t *json, unsigned int depth)
{
	struct ng_value *made = ng_dictionary(arena), *item = made;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		item = from_json(arena, value, depth);
		if (!item)
			return NULL;
		ng_put(made, arena_text(arena, key), item);
	}
	return made;
}

static struct ng_value *from_array(struct arena *arena, const json_t *json, unsigned int depth)
{
	struct ng_value *made = ng_list(arena), *item;
	json_t *value;
	size_t i;

	json_array_foreach(json, i, value)
	{
		item = from_json(arena, value, depth);
		if (!item)
			return NULL;
		ng_add(made, item);
	}
	return made;
}

static int64_t whole(double real)
{
	return real > -REAL_MAX && real < REAL_MAX ? (int64_t)real : 0;
}

/* NULL: no memory, or too deep. */
static struct ng_value *from_json(struct arena *arena, const json_t *json, unsigned int depth)
{
	if ((json_is_object(json) || json_is_array(json)) && depth == NG_DEPTH_MAX)
		return NULL;
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return from_object(arena, json, depth + 1);
	case JSON_ARRAY:
		return from_array(arena, json, depth + 1);
	case JSON_STRING:
		return ng_octets(arena, json_string_value(json), json_string_length(json));
	case JSON_INTEGER:
		return ng_number(arena, json_integer_value(json));
	case JSON_REAL:
		return ng_number(arena, whole(json_real_value(json)));
	case JSON_TRUE:
		return ng_number(arena, 1);
	case JSON_FALSE:
		return ng_number(arena, 0);
	default:
		return ng_text(arena, "");
	}
}

int ng_json_read(struct ng_value **out, size_t *used, struct arena *arena, const char *octets,
		 size_t size)
{
	json_error_t error;
	/* JSON ends at a NUL, which jansson skips behind a number. */
	json_t *json = json_loadb(octets, strnlen(octets, size),
				  JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &error);

	*used = error.position;
	if (!json && json_error_code(&error) == json_error_premature_end_of_input)
		return -EAGAIN;
	if (!json)
		return -EINVAL;
	*out = from_json(arena, json, 0);
	json_decref(json);
	if (*out)
		return 0;
	return arena->failed ? -ENOMEM : -EINVAL;
}

/* --- to JSON --------------------------------------------------------------------------------- */

static json_t *json_text(const char *text, size_t length)
{
	json_t *json = json_stringn(text, length);
	char *copy;

	if (json)
		return json;
	copy = strndup(text, length);
	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c > 127)
			*c = '?';
	json = copy ? json_string(copy) : NULL;
	free(copy);
	return json;
}

static json_t *to_json(const struct ng_value *value);

static json_t *json_items(const struct ng_value *value)
{
	bool list = value->kind == NG_LIST;
	json_t *json = list ? json_array() : json_object();

	for (const struct ng_value *item = value->first; item; item = item->next)
		if (list)
			json_array_append_new(json, to_json(item));
		else
			json_object_set_new(json, item->key, to_json(item));
	return json;
}

static json_t *to_json(const struct ng_value *value)
{
	switch (value->kind) {
	case NG_TEXT:
		return json_text(value->text, value->length);
	case NG_NUMBER:
		return json_integer(value->number);
	default:
		return json_items(value);
	}
}

void ng_json_write(FILE *out, const struct ng_value *value)
{
	json_t *json = to_json(value);

	if (json)
		json_dumpf(json, out, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(json);
}
