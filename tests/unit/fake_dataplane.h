/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A dataplane of memory alone, on the test's own loop: it listens on a real socket, keeps what it
 * is told and can be looked into. One client.
 */
#ifndef TANDEM_FAKE_DATAPLANE_H
#define TANDEM_FAKE_DATAPLANE_H

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <uv.h>

#include "dataplane/api/cleanse.h"
#include "dataplane/api/frame.h"

#define FAKE_LEGS  64
#define FAKE_PATHS 256
#define FAKE_CALLS 64

struct fake_leg {
	Tandem__Dataplane__V1__Request *put;  /* the last PutLeg; NULL: the slot is free */
	Tandem__Dataplane__V1__Request *keys; /* the last PutKeys */
	uint32_t ice;
	uint64_t packets, auth_failures;
	uint32_t silence_ms;
	Tandem__Dataplane__V1__Mode mode;
};

/* What the dataplane keeps of a call. */
struct fake_call {
	uint64_t key; /* 0: the slot is free */
	uint8_t *blob;
	size_t size;
};

struct fake {
	uv_loop_t *loop;
	char path[64];
	int listener, fd;
	uv_poll_t accepting, *reading; /* one for each connection */
	bool closed;
	uint64_t generation;
	struct fake_leg legs[FAKE_LEGS];
	Tandem__Dataplane__V1__Request
		*paths[FAKE_PATHS]; /* the last PutPath of each; NULL: free */
	struct fake_call calls[FAKE_CALLS];
	uint32_t api;
	unsigned int puts, key_puts, deletes, frames;
	int refuse_put; /* errno of the next PutLegs; 0: take them */
	unsigned int refuse_after;
	int refuse_keys;   /* errno of all PutKeys; 0: take them */
	unsigned int page; /* legs in one reply to GetLegs */
	/* Hangs up in the place of its reply to the request of this number from now; 0: never. */
	unsigned int die_at;
	bool lose_keys; /* hangs up in the place of taking the next PutKeys */
	Tandem__Dataplane__V1__Request *rates, *block, *unblock; /* the last ones; NULL: none */
	unsigned int rate_puts, block_puts, shed_gets;
	int refuse_block;                  /* errno of PutBlocks and DeleteBlocks; 0: take them */
	unsigned int block_pages;          /* after the first one */
	Tandem__Dataplane__V1__Shed *shed; /* the test's answer to GetShed; NULL: nothing */
	uint64_t auth_failed;              /* a counter */
	void (*transmit)(void *arg, uint64_t leg, const uint8_t *datagram, size_t length);
	void *transmit_arg;
};

static inline struct fake_leg *fake_find(struct fake *f, uint64_t id)
{
	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		if (f->legs[i].put && f->legs[i].put->put_leg->leg == id)
			return &f->legs[i];
	return NULL;
}

static inline unsigned int fake_count(const struct fake *f)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		count += f->legs[i].put != NULL;
	return count;
}

/* The leg with this local port. */
static inline struct fake_leg *fake_at(struct fake *f, unsigned int port)
{
	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		if (f->legs[i].put && f->legs[i].put->put_leg->local->port == port)
			return &f->legs[i];
	return NULL;
}

static inline void fake_request_free(Tandem__Dataplane__V1__Request *request)
{
	if (request)
		tandem__dataplane__v1__request__free_unpacked(request, &cleanse_allocator);
}

static inline Tandem__Dataplane__V1__Request *fake_keep(
	const Tandem__Dataplane__V1__Request *request)
{
	size_t size = tandem__dataplane__v1__request__get_packed_size(request);
	uint8_t *octets = malloc(size);
	Tandem__Dataplane__V1__Request *copy;

	assert(octets);
	tandem__dataplane__v1__request__pack(request, octets);
	copy = tandem__dataplane__v1__request__unpack(&cleanse_allocator, size, octets);
	assert(copy);
	free(octets);
	return copy;
}

/* --- paths -------------------------------------------------------------------------------------
 */

