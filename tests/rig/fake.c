/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/fake.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/api/cleanse.h"

struct fake_leg *fake_find(struct fake *f, uint64_t id)
{
	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		if (f->legs[i].put && f->legs[i].put->put_leg->leg == id)
			return &f->legs[i];
	return NULL;
}

unsigned int fake_count(const struct fake *f)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		count += f->legs[i].put != NULL;
	return count;
}

struct fake_leg *fake_at(struct fake *f, unsigned int port)
{
	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		if (f->legs[i].put && f->legs[i].put->put_leg->local->port == port)
			return &f->legs[i];
	return NULL;
}

void *fake_copy(const ProtobufCMessage *message, ProtobufCAllocator *allocator)
{
	uint8_t *octets = malloc(protobuf_c_message_get_packed_size(message) + 1);
	size_t size = protobuf_c_message_pack(message, octets);
	void *copy = protobuf_c_message_unpack(message->descriptor, allocator, size, octets);

	assert(copy);
	free(octets);
	return copy;
}

void fake_remember(Tandem__Dataplane__V1__Request **place,
		   const Tandem__Dataplane__V1__Request *request)
{
	if (*place)
		tandem__dataplane__v1__request__free_unpacked(*place, &cleanse_allocator);
	*place = request ? fake_copy(&request->base, &cleanse_allocator) : NULL;
}

static const Tandem__Dataplane__V1__PutPath *path_at(const struct fake *f, unsigned int i)
{
	return f->paths[i] ? f->paths[i]->put_path : NULL;
}

int fake_path_place(const struct fake *f, uint64_t from, uint64_t to)
{
	for (unsigned int i = 0; i < FAKE_PATHS; i++) {
		const Tandem__Dataplane__V1__PutPath *path = path_at(f, i);

		if (path && path->from == from && path->to == to)
			return i;
	}
	return -1;
}

const Tandem__Dataplane__V1__PutPath *fake_path(const struct fake *f, const struct fake_leg *from,
						const struct fake_leg *to)
{
	int i = fake_path_place(f, from->put->put_leg->leg, to->put->put_leg->leg);

	return i < 0 ? NULL : path_at(f, i);
}

struct fake_leg *fake_heard_by(struct fake *f, const struct fake_leg *from)
{
	for (unsigned int i = 0; i < FAKE_PATHS; i++) {
		const Tandem__Dataplane__V1__PutPath *path = path_at(f, i);

		if (path && path->from == from->put->put_leg->leg && !path->branch)
			return fake_find(f, path->to);
	}
	return NULL;
}

unsigned int fake_path_count(const struct fake *f)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < FAKE_PATHS; i++)
		count += f->paths[i] != NULL;
	return count;
}

static int put_path(struct fake *f, const Tandem__Dataplane__V1__Request *request)
{
	const Tandem__Dataplane__V1__PutPath *put = request->put_path;
	int place = fake_path_place(f, put->from, put->to);

	if (!fake_find(f, put->from) || !fake_find(f, put->to))
		return ENOENT;
	for (unsigned int i = 0; i < FAKE_PATHS; i++) {
		const Tandem__Dataplane__V1__PutPath *other = path_at(f, i);

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
	fake_remember(&f->paths[place], request);
	return 0;
}

static int delete_path(struct fake *f, const Tandem__Dataplane__V1__DeletePath *gone)
{
	int place = fake_path_place(f, gone->from, gone->to);

	if (place < 0)
		return ENOENT;
	fake_remember(&f->paths[place], NULL);
	return 0;
}

/* The place of the call; of none, NULL. */
static Tandem__Dataplane__V1__Request **call_place(struct fake *f, uint64_t key)
{
	for (unsigned int i = 0; i < FAKE_CALLS; i++)
		if (f->calls[i] && f->calls[i]->put_call->call == key)
			return &f->calls[i];
	return NULL;
}

unsigned int fake_call_count(const struct fake *f)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < FAKE_CALLS; i++)
		count += f->calls[i] != NULL;
	return count;
}

static int put_call(struct fake *f, const Tandem__Dataplane__V1__Request *request)
{
	Tandem__Dataplane__V1__Request **place = call_place(f, request->put_call->call);

	for (unsigned int i = 0; !place && i < FAKE_CALLS; i++)
		if (!f->calls[i])
			place = &f->calls[i];
	assert(place && request->put_call->call);
	fake_remember(place, request);
	return 0;
}

static int delete_call(struct fake *f, uint64_t key)
{
	Tandem__Dataplane__V1__Request **place = call_place(f, key);

	if (!place)
		return ENOENT;
	fake_remember(place, NULL);
	return 0;
}

void fake_clear(struct fake *f, struct fake_leg *leg)
{
	for (unsigned int i = 0; leg->put && i < FAKE_PATHS; i++) {
		const Tandem__Dataplane__V1__PutPath *path = path_at(f, i);

		if (path &&
		    (path->from == leg->put->put_leg->leg || path->to == leg->put->put_leg->leg))
			fake_remember(&f->paths[i], NULL);
	}
	fake_remember(&leg->put, NULL);
	fake_remember(&leg->keys, NULL);
	memset(leg, 0, sizeof(*leg));
}

void fake_forget(struct fake *f)
{
	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		fake_clear(f, &f->legs[i]);
	for (unsigned int i = 0; i < FAKE_CALLS; i++)
		fake_remember(&f->calls[i], NULL);
	fake_turn_forget(f);
	f->generation++;
}

static int put_leg(struct fake *f, const Tandem__Dataplane__V1__Request *request)
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
	fake_remember(&leg->put, request);
	if (!leg->put->put_leg->ice)
		leg->ice = TANDEM__DATAPLANE__V1__ICE_STATE__ICE_NONE;
	else if (leg->ice == TANDEM__DATAPLANE__V1__ICE_STATE__ICE_NONE)
		leg->ice = TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CHECKING;
	return 0;
}

static int put_keys(struct fake *f, const Tandem__Dataplane__V1__Request *request)
{
	struct fake_leg *leg = fake_find(f, request->put_keys->leg);

	f->key_puts++;
	if (!leg)
		return ENOENT;
	if (f->refuse_keys)
		return f->refuse_keys;
	fake_remember(&leg->keys, request);
	return 0;
}

int fake_apply(struct fake *f, const Tandem__Dataplane__V1__Request *request)
{
	if (request->put_leg)
		return put_leg(f, request);
	if (request->put_keys)
		return put_keys(f, request);
	if (request->put_path)
		return put_path(f, request);
	if (request->delete_path)
		return delete_path(f, request->delete_path);
	if (request->put_call)
		return put_call(f, request);
	if (request->delete_call)
		return delete_call(f, request->delete_call->call);
	return 0;
}
