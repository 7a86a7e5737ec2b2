/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb status: the relay as a whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/session/session_state.h"

struct asking {
	struct session *session;
	session_reply *reply;
	void *arg;
};

struct networks_room {
	Tandem__Relay__V1__Network *messages, **pointers;
	char (*addresses)[ADDRESS_TEXT];
};

static void add_networks(Tandem__Relay__V1__StatusReply *reply, struct networks_room *room,
			 const struct session *s)
{
	size_t count = 0;

	for (const struct media_address *a = s->networks.first; a; a = a->next)
		count++;
	room->messages = calloc(count + 1, sizeof(*room->messages));
	room->pointers = calloc(count + 1, sizeof(*room->pointers));
	room->addresses = calloc(count + 1, sizeof(*room->addresses));
	if (!room->messages || !room->pointers || !room->addresses)
		return;
	for (const struct media_address *a = s->networks.first; a; a = a->next) {
		Tandem__Relay__V1__Network *network = &room->messages[reply->n_networks];
		char *text = room->addresses[reply->n_networks];

		if (a->gone && ports_used(a->ports) == 0)
			continue;
		tandem__relay__v1__network__init(network);
		address_text(text, &a->address);
		network->name = (char *)a->network;
		network->address = text;
		network->ports_used = ports_used(a->ports);
		network->ports_free = ports_free(a->ports);
		room->pointers[reply->n_networks++] = network;
	}
	reply->networks = room->pointers;
}

struct counters_room {
	Tandem__Relay__V1__Counter *messages, **drops, **others;
};

static void add_counters(Tandem__Relay__V1__StatusReply *reply, struct counters_room *room,
			 const Tandem__Dataplane__V1__Reply *in)
{
	room->messages = calloc(in->n_counters + 1, sizeof(*room->messages));
	room->drops = calloc(in->n_counters + 1, sizeof(*room->drops));
	room->others = calloc(in->n_counters + 1, sizeof(*room->others));
	if (!room->messages || !room->drops || !room->others)
		return;
	for (size_t i = 0; i < in->n_counters; i++) {
		Tandem__Relay__V1__Counter *counter = &room->messages[i];

		tandem__relay__v1__counter__init(counter);
		counter->name = in->counters[i]->name;
		counter->value = in->counters[i]->value;
		counter->help = in->counters[i]->help;
		if (in->counters[i]->drop)
			room->drops[reply->n_drops++] = counter;
		else
			room->others[reply->n_counters++] = counter;
	}
	reply->drops = room->drops;
	reply->counters = room->others;
}

static void finish(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	struct asking *a = arg;
	const struct session *s = a->session;
	Tandem__Relay__V1__StatusReply reply = TANDEM__RELAY__V1__STATUS_REPLY__INIT;
	struct networks_room networks = {NULL};
	struct counters_room counters = {NULL};

	reply.version = (char *)s->config.version;
	reply.dataplane_version = (char *)s->dataplane_version;
	reply.dataplane_connected = client_is_up(s->client);
	reply.workers = s->workers;
	reply.crypto_engine = (char *)s->crypto_engine;
	reply.calls = s->calls.count;
	reply.legs = s->legs.count;
	reply.legs_max = s->legs_max;
	reply.orphans_deleted = s->audit.orphans;
	if (!error)
		reply.dataplane_legs = in->legs_used;
	add_networks(&reply, &networks, s);
	if (!error)
		add_counters(&reply, &counters, in);
	a->reply(a->arg, &reply.base, NULL);
	free(networks.messages);
	free(networks.pointers);
	free(networks.addresses);
	free(counters.messages);
	free(counters.drops);
	free(counters.others);
	free(a);
}

void session_status(struct session *s, const Tandem__Relay__V1__StatusRequest *request,
		    session_reply *reply, void *arg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetCounters get = TANDEM__DATAPLANE__V1__GET_COUNTERS__INIT;
	struct asking *a = calloc(1, sizeof(*a));

	if (!a) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	a->session = s;
	a->reply = reply;
	a->arg = arg;
	message.get_counters = &get;
	client_request(s->client, &message, finish, a);
}