static inline const Tandem__Dataplane__V1__PutPath *fake_path_at(const struct fake *f,
								 unsigned int i)
{
	return f->paths[i] ? f->paths[i]->put_path : NULL;
}

/* The place of the path from the one leg to the other; -1: there is none. */
static inline int fake_path_place(const struct fake *f, uint64_t from, uint64_t to)
{
	for (unsigned int i = 0; i < FAKE_PATHS; i++) {
		const Tandem__Dataplane__V1__PutPath *path = fake_path_at(f, i);

		if (path && path->from == from && path->to == to)
			return i;
	}
	return -1;
}

/* NULL: the one is not heard by the other. */
static inline const Tandem__Dataplane__V1__PutPath *fake_path(const struct fake *f,
							      const struct fake_leg *from,
							      const struct fake_leg *to)
{
	int i = fake_path_place(f, from->put->put_leg->leg, to->put->put_leg->leg);

	return i < 0 ? NULL : fake_path_at(f, i);
}

/* The leg that hears this one by its own path; NULL: none. */
static inline struct fake_leg *fake_heard_by(struct fake *f, const struct fake_leg *from)
{
	for (unsigned int i = 0; i < FAKE_PATHS; i++) {
		const Tandem__Dataplane__V1__PutPath *path = fake_path_at(f, i);

		if (path && path->from == from->put->put_leg->leg && !path->branch)
			return fake_find(f, path->to);
	}
	return NULL;
}

static inline unsigned int fake_path_count(const struct fake *f)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < FAKE_PATHS; i++)
		count += f->paths[i] != NULL;
	return count;
}

static inline void fake_remove_path(struct fake *f, int i)
{
	fake_request_free(f->paths[i]);
	f->paths[i] = NULL;
}

static inline int fake_put_path(struct fake *f, const Tandem__Dataplane__V1__Request *request)
{
	const Tandem__Dataplane__V1__PutPath *put = request->put_path;
	int place = fake_path_place(f, put->from, put->to);

	if (!fake_find(f, put->from) || !fake_find(f, put->to))
		return ENOENT;
	for (unsigned int i = 0; i < FAKE_PATHS; i++) {
		const Tandem__Dataplane__V1__PutPath *other = fake_path_at(f, i);

		if (!other && place < 0)
			place = i;
		if (!other || (other->from == put->from && other->to == put->to))
			continue;
		if (other->from == put->from && !other->branch && !put->branch)
			return EEXIST;
		if (other->to == put->to && !(other->payload_types.len && put->payload_types.len))
			return EEXIST;
	}
	assert(place >= 0);
	fake_request_free(f->paths[place]);
	f->paths[place] = fake_keep(request);
	return 0;
}

static inline int fake_delete_path(struct fake *f, const Tandem__Dataplane__V1__DeletePath *gone)
{
	int place = fake_path_place(f, gone->from, gone->to);

	if (place < 0)
		return ENOENT;
	fake_remove_path(f, place);
	return 0;
}

/* --- calls -------------------------------------------------------------------------------------
 */

static inline struct fake_call *fake_call(struct fake *f, uint64_t key)
{
	for (unsigned int i = 0; i < FAKE_CALLS; i++)
		if (f->calls[i].key == key)
			return &f->calls[i];
	return NULL;
}

static inline unsigned int fake_call_count(const struct fake *f)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < FAKE_CALLS; i++)
		count += f->calls[i].key != 0;
	return count;
}

static inline void fake_drop_call(struct fake_call *call)
{
	free(call->blob);
	*call = (struct fake_call){0};
}

static inline int fake_put_call(struct fake *f, const Tandem__Dataplane__V1__PutCall *put)
{
	struct fake_call *call = fake_call(f, put->call);

	if (!call)
		call = fake_call(f, 0);
	assert(call && put->call);
	fake_drop_call(call);
	call->key = put->call;
	call->size = put->blob.len;
	call->blob = malloc(call->size + 1);
	assert(call->blob);
	memcpy(call->blob, put->blob.data, call->size);
	return 0;
}

