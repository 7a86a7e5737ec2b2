/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/solo.h"

#include "controlplane/session/keying.h"
#include "controlplane/session/path.h"
#include "controlplane/session/plan.h"
#include "controlplane/session/push.h"
#include "controlplane/session/watch.h"

static void settle(struct plan *plan, struct push *push)
{
	plan_swap(plan);
	plan->leg->pending = false;
	plan->leg->latch_epoch++;
	push_leg(push, plan->leg);
	/* In this order: what DTLS leaves behind SDES may not inherit. */
	keying_agree_dtls(plan->leg, &plan->terms);
	keying_push_sdes(push, plan->leg, &plan->terms);
}

void solo_settle(struct exchange *x, struct end *end, struct push *push)
{
	struct party *party = end->party;
	struct call *call = x->call;
	struct paths before = paths_derive(call), now;

	call->revision++;
	for (unsigned int i = 0; i < end->plan_count; i++)
		if (end->plans[i].lines)
			settle(&end->plans[i], push);
	party->wish = end->wish;
	party->answered = party->told = true;
	call_note_answer(call);
	party->line_count = x->sdp->media_count;
	now = paths_derive(call);
	paths_push(push, &before, &now);
	paths_free(&before);
	paths_free(&now);
	watch_party(WATCH(ANSWERED), party, "");
	if (x->to.party && !x->to.party->listens) {
		x->answered = true;
		exchange_wait(x);
	} else {
		exchange_free(x);
	}
	exchange_sweep(call, push);
	push_call(push, call);
}
