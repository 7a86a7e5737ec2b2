/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/cdr/cdr_line.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/lib/utf8.h"
#include "controlplane/rpc/message.h"

static void mend_text(char *text)
{
	if (!text || utf8_is_valid(text))
		return;
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			*text = '?';
}

/* The names in it are a participant's choice, and JSON is UTF-8. */
static void mend(ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	for (unsigned int k = 0; k < type->n_fields; k++) {
		const ProtobufCFieldDescriptor *field = &type->fields[k];
		void *at = (char *)message + field->offset;
		bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
		size_t *count = (size_t *)((char *)message + field->quantifier_offset);
		void **values = repeated ? *(void **)at : at;

		for (size_t i = 0; i < (repeated ? *count : 1); i++) {
			if (field->type == PROTOBUF_C_TYPE_STRING)
				mend_text(values[i]);
			else if (field->type == PROTOBUF_C_TYPE_MESSAGE && values[i])
				mend(values[i]);
		}
	}
}

char *cdr_line(const uint8_t *octets, size_t size, size_t *length)
{
	Tandem__Relay__V1__CallRecord *record =
		tandem__relay__v1__call_record__unpack(NULL, size, octets);
	json_t *json;
	char *line;

	if (!record)
		return NULL;
	mend(&record->base);
	json = message_json(&record->base);
	tandem__relay__v1__call_record__free_unpacked(record, NULL);
	line = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	if (!line)
		return NULL;
	/* What ends the text ends the line. */
	*length = strlen(line) + 1;
	line[*length - 1] = '\n';
	return line;
}
