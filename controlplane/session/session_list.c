/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb list: a page of the calls, in an order, of those that are searched for. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/arena.h"
#include "controlplane/session/inquiry.h"
#include "controlplane/session/summary.h"

#define PAGE_MOST     1000
#define LISTINGS_MOST 64
#define SLICE_US      1000     /* that calls are looked at without a break */
#define BETWEEN       32       /* calls, looks at the clock */
#define UNRATED       10000000 /* behind what any MOS is, in millionths */

#define ORDER(name) TANDEM__RELAY__V1__ORDER__ORDER_##name

/* Of a call in an order: the lower comes first, and no two are alike. */
struct place {
	uint64_t rank, serial;
};

struct found {
	struct place place;
	struct call *call; /* held */
};

struct listing {
	struct slice slice;
	struct session *session;
	session_reply *reply;
	void *arg;
	Tandem__Relay__V1__Order order;
	char text[CALL_TEXT_MAX + 1];
	struct place after; /* the page begins behind it; zero: with the first */
	struct cursor next;
	/* The best of those that were looked at; a heap, the last one of them on top. There is room
	 * for one more than a page has, which says that another page follows. */
	struct found *found;
	unsigned int count, size;
};

static bool precedes(const struct place *a, const struct place *b)
{
	return a->rank < b->rank || (a->rank == b->rank && a->serial < b->serial);
}

static struct place place_of(const struct call *call, Tandem__Relay__V1__Order order)
{
	switch (order) {
	case ORDER(NEWEST):
		return (struct place){0, UINT64_MAX - call->serial};
	case ORDER(WORST):
		return (struct place){call->mos ? (uint64_t)lroundf(1e6f * call->mos) : UNRATED,
				      call->serial};
	default:
		return (struct place){0, call->serial};
	}
}

/* --- what is found --------------------------------------------------------------------------- */

static void swap(struct found *a, struct found *b)
{
	struct found was = *a;

	*a = *b;
	*b = was;
}

static void push(struct listing *l, struct call *call, const struct place *place)
{
	unsigned int at = l->count++;

	l->found[at] = (struct found){*place, call_hold(call)};
	for (; at && precedes(&l->found[(at - 1) / 2].place, &l->found[at].place);
	     at = (at - 1) / 2)
		swap(&l->found[at], &l->found[(at - 1) / 2]);
}

/* In the place of the last one. */
static void replace(struct listing *l, struct call *call, const struct place *place)
{
	unsigned int at = 0, below;

	call_release(l->found[0].call);
	l->found[0] = (struct found){*place, call_hold(call)};
	for (; (below = 2 * at + 1) < l->count; at = below) {
		if (below + 1 < l->count &&
		    precedes(&l->found[below].place, &l->found[below + 1].place))
			below++;
		if (!precedes(&l->found[at].place, &l->found[below].place))
			break;
		swap(&l->found[at], &l->found[below]);
	}
}

static void consider(struct listing *l, struct call *call)
{
	const struct place place = place_of(call, l->order);
	bool full = l->count > l->size;

	if (!precedes(&l->after, &place) || (full && !precedes(&place, &l->found[0].place)) ||
	    !summary_matches(call, l->text))
		return;
	if (full)
		replace(l, call, &place);
	else
		push(l, call, &place);
}

/* --- a slice --------------------------------------------------------------------------------- */

/* Whether nothing that follows could be in the page. */
static bool is_over(const struct listing *l)
{
	return !l->next.at || (l->count > l->size && l->order != ORDER(WORST));
}

static bool look(struct slice *slice)
{
	struct listing *l = (struct listing *)slice;
	unsigned int us = l->session->config.list_us;
	uint64_t end = uv_hrtime() + 1000 * (us ? us : SLICE_US);

	do {
		for (unsigned int k = 0; k < BETWEEN && !is_over(l); k++) {
			struct call *call = l->next.at;

			session_move_cursor(&l->next);
			consider(l, call);
		}
	} while (!is_over(l) && uv_hrtime() < end);
	return is_over(l);
}

/* --- the reply ------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
	return precedes(&((const struct found *)a)->place, &((const struct found *)b)->place) ? -1
											      : 1;
}

static const char letters[] = {[ORDER(AGE)] = 'a', [ORDER(NEWEST)] = 'n', [ORDER(WORST)] = 'w'};

/* The call's key finds it again without a search, if it is still there. */
static char *print_token(struct arena *arena, const struct listing *l, const struct found *last)
{
	return arena_printf(arena, "%c%" PRIx64 "-%" PRIx64 "-%" PRIx64, letters[l->order],
			    last->place.rank, last->place.serial, last->call->key);
}

