/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb capture: what is asked is judged, and what is not said gets its default. */
#include "controlplane/session/captures.h"
#include "controlplane/session/inquiry.h"
#include "controlplane/session/session_state.h"

#define FOR_MS      60000
#define FOR_MOST_MS 3600000
#define BYTES       100000000ULL
#define BYTES_MOST  1000000000ULL
#define SNAP_LEAST  64

static int check(const struct session *s, const struct call *call,
		 const Tandem__Relay__V1__CaptureRequest *request, struct session_error *error)
{
	if (session_check_name("tag", request->tag, error) || session_check_ready(s, error))
		return -1;
	if (request->tag[0] && !call_party(call, request->tag))
		return session_refuse(error, SESSION_NOT_FOUND,
				      "the call has no such party; see tandemctl call");
	if (request->for_ms > FOR_MOST_MS)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "for_ms: a capture lasts an hour at most");
	if (request->max_bytes > BYTES_MOST)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "max_bytes: a capture has 1 GB at most");
	if (request->snap && request->snap < SNAP_LEAST)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "snap: at least %d octets of each packet, or 0: all",
				      SNAP_LEAST);
	return 0;
}

struct session_capture *session_capture(struct session *s,
					const Tandem__Relay__V1__CaptureRequest *request,
					session_captured *told, session_reply *reply, void *arg)
{
	struct call *call = inquiry_find(s, request->call_id, reply, arg);
	struct session_capture *capture;
	struct session_error error;
	struct captures_wish wish;

	if (!call)
		return NULL;
	if (check(s, call, request, &error)) {
		reply(arg, NULL, &error);
		return NULL;
	}
	wish = (struct captures_wish){
		.wire = request->wire,
		.tag = request->tag,
		.for_ms = request->for_ms ? request->for_ms : FOR_MS,
		.max_bytes = request->max_bytes ? request->max_bytes : BYTES,
		.snap = request->snap,
		.pps = request->pps,
		.bytes_per_second = request->bytes_per_second,
	};
	capture = captures_begin(call, &wish, told, reply, arg);
	if (!capture)
		session_fail(reply, arg, SESSION_RESOURCE_EXHAUSTED, "no memory for a capture");
	return capture;
}
