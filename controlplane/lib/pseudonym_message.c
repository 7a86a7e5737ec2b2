/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of the public API, whose participants' addresses are not to be seen. */
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/pseudonym.h"

/* Fields that are a participant's address, perhaps with a port, or a prefix of such. */
static const struct {
	const char *message, *field;
} fields[] = {
	{"tandem.relay.v1.Leg", "remote"},          {"tandem.relay.v1.CallSummary", "remotes"},
	{"tandem.relay.v1.WatchEvent", "text"},     {"tandem.shed.v1.Source", "address"},
	{"tandem.shed.v1.BlockEntry", "prefix"},    {"tandem.shed.v1.DroppedPacket", "source"},
	{"tandem.shed.v1.DroppedPacket", "octets"}, /* they have it in its header */
	{"tandem.turn.v1.Allocation", "client"},
};

static bool is_address(const ProtobufCMessageDescriptor *type, const char *field)
{
	for (unsigned int k = 0; k < sizeof(fields) / sizeof(fields[0]); k++)
		if (strcmp(type->name, fields[k].message) == 0 &&
		    strcmp(field, fields[k].field) == 0)
			return true;
	return false;
}

static void hide(struct arena *arena, char **text)
{
	char other[ADDRESS_TEXT];

	if (*text && pseudonym_text(other, *text) == 0)
		*text = arena_text(arena, other);
}

static void hide_field(struct arena *arena, const ProtobufCMessageDescriptor *type,
		       const ProtobufCFieldDescriptor *field, char *base)
{
	bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
	size_t count = repeated ? *(size_t *)(base + field->quantifier_offset) : 1;
	void *at = base + field->offset, **values = repeated ? *(void **)at : at;

	if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		for (size_t k = 0; k < count; k++)
			if (values[k])
				pseudonym_message(arena, values[k]);
	} else if (field->type == PROTOBUF_C_TYPE_STRING && is_address(type, field->name)) {
		for (size_t k = 0; k < count; k++)
			hide(arena, (char **)&values[k]);
	} else if (field->type == PROTOBUF_C_TYPE_BYTES && is_address(type, field->name)) {
		((ProtobufCBinaryData *)at)->len = 0;
	}
}

void pseudonym_message(struct arena *arena, ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	for (unsigned int k = 0; pseudonym_is_on() && k < type->n_fields; k++)
		hide_field(arena, type, &type->fields[k], (char *)message);
}

/* --- a copy ---------------------------------------------------------------------------------- */

static void *take(void *arena, size_t size)
{
	return arena_take(arena, size);
}

static void leave(void *arena, void *octets)
{
}

const ProtobufCMessage *pseudonym_copy(struct arena *arena, const ProtobufCMessage *message)
{
	ProtobufCAllocator allocator = {take, leave, arena};
	size_t size = protobuf_c_message_get_packed_size(message);
	ProtobufCMessage *copy;
	uint8_t *octets;

	if (!pseudonym_is_on())
		return message;
	octets = malloc(size + 1);
	if (!octets)
		return NULL;
	protobuf_c_message_pack(message, octets);
	copy = protobuf_c_message_unpack(message->descriptor, &allocator, size, octets);
	free(octets);
	if (copy)
		pseudonym_message(arena, copy);
	return arena->failed ? NULL : copy;
}
