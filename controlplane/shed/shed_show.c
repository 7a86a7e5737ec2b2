/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs show and sample: what the dataplane says now, in the words of shed.proto. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "controlplane/session/party.h"
#include "controlplane/session/why.h"
#include "controlplane/shed/head.h"
#include "controlplane/shed/prefix.h"
#include "controlplane/shed/shed_state.h"

#define SHOWN        10 /* of sources and targets, unless the request says otherwise */
#define SAMPLES      20
#define SAMPLES_MOST 200

struct asking {
	struct shed *shed;
	session_reply *reply;
	void *arg;
};

/* --- a reply that is built on the heap -----------------------------------------------------------
 */

/* The next message of a repeated field that has room for it; NULL without memory. */
static void *add(void *list, size_t *count, const ProtobufCMessageDescriptor *type)
{
	void **messages = *(void ***)list;
	ProtobufCMessage *message = messages ? calloc(1, type->sizeof_message) : NULL;

	if (!message)
		return NULL;
	protobuf_c_message_init(type, message);
	messages[(*count)++] = message;
	return message;
}

static void *room_for(size_t count)
{
	return calloc(count + 1, sizeof(void *));
}

static void set(char **field, const char *text)
{
	char *copy = strdup(text);

	if (copy)
		*field = copy;
}

static char *print_endpoint(char text[WHY_ADDRESS_MAX],
			    const Tandem__Dataplane__V1__Endpoint *endpoint)
{
	struct sdp_address address = {.family = AF_UNSPEC};

	text[0] = '\0';
	if (!endpoint || (endpoint->address.len != 4 && endpoint->address.len != 16))
		return text;
	address.family = endpoint->address.len == 16 ? AF_INET6 : AF_INET;
	memcpy(address.ip, endpoint->address.data, endpoint->address.len);
	why_print_address(text, &address, endpoint->port);
	return text;
}

/* --- show ----------------------------------------------------------------------------------------
 */

static void add_reasons(Tandem__Shed__V1__ShowReply *reply, const struct shed *s)
{
	reply->reasons = room_for(s->tally.count);
	for (unsigned int i = 0; i < s->tally.count; i++) {
		const struct tally_reason *in = &s->tally.reasons[i];
		Tandem__Shed__V1__Reason *out = add(&reply->reasons, &reply->n_reasons,
						    &tandem__shed__v1__reason__descriptor);

		if (!out)
			return;
		set(&out->name, in->name);
		set(&out->help, in->help);
		out->packets = in->packets;
		out->pps = in->pps;
	}
}

static bool is_blocked(const struct prefix *source, const Tandem__Dataplane__V1__Shed *in)
{
	struct prefix block;

	for (size_t i = 0; i < in->n_blocks; i++)
		if (prefix_take(&block, &in->blocks[i]->address, in->blocks[i]->length) &&
		    prefix_contains(&block, source))
			return true;
	return false;
}

static void add_sources(Tandem__Shed__V1__ShowReply *reply, const Tandem__Dataplane__V1__Shed *in)
{
	reply->sources = room_for(in->n_sources);
	for (size_t i = 0; i < in->n_sources; i++) {
		Tandem__Shed__V1__Source *out;
		char text[PREFIX_TEXT];
		struct prefix prefix;

		if (!prefix_of_source(&prefix, &in->sources[i]->address))
			continue;
		out = add(&reply->sources, &reply->n_sources,
			  &tandem__shed__v1__source__descriptor);
		if (!out)
			return;
		prefix_print(text, &prefix);
		set(&out->address, text);
		set(&out->reason, shed_reason(in->sources[i]->reason));
		out->pps = in->sources[i]->pps;
		out->blocked = is_blocked(&prefix, in);
	}
}

static void add_targets(Tandem__Shed__V1__ShowReply *reply, struct shed *s,
			const Tandem__Dataplane__V1__Shed *in)
{
	reply->targets = room_for(in->n_targets);
	for (size_t i = 0; i < in->n_targets; i++) {
		Tandem__Shed__V1__Target *out = add(&reply->targets, &reply->n_targets,
						    &tandem__shed__v1__target__descriptor);
		char text[WHY_ADDRESS_MAX];
		struct party party;

		if (!out)
			return;
		set(&out->local, print_endpoint(text, in->targets[i]->local));
		if (party_of_leg(s->session, in->targets[i]->leg, &party)) {
			set(&out->call_id, party.call_id);
			set(&out->tag, party.tag);
		}
		out->pps = in->targets[i]->pps;
		set(&out->reason, shed_reason(in->targets[i]->reason));
	}
}

static void add_blocks(Tandem__Shed__V1__ShowReply *reply, const Tandem__Dataplane__V1__Shed *in)
{
	reply->blocks = room_for(in->n_blocks);
	for (size_t i = 0; i < in->n_blocks; i++) {
		Tandem__Shed__V1__BlockEntry *out;
		char text[PREFIX_TEXT];
		struct prefix prefix;

		if (!prefix_take(&prefix, &in->blocks[i]->address, in->blocks[i]->length))
			continue;
		out = add(&reply->blocks, &reply->n_blocks,
			  &tandem__shed__v1__block_entry__descriptor);
		if (!out)
			return;
		prefix_print(text, &prefix);
		set(&out->prefix, text);
		out->left_ms = in->blocks[i]->left_ms;
		out->automatic = in->blocks[i]->automatic;
	}
}