static void answer(struct listing *l)
{
	Tandem__Relay__V1__ListReply list = TANDEM__RELAY__V1__LIST_REPLY__INIT;
	struct arena arena = {NULL};

	qsort(l->found, l->count, sizeof(l->found[0]), by_place);
	/* Some may have ended while others were looked at. */
	for (unsigned int k = 0; k < l->count && k < l->size && !arena.failed; k++)
		if (!l->found[k].call->gone)
			summary_add(&list, &arena, l->found[k].call);
	if (l->count > l->size)
		list.next_page_token = print_token(&arena, l, &l->found[l->size - 1]);
	if (arena.failed)
		session_fail(l->reply, l->arg, SESSION_INTERNAL, "no memory");
	else
		l->reply(l->arg, &list.base, NULL);
	arena_clear(&arena);
}

static void forget(struct listing *l)
{
	for (unsigned int k = 0; k < l->count; k++)
		call_release(l->found[k].call);
	LIST_REMOVE(&l->next, entry);
	free(l->found);
	free(l);
}

static void end(struct slice *slice, bool done)
{
	struct listing *l = (struct listing *)slice;

	if (done)
		answer(l);
	else
		session_fail(l->reply, l->arg, SESSION_UNAVAILABLE,
			     "the control plane is stopping; try again");
	forget(l);
}

/* --- the verb -------------------------------------------------------------------------------- */

static int refuse_token(struct session_error *error)
{
	return session_refuse(error, SESSION_INVALID_ARGUMENT,
			      "page_token is none of this order; pass next_page_token of the last "
			      "reply, or nothing");
}

/* Where the page begins. */
static int read_token(struct session *s, struct listing *l, const char *token,
		      struct session_error *error)
{
	struct call *call;
	char letter, again[64];
	uint64_t key;

	if (sscanf(token, "%c%" SCNx64 "-%" SCNx64 "-%" SCNx64, &letter, &l->after.rank,
		   &l->after.serial, &key) != 4 ||
	    letter != letters[l->order])
		return refuse_token(error);
	snprintf(again, sizeof(again), "%c%" PRIx64 "-%" PRIx64 "-%" PRIx64, letter, l->after.rank,
		 l->after.serial, key);
	if (strcmp(again, token) != 0)
		return refuse_token(error);
	call = l->order == ORDER(WORST) ? NULL : session_find_key(s, key);
	if (call && place_of(call, l->order).serial == l->after.serial)
		l->next.at = call;
	return 0;
}

static int read_request(struct session *s, struct listing *l,
			const Tandem__Relay__V1__ListRequest *request, struct session_error *error)
{
	if (inquiry_check_synced(s, error) || session_check_name("search", request->search, error))
		return -EINVAL;
	if ((unsigned int)request->order > ORDER(WORST))
		return session_refuse(error, SESSION_INVALID_ARGUMENT,
				      "order %d is none; use one of relay.proto's", request->order);
	if (s->slices.count == LISTINGS_MOST)
		return session_refuse(error, SESSION_RESOURCE_EXHAUSTED,
				      "%d lists are being made; try again", LISTINGS_MOST);
	l->order = request->order;
	for (size_t k = 0; request->search[k]; k++)
		l->text[k] = tolower((unsigned char)request->search[k]);
	l->next.back = l->order == ORDER(NEWEST);
	l->next.at = l->next.back ? TAILQ_LAST(&s->by_age, call_list) : TAILQ_FIRST(&s->by_age);
	return request->page_token[0] ? read_token(s, l, request->page_token, error) : 0;
}

void session_list(struct session *s, const Tandem__Relay__V1__ListRequest *request,
		  session_reply *reply, void *arg)
{
	unsigned int size = request->page_size && request->page_size < PAGE_MOST
				    ? request->page_size
				    : PAGE_MOST;
	struct listing *l = calloc(1, sizeof(*l));
	struct session_error error;

	if (l)
		l->found = calloc(size + 1, sizeof(l->found[0]));
	if (!l || !l->found) {
		free(l);
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	l->slice = (struct slice){.step = look, .end = end};
	l->session = s;
	l->reply = reply;
	l->arg = arg;
	l->size = size;
	LIST_INSERT_HEAD(&s->cursors, &l->next, entry);
	if (read_request(s, l, request, &error)) {
		reply(arg, NULL, &error);
		forget(l);
		return;
	}
	slices_add(&s->slices, &l->slice);
}
