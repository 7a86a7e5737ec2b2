/* SPDX-License-Identifier: BSD-3-Clause */
/* One client: what comes by its stream goes on by its UDP socket, and the other way round. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gate/gate_state.h"
#include "dataplane/lib/log.h"
#include "dataplane/lib/turn_message.h"

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
	gate_source_put(g, c);
	gate_tls_close(c->tls);
	free(c);
	g->count--;
	g->gone(g);
}

/*
 * Whoever had this endpoint: an allocation is nobody else's. Said when a connection ends, and,
 * since that may be lost and a gate may be killed, before the first message of the next one.
 */
static void tell_gone(struct gate_connection *c)
{
	uint8_t gone[STUN_HEADER] = {TURN_GONE >> 8, TURN_GONE & 0xff};
	uv_buf_t datagram = uv_buf_init((char *)gone, sizeof(gone));

	stun_store32(gone + 4, STUN_COOKIE);
	uv_udp_try_send(&c->udp, &datagram, 1, NULL);
}

void gate_leave(struct gate_connection *c)
{
	if (c->closing)
		return;
	c->closing = true;
	if (c->begun)
		tell_gone(c);
	LIST_REMOVE(c, entry);
	uv_close((uv_handle_t *)&c->tcp, on_closed);
	uv_close((uv_handle_t *)&c->udp, on_closed);
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
static void pass_to_client(struct gate_connection *c, const uint8_t *octets, size_t length)
{
	uint8_t padded[GATE_FRAME_MOST + 3] = {0};
	size_t size = (length + 3) & ~(size_t)3;

	if (length < GATE_FRAME_HEAD || length > GATE_FRAME_MOST ||
	    uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp) > UNREAD_MOST)
		return;
	memcpy(padded, octets, length);
	if (!c->tls)
		return write_stream(c, padded, size);
	if (gate_tls_write(c->tls, padded, size))
		flush_tls(c);
}

static void on_datagram(uv_udp_t *udp, ssize_t length, const uv_buf_t *buffer,
			const struct sockaddr *from, unsigned int flags)
{
	struct gate_connection *c = udp->data;

	/* An error is the server's, which is away: the client asks again. */
	if (length > 0 && !(flags & UV_UDP_PARTIAL) && !c->closing)
		pass_to_client(c, (const uint8_t *)buffer->base, length);
}

/* --- from the client --- */

static void pass_to_server(struct gate_connection *c, const struct gate_frame *frame)
{
	uv_buf_t datagram = uv_buf_init((char *)c->buffer, frame->datagram);

	if (!c->begun)
		tell_gone(c);
	/* What does not fit the socket's buffer is lost, as on any link. */
	uv_udp_try_send(&c->udp, &datagram, 1, NULL);
	c->begun = true;
	c->last_ms = uv_now(c->gate->loop);
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

/* False: the client does not speak TURN, and goes. */
static bool take(struct gate_connection *c, const uint8_t *octets, size_t length)
{
	struct gate_frame frame = {0, 0};

	while (length) {
		size_t part = missing(c, &frame);

		if (!part)
			return false;
		part = part < length ? part : length;
		memcpy(c->buffer + c->filled, octets, part);
		c->filled += part;
		octets += part;
		length -= part;
		if (c->filled < GATE_FRAME_HEAD)
			continue;
		if (gate_frame_read(&frame, c->buffer))
			return false;
		if (c->filled < frame.stream)
			continue;
		pass_to_server(c, &frame);
		c->filled = 0;
	}
	return true;
}

static bool take_tls(struct gate_connection *c, const uint8_t *octets, size_t length)
{
	uint8_t plain[4096];
	bool right = gate_tls_put(c->tls, octets, length);
	int count = 0;

	while (right && (count = gate_tls_read(c->tls, plain, sizeof(plain))) > 0)
		right = take(c, plain, count);
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
	if (length < 0 || !(c->tls ? take_tls : take)(c, octets, length))
		gate_leave(c);
}

/* --- who comes --- */

static struct address peer_of(const uv_tcp_t *tcp)
{
	union socket_address peer = {.any = {.sa_family = AF_UNSPEC}};
	int size = sizeof(peer);

	if (uv_tcp_getpeername(tcp, &peer.any, &size))
		return (struct address){.half = {0, 0}};
	return socket_address_host(&peer);
}

static int connect_to_server(struct gate_connection *c)
{
	int error = uv_udp_connect(&c->udp, &c->gate->config.server.any);

	return error ? error : uv_udp_recv_start(&c->udp, give_buffer, on_datagram);
}

static struct gate_connection *create(struct gate *g)
{
	struct gate_connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->gate = g;
	c->tcp.data = c->udp.data = c;
	c->last_ms = uv_now(g->loop);
	uv_tcp_init(g->loop, &c->tcp);
	uv_udp_init(g->loop, &c->udp);
	c->open = 2;
	g->count++;
	LIST_INSERT_HEAD(&g->connections, c, entry);
	return c;
}

void gate_admit(struct gate *g, uv_stream_t *door, bool tls)
{
	struct gate_connection *c = create(g);
	struct address peer;

	if (!c)
		return;
	if (uv_accept(door, (uv_stream_t *)&c->tcp))
		return gate_leave(c);
	peer = peer_of(&c->tcp);
	if (g->count > g->config.connections || !gate_source_take(g, c, &peer)) {
		g->refused++;
		return gate_leave(c);
	}
	uv_tcp_nodelay(&c->tcp, 1);
	if (tls)
		c->tls = gate_tls_open(g->tls);
	if ((tls && !c->tls) || connect_to_server(c) ||
	    uv_read_start((uv_stream_t *)&c->tcp, give_buffer, on_octets))
		gate_leave(c);
}
