/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/events.h"

#include <stdlib.h>

#include "controlplane/session/captures.h"
#include "controlplane/session/keying.h"
#include "controlplane/session/push.h"
#include "controlplane/session/watch.h"
#include "dataplane/lib/log.h"

/* --- media timeout --------------------------------------------------------------------------- */

/* A leg was silent for too long: whether the whole call is, the dataplane is asked. */
struct silence {
	struct call *call;
	unsigned int listening, silent;
};

static void count_silent(void *arg, const Tandem__Dataplane__V1__LegStatus *status)
{
	struct silence *silence = arg;
	struct session *s = silence->call->session;
	const struct leg *leg = session_find_leg(s, status->leg);

	if (!leg || !leg->terms.receive)
		return;
	silence->listening++;
	silence->silent += status->silence_ms >= s->config.media_timeout_ms;
}

static void settle_silence(void *arg, int error, const char *what)
{
	struct silence *silence = arg;
	struct call *call = silence->call;
	struct session *s = call->session;

	if (!error && s->ready && !call->gone && !call->busy && silence->listening &&
	    silence->silent == silence->listening) {
		if (s->config.media_timeout_delete)
			session_drop_call(s, call, CALL_END(MEDIA_TIMEOUT),
					  "every participant stopped sending media");
		else
			log_warn("call %s: no participant has sent media for %u s", call->id,
				 s->config.media_timeout_ms / 1000);
	}
	call_release(call);
	free(silence);
}

static void media_timeout(struct leg *leg)
{
	struct session *s = leg->session;
	struct call *call = leg->party->call;
	struct silence *silence;
	struct push *push;
	struct party *party;
	struct leg *other;

	/* While the calls are being taken over they may be half there. */
	if (!s->ready)
		return;
	silence = calloc(1, sizeof(*silence));
	push = silence ? push_begin(s, settle_silence, count_silent, silence) : NULL;
	if (!push) {
		free(silence);
		return;
	}
	silence->call = call_hold(call);
	for_each_leg(other, call)
	{
		if (!other->pending)
			push_query(push, other);
	}
	push_end(push);
}

/* --- those who watch ------------------------------------------------------------------------- */

static void notify_up(const struct leg *leg)
{
	char text[ADDRESS_TEXT] = "";

	if (!endpoint_is_zero(&leg->heard))
		endpoint_text(text, &leg->heard);
	watch_leg(WATCH(LEG_UP), leg, text);
}

/* --- all of them ----------------------------------------------------------------------------- */

static void pass_on(const struct session *s, const Tandem__Dataplane__V1__Event *event)
{
	struct session_link *link;

	LIST_FOREACH (link, &s->links, entry)
		if (link->event)
			link->event(link->arg, event);
}

void events_take(void *arg, const Tandem__Dataplane__V1__Event *event)
{
	struct leg *leg = event->leg ? session_find_leg(arg, event->leg) : NULL;

	if (event->captured)
		captures_take(arg, event->captured);
	else if (!event->leg)
		pass_on(arg, event);
	if (!leg)
		return;
	switch (event->kind) {
	case TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_PUNT:
		keying_receive(leg, event->remote, event->datagram.data, event->datagram.len);
		break;
	case TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_LEG_UP:
		if (leg->terms.ice)
			leg->ice = TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED;
		leg_hear(leg, event->remote);
		notify_up(leg);
		keying_leg_up(leg);
		break;
	case TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_CONSENT_LOST:
		leg->ice = TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONSENT_LOST;
		log_info("call %s: leg %016jx: the participant's ICE consent expired",
			 leg->party->call->id, (uintmax_t)leg->id);
		watch_leg(WATCH(SILENCE), leg, "the participant's ICE consent expired");
		break;
	case TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA:
		counts_take_media(leg);
		watch_leg(WATCH(FIRST_MEDIA), leg, "");
		break;
	case TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT:
		watch_leg(WATCH(SILENCE), leg, "media stopped coming");
		media_timeout(leg);
		break;
	case TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_KEYS_STALE:
		leg->keys_stale = true;
		log_warn("call %s: leg %016jx: its keys come near the end of their lifetime; "
			 "re-offer the call",
			 leg->party->call->id, (uintmax_t)leg->id);
		break;
	default:
		break;
	}
}
