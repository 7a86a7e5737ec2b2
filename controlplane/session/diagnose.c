/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/diagnose.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "controlplane/lib/drop_reason.h"
#include "controlplane/session/rating.h"
#include "controlplane/session/session_state.h"

#define NEVER       0xffffffffu
#define MUCH        1.0   /* % of the packets, and ... */
#define FEW         10    /* ... more than so many: what is worth a word */
#define FAR_AWAY_MS 400.0 /* ITU-T G.114: nobody should plan for more */

static bool secure(const struct leg *leg)
{
	return sdp_profile_has_dtls(leg->terms.profile) || sdp_profile_has_sdes(leg->terms.profile);
}

bool diagnose_is_up(const struct leg *leg)
{
	if (leg->failed[0] || (secure(leg) && !(leg->keyed && leg->epoch_held == leg->epoch)))
		return false;
	if (leg->terms.ice)
		return leg->ice == TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED;
	return !endpoint_is_unset(&leg->terms.remote);
}

const char *diagnose_unready(const struct leg *leg)
{
	if (leg->failed[0])
		return leg->failed;
	if (leg->pending)
		return "waiting for the answer";
	if (leg->keys_lost)
		return "the dataplane has lost the keys: a re-offer brings new ones";
	if (leg->terms.ice && leg->ice == TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONSENT_LOST)
		return "ICE consent expired: the participant stopped sending checks";
	if (leg->terms.ice && leg->ice != TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED)
		return "waiting for an ICE check from the participant";
	if (sdp_profile_has_dtls(leg->terms.profile) && !leg->keyed)
		return leg->dtls ? "DTLS handshake has not finished"
				 : "DTLS handshake has not begun: no ClientHello has come";
	if (secure(leg) && !leg->keyed)
		return "SRTP keys are not agreed yet";
	if (secure(leg) && leg->epoch_held != leg->epoch)
		return "SRTP keys are on their way to the dataplane";
	if (!leg->terms.ice && endpoint_is_unset(&leg->terms.remote))
		return "the participant's address is not known";
	if (!leg->terms.receive && !leg->terms.send)
		return "on hold";
	return NULL;
}

static void why_nothing_accepted(char *text, size_t size, const struct leg *leg,
				 const Tandem__Dataplane__V1__LegStatus *status)
{
	const struct endpoint at = endpoint_make(&leg->at->address, leg->port);
	char local[ADDRESS_TEXT];

	endpoint_text(local, &at);
	if (status->auth_failures)
		snprintf(text, size, "all packets fail authentication: wrong key?");
	else if (status->wrong_source)
		snprintf(text, size, "packets come from another address than the participant's");
	else if (status->other_drops)
		snprintf(text, size, "all packets are dropped: %s",
			 status->last_drop_text[0] ? status->last_drop_text
						   : "see tandemctl drops");
	else if (status->shed_packets)
		snprintf(
			text, size,
			"nothing accepted: what came to %s was shed, the last as %s (tandemctl shed)",
			local, drop_reason_name(status->shed_reason));
	else
		snprintf(text, size, "nothing received: the participant sends no RTP to %s", local);
}

static bool is_agreed(const struct leg *leg, uint32_t payload_type)
{
	const struct call *call = leg->party->call;

	for (unsigned int line = 0; line < SDP_MEDIA_MAX; line++) {
		const struct medium *medium = &call->media[line];

		if (!(leg->lines >> line & 1))
			continue;
		if (!medium->codecs || medium->types[payload_type / 64] >> payload_type % 64 & 1)
			return true;
	}
	return false;
}

/* What comes, and goes on, and is not to be heard. */
static void why_silent(char *text, size_t size, const struct leg *leg,
		       const Tandem__Dataplane__V1__LegStatus *status)
{
	const Tandem__Dataplane__V1__Stream *stream = NULL;
	char name[MEDIA_NAME];

	for (size_t k = 0; k < status->n_streams; k++)
		if (status->streams[k]->packets > (stream ? stream->packets : 0))
			stream = status->streams[k];
	if (!stream || stream->payload_type > 127 || leg->party->listens)
		return;
	rating_name(name, leg, stream->payload_type);
	if (strcasecmp(name, "CN") == 0)
		snprintf(text, size, "it sends comfort noise now: it is silent, or muted");
	else if (!is_agreed(leg, stream->payload_type))
		snprintf(text, size,
			 "it sends payload type %u, which is none that was agreed: who hears it "
			 "may not play that",
			 stream->payload_type);
}

