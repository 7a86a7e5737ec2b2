/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "controlplane/session/destination.h"
#include "controlplane/session/keying.h"
#include "controlplane/session/pace.h"
#include "controlplane/session/session_state.h"
#include "controlplane/session/share.h"
#include "controlplane/session/why.h"

static void name_media(struct plan *plan, const struct sdp *sdp)
{
	size_t used = 0;

	plan->media[0] = '\0';
	for (unsigned int line = 0; line < sdp->media_count; line++)
		if (plan->lines & 1u << line && used < sizeof(plan->media))
			used += snprintf(plan->media + used, sizeof(plan->media) - used, "%s%.20s",
					 used ? "+" : "", sdp->media[line].kind_name);
}

static unsigned int first_line(const struct plan *plan)
{
	return __builtin_ctz(plan->lines);
}

/* The m-line whose transport counts: the one that its BUNDLE group names first. */
static const struct sdp_media *transport_of(const struct plan *plan, const struct sdp *sdp)
{
	for (unsigned int line = 0; line < sdp->media_count; line++)
		if (plan->lines & 1u << line && sdp->media[line].bundle_tag)
			return &sdp->media[line];
	return &sdp->media[first_line(plan)];
}

static void add_clocks(struct terms *t, const struct plan *plan, const struct sdp *sdp)
{
	for (unsigned int line = 0; line < sdp->media_count; line++)
		if (plan->lines & 1u << line)
			terms_add_clocks(t, &sdp->media[line]);
}

/*
 * What one side sends is what it says and what the other one asks for; `answer` may be NULL. Both
 * sides get the same, the larger one.
 */
static void set_pace(struct plan *plan, const struct sdp *offer, const struct sdp *answer)
{
	unsigned int pace = 0;

	for (unsigned int line = 0; line < offer->media_count; line++) {
		unsigned int one = pace_of(&offer->media[line]);
		unsigned int other = answer ? pace_of(&answer->media[line]) : 0;

		if (plan->lines & 1u << line)
			pace += one > other ? one : other;
	}
	plan->terms[SIDE_A].pace = plan->terms[SIDE_B].pace = pace;
}

/* --- grouping ------------------------------------------------------------------------------------
 */

static struct plan *plan_of_group(struct offer *offer, unsigned int bundle)
{
	for (unsigned int i = 0; bundle && i < offer->plan_count; i++)
		if (offer->sdp->media[first_line(&offer->plans[i])].bundle == bundle)
			return &offer->plans[i];
	return NULL;
}

/* No m-line is left that can be relayed. */
static int refuse_nothing(const struct sdp *sdp, struct session_error *error)
{
	for (unsigned int line = 0; line < sdp->media_count; line++)
		if (sdp->media[line].foreign && sdp->media[line].port)
			return session_refuse(error, SESSION_UNIMPLEMENTED,
					      "m-line %u: %.40s %.40s is not relayed, and no other "
					      "m-line is left; offer RTP",
					      line + 1, sdp->media[line].kind_name,
					      sdp->media[line].profile_name);
	return session_refuse(error, SESSION_INVALID_ARGUMENT,
			      "the SDP offers no media; at least one m-line needs a port");
}

static int group_lines(struct call *call, struct offer *offer, struct session_error *error)
{
	const struct sdp *sdp = offer->sdp;

	for (unsigned int line = 0; line < sdp->media_count; line++) {
		struct bridge *bridge = call_bridge_of_line(call, line);
		struct plan *plan;

		if (sdp->media[line].rejected)
			continue;
		plan = plan_of_group(offer, sdp->media[line].bundle);
		if (!plan) {
			plan = &offer->plans[offer->plan_count++];
			plan->bridge = bridge;
			for (struct plan *p = offer->plans; bridge && p < plan; p++)
				if (p->bridge == bridge)
					goto out_regrouped;
		} else if (bridge && bridge != plan->bridge) {
			goto out_regrouped;
		}
		plan->lines |= 1u << line;
		continue;
	out_regrouped:
		return session_refuse(
			error, SESSION_UNIMPLEMENTED,
			"m-line %u: the BUNDLE group of a running m-line changed; keep "
			"the groups, or delete the call and begin anew",
			line + 1);
	}
	return offer->plan_count ? 0 : refuse_nothing(sdp, error);
}