static void add_judges(Tandem__Shed__V1__ShowReply *reply, const Tandem__Dataplane__V1__Shed *in)
{
	static const char *const names[] = {"off", "xdp native", "xdp generic", "worker"};

	reply->judges = room_for(in->n_judges);
	for (size_t i = 0; i < in->n_judges; i++) {
		Tandem__Shed__V1__Judge *out =
			add(&reply->judges, &reply->n_judges, &tandem__shed__v1__judge__descriptor);
		unsigned int kind = in->judges[i]->kind;

		if (!out)
			return;
		set(&out->network, in->judges[i]->network);
		set(&out->where, kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown");
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

static void answer_show(struct asking *a, const Tandem__Dataplane__V1__Shed *in)
{
	Tandem__Shed__V1__ShowReply *reply = calloc(1, sizeof(*reply));
	struct attacks_room attacks;

	if (!reply) {
		session_fail(a->reply, a->arg, SESSION_INTERNAL, "no memory");
		return;
	}
	tandem__shed__v1__show_reply__init(reply);
	add_reasons(reply, a->shed);
	add_sources(reply, in);
	add_targets(reply, a->shed, in);
	add_blocks(reply, in);
	add_judges(reply, in);
	show_attacks(reply, &attacks, a->shed);
	a->reply(a->arg, &reply->base, NULL);
	reply->attacks = NULL;
	reply->n_attacks = 0;
	tandem__shed__v1__show_reply__free_unpacked(reply, NULL);
}

/* --- sample --------------------------------------------------------------------------------------
 */

static void add_sample(Tandem__Shed__V1__SampleReply *reply, struct shed *s,
		       const Tandem__Dataplane__V1__Sample *in)
{
	Tandem__Shed__V1__DroppedPacket *out = add(&reply->packets, &reply->n_packets,
						   &tandem__shed__v1__dropped_packet__descriptor);
	struct party party;
	struct head head;

	if (!out)
		return;
	head_read(&head, in->octets.data, in->octets.len);
	out->age_ms = in->age_ms;
	set(&out->reason, shed_reason(in->reason));
	set(&out->source, head.source);
	set(&out->destination, head.destination);
	set(&out->what, head.what);
	out->length = in->length;
	out->octets.data = malloc(in->octets.len + 1);
	if (out->octets.data && in->octets.len) {
		memcpy(out->octets.data, in->octets.data, in->octets.len);
		out->octets.len = in->octets.len;
	}
	if (party_of_leg(s->session, in->leg, &party))
		set(&out->call_id, party.call_id);
}

static void answer_sample(struct asking *a, const Tandem__Dataplane__V1__Shed *in)
{
	Tandem__Shed__V1__SampleReply *reply = calloc(1, sizeof(*reply));

	if (!reply) {
		session_fail(a->reply, a->arg, SESSION_INTERNAL, "no memory");
		return;
	}
	tandem__shed__v1__sample_reply__init(reply);
	reply->packets = room_for(in->n_samples);
	for (size_t i = 0; i < in->n_samples; i++)
		add_sample(reply, a->shed, in->samples[i]);
	a->reply(a->arg, &reply->base, NULL);
	tandem__shed__v1__sample_reply__free_unpacked(reply, NULL);
}

/* --- asking --------------------------------------------------------------------------------------
 */

static void finish(struct asking *a, int error, const Tandem__Dataplane__V1__Reply *in,
		   void (*answer)(struct asking *a, const Tandem__Dataplane__V1__Shed *in))
{
	if (!in)
		session_fail(
			a->reply, a->arg, SESSION_UNAVAILABLE,
			"the dataplane is away; check that tandem-dataplane runs and try again");
	else if (error || !in->shed)
		session_fail(a->reply, a->arg, SESSION_INTERNAL, "the dataplane refused: %s",
			     in->what);
	else
		answer(a, in->shed);
	free(a);
}

static void on_show(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	finish(arg, error, in, answer_show);
}

static void on_sample(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	finish(arg, error, in, answer_sample);
}

static void ask(struct shed *s, Tandem__Dataplane__V1__GetShed *get, client_reply *reply,
		session_reply *refuse, void *arg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	struct asking *a = malloc(sizeof(*a));

	if (!a) {
		session_fail(refuse, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*a = (struct asking){s, refuse, arg};
	message.get_shed = get;
	client_request(s->client, &message, reply, a);
}

static unsigned int at_most(unsigned int wanted, unsigned int fallback, unsigned int most)
{
	if (!wanted)
		return fallback;
	return wanted < most ? wanted : most;
}

void shed_show(struct shed *s, const Tandem__Shed__V1__ShowRequest *request, session_reply *reply,
	       void *arg)
{
	Tandem__Dataplane__V1__GetShed get = TANDEM__DATAPLANE__V1__GET_SHED__INIT;

	get.sources = at_most(request->sources, SHOWN, SHED_TOP);
	get.targets = at_most(request->targets, SHOWN, SHED_TOP);
	get.blocks = true;
	ask(s, &get, on_show, reply, arg);
}

void shed_sample(struct shed *s, const Tandem__Shed__V1__SampleRequest *request,
		 session_reply *reply, void *arg)
{
	Tandem__Dataplane__V1__GetShed get = TANDEM__DATAPLANE__V1__GET_SHED__INIT;

	get.samples = at_most(request->count, SAMPLES, SAMPLES_MOST);
	ask(s, &get, on_sample, reply, arg);
}
