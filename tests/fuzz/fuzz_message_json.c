/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What comes by HTTP: any octets are refused as JSON, as a URL's query, as a cookie, or become a
 * message that can be packed and comes back from its own JSON as the same. The first octet chooses
 * the type, the second one the way.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/api/shed.pb-c.h"
#include "controlplane/api/turn.pb-c.h"
#include "controlplane/rpc/message.h"
#include "controlplane/web/web_cookie.h"
#include "dataplane/api/dataplane.pb-c.h"

#define PAIRS_MAX 32

/* Every kind of field is in them. */
static const ProtobufCMessageDescriptor *const types[] = {
	&tandem__relay__v1__offer_request__descriptor,
	&tandem__relay__v1__list_request__descriptor,
	&tandem__relay__v1__call__descriptor,
	&tandem__relay__v1__watch_request__descriptor,
	&tandem__shed__v1__block_request__descriptor,
	&tandem__shed__v1__sample_reply__descriptor,
	&tandem__turn__v1__put_secret_request__descriptor,
	&tandem__dataplane__v1__frame__descriptor,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *pack(const ProtobufCMessage *message, size_t *size)
{
	uint8_t *octets = malloc(protobuf_c_message_get_packed_size(message) + 1);

	*size = octets ? protobuf_c_message_pack(message, octets) : 0;
	return octets;
}

/* A number above 2^63 has lost digits by then. */
static bool is_exact(const json_t *json)
{
	const char *key;
	json_t *value;
	size_t k;

	json_object_foreach((json_t *)(uintptr_t)json, key,
			    value) if (!is_exact(value)) return false;
	json_array_foreach((json_t *)(uintptr_t)json, k, value) if (!is_exact(value)) return false;
	return !json_is_real(json) || fabs(json_real_value(json)) < 9e18;
}

static void check(ProtobufCMessage *message)
{
	json_t *json = message_json(message);
	char *text = json_dumps(json, 0), why[MESSAGE_WHY];
	ProtobufCMessage *again;
	size_t sizes[2];
	uint8_t *octets[2];

	if (!protobuf_c_message_check(message) || !text)
		abort();
	again = message_parse(message->descriptor, text, strlen(text), why);
	if (is_exact(json)) {
		if (!again)
			abort();
		octets[0] = pack(message, &sizes[0]);
		octets[1] = pack(again, &sizes[1]);
		if (sizes[0] != sizes[1] || memcmp(octets[0], octets[1], sizes[0]) != 0)
			abort();
		free(octets[0]);
		free(octets[1]);
	}
	message_free(again);
	json_decref(json);
	free(text);
}

static const char *next_of(void *pairs, unsigned int index)
{
	return ((const char **)pairs)[index];
}

static void as_query(const ProtobufCMessageDescriptor *type, char *text)
{
	const char *pairs[PAIRS_MAX + 1] = {NULL};
	char why[MESSAGE_WHY] = "", *rest = text;
	unsigned int count = 0;
	ProtobufCMessage *message;

	while (rest && count < PAIRS_MAX)
		pairs[count++] = strsep(&rest, "&");
	message = message_parse_query(type, next_of, pairs, why);
	if (message)
		check(message);
	else if (!*why || strlen(why) >= MESSAGE_WHY)
		abort();
	message_free(message);
}

static void as_cookie(const char *text)
{
	char value[16], written[WEB_COOKIE_MAX];

	if (web_cookie_find(text, "tandem", value, sizeof(value)) && !strstr(text, value))
		abort();
	if (!web_cookie_fits(text))
		return;
	web_cookie_write(written, "tandem", text, true);
	if (!web_cookie_find(written, "tandem", value, sizeof(value)) && strlen(text) < 16)
		abort();
}

static void as_json(const ProtobufCMessageDescriptor *type, const char *text, size_t size)
{
	char why[MESSAGE_WHY] = "";
	ProtobufCMessage *message = message_parse(type, text, size, why);

	if (message)
		check(message);
	else if (!*why || strlen(why) >= MESSAGE_WHY)
		abort();
	message_free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const ProtobufCMessageDescriptor *type;
	char *text;

	if (size < 2)
		return 0;
	type = types[data[0] % (sizeof(types) / sizeof(types[0]))];
	text = malloc(size - 1);
	memcpy(text, data + 2, size - 2);
	text[size - 2] = '\0';
	if (data[1] == 'q')
		as_query(type, text);
	else if (data[1] == 'c')
		as_cookie(text);
	else
		as_json(type, text, size - 2);
	free(text);
	return 0;
}
