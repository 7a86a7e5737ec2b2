/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a participant is to hear another leg than before, the flow that protected towards it lets go
 * first: its worker says what it sent, and the flow that is heard from then on continues there.
 */
#include <stdlib.h>

#include "dataplane/claims.h"
#include "dataplane/main/legs/path_plan.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/main/workers.h"
#include "dataplane/srtp/sent.h"
#include "dataplane/main/shared.h"

void path_let_go(struct registry *r, struct path_record *p)
{
	struct record *to = p->to;
	struct sent *sent;

	if (p->lineage != to->lineage)
		return;
	sent = calloc(1, sizeof(*sent));
	if (!sent) {
		path_give_up(r, p);
		return;
	}
	p->lineage = 0;
	sent->users = 1;
	sent->lineage = to->lineage;
	sent->lane = p->lane;
	sent->to = to->leg;
	to->letting_go++;
	to->named++;
	record_order(r, p->from,
		     (struct order){.kind = ORDER_LET_GO,
				    .leg = p->from->leg,
				    .object = sent,
				    .branch = p->branch});
}

/* It counts with what the others sent, and its SSRCs are free to those who know of it. */
static void keep(struct record *to, struct sent *sent)
{
	sent->turn = ++to->turns;
	if (to->sent)
		sent_merge(sent, to->sent);
	path_release_sent(to->sent);
	to->sent = shared_hold(sent);
	if (to->claims)
		claims_leave(to->claims, sent->lane, sent->turn);
}

void path_let_gone(struct registry *r, struct sent *sent)
{
	struct record *to = record_of(r, sent->to);

	to->letting_go--;
	to->named--;
	if (to->state == RECORD_OPEN && sent->lineage == to->lineage)
		keep(to, sent);
	path_release_sent(sent);
	if (to->state == RECORD_OPEN)
		record_refresh_sources(r, to);
	record_reuse(r, to);
}
