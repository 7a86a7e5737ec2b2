/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Written as it is read: at thousands of calls a second a tree of JSON values in between would cost
 * more than all the rest of a record. Names, order and forms are those of message_json(), but for
 * reals, which have six digits.
 */
#include "controlplane/cdr/cdr_line.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/lib/utf8.h"

#define BEGIN   4096 /* octets: most lines are shorter */
#define ESCAPED 6    /* octets of the longest escape */
#define NUMBER  32   /* more than a number has */

struct line {
	char *text;
	size_t length, size;
	bool failed;
};

static void write_message(struct line *line, const ProtobufCMessage *message);

/* Room for so many octets; NULL without memory. */
static char *reserve(struct line *line, size_t octets)
{
	size_t size = 2 * (line->length + octets) + BEGIN;
	char *grown;

	if (line->failed)
		return NULL;
	if (line->length + octets <= line->size)
		return line->text + line->length;
	grown = realloc(line->text, size);
	if (!grown) {
		line->failed = true;
		return NULL;
	}
	line->text = grown;
	line->size = size;
	return line->text + line->length;
}

static void write_octets(struct line *line, const char *octets, size_t length)
{
	char *to = reserve(line, length);

	if (!to)
		return;
	memcpy(to, octets, length);
	line->length += length;
}

static void __attribute__((format(printf, 2, 3)))
write_number(struct line *line, const char *fmt, ...)
{
	char *to = reserve(line, NUMBER);
	va_list ap;

	if (!to)
		return;
	va_start(ap, fmt);
	line->length += (size_t)vsnprintf(to, NUMBER, fmt, ap);
	va_end(ap);
}

/* The names in it are a participant's choice, and JSON is UTF-8: what is not becomes "?". */
static void write_text(struct line *line, const char *text)
{
	size_t length = strlen(text);
	bool valid = utf8_is_valid(text);
	char *to = reserve(line, ESCAPED * length + 2), *begin = to;

	if (!to)
		return;
	*to++ = '"';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			*to++ = '\\';
		if (c < ' ')
			to += sprintf(to, "\\u%04x", c);
		else
			*to++ = c >= 0x80 && !valid ? '?' : (char)c;
	}
	*to++ = '"';
	line->length += (size_t)(to - begin);
}

/* It stays one where it has no fraction: a reader may go by that. */
static void write_real(struct line *line, double value)
{
	char text[NUMBER];

	snprintf(text, sizeof(text), "%.6g", value);
	if (isfinite(value))
		write_number(line, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
	else
		write_octets(line, "null", 4);
}

/* Readers whose integers have 63 bits refuse a larger one. */
static void write_large(struct line *line, uint64_t value)
{
	if (value <= INT64_MAX)
		write_number(line, "%" PRIu64, value);
	else
		write_number(line, "%.17g", (double)value);
}

/* A value that a newer peer added has no name here: it stays a number. */
static void write_enum(struct line *line, const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);

	if (known)
		write_text(line, known->name);
	else
		write_number(line, "%d", value);
}

/* Returns the octets that a value has in an array. No record has octets. */
static size_t write_value(struct line *line, const ProtobufCFieldDescriptor *field,
			  const void *value)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		write_number(line, "%" PRId32, *(const int32_t *)value);
		return sizeof(int32_t);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		write_number(line, "%" PRId64, *(const int64_t *)value);
		return sizeof(int64_t);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		write_number(line, "%" PRIu32, *(const uint32_t *)value);
		return sizeof(uint32_t);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		write_large(line, *(const uint64_t *)value);
		return sizeof(uint64_t);
	case PROTOBUF_C_TYPE_FLOAT:
		write_real(line, *(const float *)value);
		return sizeof(float);
	case PROTOBUF_C_TYPE_DOUBLE:
		write_real(line, *(const double *)value);
		return sizeof(double);
	case PROTOBUF_C_TYPE_BOOL:
		if (*(const protobuf_c_boolean *)value)
			write_octets(line, "true", 4);
		else
			write_octets(line, "false", 5);
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_ENUM:
		write_enum(line, field->descriptor, *(const int *)value);
		return sizeof(int);
	case PROTOBUF_C_TYPE_STRING:
		write_text(line, *(char *const *)value ?: "");
		return sizeof(char *);
	case PROTOBUF_C_TYPE_MESSAGE:
		write_message(line, *(ProtobufCMessage *const *)value);
		return sizeof(void *);
	default:
		write_octets(line, "null", 4);
		return sizeof(ProtobufCBinaryData);
	}
}

static void write_array(struct line *line, const ProtobufCFieldDescriptor *field, const char *items,
			size_t count)
{
	write_octets(line, "[", 1);
	for (size_t k = 0; k < count; k++) {
		if (k)
			write_octets(line, ",", 1);
		items += write_value(line, field, items);
	}
	write_octets(line, "]", 1);
}

/* In proto3 a message alone can be absent. */
static bool is_absent(const ProtobufCFieldDescriptor *field, const void *member)
{
	return field->label != PROTOBUF_C_LABEL_REPEATED &&
	       field->type == PROTOBUF_C_TYPE_MESSAGE && !*(void *const *)member;
}

static void write_message(struct line *line, const ProtobufCMessage *message)
{
	const char *base = (const char *)message;
	const char *before = "{\"";

	for (unsigned int k = 0; k < message->descriptor->n_fields; k++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[k];
		const char *member = base + field->offset;

		if (is_absent(field, member))
			continue;
		write_octets(line, before, 2);
		write_octets(line, field->name, strlen(field->name));
		write_octets(line, "\":", 2);
		before = ",\"";
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			write_array(line, field, *(char *const *)member,
				    *(const size_t *)(base + field->quantifier_offset));
		else
			write_value(line, field, member);
	}
	write_octets(line, before[0] == '{' ? "{}" : "}", before[0] == '{' ? 2 : 1);
}

char *cdr_line(const uint8_t *octets, size_t size, size_t *length)
{
	Tandem__Relay__V1__CallRecord *record =
		tandem__relay__v1__call_record__unpack(NULL, size, octets);
	struct line line = {NULL};

	if (!record)
		return NULL;
	write_message(&line, &record->base);
	tandem__relay__v1__call_record__free_unpacked(record, NULL);
	write_octets(&line, "\n", 1);
	if (line.failed) {
		free(line.text);
		return NULL;
	}
	*length = line.length;
	return line.text;
}
