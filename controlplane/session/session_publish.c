/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verb publish: a party that only sends. The relay itself answers its offer, and others
 * subscribe to what it sends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/wall_clock.h"
#include "controlplane/sdp/sdp_codec.h"
#include "controlplane/sdp/sdp_rewrite.h"
#include "controlplane/session/exchange_sdp.h"
#include "controlplane/session/media.h"
#include "controlplane/session/offerer.h"
#include "controlplane/session/plan.h"
#include "controlplane/session/push.h"
#include "controlplane/session/queue.h"
#include "controlplane/session/solo.h"

/* A request that waits for the dataplane. */
struct publishing {
	struct call *call;
	char *sdp;
	session_reply *reply;
	void *arg;
};

static void finish(void *arg, int error, const char *what)
{
	Tandem__Relay__V1__AnswerReply reply = TANDEM__RELAY__V1__ANSWER_REPLY__INIT;
	struct publishing *p = arg;

	reply.sdp = p->sdp;
	if (p->call->gone)
		session_fail(p->reply, p->arg, SESSION_NOT_FOUND, "the call was deleted meanwhile");
	else if (error)
		session_fail(p->reply, p->arg, push_status_code(error),
			     "the dataplane refused: %s; publish anew", what);
	else
		p->reply(p->arg, &reply.base, NULL);
	sdp_text_free(p->sdp);
	queue_end(p->call);
	free(p);
}

/* --- the relay's answer ---------------------------------------------------------------------- */

/* One codec, the first: what comes is to be known to those who subscribe. */
static void write_line(struct text *text, const struct sdp *offer, const struct sdp_media *m)
{
	struct sdp_media one = *m;

	if (m->rejected) {
		text_printf(text, "m=%s 0 %s %s\r\n", m->kind_name, m->profile_name,
			    m->format_count ? m->formats[0] : "0");
		return;
	}
	one.format_count = 1;
	text_printf(text, "m=%s 9 %s %s\r\n", m->kind_name, m->profile_name, m->formats[0]);
	sdp_write_codecs(text, offer, &one, sdp_profile_has_feedback(m->profile));
	text_printf(text, "a=recvonly\r\n%s", m->rtcp_mux ? "a=rtcp-mux\r\n" : "");
	if (m->mid)
		text_printf(text, "a=mid:%s\r\n", m->mid);
}

static struct sdp *make_answer(const struct exchange *x, struct session_error *error)
{
	struct text text = {.limit = SDP_SIZE_MAX};
	struct sdp_error why = {.text = "no memory"};
	struct sdp *answer = NULL;

	text_printf(&text,
		    "v=0\r\no=- %s %s IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n",
		    x->sdp->session_id, x->sdp->session_version);
	for (unsigned int line = 0; line < x->sdp->media_count; line++)
		write_line(&text, x->sdp, &x->sdp->media[line]);
	if (text.error || sdp_parse(&answer, text.data, text.length, &why))
		session_refuse(error, SESSION_INTERNAL, "the answer cannot be written: %s",
			       why.text);
	text_wipe(&text);
	return answer;
}

static void set_directions(struct exchange *x)
{
	for (unsigned int i = 0; i < x->from.plan_count; i++) {
		struct plan *plan = &x->from.plans[i];

		plan->terms.receive = plan->terms.send = 0;
		for (unsigned int line = 0; line < x->sdp->media_count; line++)
			if (plan->lines & 1u << line &&
			    x->sdp->media[line].direction & SDP_SENDONLY)
				plan->terms.receive |= 1u << line;
	}
}

/* The address in o= is the relay's, whatever the form says: it is the relay that answers. */
static char *write_answer(struct exchange *x, const struct sdp *answer,
			  const Tandem__Relay__V1__SdpForm *form, struct session_error *error)
{
	Tandem__Relay__V1__SdpForm own = TANDEM__RELAY__V1__SDP_FORM__INIT;

	if (form)
		own = *form;
	own.user = own.origin = false;
	return exchange_write_sdp(x, answer, &own, error);
}

static char *plan(struct exchange *x, const Tandem__Relay__V1__OfferRequest *request,
		  struct session_error *error)
{
	struct sdp *answer = NULL;
	char *sdp = NULL;

	if (offerer_read(x, request, error) == 0 && plan_offer(x, false, error) == 0)
		answer = make_answer(x, error);
	if (answer) {
		set_directions(x);
		sdp = write_answer(x, answer, request->form, error);
	}
	if (sdp)
		media_take(x->call->media, x->sdp, answer);
	sdp_free(answer);
	return sdp;
}

/* --- the verb -------------------------------------------------------------------------------- */

/* Whether it may publish: who talks with somebody offers to that one. */
static int check_party(const struct party *from, struct session_error *error)
{
	if (!from->partner && !exchange_find(from->call, from, NULL) &&
	    !exchange_find(from->call, NULL, from))
		return 0;
	return session_refuse(
		error, SESSION_FAILED_PRECONDITION,
		"from_tag \"%.60s\" talks with another party; subscribe to it as it is", from->tag);
}

static void again(struct session *s, const ProtobufCMessage *request, session_reply *reply,
		  void *arg)
{
	session_publish(s, (const Tandem__Relay__V1__OfferRequest *)request, reply, arg);
}

/* The exchange is over when it returns, well or not. */
static int publish(struct exchange *x, struct publishing *p, struct push *push,
		   const Tandem__Relay__V1__OfferRequest *request, struct session_error *error)
{
	p->sdp = plan(x, request, error);
	if (!p->sdp) {
		exchange_free(x);
		return -EINVAL;
	}
	queue_begin(p->call);
	session_end_at(p->call, 0);
	p->call->signalled = wall_clock_ms();
	solo_settle(x, &x->from, push);
	push_end(push);
	return 0;
}

void session_publish(struct session *s, const Tandem__Relay__V1__OfferRequest *request,
		     session_reply *reply, void *arg)
{
	struct call *call = session_find_call(s, request->call_id);
	struct session_error error;
	struct publishing *p = NULL;
	struct push *push = NULL;
	struct exchange *x = NULL;
	struct party *from;

	if (queue_wait(call, again, &request->base, reply, arg))
		return;
	if (offerer_find(s, &call, &from, request, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	if (check_party(from, &error))
		goto out_forget;
	p = calloc(1, sizeof(*p));
	push = p ? push_begin(s, finish, NULL, p) : NULL;
	x = push ? exchange_make(call, from, NULL) : NULL;
	if (!x) {
		session_refuse(&error, SESSION_INTERNAL, "no memory");
		goto out_forget;
	}
	*p = (struct publishing){.call = call, .reply = reply, .arg = arg};
	if (publish(x, p, push, request, &error) == 0)
		return;
out_forget:
	if (push)
		push_drop(push);
	free(p);
	offerer_forget(call);
	reply(arg, NULL, &error);
}