static inline int fake_delete_call(struct fake *f, uint64_t key)
{
	struct fake_call *call = fake_call(f, key);

	if (!call)
		return ENOENT;
	fake_drop_call(call);
	return 0;
}

/* --- legs --------------------------------------------------------------------------------------
 */

/* With its paths. */
static inline void fake_clear(struct fake *f, struct fake_leg *leg)
{
	for (unsigned int i = 0; leg->put && i < FAKE_PATHS; i++) {
		const Tandem__Dataplane__V1__PutPath *path = fake_path_at(f, i);

		if (path &&
		    (path->from == leg->put->put_leg->leg || path->to == leg->put->put_leg->leg))
			fake_remove_path(f, i);
	}
	fake_request_free(leg->put);
	fake_request_free(leg->keys);
	memset(leg, 0, sizeof(*leg));
}

/* A restart of the dataplane: everything is gone but the socket's path. */
static inline void fake_forget(struct fake *f)
{
	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		fake_clear(f, &f->legs[i]);
	for (unsigned int i = 0; i < FAKE_CALLS; i++)
		fake_drop_call(&f->calls[i]);
	f->generation++;
}

static inline int fake_put(struct fake *f, const Tandem__Dataplane__V1__Request *request)
{
	struct fake_leg *leg = fake_find(f, request->put_leg->leg);

	f->puts++;
	if (f->refuse_put && f->refuse_after-- == 0) {
		int error = f->refuse_put;

		f->refuse_put = 0;
		return error;
	}
	for (unsigned int i = 0; !leg && i < FAKE_LEGS; i++)
		if (!f->legs[i].put)
			leg = &f->legs[i];
	assert(leg);
	fake_request_free(leg->put);
	leg->put = fake_keep(request);
	if (!leg->put->put_leg->ice)
		leg->ice = TANDEM__DATAPLANE__V1__ICE_STATE__ICE_NONE;
	else if (leg->ice == TANDEM__DATAPLANE__V1__ICE_STATE__ICE_NONE)
		leg->ice = TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CHECKING;
	return 0;
}

static inline int fake_keys(struct fake *f, const Tandem__Dataplane__V1__Request *request)
{
	struct fake_leg *leg = fake_find(f, request->put_keys->leg);

	f->key_puts++;
	if (!leg)
		return ENOENT;
	if (f->refuse_keys)
		return f->refuse_keys;
	fake_request_free(leg->keys);
	leg->keys = fake_keep(request);
	return 0;
}

/* Room for the paths of one status. */
struct fake_paths {
	Tandem__Dataplane__V1__Path paths[FAKE_PATHS], *list[FAKE_PATHS];
};

static inline void fake_show_paths(const struct fake *f, const struct fake_leg *leg,
				   Tandem__Dataplane__V1__LegStatus *out, struct fake_paths *room)
{
	out->paths = room->list;
	for (unsigned int i = 0; i < FAKE_PATHS; i++) {
		const Tandem__Dataplane__V1__PutPath *path = fake_path_at(f, i);
		Tandem__Dataplane__V1__Path *shown = &room->paths[out->n_paths];

		if (!path || path->from != out->leg)
			continue;
		tandem__dataplane__v1__path__init(shown);
		shown->to = path->to;
		shown->branch = path->branch;
		shown->mode = leg->mode;
		room->list[out->n_paths++] = shown;
	}
}

static inline void fake_status(const struct fake *f, const struct fake_leg *leg,
			       Tandem__Dataplane__V1__LegStatus *out, struct fake_paths *room)
{
	const Tandem__Dataplane__V1__PutLeg *put = leg->put->put_leg;

	tandem__dataplane__v1__leg_status__init(out);
	out->leg = put->leg;
	out->revision = put->revision;
	out->local = put->local;
	out->remote = put->remote;
	out->ice = leg->ice;
	out->key_epoch = leg->keys ? leg->keys->put_keys->epoch : 0;
	out->suite = leg->keys ? leg->keys->put_keys->suite : 0;
	fake_show_paths(f, leg, out, room);
	out->packets = leg->packets;
	out->sent_packets = leg->packets;
	out->auth_failures = leg->auth_failures;
	out->silence_ms = leg->packets ? leg->silence_ms : UINT32_MAX;
}

