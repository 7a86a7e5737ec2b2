/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "controlplane/session/group.h"
#include "controlplane/session/keying.h"
#include "controlplane/session/pace.h"
#include "controlplane/session/place.h"
#include "controlplane/session/session_state.h"
#include "controlplane/session/share.h"

static void name_media(struct plan *plan, const struct sdp *sdp)
{
	size_t used = 0;

	plan->media[0] = '\0';
	for (unsigned int line = 0; line < sdp->media_count; line++)
		if (plan->lines & 1u << line && used < sizeof(plan->media))
			used += snprintf(plan->media + used, sizeof(plan->media) - used, "%s%.20s",
					 used ? "+" : "", sdp->media[line].kind_name);
}

static void add_lines(struct terms *t, const struct plan *plan, const struct sdp *sdp)
{
	for (unsigned int line = 0; line < sdp->media_count; line++)
		if (plan->lines & 1u << line)
			terms_add_line(t, &sdp->media[line]);
}

/*
 * What one party sends is what it says and what the other one asks for; `answer` may be NULL. Both
 * get the same, the larger one.
 */
static void set_pace(struct end *end, const struct sdp *offer, const struct sdp *answer)
{
	for (unsigned int i = 0; i < end->plan_count; i++) {
		struct plan *plan = &end->plans[i];

		plan->terms.pace = 0;
		for (unsigned int line = 0; line < offer->media_count; line++) {
			unsigned int one = pace_of(&offer->media[line]);
			unsigned int other = answer ? pace_of(&answer->media[line]) : 0;

			if (plan->lines & 1u << line)
				plan->terms.pace += one > other ? one : other;
		}
	}
}

/* --- keys that the two share ----------------------------------------------------------------- */

/* That of the same m-lines; NULL if they are grouped otherwise. */
static struct plan *counterpart(struct end *end, const struct plan *plan)
{
	for (unsigned int i = 0; i < end->plan_count; i++)
		if (end->plans[i].lines == plan->lines)
			return &end->plans[i];
	return NULL;
}

/* Whether the party has legs that are keyed the other way. */
static bool must_change(const struct party *party, bool shared)
{
	return party && party->answered && party->wish.shared != shared;
}

static int change_sharing(struct exchange *x, struct session_error *error)
{
	bool shared = x->to.wish.shared;

	if (!must_change(x->from.party, shared) && !must_change(x->to.party, shared))
		return 0;
	for (unsigned int i = 0; i < x->from.plan_count; i++) {
		struct plan *from = &x->from.plans[i], *to = counterpart(&x->to, from);
		struct terms none = {.profile = SDP_OTHER_PROFILE};

		if (share_change(&from->terms, to ? &to->terms : &none, shared,
				 group_first(from->lines) + 1, error))
			return -EINVAL;
	}
	return 0;
}

static int share_keys(struct exchange *x, struct session_error *error)
{
	uint32_t suites = wish_suite_mask(&x->from.wish) & wish_suite_mask(&x->to.wish);

	for (unsigned int i = 0; x->to.wish.shared && i < x->from.plan_count; i++) {
		struct plan *from = &x->from.plans[i], *to = counterpart(&x->to, from);
		const struct sdp_media *media = group_transport(from->lines, x->sdp);
		unsigned int mline = media - x->sdp->media + 1;

		if (!to)
			return session_refuse(error, SESSION_INVALID_ARGUMENT,
					      "m-line %u: KEYS_SHARED needs the same m-lines "
					      "bundled towards both; use KEYS_OWN",
					      mline);
		if (share_offer(&from->terms, &to->terms, suites, media, mline, error))
			return -EINVAL;
	}
	return 0;
}

/* --- terms ----------------------------------------------------------------------------------- */

static bool is_bundle(uint32_t lines)
{
	return lines & (lines - 1);
}

static void begin_terms(struct end *end)
{
	for (unsigned int i = 0; i < end->plan_count; i++)
		if (end->plans[i].leg)
			end->plans[i].terms = end->plans[i].leg->terms;
}

