/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb show: what the dataplane says now, in the words of shed.proto. */
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/octets.h"
#include "controlplane/session/owner.h"
#include "controlplane/session/why.h"
#include "controlplane/shed/reply.h"
#include "controlplane/shed/shed_state.h"

#define SHOWN 10 /* of sources and targets, unless the request says otherwise */

struct asking {
	struct shed *shed;
	session_reply *reply;
	void *arg;
	Tandem__Shed__V1__ShowReply *show; /* as far as its pages have come; NULL: none has */
	struct prefix sources[SHED_TOP];   /* beside show->sources */
};

static const char *print_endpoint(char *text, const Tandem__Dataplane__V1__Endpoint *in)
{
	struct endpoint e = octets_read_endpoint(in);

	return endpoint_is_zero(&e) ? "" : endpoint_text(text, &e);
}

/* --- show ----------------------------------------------------------------------------------------
 */

static void add_reasons(Tandem__Shed__V1__ShowReply *reply, const struct shed *s)
{
	reply->reasons = reply_room(s->tally.count);
	for (unsigned int i = 0; i < s->tally.count; i++) {
		const struct tally_reason *in = &s->tally.reasons[i];
		Tandem__Shed__V1__Reason *out = reply_add(&reply->reasons, &reply->n_reasons,
							  &tandem__shed__v1__reason__descriptor);

		if (!out)
			return;
		reply_set(&out->name, in->name);
		reply_set(&out->help, in->help);
		out->packets = in->packets;
		out->pps = in->pps;
	}
}

static void add_sources(struct asking *a, Tandem__Shed__V1__ShowReply *reply,
			const Tandem__Dataplane__V1__Shed *in)
{
	reply->sources = reply_room(in->n_sources);
	for (size_t i = 0; i < in->n_sources && reply->n_sources < SHED_TOP; i++) {
		Tandem__Shed__V1__Source *out;
		char text[ADDRESS_TEXT];
		struct prefix prefix;

		if (octets_read_source(&prefix, &in->sources[i]->address))
			continue;
		a->sources[reply->n_sources] = prefix;
		out = reply_add(&reply->sources, &reply->n_sources,
				&tandem__shed__v1__source__descriptor);
		if (!out)
			return;
		prefix_text(text, &prefix);
		reply_set(&out->address, text);
		reply_set(&out->reason, why_reason(in->sources[i]->reason));
		out->pps = in->sources[i]->pps;
	}
}

static void add_targets(Tandem__Shed__V1__ShowReply *reply, struct shed *s,
			const Tandem__Dataplane__V1__Shed *in)
{
	reply->targets = reply_room(in->n_targets);
	for (size_t i = 0; i < in->n_targets; i++) {
		Tandem__Shed__V1__Target *out = reply_add(&reply->targets, &reply->n_targets,
							  &tandem__shed__v1__target__descriptor);
		char text[ADDRESS_TEXT];
		struct owner owner;

		if (!out)
			return;
		reply_set(&out->local, print_endpoint(text, in->targets[i]->local));
		if (owner_of_leg(s->session, in->targets[i]->leg, &owner)) {
			reply_set(&out->call_id, owner.call_id);
			reply_set(&out->tag, owner.tag);
		}
		out->pps = in->targets[i]->pps;
		reply_set(&out->reason, why_reason(in->targets[i]->reason));
	}
}

static void mark_sources(const struct asking *a, const struct prefix *block)
{
	for (size_t i = 0; i < a->show->n_sources; i++)
		if (prefix_contains(block, &a->sources[i]))
			a->show->sources[i]->blocked = true;
}

/* A page of them, after those that are there already. */
static void add_blocks(struct asking *a, const Tandem__Dataplane__V1__Shed *in)
{
	Tandem__Shed__V1__ShowReply *reply = a->show;
	void *grown = reallocarray(reply->blocks, reply->n_blocks + in->n_blocks + 1,
				   sizeof(reply->blocks[0]));

	if (!grown)
		return;
	reply->blocks = grown;
	for (size_t i = 0; i < in->n_blocks; i++) {
		Tandem__Shed__V1__BlockEntry *out;
		char text[ADDRESS_TEXT];
		struct prefix prefix;

		if (octets_read_prefix(&prefix, &in->blocks[i]->address, in->blocks[i]->length))
			continue;
		out = reply_add(&reply->blocks, &reply->n_blocks,
				&tandem__shed__v1__block_entry__descriptor);
		if (!out)
			return;
		prefix_text(text, &prefix);
		reply_set(&out->prefix, text);
		out->left_ms = in->blocks[i]->left_ms;
		out->automatic = in->blocks[i]->automatic;
		mark_sources(a, &prefix);
	}
}