void diagnose_leg(char *text, size_t size, const struct leg *leg,
		  const Tandem__Dataplane__V1__LegStatus *status)
{
	const char *reason = diagnose_unready(leg);

	text[0] = '\0';
	if (reason)
		snprintf(text, size, "%s", reason);
	else if (!status)
		snprintf(text, size, "not known: the dataplane is away");
	else if (!leg->terms.receive)
		return; /* Half a hold: this participant only listens. */
	else if (status->packets == 0)
		why_nothing_accepted(text, size, leg, status);
	else if (status->sent_packets == 0)
		snprintf(text, size, "packets come, and none could be sent on: %s",
			 status->last_drop_text[0] ? status->last_drop_text
						   : "the other leg is not ready");
	else if (status->silence_ms != NEVER && status->silence_ms > DIAGNOSE_SILENCE_MS)
		snprintf(text, size, "nothing received for %u s: the participant stopped sending",
			 status->silence_ms / 1000);
	else if (strstr(status->last_drop_text, "larger than the MTU"))
		snprintf(text, size, "%s: raise its mtu, or have the sender make smaller packets",
			 status->last_drop_text);
	else if (leg->keys_stale)
		snprintf(text, size, "the keys come near the end of their lifetime: re-offer");
	else
		why_silent(text, size, leg, status);
}

/* --- how it sounds --------------------------------------------------------------------------- */

struct sound {
	double packets;
	double loss, late, behind; /* % of what was sent; lost behind the relay */
	double delay_ms;
};

static bool is_much(double percent, const struct sound *sound)
{
	return percent >= MUCH && percent * sound->packets > 100 * FEW;
}

/* % that did not arrive, of what the relay passed on: `missing` to who hears it, in all. */
static double lost_behind(int64_t missing, int64_t before, double packets)
{
	double behind = (double)missing - (before > 0 ? before : 0);

	return behind > 0 && packets > 0 ? 100 * behind / packets : 0;
}

static void say(char *text, size_t size, const struct sound *sound)
{
	if (is_much(sound->loss, sound))
		snprintf(text, size, "%.1f %% of what it sends is lost before the relay",
			 sound->loss);
	else if (is_much(sound->late, sound))
		snprintf(text, size,
			 "%.1f %% of what it sends comes too late to be played: jitter before the "
			 "relay",
			 sound->late);
	else if (is_much(sound->behind, sound))
		snprintf(text, size,
			 "%.1f %% of what it sends is lost behind the relay, as who hears it says",
			 sound->behind);
	else if (sound->delay_ms >= FAR_AWAY_MS)
		snprintf(text, size, "%.0f ms from mouth to ear: both will talk at once",
			 sound->delay_ms);
}

void diagnose_sound(char *text, size_t size, const Tandem__Relay__V1__Leg *leg)
{
	const Tandem__Relay__V1__Stream *stream = NULL;
	const Tandem__Relay__V1__Quality *q;

	text[0] = '\0';
	for (size_t k = 0; leg->flow && k < leg->flow->n_streams; k++)
		if (leg->flow->streams[k]->quality &&
		    leg->flow->streams[k]->packets > (stream ? stream->packets : 0))
			stream = leg->flow->streams[k];
	if (!stream)
		return;
	q = stream->quality;
	say(text, size,
	    &(struct sound){
		    stream->packets, q->loss, q->late,
		    stream->heard ? lost_behind(stream->heard->lost, stream->lost, stream->packets)
				  : 0,
		    q->delay_ms});
}

void diagnose_interval(char *text, size_t size, const struct leg *leg)
{
	const struct quality_sample *s;
	const struct rated *r, *most = NULL;
	double sent;

	text[0] = '\0';
	LIST_FOREACH (r, &leg->rated, entry)
		if (r->quality.latest.listening &&
		    (!most || r->quality.latest.packets > most->quality.latest.packets))
			most = r;
	if (!most)
		return;
	s = &most->quality.latest;
	sent = s->packets + s->lost;
	say(text, size,
	    &(struct sound){
		    s->packets, 100 * s->lost / sent, 100 * s->late / sent,
		    lost_behind(most->missing, most->quality.last.lost, most->quality.last.packets),
		    s->delay_ms});
}