static int take_offer(struct exchange *x, struct session_error *error)
{
	for (unsigned int i = 0; i < x->from.plan_count; i++) {
		struct plan *plan = &x->from.plans[i];
		const struct sdp_media *media = group_transport(plan->lines, x->sdp);
		unsigned int mline = media - x->sdp->media + 1;

		if (terms_take_offer(&plan->terms, &x->from.wish, media, x->sdp->ice_lite, mline,
				     error))
			return -EINVAL;
		if (is_bundle(plan->lines) && !plan->terms.rtcp_mux)
			return session_refuse(
				error, SESSION_INVALID_ARGUMENT,
				"m-line %u: BUNDLE without a=rtcp-mux; add it (RFC 9143)", mline);
		add_lines(&plan->terms, plan, x->sdp);
	}
	return 0;
}

static int make_offer(struct exchange *x, bool wished, struct session_error *error)
{
	for (unsigned int i = 0; i < x->to.plan_count; i++) {
		struct plan *plan = &x->to.plans[i];
		const struct sdp_media *media = group_transport(plan->lines, x->sdp);

		if (terms_make_offer(&plan->terms, &x->to.wish, wished, is_bundle(plan->lines),
				     media, media - x->sdp->media + 1, error))
			return -EINVAL;
	}
	return 0;
}

static int make_terms(struct exchange *x, bool wished, struct session_error *error)
{
	begin_terms(&x->from);
	begin_terms(&x->to);
	if (change_sharing(x, error) || take_offer(x, error) || make_offer(x, wished, error) ||
	    share_keys(x, error))
		return -EINVAL;
	set_pace(&x->from, x->sdp, NULL);
	set_pace(&x->to, x->sdp, NULL);
	return 0;
}

/* --- legs ------------------------------------------------------------------------------------ */

/*
 * Whether the offerer's RTCP may get a port of its own after all. WebRTC has no such thing (RFC
 * 8834 section 4.5), and a bundle neither.
 */
static bool may_fall_back(const struct exchange *x, const struct plan *plan)
{
	const struct sdp_media *media = group_transport(plan->lines, x->sdp);

	return x->from.wish.follows_mux && !media->rtcp_mux_only && !is_bundle(plan->lines) &&
	       !plan->terms.ice && !sdp_profile_has_dtls(plan->terms.profile);
}

static int make_legs(struct exchange *x, struct end *end, struct session_error *error)
{
	for (unsigned int i = 0; i < end->plan_count; i++) {
		struct plan *plan = &end->plans[i];
		const struct terms *t = &plan->terms;
		bool pair = end == &x->from ? !t->rtcp_mux || may_fall_back(x, plan)
					    : !t->rtcp_mux_only;

		name_media(plan, x->sdp);
		if (plan->leg && !plan->leg->pending)
			continue;
		if (!plan->leg &&
		    place_leg(&plan->leg, end->party, &end->wish, group_first(plan->lines),
			      group_transport(plan->lines, x->sdp), pair, error))
			return -EINVAL;
		plan->leg->lines = plan->lines;
		memcpy(plan->leg->media, plan->media, sizeof(plan->media));
		plan->leg->terms = *t;
		call_changed(plan->leg->party->call);
		plan->leg->terms.receive = plan->leg->terms.send = 0;
	}
	return 0;
}

static int check_plan(const struct plan *plan, struct session_error *error)
{
	return place_check(plan->leg, &plan->terms, group_first(plan->lines) + 1, error);
}

static int check_legs(struct exchange *x, struct session_error *error)
{
	for (unsigned int i = 0; i < x->from.plan_count; i++)
		if (check_plan(&x->from.plans[i], error))
			return -EINVAL;
	for (unsigned int i = 0; i < x->to.plan_count; i++) {
		struct plan *plan = &x->to.plans[i];

		/* With one port there is nothing for an answer to fall back to. */
		if (plan->terms.rtcp_mux && !plan->leg->pair)
			plan->terms.rtcp_mux_only = true;
		if (check_plan(plan, error))
			return -EINVAL;
	}
	return 0;
}

static const char *hash_of(const struct wish *wish, const struct terms *t)
{
	const char *theirs = t->fingerprint_count ? t->fingerprints[0].hash : "";
	const char *hash = strcmp(wish->hash, "same") == 0 ? theirs : wish->hash;

	return hash[0] ? hash : "sha-256";
}

