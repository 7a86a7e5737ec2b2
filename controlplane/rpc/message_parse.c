/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/message.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/rpc/message_field.h"
#include "dataplane/api/cleanse.h"

#define DEPTH_MAX 16 /* of messages in messages */

/* Where it is: "to.suites[2]", for who has to find the mistake. */
struct reader {
	char path[128];
	size_t length;
	unsigned int depth;
	char *why;
};

static bool __attribute__((format(printf, 2, 3))) fail(struct reader *r, const char *fmt, ...)
{
	int used = *r->path ? snprintf(r->why, MESSAGE_WHY, "%s: ", r->path) : 0;
	va_list args;

	va_start(args, fmt);
	vsnprintf(r->why + used, MESSAGE_WHY - (size_t)used, fmt, args);
	va_end(args);
	return false;
}

/* Returns what leave() takes. */
static size_t __attribute__((format(printf, 2, 3))) enter(struct reader *r, const char *fmt, ...)
{
	size_t before = r->length, room = sizeof(r->path) - before;
	va_list args;
	int used;

	va_start(args, fmt);
	used = vsnprintf(r->path + before, room, fmt, args);
	va_end(args);
	r->length += (size_t)used < room ? (size_t)used : room - 1;
	return before;
}

static void leave(struct reader *r, size_t before)
{
	r->length = before;
	r->path[before] = '\0';
}

static void *allocate(struct reader *r, size_t size)
{
	void *memory = cleanse_allocator.alloc(cleanse_allocator.allocator_data, size);

	if (memory)
		memset(memory, 0, size);
	else
		fail(r, "no memory");
	return memory;
}

/* --- one value --------------------------------------------------------------------------------*/

static bool read_signed(struct reader *r, const json_t *json, int64_t least, int64_t most,
			int64_t *value)
{
	const char *text = json_string_value(json);
	char *end;

	errno = 0;
	if (json_is_integer(json))
		*value = json_integer_value(json);
	else if (text && most == INT64_MAX && (isdigit((unsigned char)*text) || *text == '-'))
		*value = strtoll(text, &end, 10);
	else
		return fail(r, "an integer is needed");
	if (text && (*end || errno))
		return fail(r, "an integer is needed, of at most 64 bits");
	if (*value < least || *value > most)
		return fail(r, "it is from %lld to %lld", (long long)least, (long long)most);
	return true;
}

static bool read_unsigned(struct reader *r, const json_t *json, uint64_t most, uint64_t *value)
{
	const char *text = json_string_value(json);
	char *end;

	errno = 0;
	if (json_is_integer(json) && json_integer_value(json) >= 0)
		*value = (uint64_t)json_integer_value(json);
	else if (text && most == UINT64_MAX && isdigit((unsigned char)*text))
		*value = strtoull(text, &end, 10);
	else
		return fail(r, "a number from 0 to %llu is needed", (unsigned long long)most);
	if ((text && (*end || errno)) || *value > most)
		return fail(r, "a number from 0 to %llu is needed", (unsigned long long)most);
	return true;
}

static bool read_enum(struct reader *r, const ProtobufCEnumDescriptor *type, const json_t *json,
		      int *value)
{
	const ProtobufCEnumValue *known = NULL;
	json_int_t number = json_integer_value(json);

	if (json_is_string(json))
		known = protobuf_c_enum_descriptor_get_value_by_name(type, json_string_value(json));
	else if (json_is_integer(json) && number >= INT_MIN && number <= INT_MAX)
		known = protobuf_c_enum_descriptor_get_value(type, (int)number);
	if (!known)
		return fail(r, "it is no value of %s, as %s is", type->short_name,
			    type->values[0].name);
	*value = known->value;
	return true;
}

static bool read_text(struct reader *r, const json_t *json, char **value)
{
	size_t length = json_string_length(json);
	char *text;

	if (!json_is_string(json))
		return fail(r, "a text is needed");
	text = allocate(r, length + 1);
	if (!text)
		return false;
	memcpy(text, json_string_value(json), length);
	*value = text;
	return true;
}

