/* SPDX-License-Identifier: BSD-3-Clause */
/* Who hears whom by ng, and what of it: muting, subscriptions, connections. */
#include "controlplane/ng/ng_command.h"
#include "controlplane/ng/ng_reply.h"

/* --- muting ---------------------------------------------------------------------------------- */

static void mute(struct ng_query *q, Tandem__Relay__V1__Muting muting, bool events)
{
	Tandem__Relay__V1__MuteRequest request = TANDEM__RELAY__V1__MUTE_REQUEST__INIT;
	const struct ng_request *r = &q->request;

	if (!ng_has_call(q))
		return;
	request.call_id = (char *)r->call_id;
	request.tag = (char *)(r->all ? "" : r->from_tag);
	request.to_tag = (char *)r->to_tag;
	request.label = (char *)r->label;
	request.to_label = (char *)r->to_label;
	request.muting = muting;
	request.events = events;
	session_mute(q->ng->session, &request, ng_done_as_asked, q);
}

void ng_block(struct ng_query *q)
{
	mute(q, TANDEM__RELAY__V1__MUTING__MUTING_BLOCK, false);
}

void ng_silence(struct ng_query *q)
{
	mute(q, TANDEM__RELAY__V1__MUTING__MUTING_SILENCE, false);
}

void ng_unmute(struct ng_query *q)
{
	mute(q, TANDEM__RELAY__V1__MUTING__MUTING_NONE, false);
}

void ng_block_events(struct ng_query *q)
{
	mute(q, TANDEM__RELAY__V1__MUTING__MUTING_BLOCK, true);
}

void ng_unblock_events(struct ng_query *q)
{
	mute(q, TANDEM__RELAY__V1__MUTING__MUTING_NONE, true);
}

/* --- subscriptions --------------------------------------------------------------------------- */

/* A tag of ours, unless the request has one. */
static const char *tag_or_ours(struct ng_query *q, const char *tag)
{
	char text[NG_TOKEN_MAX];

	if (*tag)
		return tag;
	tag = ng_make_token(text) ? NULL : arena_text(&q->arena, text);
	if (!tag)
		ng_fail(q, "the random generator fails");
	return tag;
}

static void on_gone(void *arg, const ProtobufCMessage *message, const struct session_error *error)
{
	if (error)
		ng_fail_as(arg, error);
	else
		ng_subscribe(arg);
}

static void drop_subscription(struct ng_query *q, session_reply *reply)
{
	Tandem__Relay__V1__UnsubscribeRequest request =
		TANDEM__RELAY__V1__UNSUBSCRIBE_REQUEST__INIT;

	request.call_id = (char *)q->request.call_id;
	request.tag = (char *)q->request.to_tag;
	session_unsubscribe(q->ng->session, &request, reply, q);
}

static void on_subscribed(void *arg, const ProtobufCMessage *message,
			  const struct session_error *error)
{
	const Tandem__Relay__V1__SubscribeReply *in =
		(const Tandem__Relay__V1__SubscribeReply *)message;
	struct ng_query *q = arg;
	struct ng_value *reply, *sources;

	/* Who subscribes again hears what it asks for now, and nothing else. */
	if (error && error->code == SESSION_ALREADY_EXISTS) {
		drop_subscription(q, on_gone);
		return;
	}
	if (error) {
		ng_fail_as(q, error);
		return;
	}
	reply = ng_reply(q, "ok");
	ng_put(reply, "sdp", ng_text(&q->arena, in->sdp));
	ng_put(reply, "to-tag", ng_text(&q->arena, q->request.to_tag));
	if (in->n_sources)
		ng_put(reply, "from-tag", ng_text(&q->arena, in->sources[0]));
	sources = ng_put(reply, "from-tags", ng_list(&q->arena));
	for (size_t k = 0; k < in->n_sources; k++)
		ng_add(sources, ng_text(&q->arena, in->sources[k]));
	q->done(q, reply);
}