static int identify(struct exchange *x, struct end *end, struct session_error *error)
{
	for (unsigned int i = 0; i < end->plan_count; i++) {
		struct plan *plan = &end->plans[i];
		const char *hash = hash_of(&end->wish, &plan->terms);
		int result = 0;

		if (!sdp_profile_has_dtls(plan->terms.profile))
			continue;
		if (end == &x->from && !plan->leg->pending)
			result = keying_identify_anew(plan->leg, &plan->terms, hash);
		if (result == 0)
			result = keying_identify(plan->leg, hash);
		if (result)
			return session_refuse(error, SESSION_INTERNAL,
					      "no certificate can be made: %s", strerror(-result));
	}
	return 0;
}

int plan_offer(struct exchange *x, bool wished, struct session_error *error)
{
	if ((x->from.party && group_offered(x, error)) ||
	    (x->to.party && group_offering(x, wished, error)) || make_terms(x, wished, error) ||
	    make_legs(x, &x->from, error) || make_legs(x, &x->to, error) || check_legs(x, error) ||
	    identify(x, &x->from, error) || identify(x, &x->to, error))
		return -EINVAL;
	return 0;
}

/* A certificate that went with a control plane was not seen yet: another one will do. */
static int identify_offerer(struct exchange *x, struct session_error *error)
{
	for (unsigned int i = 0; i < x->from.plan_count; i++) {
		const struct plan *plan = &x->from.plans[i];
		int result = 0;

		if (plan->lines && plan->leg->pending && sdp_profile_has_dtls(plan->terms.profile))
			result = keying_identify(plan->leg, hash_of(&x->from.wish, &plan->terms));
		if (result)
			return session_refuse(error, SESSION_INTERNAL,
					      "no certificate can be made: %s", strerror(-result));
	}
	return 0;
}

/* --- the answer ------------------------------------------------------------------------------ */

/* The m-lines that the answer accepts. */
static uint32_t accepted_lines(const struct sdp *answer)
{
	uint32_t lines = 0;

	for (unsigned int line = 0; line < answer->media_count; line++)
		if (!answer->media[line].rejected)
			lines |= 1u << line;
	return lines;
}

/* A bundle that was offered is accepted as one. */
static int check_bundle(uint32_t lines, const struct sdp *answer, struct session_error *error)
{
	unsigned int bundle = answer->media[group_first(lines)].bundle;

	for (uint32_t left = lines; is_bundle(lines) && left; left &= left - 1) {
		unsigned int line = group_first(left);

		if (!bundle || answer->media[line].bundle != bundle)
			return session_refuse(
				error, SESSION_UNIMPLEMENTED,
				"m-line %u: the answer does not accept the BUNDLE group "
				"of the offer; put its mid into a=group:BUNDLE, or "
				"reject the m-line",
				line + 1);
	}
	return 0;
}

/* What one party sends the other one receives. */
static void set_directions(struct exchange *x, const struct sdp *answer)
{
	uint32_t forward = 0, backward = 0;

	for (unsigned int line = 0; line < answer->media_count; line++) {
		unsigned int theirs = x->sdp->media[line].direction;
		unsigned int ours = answer->media[line].direction;

		if (theirs & SDP_SENDONLY && ours & SDP_RECVONLY)
			forward |= 1u << line;
		if (ours & SDP_SENDONLY && theirs & SDP_RECVONLY)
			backward |= 1u << line;
	}
	for (unsigned int i = 0; i < x->from.plan_count; i++) {
		struct plan *plan = &x->from.plans[i];

		plan->terms.receive = forward & plan->lines;
		plan->terms.send = backward & plan->lines;
	}
	for (unsigned int i = 0; i < x->to.plan_count; i++) {
		struct plan *plan = &x->to.plans[i];

		plan->terms.receive = backward & plan->lines;
		plan->terms.send = forward & plan->lines;
	}
}

static int check_answer(const struct exchange *x, const struct sdp *answer,
			struct session_error *error)
{
	if (answer->media_count != x->sdp->media_count)
		return session_refuse(
			error, SESSION_INVALID_ARGUMENT,
			"the answer has %u m-lines and the offer %u; an answer repeats "
			"each of them",
			answer->media_count, x->sdp->media_count);
	for (unsigned int line = 0; line < answer->media_count; line++)
		if (x->sdp->media[line].rejected && !answer->media[line].rejected)
			return session_refuse(error, SESSION_INVALID_ARGUMENT,
					      "m-line %u: the offer has it with port 0; the answer "
					      "must repeat that",
					      line + 1);
	return 0;
}