/* --- terms ---------------------------------------------------------------------------------------
 */

static int make_keys(const struct offer *offer, struct plan *plan, const struct sdp_media *media,
		     unsigned int mline, struct session_error *error)
{
	enum side from = offer->from, to = side_other(from);

	if (!offer->wish[from].shared)
		return 0;
	return share_offer(&plan->terms[from], &plan->terms[to],
			   wish_suite_mask(&offer->wish[from]) & wish_suite_mask(&offer->wish[to]),
			   media, mline, error);
}

static int make_terms(struct offer *offer, struct plan *plan, bool lite, bool wished,
		      struct session_error *error)
{
	enum side from = offer->from, to = side_other(from);
	const struct sdp_media *media = transport_of(plan, offer->sdp);
	unsigned int mline = media - offer->sdp->media + 1;
	bool bundled = plan->lines & (plan->lines - 1), shared = offer->wish[from].shared;

	for (enum side side = SIDE_A; plan->bridge && side < SIDES; side++)
		plan->terms[side] = plan->bridge->legs[side]->terms;
	if (plan->bridge && plan->bridge->call->wish[from].shared != shared &&
	    share_change(&plan->terms[from], &plan->terms[to], shared, mline, error))
		return -EINVAL;
	if (terms_take_offer(&plan->terms[from], &offer->wish[from], media, lite, mline, error) ||
	    terms_make_offer(&plan->terms[to], &offer->wish[to], wished, bundled, media, mline,
			     error) ||
	    make_keys(offer, plan, media, mline, error))
		return -EINVAL;
	if (bundled && plan->terms[to].profile != SDP_UDP_TLS_RTP_SAVPF)
		return session_refuse(
			error, SESSION_UNIMPLEMENTED,
			"m-line %u: a BUNDLE of several m-lines cannot be split for a "
			"side with %s yet; offer them unbundled, or one m-line alone",
			mline, sdp_profile_name(plan->terms[to].profile));
	if (bundled && !plan->terms[from].rtcp_mux)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "m-line %u: BUNDLE without a=rtcp-mux; add it (RFC 9143)",
				      mline);
	add_clocks(&plan->terms[from], plan, offer->sdp);
	set_pace(plan, offer->sdp, NULL);
	return 0;
}

/* --- legs ----------------------------------------------------------------------------------------
 */

static struct media_address *choose_address(struct session *s, const struct wish *wish,
					    const struct sdp_media *media)
{
	int family = media->remote.family;

	if (wish->family == TANDEM__RELAY__V1__FAMILY__FAMILY_IPV4)
		family = AF_INET;
	else if (wish->family == TANDEM__RELAY__V1__FAMILY__FAMILY_IPV6)
		family = AF_INET6;
	return networks_choose(&s->networks, wish->network, family,
			       wish->family != TANDEM__RELAY__V1__FAMILY__FAMILY_SAME);
}

static int make_leg(struct call *call, struct offer *offer, struct plan *plan, enum side side,
		    struct session_error *error)
{
	const struct wish *wish = &offer->wish[side];
	const struct terms *t = &plan->terms[side];
	struct media_address *at =
		choose_address(call->session, wish, transport_of(plan, offer->sdp));
	bool pair = side == offer->from ? !t->rtcp_mux : !t->rtcp_mux_only;
	struct leg *leg;
	int result;

	if (!at)
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "the dataplane has no network \"%s\" with an address of that "
				      "family; see tandemctl ports",
				      wish->network);
	result = leg_make(&leg, plan->bridge, side, at, 0, pair, 0);
	if (result == -EADDRNOTAVAIL)
		return session_refuse(
			error, SESSION_RESOURCE_EXHAUSTED,
			"no free UDP port in network \"%s\"; widen [controlplane] ports",
			at->network);
	if (result)
		return session_refuse(error, SESSION_INTERNAL, "%s", strerror(-result));
	leg->terms = *t;
	leg->terms.receive = leg->terms.send = false;
	return 0;
}

static int make_bridge(struct call *call, struct offer *offer, struct plan *plan,
		       struct session_error *error)
{
	plan->bridge = bridge_make(call);
	if (!plan->bridge)
		return session_refuse(error, SESSION_INTERNAL, "no memory");
	plan->bridge->lines = plan->lines;
	memcpy(plan->bridge->media, plan->media, sizeof(plan->media));
	return make_leg(call, offer, plan, SIDE_A, error) ||
			       make_leg(call, offer, plan, SIDE_B, error)
		       ? -EINVAL
		       : 0;
}

