/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages one after the other over TCP; where one ends its encoding says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ng/ng_state.h"
#include "dataplane/lib/log.h"

#define STREAMS_MAX 1024
#define BACKLOG     128
#define UNREAD_MAX  (4 << 20) /* octets of replies that a client does not read: it is hung up on */

struct ng_listener {
	TAILQ_ENTRY(ng_listener) entry;
	struct ng *ng;
	uv_tcp_t tcp;
	TAILQ_HEAD(, stream) streams;
};

struct stream {
	TAILQ_ENTRY(stream) entry;
	struct ng_listener *listener;
	struct ng *ng;
	uv_tcp_t tcp;
	unsigned int references; /* of who waits for a reply, and the connection's own */
	bool closed;
	struct ng_frame frame;
	size_t used, size;
	char *buffer;
};

struct writing {
	uv_write_t request;
	char octets[];
};

static void release(struct stream *s)
{
	if (--s->references)
		return;
	free(s->buffer);
	free(s);
}

static void on_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void hang_up(struct stream *s)
{
	if (s->closed)
		return;
	s->closed = true;
	if (s->listener)
		TAILQ_REMOVE(&s->listener->streams, s, entry);
	s->ng->streams--;
	uv_close((uv_handle_t *)&s->tcp, on_closed);
}

static void on_written(uv_write_t *request, int status)
{
	free(request->data);
}

static void answer(void *arg, const char *octets, size_t length)
{
	struct stream *s = arg;
	struct writing *w = octets && !s->closed ? malloc(sizeof(*w) + length) : NULL;

	if (w) {
		uv_buf_t buffer = uv_buf_init(w->octets, length);

		memcpy(w->octets, octets, length);
		w->request.data = w;
		if (uv_write(&w->request, (uv_stream_t *)&s->tcp, &buffer, 1, on_written))
			free(w);
		if (uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp) > UNREAD_MAX) {
			log_warn("ng: a client does not read its replies; hung up");
			hang_up(s);
		}
	}
	release(s);
}

/* All whole messages in the buffer. */
static void serve(struct stream *s)
{
	size_t done = 0;

	while (done < s->used && !s->closed) {
		ssize_t length = ng_frame_scan(&s->frame, s->buffer + done, s->used - done);

		if (length < 0 || (length == 0 && s->used - done == NG_MESSAGE_MAX)) {
			hang_up(s);
			return;
		}
		if (length == 0)
			break;
		memset(&s->frame, 0, sizeof(s->frame));
		s->references++;
		ng_serve(s->ng, s->buffer + done, length, answer, s);
		done += length;
	}
	s->used -= done;
	memmove(s->buffer, s->buffer + done, s->used);
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
	struct stream *s = handle->data;

	if (s->used == s->size && s->size < NG_MESSAGE_MAX) {
		size_t size = s->size ? 2 * s->size : 4096;
		char *more = realloc(s->buffer, size);

		if (more) {
			s->buffer = more;
			s->size = size;
		}
	}
	*buffer = uv_buf_init(s->buffer + s->used, s->size - s->used);
}

static void on_read(uv_stream_t *tcp, ssize_t size, const uv_buf_t *buffer)
{
	struct stream *s = tcp->data;

	if (size < 0) {
		hang_up(s);
		return;
	}
	s->used += size;
	s->references++;
	serve(s);
	release(s);
}

static bool is_allowed(const struct stream *s)
{
	union socket_address who = {.any.sa_family = AF_UNSPEC};
	int size = sizeof(who);

	return uv_tcp_getpeername(&s->tcp, &who.any, &size) == 0 && ng_may_ask(s->ng, &who);
}

static void on_connection(uv_stream_t *tcp, int status)
{
	struct ng_listener *l = tcp->data;
	struct stream *s = status ? NULL : calloc(1, sizeof(*s));

	if (!s || uv_tcp_init(l->ng->loop, &s->tcp)) {
		free(s);
		return;
	}
	s->listener = l;
	s->ng = l->ng;
	s->tcp.data = s;
	s->references = 1;
	s->ng->streams++;
	TAILQ_INSERT_TAIL(&l->streams, s, entry);
	if (uv_accept(tcp, (uv_stream_t *)&s->tcp) || !is_allowed(s) ||
	    s->ng->streams > STREAMS_MAX ||
	    uv_read_start((uv_stream_t *)&s->tcp, give_room, on_read))
		hang_up(s);
}

static void on_listener_closed(uv_handle_t *handle)
{
	free(handle->data);
}

int ng_listen(struct ng *ng, const union socket_address *at)
{
	struct ng_listener *l = calloc(1, sizeof(*l));
	int error = l ? uv_tcp_init(ng->loop, &l->tcp) : -ENOMEM;

	if (error) {
		free(l);
		return error;
	}
	l->ng = ng;
	l->tcp.data = l;
	TAILQ_INIT(&l->streams);
	error = uv_tcp_bind(&l->tcp, &at->any, at->any.sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0);
	if (!error)
		error = uv_listen((uv_stream_t *)&l->tcp, BACKLOG, on_connection);
	if (error) {
		uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
		return error;
	}
	TAILQ_INSERT_TAIL(&ng->listeners, l, entry);
	return 0;
}

void ng_listen_close(struct ng *ng)
{
	struct ng_listener *l;
	struct stream *s;

	while ((l = TAILQ_FIRST(&ng->listeners))) {
		TAILQ_REMOVE(&ng->listeners, l, entry);
		while ((s = TAILQ_FIRST(&l->streams)))
			hang_up(s);
		uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
	}
}
