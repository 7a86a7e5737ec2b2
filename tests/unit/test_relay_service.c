/* SPDX-License-Identifier: BSD-3-Clause */
/* The Relay front end, with a session made here: what goes in, and how its answers come out. */
#include "tests/rig/peer.h"

#include <unistd.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/lib/pseudonym.h"
#include "controlplane/rpc/relay_service.h"
#include "controlplane/session/session.h"

#define RELAY       "/tandem.relay.v1.Relay/"
#define TYPE(which) (&tandem__relay__v1__##which##__descriptor)

struct session {
	const char *verb; /* the last one */
	char text[32];    /* of its request */
	session_reply *reply;
	void *arg;
	bool later, asked;
	struct session_error error; /* code 0: answer with a message */
};

/* Answers the verb that was asked last. `text` shows that its request came through. */
static void answer(struct session *session, const char *text)
{
	Tandem__Relay__V1__OfferReply offer = TANDEM__RELAY__V1__OFFER_REPLY__INIT;
	Tandem__Relay__V1__AnswerReply answer = TANDEM__RELAY__V1__ANSWER_REPLY__INIT;
	Tandem__Relay__V1__WithdrawReply withdrawn = TANDEM__RELAY__V1__WITHDRAW_REPLY__INIT;
	Tandem__Relay__V1__Call call = TANDEM__RELAY__V1__CALL__INIT;
	Tandem__Relay__V1__DeleteReply deleted = TANDEM__RELAY__V1__DELETE_REPLY__INIT;
	Tandem__Relay__V1__SubscribeReply subscribed = TANDEM__RELAY__V1__SUBSCRIBE_REPLY__INIT;
	Tandem__Relay__V1__SubscribeAnswerReply listens =
		TANDEM__RELAY__V1__SUBSCRIBE_ANSWER_REPLY__INIT;
	Tandem__Relay__V1__UnsubscribeReply left = TANDEM__RELAY__V1__UNSUBSCRIBE_REPLY__INIT;
	Tandem__Relay__V1__MuteReply muted = TANDEM__RELAY__V1__MUTE_REPLY__INIT;
	Tandem__Relay__V1__CreateReply created = TANDEM__RELAY__V1__CREATE_REPLY__INIT;
	Tandem__Relay__V1__ConnectReply connected = TANDEM__RELAY__V1__CONNECT_REPLY__INIT;
	Tandem__Relay__V1__QueryReply query = TANDEM__RELAY__V1__QUERY_REPLY__INIT;
	Tandem__Relay__V1__ListReply list = TANDEM__RELAY__V1__LIST_REPLY__INIT;
	Tandem__Relay__V1__HistoryReply history = TANDEM__RELAY__V1__HISTORY_REPLY__INIT;
	Tandem__Relay__V1__StatusReply status = TANDEM__RELAY__V1__STATUS_REPLY__INIT;
	const struct {
		const char *verb;
		ProtobufCMessage *reply;
	} replies[] = {
		{"offer", &offer.base},          {"answer", &answer.base},
		{"withdraw", &withdrawn.base},   {"delete", &deleted.base},
		{"subscribe", &subscribed.base}, {"subscribe_answer", &listens.base},
		{"unsubscribe", &left.base},     {"mute", &muted.base},
		{"connect", &connected.base},    {"publish", &answer.base},
		{"query", &query.base},          {"list", &list.base},
		{"status", &status.base},        {"create", &created.base},
		{"history", &history.base},
	};

	offer.sdp = answer.sdp = subscribed.sdp = created.sdp = call.call_id =
		(char *)(uintptr_t)text;
	list.next_page_token = status.version = call.call_id;
	deleted.call = left.call = query.call = &call;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		if (!strcmp(replies[i].verb, session->verb))
			session->reply(session->arg, session->error.code ? NULL : replies[i].reply,
				       session->error.code ? &session->error : NULL);
}

static void ask(struct session *session, const char *verb, const char *text, session_reply *reply,
		void *arg)
{
	session->verb = verb;
	snprintf(session->text, sizeof(session->text), "%s", text);
	session->reply = reply;
	session->arg = arg;
	session->asked = true;
	if (!session->later)
		answer(session, text);
}