void ng_subscribe(struct ng_query *q)
{
	Tandem__Relay__V1__SubscribeRequest request = TANDEM__RELAY__V1__SUBSCRIBE_REQUEST__INIT;
	struct ng_request *r = &q->request;
	char *source = (char *)(*r->from_tag ? r->from_tag : r->label);

	if (!ng_has_call(q))
		return;
	r->to_tag = tag_or_ours(q, r->to_tag);
	if (!r->to_tag)
		return;
	request.call_id = (char *)r->call_id;
	request.tag = (char *)r->to_tag;
	request.sources = r->from_tag_count ? r->from_tags : &source;
	request.n_sources = r->from_tag_count ? r->from_tag_count : *source && !r->all;
	request.to = &r->to;
	request.filter = &r->filter;
	request.form = &r->form;
	request.label = (char *)(*r->set_label ? r->set_label : r->to_label);
	request.paused = r->paused;
	session_subscribe(q->ng->session, &request, on_subscribed, q);
}

static void answer_own_offer(struct ng_query *q, const char *tag)
{
	Tandem__Relay__V1__SubscribeAnswerRequest request =
		TANDEM__RELAY__V1__SUBSCRIBE_ANSWER_REQUEST__INIT;
	const struct ng_request *r = &q->request;

	if (!ng_has(q, r->sdp, "No SDP body in message"))
		return;
	request.call_id = (char *)r->call_id;
	request.tag = (char *)tag;
	request.sdp = (char *)r->sdp;
	session_subscribe_answer(q->ng->session, &request, ng_done_as_asked, q);
}

void ng_answer_subscription(struct ng_query *q)
{
	if (ng_has_call(q) && ng_has(q, q->request.to_tag, "No to-tag in message"))
		answer_own_offer(q, q->request.to_tag);
}

void ng_unsubscribe(struct ng_query *q)
{
	if (ng_has_call(q) && ng_has(q, q->request.to_tag, "No to-tag in message"))
		drop_subscription(q, ng_done_as_asked);
}

/* --- parties by the relay's own offers ------------------------------------------------------- */

static void on_created(void *arg, const ProtobufCMessage *message,
		       const struct session_error *error)
{
	struct ng_query *q = arg;
	struct ng_value *reply;

	if (error) {
		ng_fail_as(q, error);
		return;
	}
	reply = ng_reply(q, "ok");
	ng_put(reply, "sdp",
	       ng_text(&q->arena, ((const Tandem__Relay__V1__CreateReply *)message)->sdp));
	ng_put(reply, "from-tag", ng_text(&q->arena, q->request.from_tag));
	q->done(q, reply);
}

/* The codecs are those that an offer would have first. */
void ng_create(struct ng_query *q)
{
	Tandem__Relay__V1__CreateRequest request = TANDEM__RELAY__V1__CREATE_REQUEST__INIT;
	struct ng_request *r = &q->request;

	if (!ng_has_call(q))
		return;
	r->from_tag = tag_or_ours(q, r->from_tag);
	if (!r->from_tag)
		return;
	request.call_id = (char *)r->call_id;
	request.tag = (char *)r->from_tag;
	request.codecs = r->filter.first;
	request.n_codecs = r->filter.n_first;
	request.to = &r->to;
	request.form = &r->form;
	request.label = (char *)r->label;
	request.driver = (char *)"ng";
	session_create(q->ng->session, &request, on_created, q);
}

void ng_answer_created(struct ng_query *q)
{
	if (ng_has_call(q) && ng_has(q, q->request.from_tag, "No from-tag in message"))
		answer_own_offer(q, q->request.from_tag);
}

static void connect_two(struct ng_query *q, const char *one, const char *other)
{
	Tandem__Relay__V1__ConnectRequest request = TANDEM__RELAY__V1__CONNECT_REQUEST__INIT;

	request.call_id = (char *)q->request.call_id;
	request.tag = (char *)one;
	request.to_tag = (char *)other;
	session_connect(q->ng->session, &request, ng_done_as_asked, q);
}

void ng_connect(struct ng_query *q)
{
	const struct ng_request *r = &q->request;

	if (ng_has_call(q) && ng_has(q, r->from_tag, "No from-tag in message") &&
	    ng_has(q, r->to_tag, "No to-tag in message"))
		connect_two(q, r->from_tag, r->to_tag);
}

/* Nothing is mixed, and a participant hears one other at a time: so a mesh has two. */
void ng_mesh(struct ng_query *q)
{
	const struct ng_request *r = &q->request;

	if (!ng_has_call(q))
		return;
	if (r->from_tag_count == 2)
		connect_two(q, r->from_tags[0], r->from_tags[1]);
	else
		ng_fail(q, "mesh: this relay connects two participants; name two from-tags");
}
