/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb status: the relay as a whole. */
#include <stdlib.h>

#include "controlplane/lib/arena.h"
#include "controlplane/session/headroom.h"
#include "controlplane/session/session_state.h"

/* A question to the dataplane, on which the reply waits. */
struct status_wait {
	struct session *session;
	session_reply *reply;
	void *arg;
};

static void add_networks(Tandem__Relay__V1__StatusReply *reply, struct arena *arena,
			 const struct session *s)
{
	for (const struct media_address *a = s->networks.first; a; a = a->next) {
		Tandem__Relay__V1__Network *network;
		char text[ADDRESS_TEXT];

		if (a->gone && ports_used(a->ports) == 0)
			continue;
		network = arena_add(arena, &reply->networks, &reply->n_networks,
				    &tandem__relay__v1__network__descriptor);
		if (!network)
			return;
		network->name = (char *)a->network;
		network->address = arena_text(arena, address_text(text, &a->address));
		network->ports_used = ports_used(a->ports);
		network->ports_free = ports_free(a->ports);
	}
}

static void add_counters(Tandem__Relay__V1__StatusReply *reply, struct arena *arena,
			 const Tandem__Dataplane__V1__Reply *in)
{
	for (size_t i = 0; i < in->n_counters; i++) {
		bool drop = in->counters[i]->drop;
		Tandem__Relay__V1__Counter *counter =
			arena_add(arena, drop ? &reply->drops : &reply->counters,
				  drop ? &reply->n_drops : &reply->n_counters,
				  &tandem__relay__v1__counter__descriptor);

		if (!counter)
			return;
		counter->name = in->counters[i]->name;
		counter->value = in->counters[i]->value;
		counter->help = in->counters[i]->help;
	}
}

static void add_links(Tandem__Relay__V1__StatusReply *reply, struct arena *arena,
		      const Tandem__Dataplane__V1__Reply *in)
{
	for (size_t i = 0; i < in->n_links; i++) {
		const Tandem__Dataplane__V1__Link *from = in->links[i];
		Tandem__Relay__V1__Link *link = arena_add(arena, &reply->links, &reply->n_links,
							  &tandem__relay__v1__link__descriptor);

		if (!link)
			return;
		link->name = from->name;
		link->driver = from->driver;
		link->up = from->up;
		link->mbits = from->mbits;
		link->queues = from->queues;
		link->members = from->members;
		link->members_used = from->members_used;
		link->spread = from->spread;
		link->node = from->node;
		link->received = from->received;
		link->sent = from->sent;
		link->missed = from->missed;
		link->no_buffer = from->no_buffer;
		link->errors = from->errors;
	}
}

static void add_bounds(Tandem__Relay__V1__StatusReply *reply,
		       const Tandem__Dataplane__V1__Worker *worker)
{
	reply->latency_bounds_us = worker->bounds_us;
	reply->n_latency_bounds_us = worker->n_bounds_us;
}

static double share(const Tandem__Dataplane__V1__Worker *worker)
{
	return worker->total_us ? (double)worker->busy_us / (double)worker->total_us : 0;
}

static void add_workers(Tandem__Relay__V1__StatusReply *reply, struct arena *arena,
			const struct session *s, const Tandem__Dataplane__V1__Reply *in)
{
	double busy[WORKLOAD_WORKERS];
	unsigned int known = workload_busy(&s->workload, in, busy);

	for (size_t i = 0; i < in->n_workers; i++) {
		const Tandem__Dataplane__V1__Worker *from = in->workers[i];
		Tandem__Relay__V1__WorkerLoad *load =
			arena_add(arena, &reply->worker_loads, &reply->n_worker_loads,
				  &tandem__relay__v1__worker_load__descriptor);

		if (!load)
			return;
		add_bounds(reply, from);
		load->number = from->number;
		load->core = from->core;
		load->packets = from->packets;
		load->busy_us = from->busy_us;
		load->total_us = from->total_us;
		load->latency = from->latency;
		load->n_latency = from->n_latency;
		load->latency_sum_us = from->latency_sum_us;
		load->busy = i < known ? busy[i] : share(from);
	}
}

/* -1: not known. */
static double busiest(const struct session *s, const Tandem__Dataplane__V1__Reply *in)
{
	double busy[WORKLOAD_WORKERS], most = -1;
	unsigned int count = workload_busy(&s->workload, in, busy);

	for (unsigned int k = 0; k < count; k++)
		most = busy[k] > most ? busy[k] : most;
	return most;
}

static unsigned int count_networks(const struct session *s)
{
	unsigned int count = 0;

	for (const struct media_address *a = s->networks.first; a; a = a->next)
		count++;
	return count;
}

static void add_headroom(Tandem__Relay__V1__StatusReply *reply, struct arena *arena,
			 const struct session *s, const Tandem__Dataplane__V1__Reply *in)
{
	struct headroom_pool *ports = arena_take(arena, (count_networks(s) + 1) * sizeof(*ports));
	struct headroom_now now = {
		.calls = s->calls.count,
		.calls_max = s->config.calls_max,
		.legs = {in->legs_used,
			 in->legs_used < s->legs_max ? s->legs_max - in->legs_used : 0},
		.ports = ports,
		.busy = busiest(s, in),
	};
	struct headroom h;

	reply->headroom = arena_take(arena, sizeof(*reply->headroom));
	if (!ports || !reply->headroom)
		return;
	for (const struct media_address *a = s->networks.first; a; a = a->next)
		if (!a->gone)
			ports[now.port_count++] =
				(struct headroom_pool){ports_used(a->ports), ports_free(a->ports)};
	h = headroom_estimate(&now);
	tandem__relay__v1__headroom__init(reply->headroom);
	reply->headroom->calls = h.calls;
	reply->headroom->limit = (char *)h.limit;
	reply->headroom->busy = now.busy > 0 ? now.busy : 0;
}

static void finish(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	struct status_wait *w = arg;
	const struct session *s = w->session;
	Tandem__Relay__V1__StatusReply reply = TANDEM__RELAY__V1__STATUS_REPLY__INIT;
	struct arena arena = {NULL};

	reply.version = (char *)s->config.version;
	reply.dataplane_version = (char *)s->dataplane_version;
	reply.dataplane_connected = client_is_up(s->client);
	reply.workers = s->workers;
	reply.crypto_engine = (char *)s->crypto_engine;
	reply.calls = s->calls.count;
	reply.legs = s->legs.count;
	reply.legs_max = s->legs_max;
	reply.orphans_deleted = s->audit.orphans;
	add_networks(&reply, &arena, s);
	if (!error) {
		reply.dataplane_legs = in->legs_used;
		add_counters(&reply, &arena, in);
		add_links(&reply, &arena, in);
		add_workers(&reply, &arena, s, in);
		add_headroom(&reply, &arena, s, in);
	}
	if (arena.failed)
		session_fail(w->reply, w->arg, SESSION_INTERNAL, "no memory");
	else
		w->reply(w->arg, &reply.base, NULL);
	arena_clear(&arena);
	free(w);
}

void session_status(struct session *s, const Tandem__Relay__V1__StatusRequest *request,
		    session_reply *reply, void *arg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetCounters get = TANDEM__DATAPLANE__V1__GET_COUNTERS__INIT;
	struct status_wait *w = malloc(sizeof(*w));

	if (!w) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*w = (struct status_wait){s, reply, arg};
	message.get_counters = &get;
	client_request(s->client, &message, finish, w);
}
