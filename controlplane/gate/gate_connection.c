/* SPDX-License-Identifier: BSD-3-Clause */
/* One client: what comes by its stream goes on by its UDP socket, and the other way round. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gate/gate_state.h"
#include "dataplane/lib/log.h"

#define UNREAD_MOST (256 * 1024) /* octets; a client that does not read loses what else comes */

/* Octets on their way to a client that does not take them at once. */
struct pending {
	uv_write_t write;
	uint8_t octets[];
};

static void on_closed(uv_handle_t *handle)
{
	struct gate_connection *c = handle->data;
	struct gate *g = c->gate;

	if (--c->open)
		return;
	if (c->link.fd >= 0)
		gate_link_close(&c->link);
	gate_source_put(g, c);
	gate_tls_close(c->tls);
	free(c);
	g->count--;
	g->gone(g);
}

/*
 * An allocation is nobody else's: the server is told when a connection ends, and, since that may be
 * lost and a gate may be killed, as soon as somebody speaks by the next one. If that comes from an
 * address that is blocked it is told to end.
 */
static void tell(struct gate_connection *c, enum turn_type what)
{
	uint8_t octets[STUN_HEADER + TURN_ORIGIN_MOST] = {what >> 8, what & 0xff};
	struct gate_batch batch = {.count = 1};
	uint16_t length = STUN_HEADER;

	stun_store32(octets + 4, STUN_COOKIE);
	if (what == TURN_HERE)
		stun_put_address(octets, &length, TURN_ORIGIN, &c->client);
	stun_set_length(octets, length);
	batch.at[0] = (struct iovec){octets, length};
	gate_link_send(&c->link, &batch);
}

void gate_leave(struct gate_connection *c)
{
	if (c->closing)
		return;
	c->closing = true;
	if (c->link.fd >= 0)
		tell(c, TURN_GONE);
	LIST_REMOVE(c, entry);
	uv_close((uv_handle_t *)&c->tcp, on_closed);
	if (c->link.fd >= 0)
		uv_close((uv_handle_t *)&c->link.poll, on_closed);
}

/* --- to the client --- */

static void on_written(uv_write_t *write, int error)
{
	struct gate_connection *c = write->data;

	free(write);
	if (error && error != UV_ECANCELED)
		gate_leave(c);
}

static void write_stream(struct gate_connection *c, const uint8_t *octets, size_t length)
{
	uv_stream_t *stream = (uv_stream_t *)&c->tcp;
	uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)octets, length);
	int sent = uv_try_write(stream, &buffer, 1);
	struct pending *p;

	if (sent < 0 && sent != UV_EAGAIN)
		return gate_leave(c);
	if (sent < 0)
		sent = 0;
	if ((size_t)sent == length)
		return;
	p = malloc(sizeof(*p) + length - sent);
	if (!p)
		return gate_leave(c); /* in the middle of a message nothing else can follow */
	memcpy(p->octets, octets + sent, length - sent);
	p->write.data = c;
	buffer = uv_buf_init((char *)p->octets, length - sent);
	if (uv_write(&p->write, stream, &buffer, 1, on_written)) {
		free(p);
		gate_leave(c);
	}
}

static void flush_tls(struct gate_connection *c)
{
	const uint8_t *octets;
	size_t length = gate_tls_pending(c->tls, &octets);

	if (!length)
		return;
	write_stream(c, octets, length);
	gate_tls_sent(c->tls);
}

/* RFC 8656 12.5: in a stream ChannelData has its padding; a STUN message needs none. */
static size_t put_padded(uint8_t *to, const uint8_t *octets, size_t length)
{
	size_t size = (length + 3) & ~(size_t)3;

	memcpy(to, octets, length);
	memset(to + length, 0, size - length);
	return size;
}

/* The octets of the messages, one after the other, as they go into the stream. */
static size_t put_all(uint8_t *to, const struct gate *g, const size_t *lengths, unsigned int count)
{
	size_t length = 0;

	for (unsigned int k = 0; k < count; k++)
		if (lengths[k] >= GATE_FRAME_HEAD)
			length += put_padded(to + length, g->datagrams[k], lengths[k]);
	return length;
}

/* Each message is a record: there are clients that look for no second one in it. */
static void put_records(struct gate_connection *c, const size_t *lengths, unsigned int count)
{
	struct gate *g = c->gate;

	for (unsigned int k = 0; k < count; k++)
		if (lengths[k] >= GATE_FRAME_HEAD)
			gate_tls_write(c->tls, g->written,
				       put_padded(g->written, g->datagrams[k], lengths[k]));
	flush_tls(c);
}

