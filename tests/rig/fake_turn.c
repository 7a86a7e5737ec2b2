/* SPDX-License-Identifier: BSD-3-Clause */
/* The TURN server of a fake dataplane: it keeps what it is told, and serves no client. */
#include <errno.h>

#include "tests/rig/fake.h"

enum { LEFT_S = 600, AGE_MS = 2000 };

/* Room for what a reply points to, until the next one. */
static Tandem__Dataplane__V1__Allocation shown[FAKE_TURNS], *list[FAKE_TURNS];

static Tandem__Dataplane__V1__Request **find(struct fake *f, uint64_t id)
{
	for (unsigned int k = 0; k < FAKE_TURNS; k++)
		if (f->allocations[k] && f->allocations[k]->put_allocation->allocation == id)
			return &f->allocations[k];
	return NULL;
}

static int put(struct fake *f, const Tandem__Dataplane__V1__Request *request)
{
	f->allocation_puts++;
	if (find(f, request->put_allocation->allocation))
		return 0;
	for (unsigned int k = 0; k < FAKE_TURNS; k++)
		if (!f->allocations[k]) {
			fake_remember(&f->allocations[k], request);
			return 0;
		}
	return ENOSPC;
}

static int drop(struct fake *f, uint64_t id)
{
	Tandem__Dataplane__V1__Request **place = find(f, id);

	if (!place)
		return ENOENT;
	fake_remember(place, NULL);
	return 0;
}

/* As the dataplane does it: `after` is a place, and not an id. */
static void show(struct fake *f, const Tandem__Dataplane__V1__GetAllocations *get,
		 Tandem__Dataplane__V1__Reply *reply)
{
	unsigned int most = f->allocation_page;

	if (get->most && get->most < most)
		most = get->most;
	f->allocations_asked = get->most;
	reply->allocations = list;
	for (uint64_t k = get->after; k < FAKE_TURNS; k++) {
		Tandem__Dataplane__V1__Allocation *out = &shown[reply->n_allocations];
		const Tandem__Dataplane__V1__PutAllocation *in;

		if (!f->allocations[k])
			continue;
		if (reply->n_allocations == most) {
			reply->next = k;
			return;
		}
		in = f->allocations[k]->put_allocation;
		tandem__dataplane__v1__allocation__init(out);
		out->allocation = in->allocation;
		out->server = in->server;
		out->client = in->client;
		out->relayed = in->relayed;
		out->origin = in->origin;
		out->user = in->user;
		out->left_s = LEFT_S;
		out->age_ms = AGE_MS;
		out->to_peers_packets = k;
		list[reply->n_allocations++] = out;
	}
}

int fake_turn_serve(struct fake *f, const Tandem__Dataplane__V1__Request *request,
		    Tandem__Dataplane__V1__Reply *reply)
{
	if (request->put_allocation)
		return put(f, request);
	if (request->delete_allocation)
		return drop(f, request->delete_allocation->allocation);
	if (request->get_allocations) {
		show(f, request->get_allocations, reply);
	} else if (request->put_turn) {
		fake_remember(&f->turn, request);
	} else if (request->answer_turn) {
		f->turn_answers++;
		fake_remember(&f->turn_answer, request);
	}
	return 0;
}

void fake_turn_forget(struct fake *f)
{
	for (unsigned int k = 0; k < FAKE_TURNS; k++)
		fake_remember(&f->allocations[k], NULL);
	fake_remember(&f->turn, NULL);
	fake_remember(&f->turn_answer, NULL);
}

void fake_turn_request(struct fake *f, unsigned int client_port, const uint8_t *datagram,
		       size_t length)
{
	static uint8_t here[] = {198, 51, 100, 1}, there[] = {203, 0, 113, 10};
	static uint8_t behind[] = {192, 0, 2, 9};
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;
	Tandem__Dataplane__V1__Event event = TANDEM__DATAPLANE__V1__EVENT__INIT;
	Tandem__Dataplane__V1__Endpoint local = TANDEM__DATAPLANE__V1__ENDPOINT__INIT;
	Tandem__Dataplane__V1__Endpoint remote = TANDEM__DATAPLANE__V1__ENDPOINT__INIT;
	Tandem__Dataplane__V1__Endpoint origin = TANDEM__DATAPLANE__V1__ENDPOINT__INIT;
	Tandem__Dataplane__V1__Event *events[] = {&event};

	local.address = (ProtobufCBinaryData){4, here};
	local.port = 3478;
	remote.address = (ProtobufCBinaryData){4, there};
	remote.port = client_port;
	event.kind = TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_TURN_REQUEST;
	event.local = &local;
	event.remote = &remote;
	origin.address = (ProtobufCBinaryData){4, behind};
	origin.port = f->origin_port;
	event.origin = f->origin_port ? &origin : NULL;
	event.datagram = (ProtobufCBinaryData){length, (uint8_t *)datagram};
	frame.events = events;
	frame.n_events = 1;
	fake_send(f, &frame);
}
