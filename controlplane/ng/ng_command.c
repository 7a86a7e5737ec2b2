/* SPDX-License-Identifier: BSD-3-Clause */
/* What an ng command has the session do, and what it replies. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "controlplane/ng/ng_state.h"
#include "dataplane/lib/log.h"

#define WORDS_TOLD 200 /* unknown words that get a line in the log */
#define LIST_USUAL 32
#define LIST_MOST  1000
#define NOT_FOUND  "Call-ID not found or tags didn't match"

/* --- replies --------------------------------------------------------------------------------- */

static struct ng_value *begin_reply(struct ng_query *q, const char *result)
{
	struct ng_value *reply = ng_dictionary(&q->arena);

	ng_put(reply, "result", ng_text(&q->arena, result));
	return reply;
}

static void fail(struct ng_query *q, const char *why)
{
	struct ng_value *reply = begin_reply(q, "error");

	ng_put(reply, "error-reason", ng_text(&q->arena, why));
	q->done(q, reply);
}

static void fail_not_done(struct ng_query *q, const char *what)
{
	struct ng_value *reply = begin_reply(q, "error");

	ng_put(reply, "error-reason",
	       ng_printf(&q->arena, "%.100s: this relay does not do that", what));
	q->done(q, reply);
}

/* An offer may find room on another relay. */
static bool is_full(const struct session_error *error)
{
	return error->code == SESSION_RESOURCE_EXHAUSTED || error->code == SESSION_UNAVAILABLE;
}

static bool supports_load_limit(const struct ng_query *q)
{
	const struct ng_value *item;

	ng_for_each(item,
		    q->request.supports) if (item->kind == NG_TEXT &&
					     ng_same_key(item->text, "load limit")) return true;
	return false;
}

/* By these words proxies try the next one. */
static void fail_full(struct ng_query *q, const struct session_error *error)
{
	struct ng_value *reply;

	if (supports_load_limit(q)) {
		reply = begin_reply(q, "load limit");
		ng_put(reply, "message", ng_text(&q->arena, error->text));
		q->done(q, reply);
	} else if (strstr(error->text, "calls are running")) {
		fail(q, "Parallel session limit reached");
	} else {
		fail(q, "Ran out of ports");
	}
}

static void fail_as(struct ng_query *q, const struct session_error *error)
{
	fail(q, error->code == SESSION_NOT_FOUND ? "Unknown call-id" : error->text);
}

/* True: the text is there. */
static bool has(struct ng_query *q, const char *text, const char *why)
{
	if (!*text)
		fail(q, why);
	return *text;
}

static bool has_call(struct ng_query *q)
{
	return has(q, q->request.call_id, "No call-id in message");
}

/* --- offer and answer ------------------------------------------------------------------------ */

static void reply_sdp(struct ng_query *q, const char *sdp)
{
	struct ng_value *reply = begin_reply(q, "ok");

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
	if (error && is_full(error))
		fail_full(arg, error);
	else if (error)
		fail_as(arg, error);
	else
		reply_sdp(arg, ((const Tandem__Relay__V1__OfferReply *)reply)->sdp);
}

/* False: it was refused. */
static bool fill_offer(struct ng_query *q, Tandem__Relay__V1__OfferRequest *request)
{
	struct ng_request *r = &q->request;

	if (!has_call(q) || !has(q, r->from_tag, "No from-tag in message") ||
	    !has(q, r->sdp, "No SDP body in message") || is_loop(q))
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

static void offer(struct ng_query *q)
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
		fail_as(arg, error);
	else
		reply_sdp(arg, ((const Tandem__Relay__V1__AnswerReply *)reply)->sdp);
}

