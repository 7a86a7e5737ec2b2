/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages from JSON: all of the API's come back as they went, and what is not one is refused. */
#include "controlplane/api/health.pb-c.h"
#include "controlplane/api/relay.pb-c.h"
#include "controlplane/api/shed.pb-c.h"
#include "controlplane/api/turn.pb-c.h"
#include "controlplane/rpc/message.h"
#include "controlplane/rpc/message_field.h"
#include "dataplane/api/dataplane.pb-c.h"
#include "tests/rig/test.h"

#define ROUNDS    40
#define DEPTH_MAX 3

static unsigned int seed;

static unsigned int pick(unsigned int count)
{
	seed = seed * 1103515245 + 12345;
	return seed / 65536 % count;
}

/* --- any message ------------------------------------------------------------------------------ */

static void fill(ProtobufCMessage *message, unsigned int depth);

static void fill_value(const ProtobufCFieldDescriptor *field, void *value, unsigned int depth)
{
	static const char *const texts[] = {"",
					    "a",
					    "\"\\/\b\f\n\r\t\x01",
					    "\xc3\xa9\xe2\x82\xac",
					    "\xf0\x9f\x93\x9e",
					    "v=0\r\no=- 1 1 IN IP4 192.0.2.1"};
	static const int64_t numbers[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1234567890123456789};
	const ProtobufCEnumDescriptor *type = field->descriptor;
	ProtobufCBinaryData *bytes = value;
	ProtobufCMessage *inner;
	int64_t number = numbers[pick(COUNT(numbers))];

	switch (field->type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		*(int64_t *)value = number;
		return;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		*(uint64_t *)value = (uint64_t)number & INT64_MAX;
		return;
	case PROTOBUF_C_TYPE_FLOAT:
		*(float *)value = (float)pick(1000) / 8 - 60;
		return;
	case PROTOBUF_C_TYPE_DOUBLE:
		*(double *)value = pick(2) ? pick(1000) / 7.0 : -1e300;
		return;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)value = (protobuf_c_boolean)pick(2);
		return;
	case PROTOBUF_C_TYPE_ENUM:
		*(int *)value = type->values[pick(type->n_values)].value;
		return;
	case PROTOBUF_C_TYPE_STRING:
		*(char **)value = strdup(texts[pick(COUNT(texts))]);
		return;
	case PROTOBUF_C_TYPE_BYTES:
		bytes->len = pick(7);
		bytes->data = bytes->len ? malloc(bytes->len) : NULL;
		for (size_t k = 0; k < bytes->len; k++)
			bytes->data[k] = (uint8_t)pick(256);
		return;
	case PROTOBUF_C_TYPE_MESSAGE:
		inner = malloc(
			((const ProtobufCMessageDescriptor *)field->descriptor)->sizeof_message);
		protobuf_c_message_init(field->descriptor, inner);
		fill(inner, depth + 1);
		*(ProtobufCMessage **)value = inner;
		return;
	default:
		*(uint32_t *)value = (uint32_t)number;
	}
}

static void fill_field(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
		       unsigned int depth)
{
	char *base = (char *)message, *quantifier = base + field->quantifier_offset;
	bool presence = field->label == PROTOBUF_C_LABEL_OPTIONAL &&
			field->type != PROTOBUF_C_TYPE_MESSAGE &&
			field->type != PROTOBUF_C_TYPE_STRING;
	size_t size = message_value_size(field->type), count = pick(4);
	char *items;

	if (field->type == PROTOBUF_C_TYPE_MESSAGE && depth == DEPTH_MAX)
		return;
	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			if (*(uint32_t *)quantifier)
				return;
			*(uint32_t *)quantifier = field->id;
		} else if (presence) {
			*(protobuf_c_boolean *)quantifier = true;
		}
		fill_value(field, base + field->offset, depth);
		return;
	}
	items = count ? calloc(count, size) : NULL;
	for (size_t k = 0; k < count; k++)
		fill_value(field, items + k * size, depth);
	*(char **)(base + field->offset) = items;
	*(size_t *)quantifier = count;
}

static void fill(ProtobufCMessage *message, unsigned int depth)
{
	for (unsigned int k = 0; k < message->descriptor->n_fields; k++)
		if (pick(4))
			fill_field(message, &message->descriptor->fields[k], depth);
}

static void assert_same(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	size_t size = protobuf_c_message_get_packed_size(a);
	uint8_t *octets[2] = {malloc(size + 1), malloc(size + 1)};

	assert_int_equal(protobuf_c_message_get_packed_size(b), size);
	protobuf_c_message_pack(a, octets[0]);
	protobuf_c_message_pack(b, octets[1]);
	assert_memory_equal(octets[0], octets[1], size);
	free(octets[0]);
	free(octets[1]);
}

static void round_trip(const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *message = malloc(type->sizeof_message), *again;
	char why[MESSAGE_WHY] = "", *text;
	json_t *json;

	protobuf_c_message_init(type, message);
	fill(message, 0);
	json = message_json(message);
	text = json_dumps(json, 0);
	again = message_parse(type, text, strlen(text), why);
	if (!again)
		fail_msg("%s: %s: %s", type->name, why, text);
	assert_same(message, again);
	message_free(again);
	free(text);
	json_decref(json);
	protobuf_c_message_free_unpacked(message, NULL);
}

