/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which m-lines share a leg (BUNDLE, RFC 9143), towards each party of an exchange. The two need not
 * be alike: what is one leg here may be several there, and then payload types tell what goes where.
 * The session's loop only.
 */
#ifndef TANDEM_GROUP_H
#define TANDEM_GROUP_H

#include "controlplane/session/exchange.h"
#include "controlplane/session/session_error.h"

/* The first of some m-lines, which are bits. */
static inline unsigned int group_first(uint32_t lines)
{
	return __builtin_ctz(lines);
}

/* The m-line whose transport counts: the one that its BUNDLE group names first. */
const struct sdp_media *group_transport(uint32_t lines, const struct sdp *sdp);

/* Makes the plans of who offers: as its SDP groups them. -EINVAL with the error. */
int group_offered(struct exchange *exchange, struct session_error *error);
/*
 * Makes the plans of the other party: as it is grouped already, or as it may be for a party like
 * that. `wished` as plan_offer() has it.
 */
int group_offering(struct exchange *exchange, bool wished, struct session_error *error);

#endif