static void answer(struct ng_query *q)
{
	Tandem__Relay__V1__AnswerRequest request = TANDEM__RELAY__V1__ANSWER_REQUEST__INIT;
	struct ng_request *r = &q->request;

	if (!has_call(q) || !has(q, r->from_tag, "No from-tag in message") ||
	    !has(q, r->to_tag, "No to-tag in message") ||
	    !has(q, r->sdp, "No SDP body in message") || is_loop(q))
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
static void publish(struct ng_query *q)
{
	Tandem__Relay__V1__OfferRequest request = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;

	if (fill_offer(q, &request))
		session_publish(q->ng->session, &request, on_answered, q);
}

/* --- the end --------------------------------------------------------------------------------- */

static void reply_call(struct ng_query *q, const Tandem__Relay__V1__Call *call)
{
	struct ng_value *reply = begin_reply(q, "ok");

	ng_report_call(&q->arena, reply, call);
	q->done(q, reply);
}

static void delete (struct ng_query *q);

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
		delete (q);
	} else if (error && error->code == SESSION_NOT_FOUND) {
		if (q->request.fatal) {
			fail(q, NOT_FOUND);
			return;
		}
		reply = begin_reply(q, "ok");
		ng_put(reply, "warning", ng_text(&q->arena, NOT_FOUND));
		q->done(q, reply);
	} else if (error) {
		fail_as(q, error);
	} else {
		reply_call(q, ((const Tandem__Relay__V1__DeleteReply *)message)->call);
	}
}

