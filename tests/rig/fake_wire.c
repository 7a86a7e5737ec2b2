/* SPDX-License-Identifier: BSD-3-Clause */
/* What a fake dataplane says on its socket. */
#include "tests/rig/fake.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/api/frame.h"

/* Room for what a reply points to, until the next one. */
static struct {
	Tandem__Dataplane__V1__LegStatus status[FAKE_LEGS], *legs[FAKE_LEGS];
	Tandem__Dataplane__V1__Link link, *links[1];
	Tandem__Dataplane__V1__Path paths[FAKE_LEGS][FAKE_PATHS];
	Tandem__Dataplane__V1__Path *path_list[FAKE_LEGS][FAKE_PATHS];
	Tandem__Dataplane__V1__Stream *streams[FAKE_LEGS];
	Tandem__Dataplane__V1__Call kept[FAKE_CALLS], *calls[FAKE_CALLS];
	Tandem__Dataplane__V1__Counter counter[2], *counters[2];
	Tandem__Dataplane__V1__Worker worker, *workers[1];
	Tandem__Dataplane__V1__Shed shed;
} room;

static void show_paths(const struct fake *f, const struct fake_leg *leg,
		       Tandem__Dataplane__V1__LegStatus *out, unsigned int at)
{
	out->paths = room.path_list[at];
	for (unsigned int i = 0; i < FAKE_PATHS; i++) {
		const Tandem__Dataplane__V1__Request *path = f->paths[i];
		Tandem__Dataplane__V1__Path *shown = &room.paths[at][out->n_paths];

		if (!path || path->put_path->from != out->leg)
			continue;
		tandem__dataplane__v1__path__init(shown);
		shown->to = path->put_path->to;
		shown->branch = path->put_path->branch;
		shown->mode = leg->mode;
		out->paths[out->n_paths++] = shown;
	}
}

/* Adds the leg's status to the reply. */
static void show(const struct fake *f, const struct fake_leg *leg,
		 Tandem__Dataplane__V1__Reply *reply)
{
	const Tandem__Dataplane__V1__PutLeg *put = leg->put->put_leg;
	Tandem__Dataplane__V1__LegStatus *out = &room.status[reply->n_legs];

	tandem__dataplane__v1__leg_status__init(out);
	out->leg = put->leg;
	out->revision = put->revision;
	out->local = put->local;
	out->remote = put->remote;
	out->ice = leg->ice;
	out->key_epoch = leg->keys ? leg->keys->put_keys->epoch : 0;
	out->suite = leg->keys ? leg->keys->put_keys->suite : 0;
	show_paths(f, leg, out, reply->n_legs);
	out->packets = leg->packets;
	out->sent_packets = leg->packets;
	out->auth_failures = leg->auth_failures;
	out->silence_ms = leg->packets ? leg->silence_ms : UINT32_MAX;
	if (leg->stream) {
		leg->stream->packets += f->quiet ? 0 : 500;
		room.streams[reply->n_legs] = leg->stream;
		out->streams = &room.streams[reply->n_legs];
		out->n_streams = 1;
	}
	reply->legs[reply->n_legs++] = out;
}

static void take_rtcp(struct fake *f, const Tandem__Dataplane__V1__Transmit *transmit)
{
	const struct fake_leg *leg = fake_find(f, transmit->leg);

	assert(transmit->datagram.len <= sizeof(f->rtcp));
	f->rtcp_count++;
	f->rtcp_leg = transmit->leg;
	f->rtcp_heard = leg && leg->stream ? leg->stream->packets : 0;
	f->rtcp_length = transmit->datagram.len;
	memcpy(f->rtcp, transmit->datagram.data, f->rtcp_length);
}

static void show_calls(const struct fake *f, Tandem__Dataplane__V1__Reply *reply)
{
	reply->calls = room.calls;
	for (unsigned int i = 0; i < FAKE_CALLS; i++) {
		Tandem__Dataplane__V1__Call *call = &room.kept[reply->n_calls];

		if (!f->calls[i])
			continue;
		tandem__dataplane__v1__call__init(call);
		call->call = f->calls[i]->put_call->call;
		call->blob = f->calls[i]->put_call->blob;
		reply->calls[reply->n_calls++] = call;
	}
}

