/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb sample: heads of packets that were dropped, in words. */
#include <stdlib.h>
#include <string.h>

#include "controlplane/session/owner.h"
#include "controlplane/session/why.h"
#include "controlplane/shed/head.h"
#include "controlplane/shed/reply.h"
#include "controlplane/shed/shed_state.h"

#define SAMPLES      20
#define SAMPLES_MOST 200

struct asking {
	struct shed *shed;
	session_reply *reply;
	void *arg;
};

static void add_sample(Tandem__Shed__V1__SampleReply *reply, struct shed *s,
		       const Tandem__Dataplane__V1__Sample *in)
{
	Tandem__Shed__V1__DroppedPacket *out = reply_add(
		&reply->packets, &reply->n_packets, &tandem__shed__v1__dropped_packet__descriptor);
	struct owner owner;
	struct head head;

	if (!out)
		return;
	head_read(&head, in->octets.data, in->octets.len);
	out->age_ms = in->age_ms;
	reply_set(&out->reason, why_reason(in->reason));
	reply_set(&out->source, head.source);
	reply_set(&out->destination, head.destination);
	reply_set(&out->what, head.what);
	out->length = in->length;
	out->octets.data = malloc(in->octets.len + 1);
	if (out->octets.data && in->octets.len) {
		memcpy(out->octets.data, in->octets.data, in->octets.len);
		out->octets.len = in->octets.len;
	}
	if (owner_of_leg(s->session, in->leg, &owner))
		reply_set(&out->call_id, owner.call_id);
}

static void answer_sample(struct asking *a, const Tandem__Dataplane__V1__Shed *in)
{
	Tandem__Shed__V1__SampleReply *reply = calloc(1, sizeof(*reply));

	if (!reply) {
		session_fail(a->reply, a->arg, SESSION_INTERNAL, "no memory");
		return;
	}
	tandem__shed__v1__sample_reply__init(reply);
	reply->packets = reply_room(in->n_samples);
	for (size_t i = 0; i < in->n_samples; i++)
		add_sample(reply, a->shed, in->samples[i]);
	a->reply(a->arg, &reply->base, NULL);
	tandem__shed__v1__sample_reply__free_unpacked(reply, NULL);
}

static void on_sample(void *arg, int error, const Tandem__Dataplane__V1__Reply *in)
{
	struct asking *a = arg;

	if (reply_is_there(a->reply, a->arg, error, in))
		answer_sample(a, in->shed);
	free(a);
}

void shed_sample(struct shed *s, const Tandem__Shed__V1__SampleRequest *request,
		 session_reply *reply, void *arg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetShed get = TANDEM__DATAPLANE__V1__GET_SHED__INIT;
	struct asking *a = malloc(sizeof(*a));

	if (!a) {
		session_fail(reply, arg, SESSION_INTERNAL, "no memory");
		return;
	}
	*a = (struct asking){s, reply, arg};
	get.samples = reply_count(request->count, SAMPLES, SAMPLES_MOST);
	message.get_shed = &get;
	client_request(s->client, &message, on_sample, a);
}
