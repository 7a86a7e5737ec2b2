/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/relay_service.h"

#include <stdlib.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/lib/pseudonym.h"
#include "controlplane/rpc/rpc_answer.h"
#include "controlplane/session/session.h"

#define RELAY           "/tandem.relay.v1.Relay/"
#define CAPTURE_WAITING 32 /* messages of up to 64 packets that its reader has not taken */

static void offer(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_offer(session, (const Tandem__Relay__V1__OfferRequest *)request, rpc_answer, call);
}

static void answer_offer(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_answer(session, (const Tandem__Relay__V1__AnswerRequest *)request, rpc_answer,
		       call);
}

static void withdraw(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_withdraw(session, (const Tandem__Relay__V1__WithdrawRequest *)request, rpc_answer,
			 call);
}

static void create(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_create(session, (const Tandem__Relay__V1__CreateRequest *)request, rpc_answer,
		       call);
}

static void subscribe(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_subscribe(session, (const Tandem__Relay__V1__SubscribeRequest *)request, rpc_answer,
			  call);
}

static void answer_subscribed(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_subscribe_answer(session,
				 (const Tandem__Relay__V1__SubscribeAnswerRequest *)request,
				 rpc_answer, call);
}

static void unsubscribe(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_unsubscribe(session, (const Tandem__Relay__V1__UnsubscribeRequest *)request,
			    rpc_answer, call);
}

static void publish(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_publish(session, (const Tandem__Relay__V1__OfferRequest *)request, rpc_answer,
			call);
}

static void connect_parties(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_connect(session, (const Tandem__Relay__V1__ConnectRequest *)request, rpc_answer,
			call);
}

static void mute(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_mute(session, (const Tandem__Relay__V1__MuteRequest *)request, rpc_answer, call);
}

static void delete (struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_delete(session, (const Tandem__Relay__V1__DeleteRequest *)request, rpc_answer,
		       call);
}

static void query(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_query(session, (const Tandem__Relay__V1__QueryRequest *)request, rpc_answer, call);
}

static void list(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_list(session, (const Tandem__Relay__V1__ListRequest *)request, rpc_answer, call);
}

static void history(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_history(session, (const Tandem__Relay__V1__HistoryRequest *)request, rpc_answer,
			call);
}

static void status(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_status(session, (const Tandem__Relay__V1__StatusRequest *)request, rpc_answer,
		       call);
}

/* --- a stream of what happens ---------------------------------------------------------------- */

struct watcher {
	struct rpc_call *call;
	struct session_watcher *watcher;
};

static void send_event(void *arg, const Tandem__Relay__V1__WatchEvent *event)
{
	struct watcher *w = arg;

	rpc_stream_append(w->call, &event->base);
}

static void unwatch(void *arg)
{
	struct watcher *w = arg;

	session_unwatch_calls(w->watcher);
	free(w);
}

/* The first event says that from here on all is told. */
static void watch(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	const char *id = ((const Tandem__Relay__V1__WatchRequest *)request)->call_id;
	Tandem__Relay__V1__WatchEvent begun = TANDEM__RELAY__V1__WATCH_EVENT__INIT;
	struct watcher *w = calloc(1, sizeof(*w));

	if (w)
		w->watcher = session_watch_calls(session, id, send_event, w);
	if (!w || !w->watcher) {
		free(w);
		rpc_fail(call, GRPC_STATUS_RESOURCE_EXHAUSTED, "no memory for another watch");
		return;
	}
	w->call = call;
	begun.call_id = (char *)id;
	rpc_stream(call, unwatch, w);
	rpc_stream_append(call, &begun.base);
}

/* --- a stream of packets --------------------------------------------------------------------- */

struct capturing {
	struct rpc_call *call;
	struct session_capture *capture;
};

static bool send_captured(void *arg, const Tandem__Relay__V1__CaptureReply *reply)
{
	struct capturing *c = arg;

	if (rpc_stream_waiting(c->call) >= CAPTURE_WAITING)
		return false;
	rpc_stream_append(c->call, &reply->base);
	return true;
}

static void end_capture(void *arg, const ProtobufCMessage *last, const struct session_error *error)
{
	struct capturing *c = arg;

	rpc_answer(c->call, last, error);
	free(c);
}

static void uncapture(void *arg)
{
	struct capturing *c = arg;

	session_uncapture(c->capture);
	free(c);
}

static void capture(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	struct capturing *c = calloc(1, sizeof(*c));
	struct session_capture *begun;

	if (!c) {
		rpc_fail(call, GRPC_STATUS_RESOURCE_EXHAUSTED, "no memory for a capture");
		return;
	}
	c->call = call;
	begun = session_capture(session, (const Tandem__Relay__V1__CaptureRequest *)request,
				send_captured, end_capture, c);
	if (!begun)
		return;
	c->capture = begun;
	rpc_stream(call, uncapture, c);
}