/* Half busy. */
static void show_worker(const struct fake *f, Tandem__Dataplane__V1__Reply *reply)
{
	static uint32_t bounds[] = {1, 10};
	static uint64_t latency[] = {70, 20, 10};

	tandem__dataplane__v1__worker__init(&room.worker);
	room.workers[0] = &room.worker;
	room.worker.core = 3;
	room.worker.packets = 100;
	room.worker.total_us = f->worked_us;
	room.worker.busy_us = f->worked_us / 2;
	room.worker.latency = latency;
	room.worker.n_latency = 3;
	room.worker.bounds_us = bounds;
	room.worker.n_bounds_us = 2;
	room.worker.latency_sum_us = 400;
	reply->workers = room.workers;
	reply->n_workers = 1;
}

static void show_counters(const struct fake *f, Tandem__Dataplane__V1__Reply *reply)
{
	for (unsigned int i = 0; i < 2; i++) {
		room.counters[i] = &room.counter[i];
		tandem__dataplane__v1__counter__init(room.counters[i]);
	}
	room.counter[0].name = (char *)"auth_failed";
	room.counter[0].value = 7 + f->auth_failed;
	room.counter[0].drop = true;
	room.counter[1].name = (char *)"bursts";
	reply->counters = room.counters;
	reply->n_counters = 2;
	show_worker(f, reply);
	tandem__dataplane__v1__link__init(&room.link);
	room.link.received = f->received;
	room.link.sent = f->sent;
	room.links[0] = &room.link;
	reply->links = room.links;
	reply->n_links = 1;
}

static int by_id(const void *a, const void *b)
{
	uint64_t left = (*(struct fake_leg *const *)a)->put->put_leg->leg;
	uint64_t right = (*(struct fake_leg *const *)b)->put->put_leg->leg;

	return left < right ? -1 : left > right;
}

static void show_legs(struct fake *f, const Tandem__Dataplane__V1__GetLegs *get,
		      Tandem__Dataplane__V1__Reply *reply)
{
	struct fake_leg *sorted[FAKE_LEGS];
	unsigned int count = 0;

	for (unsigned int i = 0; i < FAKE_LEGS; i++)
		if (f->legs[i].put)
			sorted[count++] = &f->legs[i];
	qsort(sorted, count, sizeof(sorted[0]), by_id);
	for (unsigned int i = 0; i < count; i++) {
		uint64_t id = sorted[i]->put->put_leg->leg;

		if (get->n_legs ? id == get->legs[0] : id > get->after) {
			if (reply->n_legs == f->page) {
				reply->next = reply->legs[reply->n_legs - 1]->leg;
				break;
			}
			show(f, sorted[i], reply);
		}
	}
}

static void freed(uv_handle_t *handle)
{
	free(handle);
}

void fake_hang_up(struct fake *f)
{
	if (f->fd < 0)
		return;
	uv_close((uv_handle_t *)f->reading, freed);
	close(f->fd);
	f->fd = -1;
}

void fake_send(struct fake *f, const Tandem__Dataplane__V1__Frame *frame)
{
	int error = f->fd >= 0 ? frame_send(f->fd, frame) : 0;

	/* The client may have gone with something unread. */
	if (error == -EPIPE || error == -ECONNRESET || error == -ENOTCONN)
		fake_hang_up(f);
	else
		assert(error == 0);
}

/* What is about floods. */
static void serve_shed(struct fake *f, const Tandem__Dataplane__V1__Request *request,
		       Tandem__Dataplane__V1__Reply *reply)
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
		tandem__dataplane__v1__shed__init(&room.shed);
		reply->shed = f->shed ? f->shed : &room.shed;
		/* The same blocks again, as many pages as the test wants. */
		if (request->get_shed->blocks && request->get_shed->after < f->block_pages)
			reply->next = request->get_shed->after + 1;
	}
}

static int serve_capture(struct fake *f, const Tandem__Dataplane__V1__Request *request)
{
	if (request->put_capture) {
		f->capture_puts++;
		if (!f->refuse_capture)
			fake_remember(&f->capture, request);
		return f->refuse_capture;
	}
	if (request->delete_capture) {
		f->capture_deletes++;
		fake_remember(&f->capture, NULL);
	}
	return 0;
}

