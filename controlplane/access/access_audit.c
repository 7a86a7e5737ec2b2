/* SPDX-License-Identifier: BSD-3-Clause */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controlplane/access/access_state.h"
#include "controlplane/lib/pseudonym.h"
#include "controlplane/lib/wall_clock.h"

#define TEXT_MAX  256 /* octets of one value */
#define ITEMS_MAX 8   /* of one list */

/* What a request is about. A field that is not here does not go in, whatever it is. */
static const char *const told[] = {
	"call_id", "from_tag", "to_tag", "tag",   "branch",    "of",     "sources",   "media",
	"paused",  "muting",   "events", "label", "to_label",  "driver", "delay_ms",  "prefix",
	"for_ms",  "for_s",    "id",     "user",  "secret_id", "wire",   "max_bytes",
};

static const char *const codes[] = {
	"OK",
	"CANCELLED",
	"UNKNOWN",
	"INVALID_ARGUMENT",
	"DEADLINE_EXCEEDED",
	"NOT_FOUND",
	"ALREADY_EXISTS",
	"PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED",
	"FAILED_PRECONDITION",
	"ABORTED",
	"OUT_OF_RANGE",
	"UNIMPLEMENTED",
	"INTERNAL",
	"UNAVAILABLE",
	"DATA_LOSS",
	"UNAUTHENTICATED",
};

const char *access_code_name(int code)
{
	return code >= 0 && (size_t)code < sizeof(codes) / sizeof(codes[0]) ? codes[code]
									    : "UNKNOWN";
}

static bool is_told(const char *field)
{
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (!strcmp(told[i], field))
			return true;
	return false;
}

/* Cut where no character of UTF-8 is cut. */
static json_t *text_json(const char *text)
{
	size_t length = strnlen(text, TEXT_MAX + 1);

	if (length > TEXT_MAX) {
		length = TEXT_MAX;
		while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	return json_stringn(text, length);
}

/* A name that happens to look like an address stays one. */
static json_t *string_json(const char *field, const char *text)
{
	char other[ADDRESS_TEXT];

	if (!strcmp(field, "prefix") && pseudonym_text(other, text) == 0)
		return text_json(other);
	return text_json(text);
}

/* A value that is not the default; NULL: it is, or is of no kind that goes in. */
static json_t *value_json(const ProtobufCFieldDescriptor *field, const void *value)
{
	const ProtobufCEnumValue *word;
	const char *text;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		text = *(char *const *)value;
		return text && *text ? string_json(field->name, text) : NULL;
	case PROTOBUF_C_TYPE_UINT32:
		return *(const uint32_t *)value ? json_integer(*(const uint32_t *)value) : NULL;
	case PROTOBUF_C_TYPE_UINT64:
		return *(const uint64_t *)value
			       ? json_integer((json_int_t) * (const uint64_t *)value)
			       : NULL;
	case PROTOBUF_C_TYPE_BOOL:
		return *(const protobuf_c_boolean *)value ? json_true() : NULL;
	case PROTOBUF_C_TYPE_ENUM:
		word = protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)value);
		return word ? json_string(word->name) : NULL;
	default:
		return NULL;
	}
}

static json_t *list_json(const ProtobufCFieldDescriptor *field, char *const *items, size_t count)
{
	json_t *list;

	if (!count || field->type != PROTOBUF_C_TYPE_STRING)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < count && i < ITEMS_MAX; i++)
		json_array_append_new(list, text_json(items[i]));
	return list;
}

static json_t *what(const ProtobufCMessage *request)
{
	const char *base = (const char *)request;
	json_t *object = json_object();

	for (unsigned int i = 0; request && i < request->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &request->descriptor->fields[i];
		const char *member = base + field->offset;
		json_t *value;

		if (!is_told(field->name) || field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			continue;
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			value = list_json(field, *(char **const *)member,
					  *(const size_t *)(base + field->quantifier_offset));
		else
			value = value_json(field, member);
		if (value)
			json_object_set_new(object, field->name, value);
	}
	return object;
}

static void write_time(char *text, size_t size)
{
	uint64_t now_ms = wall_clock_ms();
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm utc;
	size_t used;

	gmtime_r(&seconds, &utc);
	used = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + used, size - used, ".%03uZ", (unsigned int)(now_ms % 1000));
}

void access_audit(struct access *access, const struct identity *who, const char *method,
		  const ProtobufCMessage *request, int code, const char *text)
{
	const char *word = access_code_name(code);
	char time[40], shown[512], *line;
	json_t *json;

	if (access->trail.fd < 0)
		return;
	write_time(time, sizeof(time));
	json = json_pack("{ss ss ss ss ss so ss ss}", "time", time, "who", who->name, "role",
			 role_name(who->role), "from", who->from, "method",
			 *method == '/' ? method + 1 : method, "what", what(request), "result",
			 word, "text", pseudonym_line(shown, sizeof(shown), text));
	line = json ? json_dumps(json, JSON_COMPACT) : NULL;
	if (line)
		trail_write(&access->trail, line);
	else
		trail_lose(&access->trail);
	free(line);
	json_decref(json);
}
