/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/api/frame.h"
#include "dataplane/lib/log.h"

#define PAUSE_LEAST_MS  50
#define PAUSE_MOST_MS   2000
#define FRAMES_PER_TURN 64 /* read at once before others on the loop have their turn */

/* A packed frame that grows until it is sent. */
struct batch {
	struct batch *next;
	size_t size, room;
	uint8_t *octets;
};

struct pending {
	struct pending *next;
	uint64_t id;
	client_reply *reply;
	void *arg;
};

struct client {
	uv_loop_t *loop;
	struct client_handlers handlers;
	struct sockaddr_un address;
	int fd; /* -1: not connected */
	bool up, said, closing;
	unsigned int pause_ms, handles;
	uint64_t last_id;
	struct batch *batches, **last_batch;
	struct batch *open;                      /* the last one of batches */
	struct pending *pending, **last_pending; /* in the order of their replies */
	uv_poll_t *poll;                         /* one for each connection: NULL without */
	uv_timer_t retry;
	uv_prepare_t flush; /* at the end of a turn */
};

/* --- batches --------------------------------------------------------------------------------- */

static void batch_free(struct batch *b)
{
	if (b->octets)
		explicit_bzero(b->octets, b->room);
	free(b->octets);
	free(b);
}

static int batch_grow(struct batch *b, size_t more)
{
	size_t room = b->room ? b->room : 2048;
	uint8_t *octets;

	while (room < b->size + more)
		room *= 2;
	if (room == b->room)
		return 0;
	octets = malloc(room); /* not realloc(): it would leave a copy of the keys behind */
	if (!octets)
		return -ENOMEM;
	if (b->octets) {
		memcpy(octets, b->octets, b->size);
		explicit_bzero(b->octets, b->room);
		free(b->octets);
	}
	b->octets = octets;
	b->room = room;
	return 0;
}

static int batch_add(struct client *c, Tandem__Dataplane__V1__Request *request)
{
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;
	size_t size;

	frame.requests = &request;
	frame.n_requests = 1;
	size = tandem__dataplane__v1__frame__get_packed_size(&frame);
	if (size > FRAME_MOST)
		return -EMSGSIZE;
	if (!c->open || c->open->size + size > FRAME_MOST) {
		struct batch *b = calloc(1, sizeof(*b));

		/* An empty one, sent, would look like the end of the connection. */
		if (!b || batch_grow(b, size)) {
			free(b);
			return -ENOMEM;
		}
		*c->last_batch = b;
		c->last_batch = &b->next;
		c->open = b;
	} else if (batch_grow(c->open, size)) {
		return -ENOMEM;
	}
	tandem__dataplane__v1__frame__pack(&frame, c->open->octets + c->open->size);
	c->open->size += size;
	return 0;
}

static struct batch *batch_pop(struct client *c)
{
	struct batch *b = c->batches;

	c->batches = b->next;
	if (!c->batches) {
		c->last_batch = &c->batches;
		c->open = NULL;
	}
	return b;
}

/* --- the connection -------------------------------------------------------------------------- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void poll_freed(uv_handle_t *handle)
{
	free(handle);
}

static void disconnect(struct client *c, const char *why)
{
	struct pending *p = c->pending;
	bool was_up = c->up;

	if (c->poll) {
		uv_close((uv_handle_t *)c->poll, poll_freed);
		c->poll = NULL;
	}
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->up = false;
	uv_prepare_stop(&c->flush);
	while (c->batches)
		batch_free(batch_pop(c));
	c->pending = NULL;
	c->last_pending = &c->pending;
	if (!c->said || was_up)
		log_warn("dataplane: %s: %s; will connect again", c->address.sun_path, why);
	c->said = true;
	if (was_up)
		c->handlers.down(c->handlers.arg);
	while (p) {
		struct pending *next = p->next;

		if (p->reply)
			p->reply(p->arg, -ENOTCONN, NULL);
		free(p);
		p = next;
	}
}

static void connect_again(struct client *c);

static void lose(struct client *c, const char *why)
{
	disconnect(c, why);
	if (!c->closing)
		connect_again(c);
}

static int connect_now(struct client *c)
{
	int error;

	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -errno;
	if (connect(c->fd, (struct sockaddr *)&c->address, sizeof(c->address)) < 0)
		return -errno;
	c->poll = malloc(sizeof(*c->poll));
	if (!c->poll)
		return -ENOMEM;
	error = uv_poll_init(c->loop, c->poll, c->fd);
	if (error) {
		free(c->poll);
		c->poll = NULL;
		return error;
	}
	c->poll->data = c;
	return uv_poll_start(c->poll, UV_READABLE, on_poll);
}

static void on_retry(uv_timer_t *timer)
{
	struct client *c = timer->data;
	int error = connect_now(c);

	if (error)
		lose(c, strerror(-error));
}

static void connect_again(struct client *c)
{
	uv_timer_start(&c->retry, on_retry, c->pause_ms, 0);
	c->pause_ms = c->pause_ms ? c->pause_ms * 2 : PAUSE_LEAST_MS;
	if (c->pause_ms > PAUSE_MOST_MS)
		c->pause_ms = PAUSE_MOST_MS;
}

/* --- frames ---------------------------------------------------------------------------------- */