static void serve(struct fake *f, const Tandem__Dataplane__V1__Request *request)
{
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;
	Tandem__Dataplane__V1__Reply reply = TANDEM__DATAPLANE__V1__REPLY__INIT;
	Tandem__Dataplane__V1__Reply *replies[] = {&reply};
	struct fake_leg *gone = NULL;

	if (f->lose_keys && request->put_keys) {
		f->lose_keys = false;
		fake_hang_up(f);
		return;
	}
	reply.id = request->id;
	reply.legs = room.legs;
	reply.error = fake_apply(f, request);
	serve_shed(f, request, &reply);
	if (!reply.error)
		reply.error = serve_capture(f, request);
	if (!reply.error)
		reply.error = fake_turn_serve(f, request, &reply);
	if (request->get_calls) {
		show_calls(f, &reply);
	} else if (request->delete_leg) {
		f->deletes++;
		gone = fake_find(f, request->delete_leg->leg);
		if (gone)
			show(f, gone, &reply);
		else
			reply.error = ENOENT;
	} else if (request->transmit && request->transmit->rtcp) {
		take_rtcp(f, request->transmit);
	} else if (request->transmit && f->transmit) {
		f->transmit(f->transmit_arg, request->transmit->leg,
			    request->transmit->datagram.data, request->transmit->datagram.len);
	} else if (request->get_counters) {
		show_counters(f, &reply);
	} else if (request->get_legs) {
		show_legs(f, request->get_legs, &reply);
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

static void on_readable(uv_poll_t *poll, int status, int events)
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
		serve(f, frame->requests[i]);
	frame_free(frame);
}

static void on_closed(uv_handle_t *handle)
{
	struct fake *f = handle->data;

	f->closed = true;
}

static void say_hello(struct fake *f)
{
	static uint8_t ipv4[] = {198, 51, 100, 1}, inside[] = {198, 51, 100, 2};
	static uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;
	Tandem__Dataplane__V1__Hello hello = TANDEM__DATAPLANE__V1__HELLO__INIT;
	Tandem__Dataplane__V1__Network outer = TANDEM__DATAPLANE__V1__NETWORK__INIT;
	Tandem__Dataplane__V1__Network inner = TANDEM__DATAPLANE__V1__NETWORK__INIT;
	Tandem__Dataplane__V1__Network *networks[] = {&outer, &inner};
	static uint8_t another[] = {198, 51, 100, 9};
	ProtobufCBinaryData public[] = {{4, ipv4}, {16, ipv6}, {4, another}},
			    agents[] = {{4, inside}};

	outer.name = (char *)"public";
	outer.addresses = public;
	outer.n_addresses = f->wider ? 3 : 2;
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

void fake_accept(uv_poll_t *poll, int status, int events)
{
	struct fake *f = poll->data;

	assert(f->fd < 0);
	f->fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert(f->fd >= 0);
	f->reading = malloc(sizeof(*f->reading));
	assert(f->reading);
	uv_poll_init(f->loop, f->reading, f->fd);
	f->reading->data = f;
	uv_poll_start(f->reading, UV_READABLE, on_readable);
	say_hello(f);
}

void fake_event(struct fake *f, uint64_t leg, Tandem__Dataplane__V1__EventKind kind,
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

void fake_captured(struct fake *f, uint64_t leg, unsigned int count, const char *octets,
		   uint64_t lost)
{
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;
	Tandem__Dataplane__V1__Event event = TANDEM__DATAPLANE__V1__EVENT__INIT;
	Tandem__Dataplane__V1__Captured captured = TANDEM__DATAPLANE__V1__CAPTURED__INIT;
	Tandem__Dataplane__V1__CapturedPacket packets[8], *list[8];
	Tandem__Dataplane__V1__Event *events[] = {&event};

	assert(f->capture && count <= 8);
	for (unsigned int k = 0; k < count; k++) {
		list[k] = &packets[k];
		tandem__dataplane__v1__captured_packet__init(list[k]);
		packets[k].leg = leg;
		packets[k].time_ns = 1000 + k;
		packets[k].length = 1000;
		packets[k].octets = (ProtobufCBinaryData){strlen(octets), (uint8_t *)octets};
	}
	captured.capture = f->capture->put_capture->capture;
	captured.packets = list;
	captured.n_packets = count;
	captured.lost = lost;
	event.kind = TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_CAPTURED;
	event.captured = &captured;
	frame.events = events;
	frame.n_events = 1;
	fake_send(f, &frame);
}

void fake_open(struct fake *f, uv_loop_t *loop)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memset(f, 0, sizeof(*f));
	f->loop = loop;
	f->fd = -1;
	f->generation = 1;
	f->api = 3;
	f->page = FAKE_LEGS;
	f->allocation_page = FAKE_TURNS;
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

void fake_close(struct fake *f)
{
	fake_hang_up(f);
	uv_close((uv_handle_t *)&f->accepting, on_closed);
	while (!f->closed)
		uv_run(f->loop, UV_RUN_NOWAIT);
	close(f->listener);
	unlink(f->path);
	fake_forget(f);
	fake_remember(&f->rates, NULL);
	fake_remember(&f->block, NULL);
	fake_remember(&f->unblock, NULL);
	fake_remember(&f->capture, NULL);
}