/* What has come together goes together, by one write. */
static void pass_to_client(struct gate_connection *c, const size_t *lengths, unsigned int count)
{
	struct gate *g = c->gate;
	size_t length;

	/* A client that does not read loses it, and all of it. */
	if (uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp) > UNREAD_MOST)
		return;
	if (c->tls)
		return put_records(c, lengths, count);
	length = put_all(g->written, g, lengths, count);
	if (length)
		write_stream(c, g->written, length);
}

/* The server's word that the client's address is blocked. */
static bool is_to_end(const struct gate *g, const size_t *lengths, unsigned int count)
{
	for (unsigned int k = 0; k < count; k++)
		if (lengths[k] == STUN_HEADER && stun_load16(g->datagrams[k]) == TURN_GONE)
			return true;
	return false;
}

/* An error is the server's, which is away: the client asks again. */
static void on_datagrams(uv_poll_t *poll, int error, int events)
{
	struct gate_connection *c = poll->data;
	struct gate *g = c->gate;
	size_t lengths[GATE_BATCH];
	unsigned int count = gate_link_receive(&c->link, g->datagrams[0], GATE_FRAME_MOST, lengths);

	if (is_to_end(g, lengths, count)) {
		g->blocked += !c->closing;
		return gate_leave(c);
	}
	pass_to_client(c, lengths, count);
	if (error && !c->closing && uv_poll_start(poll, UV_READABLE, on_datagrams))
		gate_leave(c);
}

/* --- from the client --- */

/* Who says nothing costs no socket towards the dataplane. */
static int open_link(struct gate_connection *c)
{
	const union socket_address *server = &c->gate->config.server;
	int error = gate_link_open(&c->link, c->gate->loop, &server->any,
				   socket_address_size(server), on_datagrams);

	c->link.poll.data = c;
	c->open += c->link.fd >= 0;
	if (!error)
		tell(c, TURN_HERE);
	return error;
}

static void pass_to_server(struct gate_connection *c, struct gate_batch *batch)
{
	if (batch->count)
		gate_link_send(&c->link, batch);
	batch->count = 0;
}

/*
 * Whether the message goes on. What carries packets may be any amount; all else, which the control
 * plane may have to judge, has a rate; and what only the gate says no client does.
 */
static bool is_served(struct gate_connection *c, const uint8_t *octets, uint16_t type)
{
	struct gate *g = c->gate;

	if (turn_is_channel(octets) || type == TURN_SEND)
		return true;
	if (type == TURN_HERE || type == TURN_GONE)
		return false;
	if (gate_rate_take(&c->due_us, uv_now(g->loop) * 1000, g->config.requests_per_s))
		return true;
	g->excess++;
	return false;
}

/* Attributes that end where the message does: none takes what is added for its own value. */
static bool is_whole(const uint8_t *octets, uint16_t length)
{
	struct stun_cursor cursor = stun_attributes(octets, length);
	int took = 1;

	while (took > 0)
		took = stun_next(&cursor);
	return !took;
}

/*
 * Adds the client's address to the end of a request whose answer has it. Behind the client's
 * signature it changes nothing of what was signed (RFC 8489 14.5).
 */
static void add_with_origin(struct gate_connection *c, struct gate_batch *batch,
			    const uint8_t *octets, uint16_t length)
{
	uint8_t *request = c->gate->request;
	bool whole = is_whole(octets, length);

	memcpy(request, octets, length);
	stun_put_address(request, &length, TURN_ORIGIN, &c->client);
	stun_set_length(request, length);
	if (length <= GATE_FRAME_MOST && whole)
		batch->at[batch->count++] = (struct iovec){request, length};
	pass_to_server(c, batch); /* the next one is written there, too */
}

static void add(struct gate_connection *c, struct gate_batch *batch, const uint8_t *octets,
		const struct gate_frame *frame)
{
	uint16_t type = stun_load16(octets);

	c->begun = true;
	c->last_ms = uv_now(c->gate->loop);
	if (!is_served(c, octets, type))
		return;
	if (type == TURN_BINDING || type == TURN_ALLOCATE)
		return add_with_origin(c, batch, octets, frame->datagram);
	batch->at[batch->count++] = (struct iovec){(uint8_t *)(uintptr_t)octets, frame->datagram};
	if (batch->count == GATE_BATCH)
		pass_to_server(c, batch);
}

/* How many octets of the message that begins in the buffer are known to be missing; 0: it is wrong.
 */
