/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verb create: a party to whom the relay itself makes an offer, and who talks once somebody
 * connects it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/wall_clock.h"
#include "controlplane/sdp/sdp_codec.h"
#include "controlplane/session/offerer.h"
#include "controlplane/session/queue.h"
#include "controlplane/session/solo_offer.h"

static void tell(struct solo_offer *offer)
{
	Tandem__Relay__V1__CreateReply reply = TANDEM__RELAY__V1__CREATE_REPLY__INIT;

	reply.sdp = offer->sdp;
	offer->reply(offer->arg, &reply.base, NULL);
}

/* Unless it is said otherwise, what everybody has. */
static size_t write_sdp(struct text *text, const struct call *call,
			const Tandem__Relay__V1__CreateRequest *request)
{
	static char *const usual[] = {(char *)"PCMU", (char *)"PCMA", (char *)"telephone-event"};

	text_printf(text,
		    "v=0\r\no=- %" PRIu64 " 1 IN IP4 127.0.0.1\r\ns=-\r\n"
		    "c=IN IP4 127.0.0.1\r\nt=0 0\r\n",
		    call->key >> 1);
	return request->n_codecs ? sdp_write_offered(text, request->codecs, request->n_codecs)
				 : sdp_write_offered(text, usual, sizeof(usual) / sizeof(usual[0]));
}

static struct sdp *make_sdp(const struct call *call,
			    const Tandem__Relay__V1__CreateRequest *request,
			    struct session_error *error)
{
	struct text text = {.limit = SDP_SIZE_MAX};
	size_t wrong = write_sdp(&text, call, request);
	struct sdp_error why = {.text = "no memory"};
	struct sdp *sdp = NULL;

	if (wrong > SDP_CODECS_MAX)
		session_refuse(error, SESSION_INVALID_ARGUMENT,
			       "codecs: %zu are too many; name at most %d", request->n_codecs,
			       SDP_CODECS_MAX);
	else if (wrong)
		session_refuse(error, SESSION_INVALID_ARGUMENT,
			       "codecs: \"%.60s\" is none, or is there twice; write e.g. PCMU, "
			       "opus or AMR-WB/16000",
			       request->codecs[wrong - 1]);
	else if (text.error || sdp_parse(&sdp, text.data, text.length, &why))
		session_refuse(error, SESSION_INTERNAL, "the offer cannot be written: %s",
			       why.text);
	text_wipe(&text);
	return sdp;
}

static int make(struct solo_offer *o, struct party *party,
		const Tandem__Relay__V1__CreateRequest *request, struct session_error *error)
{
	struct sdp *sdp = make_sdp(o->call, request, error);

	return sdp ? solo_offer_make(o, party, sdp, request->to, request->form, error) : -EINVAL;
}

/* --- the verb -------------------------------------------------------------------------------- */

/* Whether the call, if it is there, can take the party: each of its m-lines is of one kind. */
static int check_call(const struct call *call, const Tandem__Relay__V1__CreateRequest *request,
		      struct session_error *error)
{
	if (!call)
		return 0;
	if (call_party(call, request->tag))
		return session_refuse(error, SESSION_ALREADY_EXISTS,
				      "tag \"%.60s\" is a party of this call; name the new one "
				      "otherwise",
				      request->tag);
	if (call->party_count >= CALL_PARTIES_MAX)
		return session_refuse(error, SESSION_RESOURCE_EXHAUSTED,
				      "the call has %u parties, which is the limit",
				      call->party_count);
	if (call->media[0].kind[0] && strcmp(call->media[0].kind, "audio") != 0)
		return session_refuse(error, SESSION_FAILED_PRECONDITION,
				      "the call's first m-line is %s, and the relay offers audio; "
				      "offer to the party instead",
				      call->media[0].kind);
	return 0;
}

/* As who offers is found: it comes, and perhaps its call. */
static int find_party(struct session *s, struct call **call, struct party **party,
		      const Tandem__Relay__V1__CreateRequest *request, struct session_error *error)
{
	Tandem__Relay__V1__OfferRequest offer = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;

	if (session_check_text("tag", request->tag, error) || check_call(*call, request, error))
		return -EINVAL;
	offer.call_id = request->call_id;
	offer.from_tag = request->tag;
	offer.label = request->label;
	offer.driver = request->driver;
	offer.joins = true;
	if (offerer_find(s, call, party, &offer, error))
		return -EINVAL;
	if (party_set_label(*party, request->label) == 0)
		return 0;
	offerer_forget(*call);
	return session_refuse(error, SESSION_INTERNAL, "no memory");
}

static void again(struct session *s, const ProtobufCMessage *request, session_reply *reply,
		  void *arg)
{
	session_create(s, (const Tandem__Relay__V1__CreateRequest *)request, reply, arg);
}

void session_create(struct session *s, const Tandem__Relay__V1__CreateRequest *request,
		    session_reply *reply, void *arg)
{
	struct call *call = session_find_call(s, request->call_id);
	struct session_error error;
	struct solo_offer *o;
	struct party *party;

	if (queue_wait(call, again, &request->base, reply, arg))
		return;
	if (find_party(s, &call, &party, request, &error)) {
		reply(arg, NULL, &error);
		return;
	}
	o = calloc(1, sizeof(*o));
	if (!o) {
		offerer_forget(call);
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*o = (struct solo_offer){.call = call, .reply = reply, .arg = arg, .tell = tell};
	if (solo_offer_begin(o)) {
		offerer_forget(call);
		return;
	}
	if (make(o, party, request, &error)) {
		solo_offer_drop(o, &error);
		return;
	}
	session_end_at(call, 0);
	call->signalled = wall_clock_ms();
	solo_offer_push(o);
}