static inline int fake_by_id(const void *a, const void *b)
{
	uint64_t left = (*(struct fake_leg *const *)a)->put->put_leg->leg;
	uint64_t right = (*(struct fake_leg *const *)b)->put->put_leg->leg;

	return left < right ? -1 : left > right;
}

static inline void fake_freed(uv_handle_t *handle)
{
	free(handle);
}

static inline void fake_hang_up(struct fake *f)
{
	if (f->fd < 0)
		return;
	uv_close((uv_handle_t *)f->reading, fake_freed);
	close(f->fd);
	f->fd = -1;
}

static inline void fake_send(struct fake *f, const Tandem__Dataplane__V1__Frame *frame)
{
	int error = f->fd >= 0 ? frame_send(f->fd, frame) : 0;

	/* The client may have gone with something unread. */
	if (error == -EPIPE || error == -ECONNRESET || error == -ENOTCONN)
		fake_hang_up(f);
	else
		assert(error == 0);
}

static inline void fake_remember(Tandem__Dataplane__V1__Request **place,
				 const Tandem__Dataplane__V1__Request *request)
{
	fake_request_free(*place);
	*place = fake_keep(request);
}

/* True: it is about floods, and served. `nothing` is room for an answer. */
static inline bool fake_serve_shed(struct fake *f, const Tandem__Dataplane__V1__Request *request,
				   Tandem__Dataplane__V1__Reply *reply,
				   Tandem__Dataplane__V1__Shed *nothing)
{
	if (request->put_rates) {
		f->rate_puts++;
		fake_remember(&f->rates, request);
	} else if (request->put_block) {
		f->block_puts++;
		fake_remember(&f->block, request);
		reply->error = f->refuse_block;
	} else if (request->delete_block) {
		fake_remember(&f->unblock, request);
		reply->error = f->refuse_block;
	} else if (request->get_shed) {
		f->shed_gets++;
		tandem__dataplane__v1__shed__init(nothing);
		reply->shed = f->shed ? f->shed : nothing;
		/* The same blocks again, as many pages as the test wants. */
		if (request->get_shed->blocks && request->get_shed->after < f->block_pages)
			reply->next = request->get_shed->after + 1;
	} else {
		return false;
	}
	return true;
}