static void all_messages_come_back(void **state)
{
	static const ProtobufCServiceDescriptor *const services[] = {
		&tandem__relay__v1__relay__descriptor,
		&tandem__shed__v1__shed__descriptor,
		&tandem__turn__v1__turn__descriptor,
		&grpc__health__v1__health__descriptor,
	};

	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (size_t k = 0; k < COUNT(services); k++)
			for (unsigned int m = 0; m < services[k]->n_methods; m++) {
				round_trip(services[k]->methods[m].input);
				round_trip(services[k]->methods[m].output);
			}
		round_trip(&tandem__dataplane__v1__frame__descriptor); /* octets, one of several */
	}
}

/* --- what is written in another way ----------------------------------------------------------- */

static void numbers_as_texts(void **state)
{
	static const char text[] =
		"{\"prefix\":\"192.0.2.0/24\",\"for_ms\":\"18446744073709551615\"}";
	char why[MESSAGE_WHY];
	Tandem__Shed__V1__BlockRequest *block = (Tandem__Shed__V1__BlockRequest *)message_parse(
		&tandem__shed__v1__block_request__descriptor, text, strlen(text), why);

	assert_non_null(block);
	assert_true(block->for_ms == UINT64_MAX);
	assert_string_equal(block->prefix, "192.0.2.0/24");
	message_free(&block->base);
}

static void nothing_is_an_empty_object(void **state)
{
	char why[MESSAGE_WHY];
	Tandem__Relay__V1__ListRequest *list = (Tandem__Relay__V1__ListRequest *)message_parse(
		&tandem__relay__v1__list_request__descriptor, NULL, 0, why);

	assert_non_null(list);
	assert_string_equal(list->page_token, "");
	message_free(&list->base);
}

/* --- what is refused -------------------------------------------------------------------------- */

#define OFFER &tandem__relay__v1__offer_request__descriptor
#define BLOCK &tandem__shed__v1__block_request__descriptor

static void what_is_refused(void **state)
{
	static const struct {
		const ProtobufCMessageDescriptor *type;
		const char *text, *why;
	} cases[] = {
		{OFFER, "", NULL},
		{OFFER, "{}", NULL},
		{OFFER, "{", "line 1"},
		{OFFER, "[]", "an object is needed"},
		{OFFER, "null", "line 1"},
		{OFFER, "{} {}", "line 1"},
		{OFFER, "{\"call_id\":\"a\",\"call_id\":\"b\"}", "duplicate"},
		{OFFER, "{\"callId\":\"a\"}", "callId: OfferRequest has no such member"},
		{OFFER, "{\"call_id\":null}", "call_id: a text is needed"},
		{OFFER, "{\"call_id\":7}", "call_id: a text is needed"},
		{OFFER, "{\"call_id\":\"\\u0000\"}", "line 1"},
		{OFFER, "{\"call_id\":\"\xff\"}", "line 1"},
		{OFFER, "{\"call_id\":\"\\ud800\"}", "line 1"},
		{OFFER, "{\"to\":{\"suites\":[\"a\",7]}}", "to.suites[1]: a text is needed"},
		{OFFER, "{\"to\":{\"suites\":\"a\"}}", "to.suites: an array is needed"},
		{OFFER, "{\"to\":[]}", "to: an object is needed"},
		{OFFER, "{\"to\":{\"family\":\"IPV4\"}}",
		 "to.family: it is no value of Family, as FAMILY_SAME is"},
		{OFFER, "{\"to\":{\"family\":99}}", "to.family: it is no value"},
		{OFFER, "{\"to\":{\"family\":2}}", NULL},
		{OFFER, "{\"to\":{\"keeps\":1}}", "to.keeps: true or false is needed"},
		{OFFER, "{\"to\":{\"marking\":{\"dscp\":-1}}}", "to.marking.dscp: a number from 0"},
		{OFFER, "{\"to\":{\"marking\":{\"dscp\":4294967296}}}",
		 "to.marking.dscp: a number from 0 to 4294967295"},
		{OFFER, "{\"to\":{\"marking\":{\"dscp\":4294967295}}}", NULL},
		{OFFER, "{\"to\":{\"marking\":{\"dscp\":1.0}}}", "to.marking.dscp: a number"},
		{OFFER, "{\"to\":{\"marking\":{\"dscp\":\"1\"}}}", "to.marking.dscp: a number"},
		{BLOCK, "{\"for_ms\":\"18446744073709551616\"}", "for_ms: a number"},
		{BLOCK, "{\"for_ms\":18446744073709551615}", "line 1"},
		{BLOCK, "{\"for_ms\":\"-1\"}", "for_ms: a number"},
		{BLOCK, "{\"for_ms\":\"\"}", "for_ms: a number"},
		{BLOCK, "{\"for_ms\":\" 1\"}", "for_ms: a number"},
		{BLOCK, "{\"for_ms\":\"1 \"}", "for_ms: a number"},
		{BLOCK, "{\"for_ms\":\"0x1\"}", "for_ms: a number"},
		{BLOCK, "{\"for_ms\":1e3}", "for_ms: a number"},
	};

	for (size_t k = 0; k < COUNT(cases); k++) {
		char why[MESSAGE_WHY] = "";
		ProtobufCMessage *message =
			message_parse(cases[k].type, cases[k].text, strlen(cases[k].text), why);

		if (!message != !!cases[k].why || !strstr(why, cases[k].why ?: ""))
			fail_msg("%s: %s", cases[k].text, message ? "it was taken" : why);
		message_free(message);
	}
}

