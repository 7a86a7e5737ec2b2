/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls by ng: offers, answers, and their end. */
#include <stdio.h>
#include <string.h>

#include "controlplane/ng/ng_command.h"
#include "controlplane/ng/ng_reply.h"

#define NOT_FOUND "Call-ID not found or tags didn't match"

/* --- offer and answer ------------------------------------------------------------------------ */

static void reply_sdp(struct ng_query *q, const char *sdp)
{
	struct ng_value *reply = ng_reply(q, "ok");

	ng_put(reply, "sdp", ng_text(&q->arena, sdp));
	q->done(q, reply);
}

/* An SDP that went through this relay once comes out as it came in. */
static bool is_loop(struct ng_query *q)
{
	struct ng_request *r = &q->request;
	char line[sizeof("\na=rtpengine:") + NG_TOKEN_MAX];

	if (!r->loop_protect)
		return false;
	r->form.loop = q->ng->instance;
	snprintf(line, sizeof(line), "\na=rtpengine:%s", q->ng->instance);
	if (!strstr(r->sdp, line))
		return false;
	reply_sdp(q, r->sdp);
	return true;
}

static void on_offered(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	if (error && ng_is_full(error))
		ng_fail_full(arg, error);
	else if (error)
		ng_fail_as(arg, error);
	else
		reply_sdp(arg, ((const Tandem__Relay__V1__OfferReply *)reply)->sdp);
}

/* False: it was refused. */
static bool fill_offer(struct ng_query *q, Tandem__Relay__V1__OfferRequest *request)
{
	struct ng_request *r = &q->request;

	if (!ng_has_call(q) || !ng_has(q, r->from_tag, "No from-tag in message") ||
	    !ng_has(q, r->sdp, "No SDP body in message") || is_loop(q))
		return false;
	request->call_id = (char *)r->call_id;
	request->from_tag = (char *)r->from_tag;
	request->sdp = (char *)r->sdp;
	request->source = (char *)r->source;
	request->from = &r->from;
	request->joins = true;
	request->driver = (char *)"ng";
	request->label = (char *)r->label;
	request->filter = &r->filter;
	request->form = &r->form;
	return true;
}

void ng_offer(struct ng_query *q)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	struct ng_request *r = &q->request;

	if (!fill_offer(q, &request))
		return;
	request.to_tag = (char *)r->to_tag;
	request.branch = (char *)r->via_branch;
	request.to = &r->to;
	request.glare = TANDEM__RELAY__V1__GLARE__GLARE_REPLACE;
	session_offer(q->ng->session, &request, on_offered, q);
}

static void on_answered(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	if (error)
		ng_fail_as(arg, error);
	else
		reply_sdp(arg, ((const Tandem__Relay__V1__AnswerReply *)reply)->sdp);
}

void ng_take_answer(struct ng_query *q)
{
	Tandem__Relay__V1__AnswerRequest request = TANDEM__RELAY__V1__ANSWER_REQUEST__INIT;
	struct ng_request *r = &q->request;

	if (!ng_has_call(q) || !ng_has(q, r->from_tag, "No from-tag in message") ||
	    !ng_has(q, r->to_tag, "No to-tag in message") ||
	    !ng_has(q, r->sdp, "No SDP body in message") || is_loop(q))
		return;
	request.call_id = (char *)r->call_id;
	request.from_tag = (char *)r->from_tag;
	request.to_tag = (char *)r->to_tag;
	request.branch = (char *)r->via_branch;
	request.sdp = (char *)r->sdp;
	request.source = (char *)r->source;
	request.from = &r->from;
	request.to = &r->to;
	request.filter = &r->filter;
	request.form = &r->form;
	request.shows_profile = r->shows_profile;
	request.label = (char *)r->label;
	session_answer(q->ng->session, &request, on_answered, q);
}

/* As an answer: proxies try no other relay for it. */
void ng_publish(struct ng_query *q)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;

	if (fill_offer(q, &request))
		session_publish(q->ng->session, &request, on_answered, q);
}

/* --- the end --------------------------------------------------------------------------------- */

/* Who deletes twice, or what never was, has what it wants. */
static void on_deleted(void *arg, const ProtobufCMessage *message,
		       const struct session_error *error)
{
	struct ng_query *q = arg;
	struct ng_value *reply;

	if (error && error->code == SESSION_NOT_FOUND && *q->request.via_branch &&
	    *q->request.to_tag) {
		/* The branch is that of the BYE itself. */
		q->request.via_branch = "";
		ng_delete(q);
	} else if (error && error->code == SESSION_NOT_FOUND) {
		if (q->request.fatal) {
			ng_fail(q, NOT_FOUND);
			return;
		}
		reply = ng_reply(q, "ok");
		ng_put(reply, "warning", ng_text(&q->arena, NOT_FOUND));
		q->done(q, reply);
	} else if (error) {
		ng_fail_as(q, error);
	} else {
		ng_reply_call(q, ((const Tandem__Relay__V1__DeleteReply *)message)->call);
	}
}

/* A branch, or the call as a whole by whichever tag. */
void ng_delete(struct ng_query *q)
{
	Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;
	const struct ng_request *r = &q->request;
	char *of[2];

	if (!ng_has_call(q))
		return;
	request.of = of;
	if (*r->from_tag)
		of[request.n_of++] = (char *)r->from_tag;
	if (*r->to_tag)
		of[request.n_of++] = (char *)r->to_tag;
	request.call_id = (char *)r->call_id;
	request.branch = (char *)r->via_branch;
	request.delay_ms =
		1000 * (r->delete_delay_s < 0 ? q->ng->delete_delay_s : r->delete_delay_s);
	session_delete(q->ng->session, &request, on_deleted, q);
}
