/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/message.h"

#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "controlplane/rpc/message_field.h"

/* JSON numbers above 2^63 do not fit jansson's integers: they lose their last digits as reals. */
static json_t *unsigned_json(uint64_t value)
{
	return value <= INT64_MAX ? json_integer((json_int_t)value) : json_real((double)value);
}

/* JSON has no infinities and no NaN. */
static json_t *real_json(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

/* A value that a newer peer added to the enum has no name here: it stays a number. */
static json_t *enum_json(const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);

	return known ? json_string(known->name) : json_integer(value);
}

static json_t *bytes_json(const ProtobufCBinaryData *bytes)
{
	unsigned char *text;
	json_t *json;

	if (bytes->len > INT32_MAX / 2)
		return NULL;
	text = malloc(4 * ((bytes->len + 2) / 3) + 1);
	if (!text)
		return NULL;
	json = json_stringn((char *)text, EVP_EncodeBlock(text, bytes->data, (int)bytes->len));
	free(text);
	return json;
}

/* One value of the field's type at `value`; NULL without memory. */
static json_t *value_json(const ProtobufCFieldDescriptor *field, const void *value)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return json_integer(*(const int32_t *)value);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return json_integer(*(const int64_t *)value);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return json_integer(*(const uint32_t *)value);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return unsigned_json(*(const uint64_t *)value);
	case PROTOBUF_C_TYPE_FLOAT:
		return real_json(*(const float *)value);
	case PROTOBUF_C_TYPE_DOUBLE:
		return real_json(*(const double *)value);
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(*(const protobuf_c_boolean *)value);
	case PROTOBUF_C_TYPE_ENUM:
		return enum_json(field->descriptor, *(const int *)value);
	case PROTOBUF_C_TYPE_STRING:
		return json_string(*(char *const *)value ?: "");
	case PROTOBUF_C_TYPE_BYTES:
		return bytes_json(value);
	case PROTOBUF_C_TYPE_MESSAGE:
		return message_json(*(ProtobufCMessage *const *)value);
	}
	return NULL;
}

static json_t *array_json(const ProtobufCFieldDescriptor *field, const char *items, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < count; i++) {
		/* Appending NULL fails, so this also sees a value that found no memory. */
		if (json_array_append_new(
			    array,
			    value_json(field, items + i * message_value_size(field->type)))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static bool is_present(const ProtobufCFieldDescriptor *field, const char *base)
{
	const char *quantifier = base + field->quantifier_offset;

	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)quantifier == field->id;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(void *const *)(base + field->offset) != NULL;
	if (field->type == PROTOBUF_C_TYPE_STRING && field->label == PROTOBUF_C_LABEL_OPTIONAL)
		return *(void *const *)(base + field->offset) != NULL;
	if (field->label == PROTOBUF_C_LABEL_OPTIONAL)
		return *(const protobuf_c_boolean *)quantifier;
	return true;
}

json_t *message_json(const ProtobufCMessage *message)
{
	const char *base = (const char *)message;
	json_t *object = json_object();

	for (unsigned i = 0; object && i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const char *member = base + field->offset;
		json_t *value;

		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			value = array_json(field, *(char *const *)member,
					   *(const size_t *)(base + field->quantifier_offset));
		else if (is_present(field, base))
			value = value_json(field, member);
		else
			continue;
		if (json_object_set_new(object, field->name, value)) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}