/* The text of octets in base64. */
static bool takes_octets(const char *text)
{
	const ProtobufCMessageDescriptor *type = &tandem__shed__v1__dropped_packet__descriptor;
	char json[128], why[MESSAGE_WHY];
	ProtobufCMessage *message;

	snprintf(json, sizeof(json), "{\"octets\":\"%s\"}", text);
	message = message_parse(type, json, strlen(json), why);
	message_free(message);
	return message != NULL;
}

static void octets(void **state)
{
	static const char *const good[] = {"", "AA==", "AAA=", "AAAA", "+/09azAZ"};
	static const char *const bad[] = {"A",    "AA",   "AAA",  "=",    "==",       "A===",
					  "====", "AA=A", "A A=", "AA-_", "AA==AA==", "\\n"};

	for (size_t k = 0; k < COUNT(good); k++)
		assert_true(takes_octets(good[k]));
	for (size_t k = 0; k < COUNT(bad); k++)
		assert_false(takes_octets(bad[k]));
}

static void too_deep(void **state)
{
	static char text[1 << 16];
	char why[MESSAGE_WHY];

	for (size_t k = 0; k < sizeof(text) - 1; k++)
		text[k] = '[';
	assert_null(message_parse(OFFER, text, sizeof(text) - 1, why));
	assert_non_null(strstr(why, "line 1"));
}

/* A path that is longer than its room is cut, and nothing else happens. */
static void a_long_name(void **state)
{
	static char text[2048] = "{\"to\":{\"";
	char why[MESSAGE_WHY];

	memset(text + 8, 'x', 1024);
	strcpy(text + 8 + 1024, "\":1}}");
	assert_null(message_parse(OFFER, text, strlen(text), why));
	assert_memory_equal(why, "to.xxx", 6);
	assert_non_null(strstr(why, "no such member"));
}

/* --- queries ---------------------------------------------------------------------------------- */

static const char *next_of(void *arg, unsigned int index)
{
	return ((const char **)arg)[index];
}

static void queries(void **state)
{
	static const struct {
		const ProtobufCMessageDescriptor *type;
		const char *pairs[4];
		const char *json; /* of what it is; NULL: it is refused ... */
		const char *why;
	} cases[] = {
		{BLOCK, {NULL}, "{}", ""},
		{BLOCK,
		 {"prefix=192.0.2.1", "for_ms=5"},
		 "{\"prefix\":\"192.0.2.1\",\"for_ms\":5}",
		 ""},
		{BLOCK, {"prefix=7"}, "{\"prefix\":\"7\"}", ""},
		{BLOCK, {"prefix"}, "{}", ""},
		{BLOCK, {"prefix=a=b"}, "{\"prefix\":\"a=b\"}", ""},
		{BLOCK, {"for_ms="}, NULL, "for_ms: a number"},
		{BLOCK, {"for_ms=x"}, NULL, "for_ms: a number"},
		{BLOCK, {"nothing=1"}, NULL, "nothing: BlockRequest has no such member"},
		{BLOCK, {"prefix=1", "prefix=2"}, NULL, "prefix: it is there twice"},
		{BLOCK, {"prefix=\xff"}, NULL, "prefix: it is not UTF-8"},
		{OFFER,
		 {"joins=true", "glare=GLARE_REPLACE"},
		 "{\"joins\":true,\"glare\":\"GLARE_REPLACE\"}",
		 ""},
		{OFFER, {"to={}"}, NULL, "to: it does not fit into a query"},
		{&tandem__relay__v1__side__descriptor,
		 {"suites=a", "suites=b"},
		 "{\"suites\":[\"a\",\"b\"]}",
		 ""},
	};

	for (size_t k = 0; k < COUNT(cases); k++) {
		char why[MESSAGE_WHY] = "";
		ProtobufCMessage *message = message_parse_query(
			cases[k].type, next_of, (void *)(uintptr_t)cases[k].pairs, why);

		if (cases[k].json) {
			ProtobufCMessage *same = message_parse(cases[k].type, cases[k].json,
							       strlen(cases[k].json), why);

			assert_non_null(message);
			assert_same(message, same);
			message_free(same);
		} else {
			assert_null(message);
			assert_non_null(strstr(why, cases[k].why));
		}
		message_free(message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_messages_come_back),
		cmocka_unit_test(numbers_as_texts),
		cmocka_unit_test(nothing_is_an_empty_object),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(octets),
		cmocka_unit_test(too_deep),
		cmocka_unit_test(a_long_name),
		cmocka_unit_test(queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
