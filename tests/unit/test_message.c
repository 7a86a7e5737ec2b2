/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/rpc/message.h"
#include "dataplane/api/dataplane.pb-c.h"
#include "tests/rig/test.h"

static bool unpacks(const char *text)
{
	Tandem__Relay__V1__Side side = TANDEM__RELAY__V1__SIDE__INIT;
	ProtobufCMessage *message;
	uint8_t octets[64];
	size_t size;

	side.network = (char *)(uintptr_t)text;
	size = protobuf_c_message_pack(&side.base, octets);
	message = message_unpack(side.base.descriptor, octets, size);
	message_free(message);
	return message != NULL;
}

static void test_utf8(void **state)
{
	static const char *const good[] = {
		"",
		"v=0\r\n",
		"\x7f",
		"\xc2\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbf",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
	};
	static const char *const bad[] = {
		"\x80", /* a continuation alone */
		"\xc0\x80",
		"\xc1\xbf",         /* overlong */
		"\xe0\x9f\xbf",     /* overlong */
		"\xf0\x8f\xbf\xbf", /* overlong */
		"\xed\xa0\x80",
		"\xed\xbf\xbf",     /* surrogates */
		"\xf4\x90\x80\x80", /* above U+10FFFF */
		"\xf5\x80\x80\x80",
		"\xff", /* no such head */
		"\xc2",
		"\xe2\x82",
		"\xf0\x90\x80",
		"\xc2\x61", /* cut short */
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(unpacks(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(unpacks(bad[i]));
}

static void test_unpack_looks_into_every_string(void **state)
{
	Tandem__Relay__V1__Side side = TANDEM__RELAY__V1__SIDE__INIT;
	Tandem__Relay__V1__OfferRequest offer = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	char *suites[] = {(char *)(uintptr_t) "good", (char *)(uintptr_t) "good"};
	uint8_t octets[256];
	ProtobufCMessage *message;

	side.suites = suites;
	side.n_suites = 2;
	offer.to = &side;
	message = message_unpack(offer.base.descriptor, octets,
				 protobuf_c_message_pack(&offer.base, octets));
	assert_non_null(message);
	message_free(message);
	suites[1] = (char *)(uintptr_t) "\xff";
	assert_null(message_unpack(offer.base.descriptor, octets,
				   protobuf_c_message_pack(&offer.base, octets)));
}

static void assert_json(const ProtobufCMessage *message, const char *expected)
{
	json_t *json = message_json(message);
	char *text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);

	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
}

static void test_json_has_every_field(void **state)
{
	Tandem__Relay__V1__Call call = TANDEM__RELAY__V1__CALL__INIT;
	Tandem__Relay__V1__QueryReply query = TANDEM__RELAY__V1__QUERY_REPLY__INIT;

	assert_json(&query.base, "{}");
	query.call = &call;
	assert_json(&query.base,
		    "{\"call\":{\"call_id\":\"\",\"state\":\"CALL_STATE_UNKNOWN\",\"age_ms\":0,"
		    "\"legs\":[],\"parties\":[],\"paths\":[],\"signalled_ms\":0}}");
}

static void test_json_of_each_kind(void **state)
{
	Tandem__Relay__V1__Stream stream = TANDEM__RELAY__V1__STREAM__INIT;
	Tandem__Relay__V1__CallSummary summary = TANDEM__RELAY__V1__CALL_SUMMARY__INIT;
	Tandem__Relay__V1__StatusReply status = TANDEM__RELAY__V1__STATUS_REPLY__INIT;
	Tandem__Relay__V1__Side side = TANDEM__RELAY__V1__SIDE__INIT;
	char *suites[] = {(char *)(uintptr_t) "a", (char *)(uintptr_t) "\"b\"\n"};

	stream.ssrc = UINT32_MAX;
	stream.packets = INT64_MAX;
	stream.bytes = UINT64_MAX;
	stream.lost = -5;
	stream.jitter_ms = 0.25;
	stream.rtt_ms = NAN;
	assert_json(
		&stream.base,
		"{\"ssrc\":4294967295,\"payload_type\":0,\"packets\":9223372036854775807,"
		"\"bytes\":1.8446744073709552e19,\"lost\":-5,\"jitter_ms\":0.25,"
		"\"rtt_ms\":null,\"renumbered\":0,\"duplicates\":0,\"reordered\":0,"
		"\"bursts\":0,\"burst_loss\":0.0,\"gap_loss\":0.0,\"codec\":\"\",\"clock_hz\":0}");
	summary.state = (Tandem__Relay__V1__CallState)77;
	assert_json(&summary.base, "{\"call_id\":\"\",\"state\":77,\"age_ms\":0,\"legs\":0,"
				   "\"driver\":\"\",\"mos\":0.0,\"lowest_mos\":0.0,"
				   "\"why\":\"\",\"tags\":[],\"remotes\":[]}");
	side.suites = suites;
	side.n_suites = 2;
	assert_json(
		&side.base,
		"{\"network\":\"\",\"family\":\"FAMILY_SAME\","
		"\"profile\":\"PROFILE_SAME\",\"ice\":\"TOGGLE_DEFAULT\","
		"\"rtcp_mux\":\"TOGGLE_DEFAULT\",\"latch\":\"LATCH_DEFAULT\","
		"\"suites\":[\"a\",\"\\\"b\\\"\\n\"],"
		"\"keying\":\"KEYING_DEFAULT\",\"opportunistic\":\"TOGGLE_DEFAULT\","
		"\"keeps\":false,\"as_offered\":false,\"none_added\":false,\"setup\":\"SETUP_DEFAULT\",\"hash\":\"\"}");
	status.dataplane_connected = 1;
	assert_json(&status.base,
		    "{\"version\":\"\",\"dataplane_version\":\"\",\"dataplane_connected\":true,"
		    "\"workers\":0,\"crypto_engine\":\"\",\"calls\":0,\"legs\":0,\"legs_max\":0,"
		    "\"networks\":[],\"drops\":[],\"counters\":[],"
		    "\"dataplane_legs\":0,\"orphans_deleted\":0,\"links\":[],\"worker_loads\":[],"
		    "\"latency_bounds_us\":[]}");
}

static void test_json_of_bytes(void **state)
{
	Tandem__Dataplane__V1__Endpoint endpoint = TANDEM__DATAPLANE__V1__ENDPOINT__INIT;
	uint8_t address[] = {198, 51, 100, 1};

	assert_json(&endpoint.base, "{\"address\":\"\",\"port\":0}");
	endpoint.address.data = address;
	endpoint.address.len = sizeof(address);
	assert_json(&endpoint.base, "{\"address\":\"xjNkAQ==\",\"port\":0}");
}

/* What no .proto of ours has yet, and a later one may: optional fields and a choice of two. */
struct choice {
	ProtobufCMessage base;
	protobuf_c_boolean has_number;
	int32_t number;
	uint32_t which;
	union {
		char *text;
		uint64_t bits;
	};
};

#define CHOICE(name_, id_, type_, flags_, quantifier)                                              \
	{                                                                                          \
		.name = #name_, .id = id_, .label = PROTOBUF_C_LABEL_OPTIONAL,                     \
		.type = PROTOBUF_C_TYPE_##type_, .flags = flags_,                                  \
		.quantifier_offset = offsetof(struct choice, quantifier),                          \
		.offset = offsetof(struct choice, name_)                                           \
	}

static void test_json_of_a_choice(void **state)
{
	static const ProtobufCFieldDescriptor fields[] = {
		CHOICE(number, 1, SINT32, 0, has_number),
		CHOICE(text, 2, STRING, PROTOBUF_C_FIELD_FLAG_ONEOF, which),
		CHOICE(bits, 3, FIXED64, PROTOBUF_C_FIELD_FLAG_ONEOF, which),
	};
	static const ProtobufCMessageDescriptor type = {.fields = fields, .n_fields = 3};
	struct choice choice = {.base.descriptor = &type};

	assert_json(&choice.base, "{}");
	choice.has_number = 1;
	choice.which = 3;
	choice.bits = 7; /* no pointer: the text is not to be looked at */
	assert_json(&choice.base, "{\"number\":0,\"bits\":7}");
	choice.which = 2;
	choice.text = (char *)(uintptr_t) "x";
	assert_json(&choice.base, "{\"number\":0,\"text\":\"x\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_unpack_looks_into_every_string),
		cmocka_unit_test(test_json_has_every_field),
		cmocka_unit_test(test_json_of_each_kind),
		cmocka_unit_test(test_json_of_bytes),
		cmocka_unit_test(test_json_of_a_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