/* --- a stream of the calls that end ---------------------------------------------------------- */

struct reader {
	struct rpc_call *call;
	struct session_record_watcher *watcher;
};

static void send_record(void *arg, const Tandem__Relay__V1__CallRecord *record)
{
	struct reader *r = arg;

	rpc_stream_append(r->call, &record->base);
}

static void stop_reading(void *arg)
{
	struct reader *r = arg;

	session_unwatch_records(r->watcher);
	free(r);
}

static void records(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	Tandem__Relay__V1__CallRecord begun = TANDEM__RELAY__V1__CALL_RECORD__INIT;
	struct reader *r = calloc(1, sizeof(*r));

	if (r)
		r->watcher = session_watch_records(session, send_record, r);
	if (!r || !r->watcher) {
		free(r);
		rpc_fail(call, GRPC_STATUS_RESOURCE_EXHAUSTED, "no memory for another stream");
		return;
	}
	r->call = call;
	begun.version = 1;
	rpc_stream(call, stop_reading, r);
	rpc_stream_append(call, &begun.base);
}

/* --- pseudonyms ------------------------------------------------------------------------------ */

static void show_pseudonym(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	const char *address = ((const Tandem__Relay__V1__PseudonymRequest *)request)->address;
	Tandem__Relay__V1__PseudonymReply reply = TANDEM__RELAY__V1__PSEUDONYM_REPLY__INIT;
	char text[ADDRESS_TEXT];

	if (!pseudonym_is_on()) {
		rpc_fail(call, GRPC_STATUS_FAILED_PRECONDITION,
			 "addresses are shown as they are; see [controlplane] privacy");
		return;
	}
	if (pseudonym_text(text, address)) {
		rpc_fail(call, GRPC_STATUS_INVALID_ARGUMENT,
			 "address: write e.g. 203.0.113.7, 2001:db8::1, 203.0.113.7:5060 or "
			 "2001:db8::/64");
		return;
	}
	reply.pseudonym = text;
	rpc_reply(call, &reply.base);
}

static const struct rpc_method methods[] = {
	{RELAY "Offer", &tandem__relay__v1__offer_request__descriptor, offer, ROLE_OPERATOR, true},
	{RELAY "Answer", &tandem__relay__v1__answer_request__descriptor, answer_offer,
	 ROLE_OPERATOR, true},
	{RELAY "Withdraw", &tandem__relay__v1__withdraw_request__descriptor, withdraw,
	 ROLE_OPERATOR, true},
	{RELAY "Create", &tandem__relay__v1__create_request__descriptor, create, ROLE_OPERATOR,
	 true},
	{RELAY "Subscribe", &tandem__relay__v1__subscribe_request__descriptor, subscribe,
	 ROLE_OPERATOR, true},
	{RELAY "SubscribeAnswer", &tandem__relay__v1__subscribe_answer_request__descriptor,
	 answer_subscribed, ROLE_OPERATOR, true},
	{RELAY "Unsubscribe", &tandem__relay__v1__unsubscribe_request__descriptor, unsubscribe,
	 ROLE_OPERATOR, true},
	{RELAY "Publish", &tandem__relay__v1__offer_request__descriptor, publish, ROLE_OPERATOR,
	 true},
	{RELAY "Connect", &tandem__relay__v1__connect_request__descriptor, connect_parties,
	 ROLE_OPERATOR, true},
	{RELAY "Mute", &tandem__relay__v1__mute_request__descriptor, mute, ROLE_OPERATOR, true},
	{RELAY "Watch", &tandem__relay__v1__watch_request__descriptor, watch, ROLE_VIEWER,
	 .streams = true},
	{RELAY "Capture", &tandem__relay__v1__capture_request__descriptor, capture, ROLE_ADMIN,
	 true, .streams = true},
	{RELAY "Delete", &tandem__relay__v1__delete_request__descriptor, delete, ROLE_OPERATOR,
	 true},
	{RELAY "Query", &tandem__relay__v1__query_request__descriptor, query, ROLE_VIEWER, false},
	{RELAY "List", &tandem__relay__v1__list_request__descriptor, list, ROLE_VIEWER, false},
	{RELAY "History", &tandem__relay__v1__history_request__descriptor, history, ROLE_VIEWER,
	 false},
	{RELAY "Status", &tandem__relay__v1__status_request__descriptor, status, ROLE_VIEWER,
	 false},
	{RELAY "Records", &tandem__relay__v1__records_request__descriptor, records, ROLE_VIEWER,
	 .streams = true},
	{RELAY "Pseudonym", &tandem__relay__v1__pseudonym_request__descriptor, show_pseudonym,
	 ROLE_ADMIN, true},
};

static struct rpc_count counts[sizeof(methods) / sizeof(methods[0])];

struct rpc_service relay_service(struct session *session)
{
	return (struct rpc_service){methods, sizeof(methods) / sizeof(methods[0]), session, counts};
}