/* A branch, or the call as a whole by whichever tag. */
static void delete (struct ng_query *q)
{
	Tandem__Relay__V1__DeleteRequest request = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;
	const struct ng_request *r = &q->request;
	char *of[2];

	if (!has_call(q))
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

/* --- what there is --------------------------------------------------------------------------- */

static void on_queried(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	if (error)
		fail_as(arg, error);
	else
		reply_call(arg, ((const Tandem__Relay__V1__QueryReply *)reply)->call);
}

static void query(struct ng_query *q)
{
	Tandem__Relay__V1__QueryRequest request = TANDEM__RELAY__V1__QUERY_REQUEST__INIT;

	if (!has_call(q))
		return;
	request.call_id = (char *)q->request.call_id;
	session_query(q->ng->session, &request, on_queried, q);
}

static void on_listed(void *arg, const ProtobufCMessage *message, const struct session_error *error)
{
	const Tandem__Relay__V1__ListReply *list = (const Tandem__Relay__V1__ListReply *)message;
	struct ng_query *q = arg;
	struct ng_value *reply, *calls;

	if (error) {
		fail_as(q, error);
		return;
	}
	reply = begin_reply(q, "ok");
	calls = ng_put(reply, "calls", ng_list(&q->arena));
	for (size_t k = 0; k < list->n_calls; k++)
		ng_add(calls, ng_text(&q->arena, list->calls[k]->call_id));
	q->done(q, reply);
}

static void list(struct ng_query *q)
{
	Tandem__Relay__V1__ListRequest request = TANDEM__RELAY__V1__LIST_REQUEST__INIT;
	int64_t limit = q->request.limit;

	request.page_size = limit <= 0 ? LIST_USUAL : limit < LIST_MOST ? limit : LIST_MOST;
	session_list(q->ng->session, &request, on_listed, q);
}

static void on_status(void *arg, const ProtobufCMessage *message, const struct session_error *error)
{
	const Tandem__Relay__V1__StatusReply *status =
		(const Tandem__Relay__V1__StatusReply *)message;
	struct ng_query *q = arg;
	struct ng_value *reply, *now;

	if (error) {
		fail_as(q, error);
		return;
	}
	reply = begin_reply(q, "ok");
	now = ng_put(ng_put(reply, "statistics", ng_dictionary(&q->arena)), "currentstatistics",
		     ng_dictionary(&q->arena));
	ng_put(now, "sessionsown", ng_number(&q->arena, status->calls));
	ng_put(now, "sessionsforeign", ng_number(&q->arena, 0));
	ng_put(now, "sessionstotal", ng_number(&q->arena, status->calls));
	q->done(q, reply);
}

static void statistics(struct ng_query *q)
{
	Tandem__Relay__V1__StatusRequest request = TANDEM__RELAY__V1__STATUS_REQUEST__INIT;

	session_status(q->ng->session, &request, on_status, q);
}

static void ping(struct ng_query *q)
{
	q->done(q, begin_reply(q, "pong"));
}

/* --- who hears what -------------------------------------------------------------------------- */

static void on_done(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	struct ng_query *q = arg;

	if (error)
		fail_as(q, error);
	else
		q->done(q, begin_reply(q, "ok"));
}

static void mute(struct ng_query *q, Tandem__Relay__V1__Muting muting, bool events)
{
	Tandem__Relay__V1__MuteRequest request = TANDEM__RELAY__V1__MUTE_REQUEST__INIT;
	const struct ng_request *r = &q->request;

	if (!has_call(q))
		return;
	request.call_id = (char *)r->call_id;
	request.tag = (char *)(r->all ? "" : r->from_tag);
	request.to_tag = (char *)r->to_tag;
	request.label = (char *)r->label;
	request.to_label = (char *)r->to_label;
	request.muting = muting;
	request.events = events;
	session_mute(q->ng->session, &request, on_done, q);
}

static void block(struct ng_query *q)
{
	mute(q, TANDEM__RELAY__V1__MUTING__MUTING_BLOCK, false);
}

static void silence(struct ng_query *q)
{
	mute(q, TANDEM__RELAY__V1__MUTING__MUTING_SILENCE, false);
}

static void unmute(struct ng_query *q)
{
	mute(q, TANDEM__RELAY__V1__MUTING__MUTING_NONE, false);
}

static void block_events(struct ng_query *q)
{
	mute(q, TANDEM__RELAY__V1__MUTING__MUTING_BLOCK, true);
}

static void unblock_events(struct ng_query *q)
{
	mute(q, TANDEM__RELAY__V1__MUTING__MUTING_NONE, true);
}

/* The listener's tag is ours to make, unless the request has one. */
static const char *listener_tag(struct ng_query *q)
{
	char text[NG_TOKEN_MAX];

	if (*q->request.to_tag)
		return q->request.to_tag;
	return ng_make_token(text) ? NULL : arena_text(&q->arena, text);
}

static void on_subscribed(void *arg, const ProtobufCMessage *message,
			  const struct session_error *error)
{
	const Tandem__Relay__V1__SubscribeReply *in =
		(const Tandem__Relay__V1__SubscribeReply *)message;
	struct ng_query *q = arg;
	struct ng_value *reply, *sources;

	if (error) {
		fail_as(q, error);
		return;
	}
	reply = begin_reply(q, "ok");
	ng_put(reply, "sdp", ng_text(&q->arena, in->sdp));
	ng_put(reply, "to-tag", ng_text(&q->arena, q->request.to_tag));
	if (in->n_sources)
		ng_put(reply, "from-tag", ng_text(&q->arena, in->sources[0]));
	sources = ng_put(reply, "from-tags", ng_list(&q->arena));
	for (size_t k = 0; k < in->n_sources; k++)
		ng_add(sources, ng_text(&q->arena, in->sources[k]));
	q->done(q, reply);
}

static void subscribe(struct ng_query *q)
{
	Tandem__Relay__V1__SubscribeRequest request = TANDEM__RELAY__V1__SUBSCRIBE_REQUEST__INIT;
	struct ng_request *r = &q->request;
	char *source = (char *)r->from_tag;

	if (!has_call(q))
		return;
	r->to_tag = listener_tag(q);
	if (!r->to_tag) {
		fail(q, "the random generator fails");
		return;
	}
	request.call_id = (char *)r->call_id;
	request.tag = (char *)r->to_tag;
	request.sources = r->from_tag_count ? r->from_tags : &source;
	request.n_sources = r->from_tag_count ? r->from_tag_count : *source && !r->all;
	request.to = &r->to;
	session_subscribe(q->ng->session, &request, on_subscribed, q);
}

static void answer_subscription(struct ng_query *q)
{
	Tandem__Relay__V1__SubscribeAnswerRequest request =
		TANDEM__RELAY__V1__SUBSCRIBE_ANSWER_REQUEST__INIT;
	const struct ng_request *r = &q->request;

	if (!has_call(q) || !has(q, r->to_tag, "No to-tag in message") ||
	    !has(q, r->sdp, "No SDP body in message"))
		return;
	request.call_id = (char *)r->call_id;
	request.tag = (char *)r->to_tag;
	request.sdp = (char *)r->sdp;
	session_subscribe_answer(q->ng->session, &request, on_done, q);
}

static void unsubscribe(struct ng_query *q)
{
	Tandem__Relay__V1__UnsubscribeRequest request =
		TANDEM__RELAY__V1__UNSUBSCRIBE_REQUEST__INIT;
	const struct ng_request *r = &q->request;

	if (!has_call(q) || !has(q, r->to_tag, "No to-tag in message"))
		return;
	request.call_id = (char *)r->call_id;
	request.tag = (char *)r->to_tag;
	session_unsubscribe(q->ng->session, &request, on_done, q);
}

static void connect_tags(struct ng_query *q)
{
	Tandem__Relay__V1__ConnectRequest request = TANDEM__RELAY__V1__CONNECT_REQUEST__INIT;
	const struct ng_request *r = &q->request;

	if (!has_call(q) || !has(q, r->from_tag, "No from-tag in message") ||
	    !has(q, r->to_tag, "No to-tag in message"))
		return;
	request.call_id = (char *)r->call_id;
	request.tag = (char *)r->from_tag;
	request.to_tag = (char *)r->to_tag;
	session_connect(q->ng->session, &request, on_done, q);
}

/* --- which ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*run)(struct ng_query *q); /* NULL: not done */
} commands[] = {
	{"ping", ping},
	{"offer", offer},
	{"answer", answer},
	{"delete", delete},
	{"query", query},
	{"list", list},
	{"statistics", statistics},
	{"block media", block},
	{"unblock media", unmute},
	{"block DTMF", block_events},
	{"unblock DTMF", unblock_events},
	{"silence media", silence},
	{"unsilence media", unmute},
	{"subscribe request", subscribe},
	{"subscribe answer", answer_subscription},
	{"unsubscribe", unsubscribe},
	{"publish", publish},
	{"create", NULL},
	{"create answer", NULL},
	{"connect", connect_tags},
	{"mesh", NULL},
	{"transform", NULL},
	{"start recording", NULL},
	{"stop recording", NULL},
	{"pause recording", NULL},
	{"start forwarding", NULL},
	{"stop forwarding", NULL},
	{"play media", NULL},
	{"stop media", NULL},
	{"play DTMF", NULL},
	{"inject DTMF", NULL},
	{"inject start", NULL},
	{"inject stop", NULL},
};

/* Each word once. */
static void tell_unknown(struct ng_query *q)
{
	struct ng *ng = q->ng;
	const struct ng_value *item, *known;

	ng_for_each(item, q->request.unknown)
	{
		ng->unknown_words++;
		known = ng->told ? ng->told->first : NULL;
		while (known && strcasecmp(known->text, item->text) != 0)
			known = known->next;
		if (known || ng->told_count == WORDS_TOLD)
			continue;
		if (!ng->told)
			ng->told = ng_list(&ng->words);
		if (ng_add(ng->told, ng_text(&ng->words, item->text)))
			ng->told_count++;
		log_info("ng: \"%.60s\" is unknown here and ignored", item->text);
	}
}

void ng_command(struct ng_query *q)
{
	const char *command = q->request.command;

	tell_unknown(q);
	if (q->request.refused) {
		fail_not_done(q, q->request.refused);
		return;
	}
	for (size_t k = 0; k < sizeof(commands) / sizeof(commands[0]); k++) {
		if (!ng_same_key(commands[k].name, command))
			continue;
		if (commands[k].run)
			commands[k].run(q);
		else
			fail_not_done(q, command);
		return;
	}
	fail(q, *command ? "Unrecognized command" : "Dictionary contains no key \"command\"");
}
