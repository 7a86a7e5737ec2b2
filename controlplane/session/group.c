/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/group.h"

#include <errno.h>
#include <stdlib.h>

const struct sdp_media *group_transport(uint32_t lines, const struct sdp *sdp)
{
	for (unsigned int line = 0; line < sdp->media_count; line++)
		if (lines & 1u << line && sdp->media[line].bundle_tag)
			return &sdp->media[line];
	return &sdp->media[group_first(lines)];
}

/* The leg that has the m-line, or will have it once another offer of the party's is answered. */
static struct leg *leg_of(const struct party *party, unsigned int line)
{
	struct leg *leg = party_leg(party, line);

	if (leg)
		return leg;
	TAILQ_FOREACH (leg, &party->legs, entry)
		if (leg->lines & 1u << line)
			return leg;
	return NULL;
}

/* --- as they are offered --------------------------------------------------------------------- */

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

static int make_plans(struct end *end, const struct sdp *sdp, struct session_error *error)
{
	end->plans = calloc(sdp->media_count + 1, sizeof(end->plans[0]));
	return end->plans ? 0 : session_refuse(error, SESSION_INTERNAL, "no memory");
}

/* `groups`: a number for each m-line; those with the same one, not 0, share a leg. */
static int group_lines(struct end *end, const struct sdp *sdp, const unsigned int *groups,
		       struct session_error *error)
{
	for (unsigned int line = 0; line < sdp->media_count; line++) {
		struct leg *leg = leg_of(end->party, line);
		struct plan *plan = NULL;

		if (sdp->media[line].rejected)
			continue;
		for (unsigned int i = 0; groups[line] && i < end->plan_count; i++)
			if (groups[group_first(end->plans[i].lines)] == groups[line])
				plan = &end->plans[i];
		if (plan && leg && plan->leg != leg)
			goto out_regrouped;
		for (unsigned int i = 0; !plan && leg && i < end->plan_count; i++)
			if (end->plans[i].leg == leg)
				goto out_regrouped;
		if (!plan) {
			plan = &end->plans[end->plan_count++];
			plan->leg = leg;
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
	return 0;
}

int group_offered(struct exchange *x, struct session_error *error)
{
	unsigned int groups[SDP_MEDIA_MAX];

	for (unsigned int line = 0; line < x->sdp->media_count; line++)
		groups[line] = x->from.wish.refuses_mux ? 0 : x->sdp->media[line].bundle;
	if (make_plans(&x->from, x->sdp, error) || group_lines(&x->from, x->sdp, groups, error))
		return -EINVAL;
	return x->from.plan_count ? 0 : refuse_nothing(x->sdp, error);
}

/* --- as the other party gets them ------------------------------------------------------------ */

struct types {
	uint64_t bits[2];
};

static struct types types_of(const struct sdp_media *media)
{
	struct types types = {{0}};

	for (unsigned int i = 0; i < media->format_count; i++) {
		char *end;
		unsigned long type = strtoul(media->formats[i], &end, 10);

		if (*end == '\0' && type < 128)
			types.bits[type / 64] |= 1ULL << type % 64;
	}
	return types;
}

/* The first payload type that both have; -1: none. */
static int common_type(const struct sdp_media *a, const struct sdp_media *b)
{
	struct types left = types_of(a), right = types_of(b);

	for (unsigned int half = 0; half < 2; half++)
		if (left.bits[half] & right.bits[half])
			return 64 * half + __builtin_ctzll(left.bits[half] & right.bits[half]);
	return -1;
}

/* Whether payload types tell the m-lines of a bundle apart. */
static bool is_told_apart(const struct sdp *sdp, unsigned int *one, unsigned int *other, int *type)
{
	for (*one = 0; *one < sdp->media_count; ++*one) {
		for (*other = *one + 1; *other < sdp->media_count; ++*other) {
			if (sdp->media[*one].rejected || sdp->media[*other].rejected)
				continue;
			*type = common_type(&sdp->media[*one], &sdp->media[*other]);
			if (*type >= 0)
				return false;
		}
	}
	return true;
}

/* Only such a party is known to take bundles. */
static bool takes_bundles(const struct exchange *x, unsigned int line, bool wished)
{
	const struct leg *leg = leg_of(x->to.party, line);

	if (leg && !wished)
		return leg->terms.profile == SDP_UDP_TLS_RTP_SAVPF;
	return (x->to.wish.profile != SDP_OTHER_PROFILE
			? x->to.wish.profile
			: x->sdp->media[line].profile) == SDP_UDP_TLS_RTP_SAVPF;
}

/* What is one leg on one side of the relay and several on the other. */
static int check_split(const struct exchange *x, struct session_error *error)
{
	unsigned int one, other;
	int type;
	bool alike = x->from.plan_count == x->to.plan_count;

	for (unsigned int i = 0; alike && i < x->from.plan_count; i++)
		alike = x->from.plans[i].lines == x->to.plans[i].lines;
	if (alike || is_told_apart(x->sdp, &one, &other, &type))
		return 0;
	return session_refuse(error, SESSION_UNIMPLEMENTED,
			      "m-lines %u and %u: both have payload type %d, so that a bundle of "
			      "them cannot be split; give each m-line types of its own, or offer "
			      "them as the other party takes them",
			      one + 1, other + 1, type);
}

/*
 * A bundle stays one where the other party takes bundles, and what came apart stays apart: each
 * m-line keeps the leg that it has.
 */
int group_offering(struct exchange *x, bool wished, struct session_error *error)
{
	unsigned int groups[SDP_MEDIA_MAX];

	for (unsigned int line = 0; line < x->sdp->media_count; line++)
		groups[line] = takes_bundles(x, line, wished) ? x->sdp->media[line].bundle : 0;
	/* Those that share a leg already go on to. */
	for (unsigned int line = 0; line < x->sdp->media_count; line++) {
		const struct leg *leg = leg_of(x->to.party, line);

		for (unsigned int before = 0; leg && before < line; before++)
			if (leg_of(x->to.party, before) == leg)
				groups[line] = groups[before] =
					groups[before] ? groups[before]
						       : SDP_MEDIA_MAX + 1 + before;
	}
	if (make_plans(&x->to, x->sdp, error) || group_lines(&x->to, x->sdp, groups, error))
		return -EINVAL;
	return x->from.party ? check_split(x, error) : 0;
}
