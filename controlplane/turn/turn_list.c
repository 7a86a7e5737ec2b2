/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb list: a page is one message of the dataplane's. */
#include <inttypes.h>
#include <stdlib.h>

#include "controlplane/lib/arena.h"
#include "controlplane/lib/octets.h"
#include "controlplane/turn/turn_state.h"

#define PAGE      100 /* allocations, unless the request says how many */
#define PAGE_MOST 1000

struct listing {
	session_reply *reply;
	void *arg;
};

static char *show_endpoint(struct arena *arena, const Tandem__Dataplane__V1__Endpoint *in)
{
	struct endpoint endpoint = octets_read_endpoint(in);
	char text[ADDRESS_TEXT];

	return arena_text(arena, endpoint_text(text, &endpoint));
}

static void add(Tandem__Turn__V1__ListReply *list, struct arena *arena,
		const Tandem__Dataplane__V1__Allocation *in)
{
	Tandem__Turn__V1__Allocation *out =
		arena_add(arena, &list->allocations, &list->n_allocations,
			  &tandem__turn__v1__allocation__descriptor);
	char user[TURN_NAME];

	if (!out)
		return;
	turn_verb_user(user, &in->user);
	out->id = arena_printf(arena, "%016" PRIx64, in->allocation);
	out->user = arena_text(arena, user);
	out->server = show_endpoint(arena, in->server);
	/* Of a client of the gate: what the gate has it speak from tells nobody anything. */
	out->client = show_endpoint(arena, in->origin ? in->origin : in->client);
	out->relayed = show_endpoint(arena, in->relayed);
	out->left_s = in->left_s;
	out->age_ms = in->age_ms;
	out->permissions = in->permissions;
	out->channels = in->channels;
	out->to_peers_packets = in->to_peers_packets;
	out->to_peers_bytes = in->to_peers_bytes;
	out->to_client_packets = in->to_client_packets;
	out->to_client_bytes = in->to_client_bytes;
	out->drops = in->drops;
}

static void on_page(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	Tandem__Turn__V1__ListReply list = TANDEM__TURN__V1__LIST_REPLY__INIT;
	struct listing *w = arg;
	struct arena arena = {NULL};

	if (!turn_verb_answered(w->reply, w->arg, error, in))
		goto out;
	for (size_t k = 0; k < in->n_allocations; k++)
		add(&list, &arena, in->allocations[k]);
	if (in->next)
		list.next_page_token = arena_printf(&arena, "%" PRIu64, in->next);
	if (arena.failed)
		session_fail(w->reply, w->arg, SESSION_INTERNAL, "no memory");
	else
		w->reply(w->arg, &list.base, NULL);
	arena_clear(&arena);
out:
	free(w);
}

static uint32_t page_size(const Tandem__Turn__V1__ListRequest *request)
{
	if (!request->page_size)
		return PAGE;
	return request->page_size < PAGE_MOST ? request->page_size : PAGE_MOST;
}

void turn_list(struct turn_server *t, const Tandem__Turn__V1__ListRequest *request,
	       session_reply *reply, void *arg)
{
	struct listing *w;
	uint64_t after;
	char *end;

	if (!turn_verb_served(t, reply, arg))
		return;
	after = strtoull(request->page_token, &end, 10);
	if (*end) {
		session_fail(reply, arg, SESSION_INVALID_ARGUMENT,
			     "page_token is none of ours; pass next_page_token, or nothing");
		return;
	}
	w = malloc(sizeof(*w));
	if (!w) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*w = (struct listing){reply, arg};
	turn_verb_ask(t, after, page_size(request), on_page, w);
}
