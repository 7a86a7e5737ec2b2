/* SPDX-License-Identifier: BSD-3-Clause */
/* The plans of an offer: which m-lines share a bridge, and what its legs become. */
#ifndef TANDEM_PLAN_H
#define TANDEM_PLAN_H

#include "controlplane/session/session_state.h"

/*
 * Fills offer->plans from its SDP and wishes, which are set; makes bridges and legs for what is
 * new. `wished`: the request itself said how the other side is to see the relay. -EINVAL with the
 * error: then the bridges that were made are pending, for session_close_offer().
 */
int plan_offer(struct call *call, struct offer *offer, bool wished, struct session_error *error);
/* Completes a copy of the plans with the answer. Plans without m-lines left are rejected ones. */
int plan_answer(struct offer *offer, const struct sdp *answer, struct session_error *error);

/* Trades what the plan says for what is in force; a second time takes it back. */
void plan_swap(struct plan *plan);
int plan_copy(struct offer *to, const struct offer *from); /* but its SDP: 0, -ENOMEM */

#endif
