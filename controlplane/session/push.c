/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/push.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "controlplane/session/pace.h"
#include "controlplane/session/state.h"
#include "dataplane/lib/log.h"

#define STALL_S 6 /* of media that may come at once: a network that holds it back is no flood */

struct push {
	struct session *session;
	push_done *done;
	push_status *status;
	void *arg;
	unsigned int waiting; /* replies, and one until push_end() */
	int error;
	char what[200];
};

struct push *push_begin(struct session *session, push_done *done, push_status *status, void *arg)
{
	struct push *push = calloc(1, sizeof(*push));

	if (!push)
		return NULL;
	push->session = session;
	push->done = done;
	push->status = status;
	push->arg = arg;
	push->waiting = 1;
	return push;
}

int push_status_code(int error)
{
	switch (error) {
	case -ENOTCONN:
	case -EAGAIN:
		return SESSION_UNAVAILABLE;
	case -ENOSPC:
	case -ENOMEM:
		return SESSION_RESOURCE_EXHAUSTED;
	default:
		return SESSION_INTERNAL;
	}
}

static void settle(struct push *push)
{
	if (--push->waiting)
		return;
	if (push->done)
		push->done(push->arg, push->error, push->what);
	else if (push->error && push->error != -ENOTCONN)
		log_warn("dataplane: %s", push->what);
	free(push);
}

void push_end(struct push *push)
{
	settle(push);
}

void push_drop(struct push *push)
{
	free(push);
}

static void fail(struct push *push, int error, const char *what)
{
	if (push->error)
		return;
	push->error = error;
	snprintf(push->what, sizeof(push->what), "%s", what && what[0] ? what : strerror(-error));
}

static void replied(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct push *push = arg;

	if (error)
		fail(push, error, reply ? reply->what : "the connection to the dataplane is lost");
	for (size_t i = 0; reply && push->status && i < reply->n_legs; i++)
		push->status(push->arg, reply->legs[i]);
	settle(push);
}

static void request(struct push *push, Tandem__Dataplane__V1__Request *message)
{
	push->waiting++;
	client_request(push->session->client, message, replied, push);
}

static Tandem__Dataplane__V1__Endpoint *endpoint(Tandem__Dataplane__V1__Endpoint *out,
						 const struct sdp_address *address,
						 unsigned int port)
{
	if (address->family == AF_UNSPEC || port == 0)
		return NULL;
	tandem__dataplane__v1__endpoint__init(out);
	out->address.data = (uint8_t *)address->ip;
	out->address.len = address->family == AF_INET6 ? 16 : 4;
	out->port = port;
	return out;
}

static Tandem__Dataplane__V1__Security security_of(enum sdp_profile profile)
{
	if (sdp_profile_has_dtls(profile))
		return TANDEM__DATAPLANE__V1__SECURITY__SECURITY_DTLS;
	return sdp_profile_has_sdes(profile) ? TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES
					     : TANDEM__DATAPLANE__V1__SECURITY__SECURITY_NONE;
}

/* Room for what a PutLeg points to. */
struct leg_room {
	Tandem__Dataplane__V1__Endpoint local, remote, remote_rtcp;
	Tandem__Dataplane__V1__Ice ice;
	Tandem__Dataplane__V1__Clock clocks[128], *clock_list[128];
	uint8_t blob[STATE_MOST];
};

static void fill_clocks(Tandem__Dataplane__V1__PutLeg *put, struct leg_room *room,
			const struct terms *t)
{
	for (unsigned int type = 0; type < 128; type++) {
		Tandem__Dataplane__V1__Clock *clock = &room->clocks[put->n_clocks];

		if (t->clock_rate[type] == 0 || t->clock_rate[type] == 8000)
			continue;
		tandem__dataplane__v1__clock__init(clock);
		clock->payload_type = type;
		clock->hz = t->clock_rate[type];
		room->clock_list[put->n_clocks++] = clock;
	}
	put->clocks = room->clock_list;
}

static void fill_ice(Tandem__Dataplane__V1__PutLeg *put, struct leg_room *room,
		     const struct terms *t)
{
	if (!t->ice)
		return;
	tandem__dataplane__v1__ice__init(&room->ice);
	room->ice.local_ufrag = (char *)t->local_ufrag;
	room->ice.local_pwd = (char *)t->local_pwd;
	room->ice.remote_ufrag = (char *)t->remote_ufrag;
	put->ice = &room->ice;
}

