/* SPDX-License-Identifier: BSD-3-Clause */
/* The Relay front end, with a session made here: what goes in, and how its answers come out. */
#include "tests/unit/rpc_peer.h"

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/rpc/relay_service.h"
#include "controlplane/session/session.h"

#define RELAY       "/tandem.relay.v1.Relay/"
#define TYPE(which) (&tandem__relay__v1__##which##__descriptor)

struct session {
	const char *verb; /* the last one */
	session_reply *reply;
	void *arg;
	bool later, asked;
	struct session_error error; /* code 0: answer with a message */
};

/* Answers the verb that was asked last. `call_id` shows that its request came through. */
static void answer(struct session *session, const char *call_id)
{
	Tandem__Relay__V1__OfferReply offer = TANDEM__RELAY__V1__OFFER_REPLY__INIT;
	Tandem__Relay__V1__AnswerReply answer = TANDEM__RELAY__V1__ANSWER_REPLY__INIT;
	Tandem__Relay__V1__Call call = TANDEM__RELAY__V1__CALL__INIT;
	Tandem__Relay__V1__DeleteReply deleted = TANDEM__RELAY__V1__DELETE_REPLY__INIT;
	Tandem__Relay__V1__QueryReply query = TANDEM__RELAY__V1__QUERY_REPLY__INIT;
	Tandem__Relay__V1__ListReply list = TANDEM__RELAY__V1__LIST_REPLY__INIT;
	Tandem__Relay__V1__StatusReply status = TANDEM__RELAY__V1__STATUS_REPLY__INIT;
	const struct {
		const char *verb;
		ProtobufCMessage *reply;
	} replies[] = {
		{"offer", &offer.base}, {"answer", &answer.base}, {"delete", &deleted.base},
		{"query", &query.base}, {"list", &list.base},     {"status", &status.base},
	};

	offer.sdp = answer.sdp = call.call_id = (char *)(uintptr_t)call_id;
	list.next_page_token = status.version = call.call_id;
	deleted.call = query.call = &call;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		if (!strcmp(replies[i].verb, session->verb))
			session->reply(session->arg, session->error.code ? NULL : replies[i].reply,
				       session->error.code ? &session->error : NULL);
}

static void ask(struct session *session, const char *verb, const char *call_id,
		session_reply *reply, void *arg)
{
	session->verb = verb;
	session->reply = reply;
	session->arg = arg;
	session->asked = true;
	if (!session->later)
		answer(session, call_id);
}

void session_offer(struct session *session, const Tandem__Relay__V1__OfferRequest *request,
		   session_reply *reply, void *arg)
{
	ask(session, "offer", request->call_id, reply, arg);
}

void session_answer(struct session *session, const Tandem__Relay__V1__AnswerRequest *request,
		    session_reply *reply, void *arg)
{
	ask(session, "answer", request->call_id, reply, arg);
}

void session_delete(struct session *session, const Tandem__Relay__V1__DeleteRequest *request,
		    session_reply *reply, void *arg)
{
	ask(session, "delete", request->call_id, reply, arg);
}

void session_query(struct session *session, const Tandem__Relay__V1__QueryRequest *request,
		   session_reply *reply, void *arg)
{
	ask(session, "query", request->call_id, reply, arg);
}

void session_list(struct session *session, const Tandem__Relay__V1__ListRequest *request,
		  session_reply *reply, void *arg)
{
	ask(session, "list", request->page_token, reply, arg);
}

void session_status(struct session *session, const Tandem__Relay__V1__StatusRequest *request,
		    session_reply *reply, void *arg)
{
	ask(session, "status", "7.1", reply, arg);
}

/* The request and the reply of each method; field 1 of all requests but List's is the call id. */
static const struct {
	const char *method, *verb;
	const char *request;
	const ProtobufCMessageDescriptor *reply;
	const char *text; /* in the reply, from the request */
} verbs[] = {
	{RELAY "Offer", "offer", "\x0a\x02\x63\x31", TYPE(offer_reply), "c1"},
	{RELAY "Answer", "answer", "\x0a\x02\x63\x32", TYPE(answer_reply), "c2"},
	{RELAY "Delete", "delete", "\x0a\x02\x63\x33", TYPE(delete_reply), "c3"},
	{RELAY "Query", "query", "\x0a\x02\x63\x34", TYPE(query_reply), "c4"},
	{RELAY "List", "list", "\x12\x02\x70\x35", TYPE(list_reply), "p5"},
	{RELAY "Status", "status", "", TYPE(status_reply), "7.1"},
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void start(struct peer *peer, struct peer_call *call, size_t verb)
{
	call_start_octets(peer, call, verbs[verb].method, verbs[verb].request,
			  strlen(verbs[verb].request), 5000);
}

/* The reply's text that answer() took from the request. */
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
	return ((const Tandem__Relay__V1__StatusReply *)reply)->version;
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
		assert_int_equal(call_end(&peer, &call), GRPC_STATUS_OK);
		assert_string_equal(session.verb, verbs[i].verb);
		reply = call_message(&call, verbs[i].reply);
		assert_non_null(reply);
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
		assert_int_equal(call_end(&peer, &call), GRPC_STATUS_FAILED_PRECONDITION);
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
		assert_int_equal(call_end(&peer, &call), GRPC_STATUS_OK);
		call_drop(&call);
	}
	peer_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_method_is_its_verb),
		cmocka_unit_test(test_errors_pass_with_their_text),
		cmocka_unit_test(test_the_session_may_answer_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
