/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb sample: heads of packets that were dropped, in words. */
#include <stdlib.h>

#include "controlplane/lib/drop_reason.h"
#include "controlplane/session/owner.h"
#include "controlplane/shed/head.h"
#include "controlplane/shed/shed_state.h"

#define SAMPLES      20
#define SAMPLES_MOST 200

struct sampling {
	struct shed *shed;
	session_reply *reply;
	void *arg;
};

/* It points into the dataplane's message, and its texts are the arena's. */
static void add_sample(Tandem__Shed__V1__SampleReply *reply, struct arena *arena, struct shed *s,
		       const Tandem__Dataplane__V1__Sample *in)
{
	Tandem__Shed__V1__DroppedPacket *out =
		arena_add(arena, &reply->packets, &reply->n_packets,
			  &tandem__shed__v1__dropped_packet__descriptor);
	struct owner owner;
	struct head head;

	if (!out)
		return;
	head_read(&head, in->octets.data, in->octets.len);
	out->age_ms = in->age_ms;
	out->reason = (char *)drop_reason_name(in->reason);
	out->source = arena_text(arena, head.source);
	out->destination = arena_text(arena, head.destination);
	out->what = arena_text(arena, head.what);
	out->length = in->length;
	out->octets = in->octets;
	if (owner_of_leg(s->session, in->leg, &owner))
		out->call_id = (char *)owner.call_id;
}

static void on_sample(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	Tandem__Shed__V1__SampleReply reply = TANDEM__SHED__V1__SAMPLE_REPLY__INIT;
	struct sampling *w = arg;
	struct arena arena = {NULL};

	if (!shed_verb_answered(w->reply, w->arg, error, in))
		goto out;
	for (size_t i = 0; i < in->shed->n_samples; i++)
		add_sample(&reply, &arena, w->shed, in->shed->samples[i]);
	if (arena.failed)
		session_fail(w->reply, w->arg, SESSION_INTERNAL, "no memory");
	else
		w->reply(w->arg, &reply.base, NULL);
	arena_clear(&arena);
out:
	free(w);
}

void shed_sample(struct shed *s, const Tandem__Shed__V1__SampleRequest *request,
		 session_reply *reply, void *arg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetShed get = TANDEM__DATAPLANE__V1__GET_SHED__INIT;
	struct sampling *w = malloc(sizeof(*w));

	if (!w) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*w = (struct sampling){s, reply, arg};
	get.samples = shed_verb_count(request->count, SAMPLES, SAMPLES_MOST);
	message.get_shed = &get;
	client_request(s->client, &message, on_sample, w);
}
