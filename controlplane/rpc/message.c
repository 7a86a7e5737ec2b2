/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/message.h"

#include "controlplane/lib/utf8.h"
#include "dataplane/api/cleanse.h"

static bool texts_are_utf8(const ProtobufCMessage *);

static bool value_is_utf8(ProtobufCType type, const void *value)
{
	if (type == PROTOBUF_C_TYPE_STRING) {
		const char *text = *(char *const *)value;

		return !text || utf8_is_valid(text);
	}
	if (type == PROTOBUF_C_TYPE_MESSAGE) {
		const ProtobufCMessage *inner = *(ProtobufCMessage *const *)value;

		return !inner || texts_are_utf8(inner);
	}
	return true;
}

static bool field_is_utf8(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *base = (const char *)message;
	const char *member = base + field->offset;

	if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
		return true;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		void **items = *(void ***)member;
		size_t count = *(const size_t *)(base + field->quantifier_offset);

		for (size_t i = 0; i < count; i++)
			if (!value_is_utf8(field->type, &items[i]))
				return false;
		return true;
	}
	/* The member is then a union: it holds a pointer of this type only in its own case. */
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
	    *(const uint32_t *)(base + field->quantifier_offset) != field->id)
		return true;
	return value_is_utf8(field->type, member);
}

static bool texts_are_utf8(const ProtobufCMessage *message)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++)
		if (!field_is_utf8(message, &message->descriptor->fields[i]))
			return false;
	return true;
}

ProtobufCMessage *message_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
				 size_t len)
{
	ProtobufCMessage *message =
		protobuf_c_message_unpack(descriptor, &cleanse_allocator, len, data);

	if (message && !texts_are_utf8(message)) {
		message_free(message);
		return NULL;
	}
	return message;
}

void message_free(ProtobufCMessage *message)
{
	if (message)
		protobuf_c_message_free_unpacked(message, &cleanse_allocator);
}