/* RFC 4648 section 4: its alphabet, padded, and nothing else. */
static bool is_base64(const char *text, size_t length)
{
	if (length % 4)
		return false;
	for (unsigned int padding = 0; padding < 2 && length && text[length - 1] == '='; padding++)
		length--;
	for (size_t k = 0; k < length; k++)
		if (!isalnum((unsigned char)text[k]) && text[k] != '+' && text[k] != '/')
			return false;
	return true;
}

static bool read_bytes(struct reader *r, const json_t *json, ProtobufCBinaryData *value)
{
	const char *text = json_string_value(json);
	size_t length = json_string_length(json);

	if (!text || !is_base64(text, length))
		return fail(r, "octets are needed, in base64");
	if (!length)
		return true;
	value->data = allocate(r, length / 4 * 3);
	if (!value->data)
		return false;
	EVP_DecodeBlock(value->data, (const unsigned char *)text, (int)length);
	value->len = length / 4 * 3 - (text[length - 1] == '=') - (text[length - 2] == '=');
	return true;
}

static bool read_real(struct reader *r, const json_t *json, double most, double *value)
{
	if (!json_is_number(json))
		return fail(r, "a number is needed");
	*value = json_number_value(json);
	return fabs(*value) <= most || fail(r, "the number is too large");
}

static ProtobufCMessage *read_message(struct reader *r, const ProtobufCMessageDescriptor *type,
				      const json_t *json);

/* One value of the field's type to `value`, which is zero. */
static bool read_value(struct reader *r, const ProtobufCFieldDescriptor *field, const json_t *json,
		       void *value)
{
	int64_t integer = 0;
	uint64_t natural = 0;
	double real = 0;
	bool done;

	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		done = read_signed(r, json, INT32_MIN, INT32_MAX, &integer);
		*(int32_t *)value = (int32_t)integer;
		return done;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return read_signed(r, json, INT64_MIN, INT64_MAX, value);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		done = read_unsigned(r, json, UINT32_MAX, &natural);
		*(uint32_t *)value = (uint32_t)natural;
		return done;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return read_unsigned(r, json, UINT64_MAX, value);
	case PROTOBUF_C_TYPE_FLOAT:
		done = read_real(r, json, FLT_MAX, &real);
		*(float *)value = (float)real;
		return done;
	case PROTOBUF_C_TYPE_DOUBLE:
		return read_real(r, json, DBL_MAX, value);
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)value = json_is_true(json);
		return json_is_boolean(json) || fail(r, "true or false is needed");
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(r, field->descriptor, json, value);
	case PROTOBUF_C_TYPE_STRING:
		return read_text(r, json, value);
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(r, json, value);
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)value = read_message(r, field->descriptor, json);
		return *(ProtobufCMessage **)value != NULL;
	}
	return fail(r, "the relay does not know its type");
}

/* --- fields ------------------------------------------------------------------------------------*/

/* How many are read is counted as they are, so that what is read so far can be freed. */
static bool read_repeated(struct reader *r, const ProtobufCFieldDescriptor *field,
			  const json_t *array, char *base)
{
	size_t *count = (size_t *)(base + field->quantifier_offset),
	       size = message_value_size(field->type);
	char *items;
	json_t *item;
	size_t k;

	if (!json_is_array(array))
		return fail(r, "an array is needed");
	if (!json_array_size(array))
		return true;
	items = allocate(r, json_array_size(array) * size);
	if (!items)
		return false;
	*(char **)(base + field->offset) = items;
	json_array_foreach(array, k, item)
	{
		size_t before = enter(r, "[%zu]", k);

		if (!read_value(r, field, item, items + k * size))
			return false;
		leave(r, before);
		++*count;
	}
	return true;
}

static bool read_single(struct reader *r, const ProtobufCFieldDescriptor *field, const json_t *json,
			char *base)
{
	uint32_t *one = (uint32_t *)(base + field->quantifier_offset);

	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		if (*one)
			return fail(r, "there is another member in its place already");
		if (!read_value(r, field, json, base + field->offset))
			return false;
		*one = field->id;
		return true;
	}
	if (!read_value(r, field, json, base + field->offset))
		return false;
	if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_MESSAGE &&
	    field->type != PROTOBUF_C_TYPE_STRING)
		*(protobuf_c_boolean *)one = true;
	return true;
}