static size_t missing(struct gate_connection *c, struct gate_frame *frame)
{
	if (c->filled < GATE_FRAME_HEAD)
		return GATE_FRAME_HEAD - c->filled;
	if (gate_frame_read(frame, c->buffer))
		return 0;
	return frame->stream - c->filled;
}

/* Part of a message: the rest is in the buffer, or still to come. Returns what it took; 0: wrong.
 */
static size_t take_part(struct gate_connection *c, struct gate_batch *batch, const uint8_t *octets,
			size_t length)
{
	struct gate_frame frame = {0, 0};
	size_t part = missing(c, &frame);

	part = part < length ? part : length;
	memcpy(c->buffer + c->filled, octets, part);
	c->filled += part;
	if (c->filled < GATE_FRAME_HEAD)
		return part;
	if (gate_frame_read(&frame, c->buffer))
		return 0;
	if (c->filled < frame.stream)
		return part;
	add(c, batch, c->buffer, &frame);
	pass_to_server(c, batch); /* the buffer is another message's from now on */
	c->filled = 0;
	return part;
}

/* A message that is all there stays where it is. 0: it is not. */
static size_t take_whole(struct gate_connection *c, struct gate_batch *batch, const uint8_t *octets,
			 size_t length)
{
	struct gate_frame frame;

	if (c->filled || length < GATE_FRAME_HEAD || gate_frame_read(&frame, octets) ||
	    length < frame.stream)
		return 0;
	add(c, batch, octets, &frame);
	return frame.stream;
}

/* False: the client does not speak TURN, and goes. */
static bool take(struct gate_connection *c, const uint8_t *octets, size_t length)
{
	struct gate_batch batch = {.count = 0};
	size_t part = 1;

	while (length && part) {
		part = take_whole(c, &batch, octets, length);
		if (!part)
			part = take_part(c, &batch, octets, length);
		octets += part;
		length -= part;
	}
	pass_to_server(c, &batch);
	return !length;
}

static bool take_tls(struct gate_connection *c, const uint8_t *octets, size_t length)
{
	uint8_t *plain = c->gate->plain;
	bool right = gate_tls_put(c->tls, octets, length);
	size_t filled = 0;
	int count = 0;

	/* A record may have as little as a message, and many have come. */
	while (right && (count = gate_tls_read(c->tls, plain + filled, GATE_READ - filled)) > 0) {
		filled += count;
		if (filled < GATE_READ)
			continue;
		right = take(c, plain, filled);
		filled = 0;
	}
	right = right && take(c, plain, filled);
	flush_tls(c); /* of a handshake, or an alert */
	return right && count == 0;
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct gate_connection *c = handle->data;

	*buffer = uv_buf_init((char *)c->gate->read, sizeof(c->gate->read));
}

static void on_octets(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct gate_connection *c = stream->data;
	const uint8_t *octets = (const uint8_t *)buffer->base;

	if (c->closing || !length)
		return;
	if (length > 0 && c->link.fd < 0 && open_link(c))
		return gate_leave(c);
	if (length < 0 || !(c->tls ? take_tls : take)(c, octets, length))
		gate_leave(c);
}

/* --- who comes --- */

static int find_client(struct gate_connection *c)
{
	union socket_address peer;
	int size = sizeof(peer), error = uv_tcp_getpeername(&c->tcp, &peer.any, &size);

	if (!error)
		c->client = socket_address_endpoint(&peer);
	return error;
}

static struct gate_connection *create(struct gate *g)
{
	struct gate_connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->gate = g;
	c->tcp.data = c;
	c->link.fd = -1;
	c->last_ms = uv_now(g->loop);
	uv_tcp_init(g->loop, &c->tcp);
	c->open = 1;
	g->count++;
	LIST_INSERT_HEAD(&g->connections, c, entry);
	return c;
}

static void begin(struct gate_connection *c, bool tls)
{
	struct gate *g = c->gate;

	if (g->count > g->config.connections || !gate_source_take(g, c, &c->client.address)) {
		g->refused++;
		return gate_leave(c);
	}
	uv_tcp_nodelay(&c->tcp, 1);
	if (tls)
		c->tls = gate_tls_open(g->tls);
	if ((tls && !c->tls) || uv_read_start((uv_stream_t *)&c->tcp, give_buffer, on_octets))
		gate_leave(c);
}

bool gate_admit(struct gate *g, uv_stream_t *door, bool tls)
{
	struct gate_connection *c = create(g);

	if (!c)
		return false;
	if (uv_accept(door, (uv_stream_t *)&c->tcp) || find_client(c))
		gate_leave(c);
	else
		begin(c, tls);
	return true;
}