/* Answers one request; what the reply points to lives as long as the call. */
static inline void fake_serve(struct fake *f, const Tandem__Dataplane__V1__Request *request)
{
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;
	Tandem__Dataplane__V1__Reply reply = TANDEM__DATAPLANE__V1__REPLY__INIT;
	Tandem__Dataplane__V1__Reply *replies[] = {&reply};
	Tandem__Dataplane__V1__LegStatus status[FAKE_LEGS], *legs[FAKE_LEGS];
	Tandem__Dataplane__V1__Counter drop = TANDEM__DATAPLANE__V1__COUNTER__INIT;
	Tandem__Dataplane__V1__Counter other = TANDEM__DATAPLANE__V1__COUNTER__INIT;
	Tandem__Dataplane__V1__Counter *counters[] = {&drop, &other};
	Tandem__Dataplane__V1__Call kept[FAKE_CALLS], *calls[FAKE_CALLS];
	static struct fake_paths rooms[FAKE_LEGS];
	Tandem__Dataplane__V1__Shed nothing;
	uint64_t ids[FAKE_LEGS];
	struct fake_leg *sorted[FAKE_LEGS], *gone = NULL;
	unsigned int count = 0;

	reply.id = request->id;
	reply.legs = legs;
	if (f->lose_keys && request->put_keys) {
		f->lose_keys = false;
		fake_hang_up(f);
		return;
	}
	if (fake_serve_shed(f, request, &reply, &nothing)) {
		/* That was all. */
	} else if (request->put_leg) {
		reply.error = fake_put(f, request);
	} else if (request->put_keys) {
		reply.error = fake_keys(f, request);
	} else if (request->put_path) {
		reply.error = fake_put_path(f, request);
	} else if (request->delete_path) {
		reply.error = fake_delete_path(f, request->delete_path);
	} else if (request->put_call) {
		reply.error = fake_put_call(f, request->put_call);
	} else if (request->delete_call) {
		reply.error = fake_delete_call(f, request->delete_call->call);
	} else if (request->get_calls) {
		reply.calls = calls;
		for (unsigned int i = 0; i < FAKE_CALLS; i++) {
			if (!f->calls[i].key)
				continue;
			calls[reply.n_calls] = &kept[reply.n_calls];
			tandem__dataplane__v1__call__init(calls[reply.n_calls]);
			calls[reply.n_calls]->call = f->calls[i].key;
			calls[reply.n_calls]->blob.data = f->calls[i].blob;
			calls[reply.n_calls++]->blob.len = f->calls[i].size;
		}
	} else if (request->delete_leg) {
		f->deletes++;
		gone = fake_find(f, request->delete_leg->leg);
		reply.error = gone ? 0 : ENOENT;
		if (gone) {
			fake_status(f, gone, &status[0], &rooms[0]);
			legs[reply.n_legs++] = &status[0];
		}
	} else if (request->transmit && f->transmit) {
		f->transmit(f->transmit_arg, request->transmit->leg,
			    request->transmit->datagram.data, request->transmit->datagram.len);
	} else if (request->get_counters) {
		drop.name = (char *)"auth_failed";
		drop.value = 7 + f->auth_failed;
		drop.drop = true;
		other.name = (char *)"bursts";
		reply.counters = counters;
		reply.n_counters = 2;
	} else if (request->get_legs && request->get_legs->n_legs) {
		struct fake_leg *leg = fake_find(f, request->get_legs->legs[0]);

		if (leg) {
			fake_status(f, leg, &status[0], &rooms[0]);
			legs[reply.n_legs++] = &status[0];
		}
	} else if (request->get_legs && request->get_legs->ids_only) {
		reply.ids = ids;
		for (unsigned int i = 0; i < FAKE_LEGS; i++)
			if (f->legs[i].put)
				ids[reply.n_ids++] = f->legs[i].put->put_leg->leg;
	} else if (request->get_legs) {
		for (unsigned int i = 0; i < FAKE_LEGS; i++)
			if (f->legs[i].put)
				sorted[count++] = &f->legs[i];
		qsort(sorted, count, sizeof(sorted[0]), fake_by_id);
		for (unsigned int i = 0; i < count; i++) {
			if (sorted[i]->put->put_leg->leg <= request->get_legs->after)
				continue;
			if (reply.n_legs == f->page) {
				reply.next = legs[reply.n_legs - 1]->leg;
				break;
			}
			fake_status(f, sorted[i], &status[reply.n_legs], &rooms[reply.n_legs]);
			legs[reply.n_legs] = &status[reply.n_legs];
			reply.n_legs++;
		}
	}
	if (f->die_at && --f->die_at == 0)
		fake_hang_up(f);
	if (reply.error)
		reply.what = (char *)"as the test wants it";
	frame.replies = replies;
	frame.n_replies = 1;
	fake_send(f, &frame);
	if (gone)
		fake_clear(f, gone);
}

static inline void fake_read(uv_poll_t *poll, int status, int events)
{
	struct fake *f = poll->data;
	Tandem__Dataplane__V1__Frame *frame;
	int error = frame_receive(f->fd, &frame);

	if (error == -EAGAIN)
		return;
	if (error) {
		fake_hang_up(f);
		return;
	}
	f->frames++;
	for (size_t i = 0; i < frame->n_requests; i++)
		fake_serve(f, frame->requests[i]);
	frame_free(frame);
}

static inline void fake_closed(uv_handle_t *handle)
{
	struct fake *f = handle->data;

	f->closed = true;
}