static int take_answer(struct exchange *x, struct plan *plan, const struct sdp *answer,
		       struct session_error *error)
{
	const struct sdp_media *media;

	if (check_bundle(plan->lines, answer, error))
		return -EINVAL;
	media = group_transport(plan->lines, answer);
	if (terms_take_answer(&plan->terms, &x->to.wish, media, answer->ice_lite,
			      media - answer->media + 1, error) ||
	    check_plan(plan, error))
		return -EINVAL;
	add_lines(&plan->terms, plan, answer);
	return 0;
}

/* The plan of this m-line; NULL if there is none. */
static const struct plan *plan_of(const struct end *end, unsigned int line)
{
	for (unsigned int i = 0; i < end->plan_count; i++)
		if (end->plans[i].lines & 1u << line)
			return &end->plans[i];
	return NULL;
}

/* Its association runs, or is to run yet: one that failed is followed by another. */
static bool is_associated(const struct leg *leg)
{
	return !leg->pending && !leg->failed[0] && !leg->keys_lost && (leg->dtls || leg->keyed);
}

/* What the offerer's leg does of it depends on what the other one has answered. */
static int agree_offerer(const struct exchange *x, struct plan *plan, uint32_t demuxed,
			 struct session_error *error)
{
	const struct plan *to = plan_of(&x->to, group_first(plan->lines));
	const struct sdp_media *media = group_transport(plan->lines, x->sdp);
	bool plain = to && sdp_profile_keying(to->terms.profile) & SDP_PLAIN;

	if (x->from.wish.refuses_ice)
		terms_drop_ice(&plan->terms);
	if (plan->lines & demuxed && plan->leg->pair && may_fall_back(x, plan))
		plan->terms.rtcp_mux = false;
	if (plain && x->from.wish.takes_keys == TANDEM__RELAY__V1__TOGGLE__TOGGLE_SAME &&
	    sdp_profile_is_opportunistic(plan->terms.profile))
		terms_go_plain(&plan->terms);
	if (sdp_profile_has_dtls(plan->terms.profile))
		terms_choose_setup(&plan->terms,
				   is_associated(plan->leg) ? &plan->leg->terms : NULL,
				   &x->from.wish, media->setup);
	plan->terms.marking = x->from.wish.marking;
	/* Without ICE it is the SDP that says where media goes. */
	return check_plan(plan, error);
}

int plan_answer(struct exchange *x, const struct sdp *answer, struct session_error *error)
{
	uint32_t lines, demuxed = 0;

	if (check_answer(x, answer, error))
		return -EINVAL;
	lines = accepted_lines(answer);
	for (unsigned int i = 0; i < x->to.plan_count; i++) {
		struct plan *plan = &x->to.plans[i];
		bool mux = plan->terms.rtcp_mux;

		plan->lines &= lines;
		if (plan->lines && take_answer(x, plan, answer, error))
			return -EINVAL;
		if (mux && !plan->terms.rtcp_mux)
			demuxed |= plan->lines;
		name_media(plan, answer);
	}
	for (unsigned int i = 0; i < x->from.plan_count; i++) {
		struct plan *plan = &x->from.plans[i], *to;

		plan->lines &= lines;
		name_media(plan, answer);
		if (plan->lines && agree_offerer(x, plan, demuxed, error))
			return -EINVAL;
		to = plan->lines && x->to.wish.shared ? counterpart(&x->to, plan) : NULL;
		if (to)
			share_answer(&plan->terms, &to->terms);
	}
	set_pace(&x->from, x->sdp, answer);
	set_pace(&x->to, x->sdp, answer);
	set_directions(x, answer);
	return identify_offerer(x, error);
}

/* --- in force or not ------------------------------------------------------------------------- */

void plan_swap(struct plan *plan)
{
	struct leg *leg = plan->leg;
	struct terms terms = leg->terms;
	char media[sizeof(plan->media)];
	uint32_t lines = leg->lines;

	leg->lines = plan->lines;
	plan->lines = lines;
	memcpy(media, leg->media, sizeof(media));
	memcpy(leg->media, plan->media, sizeof(media));
	memcpy(plan->media, media, sizeof(media));
	leg->terms = plan->terms;
	plan->terms = terms;
	call_changed(leg->party->call);
	terms_wipe(&terms);
}