static bool other_family(const struct leg *leg, const struct sdp_address *address)
{
	return address->family != AF_UNSPEC && address->family != leg->at->address.family;
}

static int check_destination(const struct session *s, const struct sdp_address *address,
			     unsigned int mline, struct session_error *error)
{
	const char *what =
		destination_refuse(address, &s->networks, s->denied, s->config.deny_count);
	char text[WHY_ADDRESS_MAX];

	if (!what)
		return 0;
	why_print_address(text, address, address->port);
	return session_refuse(error, SESSION_INVALID_ARGUMENT,
			      "m-line %u: no media is sent to %s, %s; name the participant's own "
			      "address",
			      mline, text, what);
}

/* What no leg in the dataplane can do, or not this one: it keeps its address and its ports. */
static int check_leg(const struct plan *plan, enum side side, struct session_error *error)
{
	const struct terms *t = &plan->terms[side];
	const struct leg *leg = plan->bridge->legs[side];
	unsigned int mline = first_line(plan) + 1;

	if (!t->rtcp_mux && !leg->pair)
		return session_refuse(error, SESSION_UNIMPLEMENTED,
				      "m-line %u: rtcp-mux was agreed and cannot be taken back; "
				      "keep a=rtcp-mux",
				      mline);
	if (!t->ice &&
	    (other_family(leg, &t->remote) || (!t->rtcp_mux && other_family(leg, &t->remote_rtcp))))
		return session_refuse(error, SESSION_UNIMPLEMENTED,
				      "m-line %u: its address is not of the family of the relay's "
				      "there, which is IPv%d; choose network and family of that "
				      "side for a new call",
				      mline, leg->at->address.family == AF_INET6 ? 6 : 4);
	/* With ICE a nomination decides. */
	if (!t->ice &&
	    (check_destination(leg->session, &t->remote, mline, error) ||
	     (!t->rtcp_mux && check_destination(leg->session, &t->remote_rtcp, mline, error))))
		return -EINVAL;
	return 0;
}

static int check_legs(struct plan *plan, enum side from, struct session_error *error)
{
	enum side to = side_other(from);

	/* With one port there is nothing for an answer to fall back to. */
	if (plan->terms[to].rtcp_mux && !plan->bridge->legs[to]->pair)
		plan->terms[to].rtcp_mux_only = true;
	return check_leg(plan, from, error) || check_leg(plan, to, error) ? -EINVAL : 0;
}

static int identify(struct plan *plan, enum side from, struct session_error *error)
{
	for (enum side side = SIDE_A; side < SIDES; side++) {
		struct leg *leg = plan->bridge->legs[side];
		int result = 0;

		if (!sdp_profile_has_dtls(plan->terms[side].profile))
			continue;
		if (side == from && !plan->bridge->pending)
			result = keying_identify_anew(leg, &plan->terms[side]);
		if (result == 0)
			result = keying_identify(leg);
		if (result)
			return session_refuse(error, SESSION_INTERNAL,
					      "no certificate can be made: %s", strerror(-result));
	}
	return 0;
}

int plan_offer(struct call *call, struct offer *offer, bool wished, struct session_error *error)
{
	offer->plans = calloc(offer->sdp->media_count + 1, sizeof(offer->plans[0]));
	if (!offer->plans)
		return session_refuse(error, SESSION_INTERNAL, "no memory");
	if (group_lines(call, offer, error))
		return -EINVAL;
	for (unsigned int i = 0; i < offer->plan_count; i++) {
		struct plan *plan = &offer->plans[i];

		name_media(plan, offer->sdp);
		if (make_terms(offer, plan, offer->sdp->ice_lite, wished, error) ||
		    (!plan->bridge && make_bridge(call, offer, plan, error)) ||
		    check_legs(plan, offer->from, error) || identify(plan, offer->from, error))
			return -EINVAL;
	}
	return 0;
}

/* --- the answer ----------------------------------------------------------------------------------
 */