static inline void fake_hello(struct fake *f)
{
	static uint8_t ipv4[] = {198, 51, 100, 1}, inside[] = {198, 51, 100, 2};
	static uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;
	Tandem__Dataplane__V1__Hello hello = TANDEM__DATAPLANE__V1__HELLO__INIT;
	Tandem__Dataplane__V1__Network outer = TANDEM__DATAPLANE__V1__NETWORK__INIT;
	Tandem__Dataplane__V1__Network inner = TANDEM__DATAPLANE__V1__NETWORK__INIT;
	Tandem__Dataplane__V1__Network *networks[] = {&outer, &inner};
	ProtobufCBinaryData public[] = {{4, ipv4}, {16, ipv6}}, agents[] = {{4, inside}};

	outer.name = (char *)"public";
	outer.addresses = public;
	outer.n_addresses = 2;
	inner.name = (char *)"agents";
	inner.addresses = agents;
	inner.n_addresses = 1;
	hello.generation = f->generation;
	hello.version = (char *)"fake";
	hello.workers = 1;
	hello.legs_max = FAKE_LEGS;
	hello.crypto_engine = (char *)"none";
	hello.networks = networks;
	hello.n_networks = 2;
	hello.api = f->api;
	frame.hello = &hello;
	fake_send(f, &frame);
}

static inline void fake_accept(uv_poll_t *poll, int status, int events)
{
	struct fake *f = poll->data;

	assert(f->fd < 0);
	f->fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert(f->fd >= 0);
	f->reading = malloc(sizeof(*f->reading));
	assert(f->reading);
	uv_poll_init(f->loop, f->reading, f->fd);
	f->reading->data = f;
	uv_poll_start(f->reading, UV_READABLE, fake_read);
	fake_hello(f);
}

static inline void fake_event(struct fake *f, uint64_t leg, Tandem__Dataplane__V1__EventKind kind,
			      const uint8_t *datagram, size_t length)
{
	static uint8_t ip[] = {203, 0, 113, 10};
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;
	Tandem__Dataplane__V1__Event event = TANDEM__DATAPLANE__V1__EVENT__INIT;
	Tandem__Dataplane__V1__Endpoint remote = TANDEM__DATAPLANE__V1__ENDPOINT__INIT;
	Tandem__Dataplane__V1__Event *events[] = {&event};

	remote.address = (ProtobufCBinaryData){4, ip};
	remote.port = 40000;
	event.leg = leg;
	event.kind = kind;
	event.remote = &remote;
	event.datagram = (ProtobufCBinaryData){length, (uint8_t *)datagram};
	frame.events = events;
	frame.n_events = 1;
	fake_send(f, &frame);
}

static inline void fake_open(struct fake *f, uv_loop_t *loop)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memset(f, 0, sizeof(*f));
	f->loop = loop;
	f->fd = -1;
	f->generation = 1;
	f->api = 2;
	f->page = FAKE_LEGS;
	snprintf(f->path, sizeof(f->path), "/tmp/test_session.%d.sock", (int)getpid());
	unlink(f->path);
	strcpy(address.sun_path, f->path);
	f->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert(f->listener >= 0);
	assert(bind(f->listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	assert(listen(f->listener, 4) == 0);
	uv_poll_init(loop, &f->accepting, f->listener);
	f->accepting.data = f;
	uv_poll_start(&f->accepting, UV_READABLE, fake_accept);
}

/* The loop has to run once more. */
static inline void fake_close(struct fake *f)
{
	fake_hang_up(f);
	uv_close((uv_handle_t *)&f->accepting, fake_closed);
	while (!f->closed)
		uv_run(f->loop, UV_RUN_NOWAIT);
	close(f->listener);
	unlink(f->path);
	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		fake_clear(f, &f->legs[i]);
	for (unsigned int i = 0; i < FAKE_CALLS; i++)
		fake_drop_call(&f->calls[i]);
	fake_request_free(f->rates);
	fake_request_free(f->block);
	fake_request_free(f->unblock);
}

#endif