void push_leg(struct push *push, struct leg *leg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutLeg put = TANDEM__DATAPLANE__V1__PUT_LEG__INIT;
	const struct leg *peer = leg->bridge->legs[side_other(leg->side)];
	const struct terms *t = &leg->terms;
	struct leg_room room;
	int size;

	if (leg->retired)
		return;
	size = state_pack(leg, room.blob);
	if (size < 0) {
		fail(push, size, "the leg's state passes 8 KiB; use shorter ids and tags");
		return;
	}
	put.leg = leg->id;
	put.peer = peer ? peer->id : 0;
	put.local = endpoint(&room.local, &leg->at->address, leg->port);
	put.rtcp_mux = t->rtcp_mux;
	put.security = security_of(t->profile);
	fill_ice(&put, &room, t);
	put.remote = endpoint(&room.remote, &t->remote, t->remote.port);
	put.remote_rtcp = endpoint(&room.remote_rtcp, t->rtcp_mux ? &t->remote : &t->remote_rtcp,
				   t->rtcp_mux ? t->remote.port : t->remote_rtcp.port);
	put.latch_ms = t->latch && !t->ice ? push->session->config.latch_ms : 0;
	put.latch_epoch = leg->latch_epoch;
	put.latch_signalled = put.latch_ms && t->latch_signalled;
	put.media_pps = pace_limit(t->pace, push->session->config.headroom);
	put.media_burst = pace_limit(t->pace, STALL_S);
	put.receive = t->receive;
	put.send = t->send;
	put.media_timeout_ms = t->receive ? push->session->config.media_timeout_ms : 0;
	fill_clocks(&put, &room, t);
	put.blob.data = room.blob;
	put.blob.len = size;
	message.put_leg = &put;
	leg->pushed = true;
	request(push, &message);
	explicit_bzero(&room, sizeof(room));
}

void push_delete(struct push *push, const struct leg *leg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__DeleteLeg gone = TANDEM__DATAPLANE__V1__DELETE_LEG__INIT;

	gone.leg = leg->id;
	message.delete_leg = &gone;
	request(push, &message);
}

void push_query(struct push *push, const struct leg *leg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetLegs get = TANDEM__DATAPLANE__V1__GET_LEGS__INIT;
	uint64_t id = leg->id;

	get.legs = &id;
	get.n_legs = 1;
	get.with_streams = true;
	message.get_legs = &get;
	request(push, &message);
}

/* Keys on their way; their leg may be gone when the dataplane answers. */
struct delivery {
	struct push *push;
	uint64_t leg;
	uint32_t epoch;
};

static void delivered(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	struct delivery *delivery = arg;
	struct leg *leg = session_find_leg(delivery->push->session, delivery->leg);

	if (leg && !error)
		leg->epoch_held = delivery->epoch;
	replied(delivery->push, error, reply);
	free(delivery);
}

void push_keys(struct push *push, struct leg *leg, const struct push_keys *keys)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutKeys put = TANDEM__DATAPLANE__V1__PUT_KEYS__INIT;
	const struct suite_info *info = suite_info(keys->suite);
	struct delivery *delivery;

	if (leg->retired)
		return;
	delivery = malloc(sizeof(*delivery));
	if (!delivery)
		return fail(push, -ENOMEM, NULL);
	*delivery = (struct delivery){push, leg->id, leg->epoch + 1};
	put.leg = leg->id;
	put.epoch = ++leg->epoch;
	put.suite = keys->suite;
	put.receive_key = (ProtobufCBinaryData){info->key_length, (uint8_t *)keys->receive.key};
	put.receive_salt = (ProtobufCBinaryData){info->salt_length, (uint8_t *)keys->receive.salt};
	put.send_key = (ProtobufCBinaryData){info->key_length, (uint8_t *)keys->send.key};
	put.send_salt = (ProtobufCBinaryData){info->salt_length, (uint8_t *)keys->send.salt};
	put.shared = keys->shared;
	put.send_goes_on = keys->goes_on;
	put.grace_ms = push->session->config.key_grace_ms;
	message.put_keys = &put;
	push->waiting++;
	client_request(push->session->client, &message, delivered, delivery);
	leg->suite = keys->suite;
	leg->keyed = true;
	leg->keys_lost = leg->keys_stale = false;
	leg->failed[0] = '\0';
}