static int take_lines(struct plan *plan, const struct sdp *answer, struct session_error *error)
{
	unsigned int bundle = 0;
	uint32_t left = 0;

	for (unsigned int line = 0; line < answer->media_count; line++)
		if (plan->lines & 1u << line && !answer->media[line].rejected)
			left |= 1u << line;
	for (unsigned int line = 0; line < answer->media_count && left & (left - 1); line++) {
		if (!(left & 1u << line))
			continue;
		if (!bundle)
			bundle = answer->media[line].bundle;
		if (!bundle || answer->media[line].bundle != bundle)
			return session_refuse(
				error, SESSION_UNIMPLEMENTED,
				"m-line %u: the answer does not accept the BUNDLE group "
				"of the offer; put its mid into a=group:BUNDLE, or "
				"reject the m-line",
				line + 1);
	}
	plan->lines = left;
	return 0;
}

/* What one side sends the other one receives; a bundle is open when one of its m-lines is. */
static void set_directions(struct plan *plan, const struct offer *offer, const struct sdp *answer)
{
	struct terms *from = &plan->terms[offer->from];
	struct terms *to = &plan->terms[side_other(offer->from)];
	bool forward = false, backward = false;

	for (unsigned int line = 0; line < answer->media_count; line++) {
		unsigned int theirs = offer->sdp->media[line].direction;
		unsigned int ours = answer->media[line].direction;

		if (!(plan->lines & 1u << line))
			continue;
		forward |= theirs & SDP_SENDONLY && ours & SDP_RECVONLY;
		backward |= ours & SDP_SENDONLY && theirs & SDP_RECVONLY;
	}
	from->receive = to->send = forward;
	to->receive = from->send = backward;
}

static int check_answer(const struct offer *offer, const struct sdp *answer,
			struct session_error *error)
{
	if (answer->media_count != offer->sdp->media_count)
		return session_refuse(
			error, SESSION_INVALID_ARGUMENT,
			"the answer has %u m-lines and the offer %u; an answer repeats "
			"each of them",
			answer->media_count, offer->sdp->media_count);
	for (unsigned int line = 0; line < answer->media_count; line++)
		if (offer->sdp->media[line].rejected && !answer->media[line].rejected)
			return session_refuse(error, SESSION_INVALID_ARGUMENT,
					      "m-line %u: the offer has it with port 0; the answer "
					      "must repeat that",
					      line + 1);
	return 0;
}

int plan_answer(struct offer *offer, const struct sdp *answer, struct session_error *error)
{
	enum side to = side_other(offer->from);

	if (check_answer(offer, answer, error))
		return -EINVAL;
	for (unsigned int i = 0; i < offer->plan_count; i++) {
		struct plan *plan = &offer->plans[i];
		const struct sdp_media *media;

		if (take_lines(plan, answer, error))
			return -EINVAL;
		if (!plan->lines)
			continue;
		media = transport_of(plan, answer);
		if (terms_take_answer(&plan->terms[to], &offer->wish[to], media, answer->ice_lite,
				      media - answer->media + 1, error) ||
		    check_leg(plan, to, error))
			return -EINVAL;
		if (offer->wish[to].shared)
			share_answer(&plan->terms[offer->from], &plan->terms[to]);
		add_clocks(&plan->terms[to], plan, answer);
		set_pace(plan, offer->sdp, answer);
		set_directions(plan, offer, answer);
		name_media(plan, answer);
	}
	return 0;
}

/* --- in force or not -----------------------------------------------------------------------------
 */

void plan_swap(struct plan *plan)
{
	struct bridge *bridge = plan->bridge;
	struct terms terms;
	char media[sizeof(plan->media)];
	uint32_t lines = bridge->lines;

	bridge->lines = plan->lines;
	plan->lines = lines;
	memcpy(media, bridge->media, sizeof(media));
	memcpy(bridge->media, plan->media, sizeof(media));
	memcpy(plan->media, media, sizeof(media));
	for (enum side side = SIDE_A; side < SIDES; side++) {
		terms = bridge->legs[side]->terms;
		bridge->legs[side]->terms = plan->terms[side];
		plan->terms[side] = terms;
	}
	terms_wipe(&terms);
}

int plan_copy(struct offer *to, const struct offer *from)
{
	*to = *from;
	to->plans = calloc(from->plan_count + 1, sizeof(to->plans[0]));
	if (!to->plans)
		return -ENOMEM;
	memcpy(to->plans, from->plans, from->plan_count * sizeof(to->plans[0]));
	return 0;
}
