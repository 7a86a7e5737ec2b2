/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A leg goes over to another worker (dataplane/move.h): what is ordered of it meanwhile waits until
 * it is there.
 */
#include <errno.h>
#include <stdlib.h>

#include "dataplane/main/legs/record.h"
#include "dataplane/main/workers.h"
#include "dataplane/move.h"

/* As many as requests may post while each of them leaves room for another one. */
#define KEPT_MAX (2 * ORDERS_PER_REQUEST)

struct move {
	struct record *record; /* NULL: nothing moves here */
	bool over;             /* it is there, and what was kept is posted */
	uint32_t count, next;
	struct order kept[KEPT_MAX];
};

int moves_create(struct registry *r)
{
	r->moves = calloc(MOVES_MAX, sizeof(*r->moves));
	return r->moves ? 0 : -ENOMEM;
}

void moves_destroy(struct registry *r)
{
	free(r->moves);
}

bool registry_has_room(const struct registry *r)
{
	for (unsigned int k = 0; r->moving && k < MOVES_MAX; k++)
		if (r->moves[k].count + ORDERS_PER_REQUEST > KEPT_MAX)
			return false;
	return workers_have_room(r->dataplane);
}

static struct move *find_free(struct registry *r)
{
	for (unsigned int k = 0; k < MOVES_MAX; k++)
		if (!r->moves[k].record)
			return &r->moves[k];
	return NULL;
}

void record_move(struct registry *r, struct record *record, unsigned int worker)
{
	struct move *move = find_free(r);

	if (!move || record->move || worker == record->worker ||
	    worker >= r->dataplane->worker_count ||
	    worker_order(r->dataplane->workers[record->worker],
			 (struct order){.kind = ORDER_MOVE, .leg = record->leg, .port = worker}))
		return;
	*move = (struct move){.record = record};
	record->move = move;
	r->moving++;
}

void record_order(struct registry *r, struct record *record, struct order order)
{
	struct move *move = record->move;

	/* Who orders has seen to it that there is room. */
	if (move && move->count < KEPT_MAX)
		move->kept[move->count++] = order;
	else if (!move)
		worker_order(r->dataplane->workers[record->worker], order);
}

static unsigned int post(struct registry *r, struct move *move)
{
	struct worker *w = r->dataplane->workers[move->record->worker];
	unsigned int posted = 0;

	while (move->next < move->count && worker_order(w, move->kept[move->next]) == 0) {
		move->next++;
		posted++;
	}
	if (move->next == move->count) {
		move->record->move = NULL;
		move->record = NULL;
		r->moving--;
	}
	return posted;
}

void record_moved(struct registry *r, struct record *record)
{
	record->worker = leg_worker(record->leg);
	record->move->over = true;
	post(r, record->move);
}

unsigned int moves_poll(struct registry *r)
{
	unsigned int posted = 0;

	for (unsigned int k = 0; r->moving && k < MOVES_MAX; k++)
		if (r->moves[k].record && r->moves[k].over)
			posted += post(r, &r->moves[k]);
	return posted;
}
