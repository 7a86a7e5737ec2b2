/* SPDX-License-Identifier: BSD-3-Clause */
/* The plans of an exchange: which m-lines share a leg, and what the legs become. */
#ifndef TANDEM_PLAN_H
#define TANDEM_PLAN_H

#include "controlplane/session/exchange.h"
#include "controlplane/session/session_error.h"

/*
 * Fills the plans of both ends from the offer and the wishes, which are set; makes legs for what is
 * new. `wished`: the request itself said how the other party is to see the relay. -EINVAL with the
 * error: then the legs that were made are pending, for exchange_sweep().
 */
int plan_offer(struct exchange *exchange, bool wished, struct session_error *error);
/* Completes a copy of the plans with the answer. Plans without m-lines left are rejected ones. */
int plan_answer(struct exchange *exchange, const struct sdp *answer, struct session_error *error);

/* Trades what the plan says for what is in force; a second time takes it back. */
void plan_swap(struct plan *plan);

#endif
