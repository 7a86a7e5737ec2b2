/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/push.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/octets.h"
#include "controlplane/session/media.h"
#include "controlplane/session/pace.h"
#include "controlplane/session/path.h"
#include "controlplane/session/call_state.h"
#include "controlplane/session/watch.h"
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

/* What is not there needs no deleting, and with a connection all is put right. */
static bool is_news(int error)
{
	return error && error != -ENOTCONN && error != -ENOENT;
}

static void settle(struct push *push)
{
	if (--push->waiting)
		return;
	if (push->done)
		push->done(push->arg, push->error, push->what);
	else if (is_news(push->error))
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

static Tandem__Dataplane__V1__Endpoint *fill_remote(Tandem__Dataplane__V1__Endpoint *out,
						    const struct endpoint *remote)
{
	if (address_is_zero(&remote->address) || endpoint_is_unset(remote))
		return NULL;
	octets_fill_endpoint(out, &remote->address, endpoint_port(remote));
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
	Tandem__Dataplane__V1__Marking marking;
	Tandem__Dataplane__V1__Clock clocks[128], *clock_list[128];
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

static Tandem__Dataplane__V1__Marking *fill_marking(Tandem__Dataplane__V1__Marking *out,
						    unsigned int marking)
{
	if (!marking)
		return NULL;
	tandem__dataplane__v1__marking__init(out);
	out->dscp = marking - 1;
	return out;
}

void push_leg(struct push *push, struct leg *leg)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutLeg put = TANDEM__DATAPLANE__V1__PUT_LEG__INIT;
	const struct terms *t = &leg->terms;
	struct leg_room room;

	if (leg->retired)
		return;
	put.leg = leg->id;
	put.revision = leg->party->call->revision;
	octets_fill_endpoint(&room.local, &leg->at->address, leg->port);
	put.local = &room.local;
	put.rtcp_mux = t->rtcp_mux;
	put.security = security_of(t->profile);
	fill_ice(&put, &room, t);
	put.remote = fill_remote(&room.remote, &t->remote);
	put.remote_rtcp =
		fill_remote(&room.remote_rtcp, t->rtcp_mux ? &t->remote : &t->remote_rtcp);
	put.latch_ms = t->latch && !t->ice ? push->session->config.latch_ms : 0;
	put.latch_epoch = leg->latch_epoch;
	put.latch_signalled = put.latch_ms && t->latch_signalled;
	put.media_pps = pace_limit(t->pace, push->session->config.headroom);
	put.media_burst = pace_limit(t->pace, STALL_S);
	put.marking = fill_marking(&room.marking, t->marking);
	put.media_timeout_ms = t->receive ? push->session->config.media_timeout_ms : 0;
	fill_clocks(&put, &room, t);
	message.put_leg = &put;
	leg->pushed = true;
	request(push, &message);
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

/* Room for what a PutPath points to. */
struct path_room {
	uint8_t types[16];
	Tandem__Dataplane__V1__Silence silence[128], *list[128];
};

static void fill_types(Tandem__Dataplane__V1__PutPath *put, struct path_room *room,
		       const struct path *path)
{
	if (!path->some)
		return;
	for (unsigned int type = 0; type < 128; type++)
		room->types[type / 8] |= (path->types[type / 64] >> type % 64 & 1) << type % 8;
	put->payload_types.data = room->types;
	put->payload_types.len = sizeof(room->types);
}

/* The same payload type means the same codec in all of a call, or nobody could tell. */
static void fill_silence(Tandem__Dataplane__V1__PutPath *put, struct path_room *room,
			 const struct call *call)
{
	for (unsigned int type = 0; type < 128; type++) {
		Tandem__Dataplane__V1__Silence *silence = &room->silence[put->n_silence];
		int octet = -1;

		for (unsigned int line = 0; line < SDP_MEDIA_MAX && octet < 0; line++)
			octet = media_silence(&call->media[line], type);
		if (octet < 0)
			continue;
		tandem__dataplane__v1__silence__init(silence);
		silence->payload_type = type;
		silence->octet = octet;
		room->list[put->n_silence++] = silence;
	}
	put->silence = room->list;
}

void push_path(struct push *push, const struct call *call, const struct path *path)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutPath put = TANDEM__DATAPLANE__V1__PUT_PATH__INIT;
	struct path_room room;

	memset(room.types, 0, sizeof(room.types));
	put.from = path->from;
	put.to = path->to;
	put.branch = path->branch;
	put.verify = path->verify;
	put.mute = path->held ? TANDEM__DATAPLANE__V1__MUTE__MUTE_HOLD
			      : TANDEM__DATAPLANE__V1__MUTE__MUTE_NONE;
	fill_types(&put, &room, path);
	if (path->muting == TANDEM__RELAY__V1__MUTING__MUTING_SILENCE && !path->verify)
		fill_silence(&put, &room, call);
	/* Silence in a codec that has none, or under keys that the relay has not, is nothing. */
	if (path->muting != TANDEM__RELAY__V1__MUTING__MUTING_NONE && !put.n_silence)
		put.mute = TANDEM__DATAPLANE__V1__MUTE__MUTE_BLOCK;
	message.put_path = &put;
	request(push, &message);
}

static void already_gone(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	replied(arg, error == -ENOENT ? 0 : error, reply);
}

void push_delete_path(struct push *push, uint64_t from, uint64_t to)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__DeletePath gone = TANDEM__DATAPLANE__V1__DELETE_PATH__INIT;

	gone.from = from;
	gone.to = to;
	message.delete_path = &gone;
	push->waiting++;
	client_request(push->session->client, &message, already_gone, push);
}

static void put_call(struct push *push, struct call *call, struct call_state_blob *blob)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__PutCall put = TANDEM__DATAPLANE__V1__PUT_CALL__INIT;

	put.call = call->key;
	put.blob = (ProtobufCBinaryData){blob->size, blob->octets};
	message.put_call = &put;
	call->kept = true;
	request(push, &message);
	call_state_blob_free(blob);
}

void push_call(struct push *push, struct call *call)
{
	struct call_state_blob blob;

	if (call->gone)
		return;
	if (call_state_pack(&blob, call))
		fail(push, -EMSGSIZE, "the call's state passes 60 KiB; use fewer parties");
	else
		put_call(push, call, &blob);
}

void push_ended_call(struct push *push, struct call *call,
		     const Tandem__Relay__V1__CallRecord *record)
{
	struct call_state_blob blob;

	if (call_state_pack_ended(&blob, call, record))
		push_forget_call(push, call);
	else
		put_call(push, call, &blob);
}

void push_forget_call(struct push *push, struct call *call)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__DeleteCall gone = TANDEM__DATAPLANE__V1__DELETE_CALL__INIT;

	if (!call->kept)
		return;
	gone.call = call->key;
	message.delete_call = &gone;
	push->waiting++;
	client_request(push->session->client, &message, already_gone, push);
	call->kept = false;
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

	if (leg && !error) {
		leg->epoch_held = delivery->epoch;
		watch_leg(WATCH(KEYS), leg, suite_name(leg->suite));
	}
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
	if (keys->send.key) {
		put.send_key = (ProtobufCBinaryData){info->key_length, (uint8_t *)keys->send.key};
		put.send_salt =
			(ProtobufCBinaryData){info->salt_length, (uint8_t *)keys->send.salt};
	}
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