/* Replies come in the order of the requests. */
static int take_reply(struct client *c, const Tandem__Dataplane__V1__Reply *reply)
{
	struct pending *p = c->pending;

	if (!p || p->id != reply->id)
		return -EPROTO;
	c->pending = p->next;
	if (!c->pending)
		c->last_pending = &c->pending;
	if (p->reply)
		p->reply(p->arg, -abs(reply->error), reply);
	free(p);
	return 0;
}

static int take_frame(struct client *c, const Tandem__Dataplane__V1__Frame *frame)
{
	if (frame->hello && !c->up) {
		c->up = true;
		c->said = false;
		c->pause_ms = 0;
		log_info("dataplane: connected, version %s, %u workers, %s", frame->hello->version,
			 frame->hello->workers, frame->hello->crypto_engine);
		c->handlers.up(c->handlers.arg, frame->hello);
	}
	for (size_t i = 0; i < frame->n_replies && c->up; i++)
		if (take_reply(c, frame->replies[i]))
			return -EPROTO;
	for (size_t i = 0; i < frame->n_events && c->up; i++)
		c->handlers.event(c->handlers.arg, frame->events[i]);
	return 0;
}

static void read_frames(struct client *c)
{
	Tandem__Dataplane__V1__Frame *frame;
	int error = 0;

	for (int i = 0; i < FRAMES_PER_TURN && c->fd >= 0 && !error; i++) {
		error = frame_receive(c->fd, &frame);
		if (error)
			break;
		error = take_frame(c, frame);
		frame_free(frame);
	}
	if (error == -EPROTO)
		lose(c, "a reply that nobody asked for");
	else if (error == -ENOTCONN && !c->up)
		lose(c, "refused: another control plane is connected");
	else if (error == -ENOTCONN)
		lose(c, "the connection was closed");
	else if (error && error != -EAGAIN)
		lose(c, strerror(-error));
}

static void write_frames(struct client *c)
{
	int error = 0;

	uv_prepare_stop(&c->flush);
	while (c->batches && !error) {
		error = frame_send_packed(c->fd, c->batches->octets, c->batches->size);
		if (!error)
			batch_free(batch_pop(c));
	}
	if (error && error != -EAGAIN)
		lose(c, strerror(-error));
	else
		uv_poll_start(c->poll, UV_READABLE | (error ? UV_WRITABLE : 0), on_poll);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct client *c = poll->data;

	if (status < 0) {
		lose(c, uv_strerror(status));
		return;
	}
	if (events & UV_READABLE)
		read_frames(c);
	if ((events & UV_WRITABLE) && c->poll == poll)
		write_frames(c);
}

static void on_flush(uv_prepare_t *prepare)
{
	struct client *c = prepare->data;

	if (c->fd >= 0)
		write_frames(c);
}

/* --- what others call ------------------------------------------------------------------------ */

void client_request(struct client *c, Tandem__Dataplane__V1__Request *request, client_reply *reply,
		    void *arg)
{
	struct pending *p = c->up ? calloc(1, sizeof(*p)) : NULL;
	int error = c->up ? -ENOMEM : -ENOTCONN;

	if (p) {
		request->id = ++c->last_id;
		error = batch_add(c, request);
	}
	if (error) {
		free(p);
		if (reply)
			reply(arg, error, NULL);
		return;
	}
	p->id = request->id;
	p->reply = reply;
	p->arg = arg;
	*c->last_pending = p;
	c->last_pending = &p->next;
	uv_prepare_start(&c->flush, on_flush);
}

bool client_is_up(const struct client *c)
{
	return c->up;
}

int client_open(struct client **out, uv_loop_t *loop, const char *path,
		const struct client_handlers *handlers)
{
	struct client *c;

	*out = NULL;
	if (strlen(path) >= sizeof(c->address.sun_path))
		return -ENAMETOOLONG;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->loop = loop;
	c->handlers = *handlers;
	c->fd = -1;
	c->address.sun_family = AF_UNIX;
	strcpy(c->address.sun_path, path);
	c->last_batch = &c->batches;
	c->last_pending = &c->pending;
	c->handles = 2;
	uv_timer_init(loop, &c->retry);
	uv_prepare_init(loop, &c->flush);
	c->retry.data = c->flush.data = c;
	connect_again(c);
	*out = c;
	return 0;
}

static void handle_closed(uv_handle_t *handle)
{
	struct client *c = handle->data;

	if (--c->handles == 0)
		free(c);
}

void client_close(struct client *c)
{
	if (!c)
		return;
	c->closing = true;
	c->said = true;
	c->up = false;
	disconnect(c, "closed");
	uv_close((uv_handle_t *)&c->retry, handle_closed);
	uv_close((uv_handle_t *)&c->flush, handle_closed);
}
