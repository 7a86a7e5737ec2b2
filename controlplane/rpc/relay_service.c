/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/relay_service.h"

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/rpc/rpc_answer.h"
#include "controlplane/session/session.h"

#define RELAY "/tandem.relay.v1.Relay/"

static void offer(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_offer(session, (const Tandem__Relay__V1__OfferRequest *)request, rpc_answer, call);
}

static void answer_offer(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_answer(session, (const Tandem__Relay__V1__AnswerRequest *)request, rpc_answer,
		       call);
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

static void status(struct rpc_call *call, const ProtobufCMessage *request, void *session)
{
	session_status(session, (const Tandem__Relay__V1__StatusRequest *)request, rpc_answer,
		       call);
}

static const struct rpc_method methods[] = {
	{RELAY "Offer", &tandem__relay__v1__offer_request__descriptor, offer},
	{RELAY "Answer", &tandem__relay__v1__answer_request__descriptor, answer_offer},
	{RELAY "Delete", &tandem__relay__v1__delete_request__descriptor, delete},
	{RELAY "Query", &tandem__relay__v1__query_request__descriptor, query},
	{RELAY "List", &tandem__relay__v1__list_request__descriptor, list},
	{RELAY "Status", &tandem__relay__v1__status_request__descriptor, status},
};

struct rpc_service relay_service(struct session *session)
{
	return (struct rpc_service){methods, sizeof(methods) / sizeof(methods[0]), session};
}