static void add_judges(Tandem__Shed__V1__ShowReply *reply, const Tandem__Dataplane__V1__Shed *in)
{
	static const char *const names[] = {"off", "xdp native", "xdp generic", "worker"};

	reply->judges = reply_room(in->n_judges);
	for (size_t i = 0; i < in->n_judges; i++) {
		Tandem__Shed__V1__Judge *out = reply_add(&reply->judges, &reply->n_judges,
							 &tandem__shed__v1__judge__descriptor);
		unsigned int kind = in->judges[i]->kind;

		if (!out)
			return;
		reply_set(&out->network, in->judges[i]->network);
		reply_set(&out->where,
			  kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown");
	}
}

/* The attacks are those of the last second, and are shown from where they are. */
struct attacks_room {
	Tandem__Shed__V1__Attack messages[ATTACK_KINDS], *list[ATTACK_KINDS];
	struct attack_room rooms[ATTACK_KINDS];
};

static void show_attacks(Tandem__Shed__V1__ShowReply *reply, struct attacks_room *room,
			 const struct shed *s)
{
	for (enum attack_kind kind = ATTACK_NONE + 1; kind < ATTACK_KINDS; kind++) {
		if (!s->attacks.of[kind].id)
			continue;
		shed_show_attack(&room->messages[kind], &room->rooms[kind], kind,
				 &s->attacks.of[kind], uv_now(s->loop));
		room->list[reply->n_attacks++] = &room->messages[kind];
	}
	reply->attacks = room->list;
}

static Tandem__Shed__V1__ShowReply *begin_show(struct asking *a,
					       const Tandem__Dataplane__V1__Shed *in)
{
	Tandem__Shed__V1__ShowReply *reply = calloc(1, sizeof(*reply));

	if (!reply)
		return NULL;
	tandem__shed__v1__show_reply__init(reply);
	add_reasons(reply, a->shed);
	add_sources(a, reply, in);
	add_targets(reply, a->shed, in);
	add_judges(reply, in);
	return reply;
}

static void answer_show(struct asking *a)
{
	struct attacks_room attacks;

	show_attacks(a->show, &attacks, a->shed);
	a->reply(a->arg, &a->show->base, NULL);
	a->show->attacks = NULL;
	a->show->n_attacks = 0;
}

/* --- asking --------------------------------------------------------------------------------------
 */

static void on_show(void *arg, int error, const Tandem__Dataplane__V1__Reply *in);

static void ask(struct asking *a, Tandem__Dataplane__V1__GetShed *get)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;

	message.get_shed = get;
	client_request(a->shed->client, &message, on_show, a);
}

/* The first page tells all but further blocks. */
static void on_show(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	Tandem__Dataplane__V1__GetShed get = TANDEM__DATAPLANE__V1__GET_SHED__INIT;
	struct asking *a = arg;

	if (!reply_is_there(a->reply, a->arg, error, in))
		goto out;
	if (!a->show)
		a->show = begin_show(a, in->shed);
	if (!a->show) {
		session_fail(a->reply, a->arg, SESSION_INTERNAL, "no memory");
		goto out;
	}
	add_blocks(a, in->shed);
	if (in->next) {
		get.blocks = true;
		get.after = in->next;
		ask(a, &get);
		return;
	}
	answer_show(a);
out:
	if (a->show)
		tandem__shed__v1__show_reply__free_unpacked(a->show, NULL);
	free(a);
}

void shed_show(struct shed *s, const Tandem__Shed__V1__ShowRequest *request, session_reply *reply,
	       void *arg)
{
	Tandem__Dataplane__V1__GetShed get = TANDEM__DATAPLANE__V1__GET_SHED__INIT;
	struct asking *a = malloc(sizeof(*a));

	if (!a) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*a = (struct asking){.shed = s, .reply = reply, .arg = arg};
	get.sources = reply_count(request->sources, SHOWN, SHED_TOP);
	get.targets = reply_count(request->targets, SHOWN, SHED_TOP);
	get.blocks = true;
	ask(a, &get);
}
