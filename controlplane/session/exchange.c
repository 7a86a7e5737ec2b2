/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/session/session_state.h"

/* --- life ------------------------------------------------------------------------------------ */

struct exchange *exchange_make(struct call *call, struct party *from, struct party *to)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->call = call;
	x->from.party = from;
	x->to.party = to;
	x->first = to && !to->answered;
	TAILQ_INSERT_TAIL(&call->exchanges, x, entry);
	return x;
}

static void free_plans(struct end *end)
{
	for (unsigned int i = 0; i < end->plan_count; i++)
		terms_wipe(&end->plans[i].terms);
	free(end->plans);
	end->plans = NULL;
	end->plan_count = 0;
}

void exchange_stop_waiting(struct exchange *x)
{
	if (!x->waiting)
		return;
	x->waiting = false;
	TAILQ_REMOVE(&x->call->session->waiting, x, deadline);
}

void exchange_free(struct exchange *x)
{
	exchange_stop_waiting(x);
	TAILQ_REMOVE(&x->call->exchanges, x, entry);
	free_plans(&x->from);
	free_plans(&x->to);
	sdp_free(x->sdp);
	free(x);
}

static int copy_plans(struct end *to, const struct end *from)
{
	*to = *from;
	to->plans = calloc(from->plan_count + 1, sizeof(to->plans[0]));
	if (!to->plans) {
		to->plan_count = 0;
		return -ENOMEM;
	}
	if (from->plan_count)
		memcpy(to->plans, from->plans, from->plan_count * sizeof(to->plans[0]));
	return 0;
}

int exchange_copy(struct exchange *to, const struct exchange *from)
{
	*to = *from;
	to->waiting = false;
	to->from.plans = to->to.plans = NULL;
	to->from.plan_count = to->to.plan_count = 0;
	return copy_plans(&to->from, &from->from) ? -ENOMEM : copy_plans(&to->to, &from->to);
}

void exchange_forget_plans(struct exchange *x)
{
	free_plans(&x->from);
	free_plans(&x->to);
}

/* --- which ----------------------------------------------------------------------------------- */

struct exchange *exchange_find(const struct call *call, const struct party *from,
			       const struct party *to)
{
	struct exchange *x;

	TAILQ_FOREACH (x, &call->exchanges, entry)
		if (!x->answered && (!from || x->from.party == from) && (!to || x->to.party == to))
			return x;
	return NULL;
}

struct exchange *exchange_own(const struct party *party)
{
	struct exchange *x;

	TAILQ_FOREACH (x, &party->call->exchanges, entry)
		if (!x->from.party && x->to.party == party)
			return x;
	return NULL;
}

static bool names(const struct end *end, const struct leg *leg)
{
	for (unsigned int i = 0; i < end->plan_count; i++)
		if (end->plans[i].leg == leg)
			return true;
	return false;
}

bool exchange_names(const struct call *call, const struct leg *leg)
{
	const struct exchange *x;

	TAILQ_FOREACH (x, &call->exchanges, entry)
		if (names(&x->from, leg) || names(&x->to, leg))
			return true;
	return false;
}

const struct wish *exchange_wish(const struct call *call, const struct leg *leg)
{
	const struct exchange *x;

	TAILQ_FOREACH (x, &call->exchanges, entry) {
		if (names(&x->to, leg))
			return &x->to.wish;
		if (names(&x->from, leg))
			return &x->from.wish;
	}
	return NULL;
}
