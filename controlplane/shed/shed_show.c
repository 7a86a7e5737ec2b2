/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb show: what the dataplane says now, in the words of shed.proto. */
#include <stdlib.h>

#include "controlplane/lib/drop_reason.h"
#include "controlplane/lib/octets.h"
#include "controlplane/session/owner.h"
#include "controlplane/shed/shed_state.h"

#define SHOWN 10 /* of sources and targets, unless the request says otherwise */

struct showing {
	struct shed *shed;
	session_reply *reply;
	void *arg;
	struct arena arena;
	Tandem__Shed__V1__ShowReply show; /* as far as its pages have come */
	bool begun;                       /* one has */
	struct prefix sources[SHED_TOP];  /* beside show.sources */
};

/* --- the first page --- */

static void add_reasons(struct showing *w)
{
	const struct tally *tally = &w->shed->tally;

	for (unsigned int i = 0; i < tally->count; i++) {
		const struct tally_reason *in = &tally->reasons[i];
		Tandem__Shed__V1__Reason *out =
			arena_add(&w->arena, &w->show.reasons, &w->show.n_reasons,
				  &tandem__shed__v1__reason__descriptor);

		if (!out)
			return;
		out->name = arena_text(&w->arena, in->name);
		out->help = arena_text(&w->arena, in->help);
		out->packets = in->packets;
		out->pps = in->pps;
	}
}

static void add_sources(struct showing *w, const Tandem__Dataplane__V1__Shed *in)
{
	for (size_t i = 0; i < in->n_sources && w->show.n_sources < SHED_TOP; i++) {
		struct prefix *prefix = &w->sources[w->show.n_sources];
		Tandem__Shed__V1__Source *out;
		char text[ADDRESS_TEXT];

		if (octets_read_source(prefix, &in->sources[i]->address))
			continue;
		out = arena_add(&w->arena, &w->show.sources, &w->show.n_sources,
				&tandem__shed__v1__source__descriptor);
		if (!out)
			return;
		out->address = arena_text(&w->arena, prefix_text(text, prefix));
		out->reason = arena_text(&w->arena, drop_reason_name(in->sources[i]->reason));
		out->pps = in->sources[i]->pps;
	}
}

static void add_targets(struct showing *w, const Tandem__Dataplane__V1__Shed *in)
{
	for (size_t i = 0; i < in->n_targets; i++) {
		Tandem__Shed__V1__Target *out =
			arena_add(&w->arena, &w->show.targets, &w->show.n_targets,
				  &tandem__shed__v1__target__descriptor);
		struct endpoint local = octets_read_endpoint(in->targets[i]->local);
		char text[ADDRESS_TEXT] = "";
		struct owner owner;

		if (!out)
			return;
		if (!endpoint_is_zero(&local))
			endpoint_text(text, &local);
		out->local = arena_text(&w->arena, text);
		if (owner_of_leg(w->shed->session, in->targets[i]->leg, &owner)) {
			out->call_id = arena_text(&w->arena, owner.call_id);
			out->tag = arena_text(&w->arena, owner.tag);
		}
		out->pps = in->targets[i]->pps;
		out->reason = arena_text(&w->arena, drop_reason_name(in->targets[i]->reason));
	}
}

static void add_judges(struct showing *w, const Tandem__Dataplane__V1__Shed *in)
{
	static const char *const names[] = {"off", "xdp native", "xdp generic", "worker"};

	for (size_t i = 0; i < in->n_judges; i++) {
		Tandem__Shed__V1__Judge *out =
			arena_add(&w->arena, &w->show.judges, &w->show.n_judges,
				  &tandem__shed__v1__judge__descriptor);
		unsigned int kind = in->judges[i]->kind;

		if (!out)
			return;
		out->network = arena_text(&w->arena, in->judges[i]->network);
		out->where =
			(char *)(kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown");
	}
}

/* --- each page --- */

static void mark_sources(struct showing *w, const struct prefix *block)
{
	for (size_t i = 0; i < w->show.n_sources; i++)
		if (prefix_contains(block, &w->sources[i]))
			w->show.sources[i]->blocked = true;
}

static void add_blocks(struct showing *w, const Tandem__Dataplane__V1__Shed *in)
{
	for (size_t i = 0; i < in->n_blocks; i++) {
		Tandem__Shed__V1__BlockEntry *out;
		char text[ADDRESS_TEXT];
		struct prefix prefix;

		if (octets_read_prefix(&prefix, &in->blocks[i]->address, in->blocks[i]->length))
			continue;
		out = arena_add(&w->arena, &w->show.blocks, &w->show.n_blocks,
				&tandem__shed__v1__block_entry__descriptor);
		if (!out)
			return;
		out->prefix = arena_text(&w->arena, prefix_text(text, &prefix));
		out->left_ms = in->blocks[i]->left_ms;
		out->automatic = in->blocks[i]->automatic;
		mark_sources(w, &prefix);
	}
}

/* --- the reply --- */

/* The attacks are those of the last second, and are shown from where they are. */
static void add_attacks(struct showing *w)
{
	const struct shed *s = w->shed;

	for (enum attack_kind kind = ATTACK_NONE + 1; kind < ATTACK_KINDS; kind++) {
		Tandem__Shed__V1__Attack *out;

		if (!s->attacks.of[kind].id)
			continue;
		out = arena_add(&w->arena, &w->show.attacks, &w->show.n_attacks,
				&tandem__shed__v1__attack__descriptor);
		if (!out)
			return;
		shed_show_attack(out, &w->arena, kind, &s->attacks.of[kind], uv_now(s->loop));
	}
}

static void on_show(void *arg, int error, const Tandem__Dataplane__V1__Reply *in);

static void ask(struct showing *w, Tandem__Dataplane__V1__GetShed *get)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;

	message.get_shed = get;
	client_request(w->shed->client, &message, on_show, w);
}

static void begin(struct showing *w, const Tandem__Dataplane__V1__Shed *in)
{
	w->begun = true;
	tandem__shed__v1__show_reply__init(&w->show);
	add_reasons(w);
	add_sources(w, in);
	add_targets(w, in);
	add_judges(w, in);
}

/* The first page tells all but further blocks. */
static void on_show(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	Tandem__Dataplane__V1__GetShed get = TANDEM__DATAPLANE__V1__GET_SHED__INIT;
	struct showing *w = arg;

	if (!shed_verb_answered(w->reply, w->arg, error, in))
		goto out;
	if (!w->begun)
		begin(w, in->shed);
	add_blocks(w, in->shed);
	if (in->next && !w->arena.failed) {
		get.blocks = true;
		get.after = in->next;
		ask(w, &get);
		return;
	}
	add_attacks(w);
	if (w->arena.failed)
		session_fail(w->reply, w->arg, SESSION_INTERNAL, "no memory");
	else
		w->reply(w->arg, &w->show.base, NULL);
out:
	arena_clear(&w->arena);
	free(w);
}

void shed_show(struct shed *s, const Tandem__Shed__V1__ShowRequest *request, session_reply *reply,
	       void *arg)
{
	Tandem__Dataplane__V1__GetShed get = TANDEM__DATAPLANE__V1__GET_SHED__INIT;
	struct showing *w = calloc(1, sizeof(*w));

	if (!w) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	w->shed = s;
	w->reply = reply;
	w->arg = arg;
	get.sources = shed_verb_count(request->sources, SHOWN, SHED_TOP);
	get.targets = shed_verb_count(request->targets, SHOWN, SHED_TOP);
	get.blocks = true;
	ask(w, &get);
}
