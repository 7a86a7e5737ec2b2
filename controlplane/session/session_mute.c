/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb mute: what of whom reaches whom. */
#include <errno.h>
#include <stdlib.h>

#include "controlplane/session/queue.h"
#include "controlplane/session/repath.h"

/* By its tag or its label; neither: everybody. */
static int find(const struct call *call, const struct party **out, const char *tag,
		const char *label, struct session_error *error)
{
	*out = tag[0] ? call_party(call, tag) : label[0] ? call_party_labelled(call, label) : NULL;
	if ((!tag[0] && !label[0]) || *out)
		return 0;
	return session_refuse(error, SESSION_FAILED_PRECONDITION,
			      "\"%.60s\" is no party of this call; see tandemctl call",
			      tag[0] ? tag : label);
}

static int check_request(struct session *s, const struct call *call,
			 const Tandem__Relay__V1__MuteRequest *request, struct session_error *error)
{
	if (session_check_text("call_id", request->call_id, error) ||
	    session_check_name("tag", request->tag, error) ||
	    session_check_name("to_tag", request->to_tag, error) ||
	    session_check_name("label", request->label, error) ||
	    session_check_name("to_label", request->to_label, error) ||
	    session_check_ready(s, error))
		return -EINVAL;
	if ((unsigned int)request->muting > TANDEM__RELAY__V1__MUTING__MUTING_SILENCE)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "muting: %d is unknown; use the numbers of relay.proto",
				      (int)request->muting);
	if (request->events && request->muting == TANDEM__RELAY__V1__MUTING__MUTING_SILENCE)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "events: they can be blocked, and have no silence");
	return call ? 0
		    : session_refuse(error, SESSION_NOT_FOUND,
				     "no call \"%s\"; see tandemctl calls", request->call_id);
}

/* What was said before of those whom this one is about. */
static void forget_covered(struct call *call, const struct party *from, const struct party *to,
			   bool events)
{
	struct mute *mute = TAILQ_FIRST(&call->mutes);

	while (mute) {
		struct mute *next = TAILQ_NEXT(mute, entry);

		if (mute->events == events && (!from || mute->from == from) &&
		    (!to || mute->to == to)) {
			TAILQ_REMOVE(&call->mutes, mute, entry);
			free(mute);
		}
		mute = next;
	}
}

static int remember(struct call *call, const struct party *from, const struct party *to,
		    const Tandem__Relay__V1__MuteRequest *request, struct session_error *error)
{
	struct mute *mute = calloc(1, sizeof(*mute));

	if (!mute)
		return session_refuse(error, SESSION_INTERNAL, "no memory");
	forget_covered(call, from, to, request->events);
	if (request->muting == TANDEM__RELAY__V1__MUTING__MUTING_NONE &&
	    TAILQ_EMPTY(&call->mutes)) {
		free(mute);
		return 0;
	}
	*mute = (struct mute){
		.from = from, .to = to, .muting = request->muting, .events = request->events};
	TAILQ_INSERT_TAIL(&call->mutes, mute, entry);
	return 0;
}

static void again(struct session *s, const ProtobufCMessage *request, session_reply *reply,
		  void *arg)
{
	session_mute(s, (const Tandem__Relay__V1__MuteRequest *)request, reply, arg);
}

void session_mute(struct session *s, const Tandem__Relay__V1__MuteRequest *request,
		  session_reply *reply, void *arg)
{
	static const Tandem__Relay__V1__MuteReply done = TANDEM__RELAY__V1__MUTE_REPLY__INIT;
	struct call *call = session_find_call(s, request->call_id);
	const struct party *from, *to;
	struct session_error error;
	struct repath *repath;

	if (queue_wait(call, again, &request->base, reply, arg))
		return;
	if (check_request(s, call, request, &error) ||
	    find(call, &from, request->tag, request->label, &error) ||
	    find(call, &to, request->to_tag, request->to_label, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	repath = repath_begin(call, &done.base, reply, arg);
	if (!repath)
		return;
	if (remember(call, from, to, request, &error))
		repath_drop(repath, &error);
	else
		repath_end(repath);
}