static bool read_fields(struct reader *r, ProtobufCMessage *message, const json_t *object)
{
	char *base = (char *)message;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
		size_t before = enter(r, "%s%s", r->length ? "." : "", name);

		if (!field)
			return fail(r, "%s has no such member", message->descriptor->short_name);
		if (field->label == PROTOBUF_C_LABEL_REPEATED
			    ? !read_repeated(r, field, value, base)
			    : !read_single(r, field, value, base))
			return false;
		leave(r, before);
	}
	return true;
}

/* NULL after fail(). */
static ProtobufCMessage *read_message(struct reader *r, const ProtobufCMessageDescriptor *type,
				      const json_t *json)
{
	ProtobufCMessage *message;
	bool read;

	if (!json_is_object(json) || r->depth == DEPTH_MAX) {
		fail(r, json_is_object(json) ? "it is too deep" : "an object is needed");
		return NULL;
	}
	message = allocate(r, type->sizeof_message);
	if (!message)
		return NULL;
	protobuf_c_message_init(type, message);
	r->depth++;
	read = read_fields(r, message, json);
	r->depth--;
	if (read)
		return message;
	message_free(message);
	return NULL;
}

/* --- from outside ------------------------------------------------------------------------------*/

ProtobufCMessage *message_parse(const ProtobufCMessageDescriptor *type, const char *text,
				size_t len, char why[MESSAGE_WHY])
{
	struct reader r = {.why = why};
	json_error_t error;
	json_t *json = len ? json_loadb(text, len, JSON_REJECT_DUPLICATES, &error) : json_object();
	ProtobufCMessage *message = NULL;

	if (json)
		message = read_message(&r, type, json);
	else
		fail(&r, "line %d, column %d: %s", error.line, error.column, error.text);
	json_decref(json);
	return message;
}

/* What of a query is no text may be written as in JSON; names of enums are without quotes. */
static json_t *query_value(const ProtobufCFieldDescriptor *field, const char *text)
{
	json_t *json = NULL;

	if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES)
		json = json_loads(text, JSON_DECODE_ANY, NULL);
	return json ?: json_string(text);
}

static bool add_query(struct reader *r, const ProtobufCMessageDescriptor *type, json_t *object,
		      const char *pair)
{
	const char *value = pair + strcspn(pair, "=");
	const ProtobufCFieldDescriptor *field;
	json_t *json, *array;
	char name[64];
	bool added;

	snprintf(name, sizeof(name), "%.*s", (int)(value - pair), pair);
	enter(r, "%s", name);
	field = protobuf_c_message_descriptor_get_field_by_name(type, name);
	if (!field)
		return fail(r, "%s has no such member", type->short_name);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return fail(r, "it does not fit into a query");
	json = query_value(field, *value ? value + 1 : "");
	if (!json)
		return fail(r, "it is not UTF-8");
	array = json_object_get(object, name);
	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		if (array) {
			json_decref(json);
			return fail(r, "it is there twice");
		}
		added = json_object_set_new(object, name, json) == 0;
	} else {
		if (!array && json_object_set_new(object, name, json_array()) == 0)
			array = json_object_get(object, name);
		added = json_array_append_new(array, json) == 0;
	}
	if (!added)
		return fail(r, "no memory");
	leave(r, 0);
	return true;
}

ProtobufCMessage *message_parse_query(const ProtobufCMessageDescriptor *type,
				      const char *(*next)(void *arg, unsigned index), void *arg,
				      char why[MESSAGE_WHY])
{
	struct reader r = {.why = why};
	json_t *object = json_object();
	ProtobufCMessage *message = NULL;
	bool good = object != NULL;
	const char *pair;

	if (!good)
		fail(&r, "no memory");
	for (unsigned k = 0; good && (pair = next(arg, k)); k++)
		good = add_query(&r, type, object, pair);
	if (good)
		message = read_message(&r, type, object);
	json_decref(object);
	return message;
}