#define VERB(name, type, text)                                                                     \
	void session_##name(struct session *session,                                               \
			    const Tandem__Relay__V1__##type##Request *request,                     \
			    session_reply *reply, void *arg)                                       \
	{                                                                                          \
		(void)request;                                                                     \
		ask(session, #name, text, reply, arg);                                             \
	}

VERB(offer, Offer, request->call_id)
VERB(answer, Answer, request->call_id)
VERB(withdraw, Withdraw, request->call_id)
VERB(delete, Delete, request->call_id)
VERB(subscribe, Subscribe, request->call_id)
VERB(subscribe_answer, SubscribeAnswer, request->call_id)
VERB(unsubscribe, Unsubscribe, request->call_id)
VERB(mute, Mute, request->call_id)
VERB(connect, Connect, request->call_id)
VERB(create, Create, request->call_id)
VERB(publish, Offer, request->call_id)
VERB(query, Query, request->call_id)
VERB(list, List, request->page_token)
VERB(history, History, request->after_ms == 5 ? "5" : "")
VERB(status, Status, "7.1")

struct session_watcher {
	session_event *told;
	void *arg;
	char call_id[32];
	bool gone;
};
static struct session_watcher watcher; /* the one there is; without `told`: none */

struct session_watcher *session_watch_calls(struct session *session, const char *call_id,
					    session_event *told, void *arg)
{
	if (session->error.code)
		return NULL;
	watcher = (struct session_watcher){.told = told, .arg = arg};
	snprintf(watcher.call_id, sizeof(watcher.call_id), "%s", call_id);
	return &watcher;
}

void session_unwatch_calls(struct session_watcher *one)
{
	one->gone = true;
}

struct session_capture {
	session_captured *told;
	session_reply *reply;
	void *arg;
	Tandem__Relay__V1__CaptureRequest request; /* but for texts */
	char text[32];                             /* its call id */
	bool asked, gone;
};
static struct session_capture capturing; /* the one there is */

struct session_capture *session_capture(struct session *session,
					const Tandem__Relay__V1__CaptureRequest *request,
					session_captured *told, session_reply *reply, void *arg)
{
	if (session->error.code) {
		reply(arg, NULL, &session->error);
		return NULL;
	}
	capturing = (struct session_capture){told, reply, arg, *request, .asked = true};
	snprintf(capturing.text, sizeof(capturing.text), "%s", request->call_id);
	return &capturing;
}

void session_uncapture(struct session_capture *one)
{
	one->gone = true;
}

struct session_record_watcher {
	session_record *told;
	void *arg;
	bool gone;
};
static struct session_record_watcher reader;

struct session_record_watcher *session_watch_records(struct session *session, session_record *told,
						     void *arg)
{
	if (session->error.code)
		return NULL;
	reader = (struct session_record_watcher){.told = told, .arg = arg};
	return &reader;
}

void session_unwatch_records(struct session_record_watcher *one)
{
	one->gone = true;
}

/*
 * The request and the reply of each method; field 1 of all requests but List's is the call id. A
 * reply without a text came through when its request did.
 */
static const struct {
	const char *method, *verb;
	const char *request;
	const ProtobufCMessageDescriptor *reply;
	const char *text; /* of the request */
} verbs[] = {
	{RELAY "Offer", "offer", "\x0a\x02\x63\x31", TYPE(offer_reply), "c1"},
	{RELAY "Answer", "answer", "\x0a\x02\x63\x32", TYPE(answer_reply), "c2"},
	{RELAY "Delete", "delete", "\x0a\x02\x63\x33", TYPE(delete_reply), "c3"},
	{RELAY "Query", "query", "\x0a\x02\x63\x34", TYPE(query_reply), "c4"},
	{RELAY "List", "list", "\x12\x02\x70\x35", TYPE(list_reply), "p5"},
	{RELAY "Status", "status", "", TYPE(status_reply), "7.1"},
	{RELAY "Withdraw", "withdraw", "\x0a\x02\x63\x37", TYPE(withdraw_reply), "c7"},
	{RELAY "Subscribe", "subscribe", "\x0a\x02\x63\x38", TYPE(subscribe_reply), "c8"},
	{RELAY "SubscribeAnswer", "subscribe_answer", "\x0a\x02\x63\x39",
	 TYPE(subscribe_answer_reply), "c9"},
	{RELAY "Unsubscribe", "unsubscribe", "\x0a\x02\x63\x61", TYPE(unsubscribe_reply), "ca"},
	{RELAY "Mute", "mute", "\x0a\x02\x63\x62", TYPE(mute_reply), "cb"},
	{RELAY "Connect", "connect", "\x0a\x02\x63\x63", TYPE(connect_reply), "cc"},
	{RELAY "Publish", "publish", "\x0a\x02\x63\x64", TYPE(answer_reply), "cd"},
	{RELAY "History", "history", "\x08\x05", TYPE(history_reply), "5"},
	{RELAY "Create", "create", "\x0a\x02\x63\x65", TYPE(create_reply), "ce"},
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void start(struct peer *peer, struct peer_call *call, size_t verb)
{
	peer_start_octets(peer, call, verbs[verb].method, verbs[verb].request,
			  strlen(verbs[verb].request), 5000);
}

/* The reply's text that answer() took from the request; NULL if there is none in it. */
static const char *text_of(const ProtobufCMessage *reply)
{
	if (reply->descriptor == TYPE(offer_reply))
		return ((const Tandem__Relay__V1__OfferReply *)reply)->sdp;
	if (reply->descriptor == TYPE(answer_reply))
		return ((const Tandem__Relay__V1__AnswerReply *)reply)->sdp;
	if (reply->descriptor == TYPE(delete_reply))
		return ((const Tandem__Relay__V1__DeleteReply *)reply)->call->call_id;
	if (reply->descriptor == TYPE(query_reply))
		return ((const Tandem__Relay__V1__QueryReply *)reply)->call->call_id;
	if (reply->descriptor == TYPE(list_reply))
		return ((const Tandem__Relay__V1__ListReply *)reply)->next_page_token;
	if (reply->descriptor == TYPE(subscribe_reply))
		return ((const Tandem__Relay__V1__SubscribeReply *)reply)->sdp;
	if (reply->descriptor == TYPE(unsubscribe_reply))
		return ((const Tandem__Relay__V1__UnsubscribeReply *)reply)->call->call_id;
	if (reply->descriptor == TYPE(status_reply))
		return ((const Tandem__Relay__V1__StatusReply *)reply)->version;
	return NULL;
}

static void test_each_method_is_its_verb(void **state)
{
	struct session session = {0};
	const struct rpc_service service = relay_service(&session);
	struct peer peer;

	peer_open(&peer);
	peer_serve(&peer, &service, 1, 0);
	for (size_t i = 0; i < VERBS; i++) {
		struct peer_call call;
		ProtobufCMessage *reply;

		start(&peer, &call, i);
		assert_int_equal(peer_end(&peer, &call), GRPC_STATUS_OK);
		assert_string_equal(session.verb, verbs[i].verb);
		reply = peer_message(&call, verbs[i].reply);
		assert_non_null(reply);
		assert_string_equal(session.text, verbs[i].text);
		if (text_of(reply))
			assert_string_equal(text_of(reply), verbs[i].text);
		protobuf_c_message_free_unpacked(reply, NULL);
	}
	peer_close(&peer);
}

static void test_errors_pass_with_their_text(void **state)
{
	struct session session = {.error = {SESSION_FAILED_PRECONDITION, "to_tag: no such tag"}};
	const struct rpc_service service = relay_service(&session);
	struct peer peer;

	peer_open(&peer);
	peer_serve(&peer, &service, 1, 0);
	for (size_t i = 0; i < VERBS; i++) {
		struct peer_call call;

		start(&peer, &call, i);
		assert_int_equal(peer_end(&peer, &call), GRPC_STATUS_FAILED_PRECONDITION);
		assert_string_equal(call.text, "to_tag: no such tag");
		assert_null(call.reply);
	}
	peer_close(&peer);
}

static void test_the_session_may_answer_later(void **state)
{
	struct session session = {.later = true};
	const struct rpc_service service = relay_service(&session);
	struct peer peer;

	peer_open(&peer);
	peer_serve(&peer, &service, 1, 0);
	for (size_t i = 0; i < VERBS; i++) {
		struct peer_call call;

		session.asked = false;
		start(&peer, &call, i);
		peer_wait(&peer, &session.asked);
		assert_false(call.ended);
		answer(&session, "late");
		assert_int_equal(peer_end(&peer, &call), GRPC_STATUS_OK);
		peer_drop(&call);
	}
	peer_close(&peer);
}

static void test_watch_is_a_stream(void **state)
{
	Tandem__Relay__V1__WatchEvent event = TANDEM__RELAY__V1__WATCH_EVENT__INIT, *told;
	struct session session = {0};
	const struct rpc_service service = relay_service(&session);
	struct peer_call call;
	struct peer peer;

	peer_open(&peer);
	peer_serve(&peer, &service, 1, 0);
	peer_start_octets(&peer, &call, RELAY "Watch", "\x0a\x02\x63\x31", 4, 5000);
	peer_wait(&peer, &call.received);
	told = peer_message(&call, TYPE(watch_event));
	assert_int_equal(told->kind, TANDEM__RELAY__V1__WATCH_KIND__WATCH_BEGUN);
	assert_string_equal(told->call_id, "c1");
	assert_string_equal(watcher.call_id, "c1");
	protobuf_c_message_free_unpacked(&told->base, NULL);

	peer_receive(&call);
	event.kind = TANDEM__RELAY__V1__WATCH_KIND__WATCH_ANSWERED;
	event.tag = (char *)(uintptr_t) "tom";
	watcher.told(watcher.arg, &event);
	peer_wait(&peer, &call.received);
	told = peer_message(&call, TYPE(watch_event));
	assert_int_equal(told->kind, event.kind);
	assert_string_equal(told->tag, "tom");
	protobuf_c_message_free_unpacked(&told->base, NULL);

	assert_false(watcher.gone);
	peer_receive(&call);
	grpc_call_cancel(call.core, NULL);
	assert_int_equal(peer_end(&peer, &call), GRPC_STATUS_CANCELLED);
	peer_wait(&peer, &watcher.gone);
	peer_drop(&call);
	peer_close(&peer);
}

static void test_records_are_a_stream(void **state)
{
	Tandem__Relay__V1__CallRecord record = TANDEM__RELAY__V1__CALL_RECORD__INIT, *told;
	struct session session = {0};
	const struct rpc_service service = relay_service(&session);
	struct peer_call call;
	struct peer peer;

	peer_open(&peer);
	peer_serve(&peer, &service, 1, 0);
	peer_start_octets(&peer, &call, RELAY "Records", "", 0, 5000);
	peer_wait(&peer, &call.received);
	told = peer_message(&call, TYPE(call_record));
	assert_int_equal(told->version, 1);
	assert_string_equal(told->record, "");
	protobuf_c_message_free_unpacked(&told->base, NULL);

	peer_receive(&call);
	record.record = (char *)(uintptr_t) "00000000000000a1";
	reader.told(reader.arg, &record);
	peer_wait(&peer, &call.received);
	told = peer_message(&call, TYPE(call_record));
	assert_string_equal(told->record, "00000000000000a1");
	protobuf_c_message_free_unpacked(&told->base, NULL);

	assert_false(reader.gone);
	peer_receive(&call);
	grpc_call_cancel(call.core, NULL);
	assert_int_equal(peer_end(&peer, &call), GRPC_STATUS_CANCELLED);
	peer_wait(&peer, &reader.gone);
	peer_drop(&call);
	peer_close(&peer);
}

static void start_capture(struct peer *peer, struct peer_call *call)
{
	/* Of call c1, as on the wire. */
	peer_start_octets(peer, call, RELAY "Capture", "\x0a\x02\x63\x31\x10\x01", 6, 5000);
}

/* Packets as they are told; the last message ends the stream. */
static void test_capture_is_a_stream(void **state)
{
	Tandem__Relay__V1__CaptureReply reply = TANDEM__RELAY__V1__CAPTURE_REPLY__INIT, *got;
	Tandem__Relay__V1__CapturedPacket packet = TANDEM__RELAY__V1__CAPTURED_PACKET__INIT;
	Tandem__Relay__V1__CapturedPacket *packets[] = {&packet};
	Tandem__Relay__V1__CaptureSummary over = TANDEM__RELAY__V1__CAPTURE_SUMMARY__INIT;
	struct session session = {0};
	const struct rpc_service service = relay_service(&session);
	struct peer_call call;
	struct peer peer;

	memset(&capturing, 0, sizeof(capturing));
	peer_open(&peer);
	peer_serve(&peer, &service, 1, 0);
	start_capture(&peer, &call);
	peer_wait(&peer, &capturing.asked);
	assert_string_equal(capturing.text, "c1");
	assert_true(capturing.request.wire);
	reply.packets = packets;
	reply.n_packets = 1;
	packet.tag = (char *)(uintptr_t) "tom";
	packet.octets = (ProtobufCBinaryData){3, (uint8_t *)(uintptr_t) "\x80\x00\xff"};
	assert_true(capturing.told(capturing.arg, &reply));
	peer_wait(&peer, &call.received);
	got = peer_message(&call, TYPE(capture_reply));
	assert_int_equal(got->n_packets, 1);
	assert_string_equal(got->packets[0]->tag, "tom");
	assert_int_equal(got->packets[0]->octets.len, 3);
	protobuf_c_message_free_unpacked(&got->base, NULL);

	peer_receive(&call);
	reply.n_packets = 0;
	reply.over = &over;
	over.why = (char *)(uintptr_t) "it rains";
	capturing.reply(capturing.arg, &reply.base, NULL);
	peer_wait(&peer, &call.received);
	got = peer_message(&call, TYPE(capture_reply));
	assert_string_equal(got->over->why, "it rains");
	protobuf_c_message_free_unpacked(&got->base, NULL);
	assert_int_equal(peer_end(&peer, &call), GRPC_STATUS_OK);
	assert_false(capturing.gone);
	peer_drop(&call);
	peer_close(&peer);
}

/* Who does not read loses packets, and not the capture. */
static void test_a_slow_reader_loses_packets(void **state)
{
	static uint8_t octets[200000];
	Tandem__Relay__V1__CaptureReply reply = TANDEM__RELAY__V1__CAPTURE_REPLY__INIT;
	Tandem__Relay__V1__CapturedPacket packet = TANDEM__RELAY__V1__CAPTURED_PACKET__INIT;
	Tandem__Relay__V1__CapturedPacket *packets[] = {&packet};
	struct session session = {0};
	const struct rpc_service service = relay_service(&session);
	struct peer_call call;
	struct peer peer;
	unsigned taken = 0;

	memset(&capturing, 0, sizeof(capturing));
	peer_open(&peer);
	peer_serve(&peer, &service, 1, 0);
	start_capture(&peer, &call);
	peer_wait(&peer, &capturing.asked);
	reply.packets = packets;
	reply.n_packets = 1;
	packet.octets = (ProtobufCBinaryData){sizeof(octets), octets};
	while (taken < 1000 && capturing.told(capturing.arg, &reply))
		taken++;
	assert_in_range(taken, 32, 64);
	assert_false(capturing.gone);
	grpc_call_cancel(call.core, NULL);
	peer_wait(&peer, &capturing.gone);
	peer_end(&peer, &call);
	peer_drop(&call);
	peer_close(&peer);
}

/* It shows what people say: it is the admins', and the audit has it. */
static void test_a_capture_is_no_small_thing(void **state)
{
	const struct rpc_service service = relay_service(NULL);
	unsigned found = 0;

	for (unsigned k = 0; k < service.count; k++) {
		if (strcmp(service.methods[k].path, RELAY "Capture"))
			continue;
		assert_int_equal(service.methods[k].role, ROLE_ADMIN);
		assert_true(service.methods[k].changes);
		found++;
	}
	assert_int_equal(found, 1);
}

static void test_a_capture_may_be_refused(void **state)
{
	struct session session = {.error = {SESSION_NOT_FOUND, "no call \"c1\""}};
	const struct rpc_service service = relay_service(&session);
	struct peer_call call;
	struct peer peer;

	peer_open(&peer);
	peer_serve(&peer, &service, 1, 0);
	start_capture(&peer, &call);
	assert_int_equal(peer_end(&peer, &call), GRPC_STATUS_NOT_FOUND);
	assert_string_equal(call.text, "no call \"c1\"");
	peer_drop(&call);
	peer_close(&peer);
}

static void test_a_watch_needs_memory(void **state)
{
	static const char *const methods[] = {RELAY "Watch", RELAY "Records"};
	struct session session = {.error = {SESSION_RESOURCE_EXHAUSTED, "none"}};
	const struct rpc_service service = relay_service(&session);

	for (size_t k = 0; k < COUNT(methods); k++) {
		struct peer_call call;
		struct peer peer;

		peer_open(&peer);
		peer_serve(&peer, &service, 1, 0);
		peer_start_octets(&peer, &call, methods[k], "", 0, 5000);
		assert_int_equal(peer_end(&peer, &call), GRPC_STATUS_RESOURCE_EXHAUSTED);
		peer_drop(&call);
		peer_close(&peer);
	}
}

/* Who has no key of pseudonyms is told why there is none. */
static void test_pseudonyms(void **state)
{
	static const struct {
		const char *request; /* packed */
		size_t size;
		bool on;
		grpc_status_code code;
	} cases[] = {
		{"\x0a\x07"
		 "1.2.3.4",
		 9, false, GRPC_STATUS_FAILED_PRECONDITION},
		{"\x0a\x07"
		 "1.2.3.4",
		 9, true, GRPC_STATUS_OK},
		{"\x0a\x03"
		 "tom",
		 5, true, GRPC_STATUS_INVALID_ARGUMENT},
		{"", 0, true, GRPC_STATUS_INVALID_ARGUMENT},
	};
	struct session session = {0};
	const struct rpc_service service = relay_service(&session);
	char directory[] = "/tmp/tandem-key-XXXXXX", path[64], why[200];
	struct peer peer;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/key", directory);
	peer_open(&peer);
	peer_serve(&peer, &service, 1, 0);
	for (size_t k = 0; k < COUNT(cases); k++) {
		struct peer_call call;

		if (cases[k].on)
			assert_int_equal(pseudonym_open(path, why, sizeof(why)), 0);
		peer_start_octets(&peer, &call, RELAY "Pseudonym", cases[k].request, cases[k].size,
				  5000);
		assert_int_equal(peer_end(&peer, &call), cases[k].code);
		if (cases[k].code == GRPC_STATUS_OK) {
			Tandem__Relay__V1__PseudonymReply *reply =
				peer_message(&call, TYPE(pseudonym_reply));

			assert_memory_equal(reply->pseudonym, "ip4-", 4);
			assert_int_equal(strlen(reply->pseudonym), 14);
			protobuf_c_message_free_unpacked(&reply->base, NULL);
		}
		peer_drop(&call);
	}
	peer_close(&peer);
	pseudonym_close();
	unlink(path);
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_method_is_its_verb),
		cmocka_unit_test(test_errors_pass_with_their_text),
		cmocka_unit_test(test_the_session_may_answer_later),
		cmocka_unit_test(test_watch_is_a_stream),
		cmocka_unit_test(test_records_are_a_stream),
		cmocka_unit_test(test_a_watch_needs_memory),
		cmocka_unit_test(test_capture_is_a_stream),
		cmocka_unit_test(test_a_slow_reader_loses_packets),
		cmocka_unit_test(test_a_capture_is_no_small_thing),
		cmocka_unit_test(test_a_capture_may_be_refused),
		cmocka_unit_test(test_pseudonyms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
