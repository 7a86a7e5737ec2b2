/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client is told: heads, contents, answers that go on, messages. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "controlplane/http/http_state.h"
#include "dataplane/lib/log.h"

#define HEADS_MAX    4096
#define EXPLAIN_MAX  512
#define UNREAD_MAX   (4 << 20) /* octets of a WebSocket's replies; then it is hung up on */
#define UNREAD_S     30        /* in which some of a reply must have been read */
#define SLICE        65536     /* octets of a reply that are written at a time */
#define BUSY_TICK_US 100000    /* between looks at who is to read something */
#define IDLE_TICK_US 1000000   /* and at who is not */
#define PULSE_TICKS  15        /* until something is said on an answer that goes on */
#define PULSE_MAX    16        /* octets of it */

/* --- heads ------------------------------------------------------------------------------------ */

struct head {
	struct lws *wsi;
	unsigned char room[LWS_PRE + HEADS_MAX], *at;
};

static unsigned char *begin_of(struct head *head)
{
	return head->room + LWS_PRE;
}

static unsigned char *end_of(struct head *head)
{
	return head->room + sizeof(head->room);
}

static int add(struct head *head, const struct http_header *header)
{
	return lws_add_http_header_by_name(head->wsi, (const unsigned char *)header->name,
					   (const unsigned char *)header->value,
					   (int)strlen(header->value), &head->at, end_of(head));
}

static int begin(struct head *head, struct lws *wsi, const struct http_site *site,
		 unsigned int status, const char *type, size_t length)
{
	const struct http_header *header = site->config.headers;

	head->wsi = wsi;
	head->at = begin_of(head);
	if (lws_add_http_common_headers(wsi, status, type, length, &head->at, end_of(head)))
		return -1;
	for (; header && header->name; header++)
		if (add(head, header))
			return -1;
	return 0;
}

static int finish(struct head *head, bool last)
{
	static const struct http_header close = {"connection:", "close"};

	return (last && add(head, &close)) ||
			       lws_finalize_write_http_header(head->wsi, begin_of(head), &head->at,
							      end_of(head))
		       ? -1
		       : 0;
}

static int add_allowed(struct head *head, const struct http_route *route)
{
	struct http_header allow = {"allow:", !route->get                  ? "POST"
					      : route->head && route->post ? "GET, HEAD, POST"
					      : route->head                ? "GET, HEAD"
					      : route->post                ? "GET, POST"
									   : "GET"};

	return add(head, &allow);
}

/* Hangs up after it: what else the client sends belongs to what was refused. */
int http_refuse(struct lws *wsi, const struct http_site *site, const struct http_route *route,
		unsigned int status)
{
	unsigned char text[LWS_PRE + EXPLAIN_MAX];
	size_t length = 0;
	struct head head;

	if (site->config.explain)
		length = site->config.explain(status, (char *)text + LWS_PRE, EXPLAIN_MAX);
	if (!begin(&head, wsi, site, status, length ? site->config.routes[0].type : NULL, length) &&
	    !(status == HTTP_STATUS_METHOD_NOT_ALLOWED && add_allowed(&head, route)) &&
	    !finish(&head, true) && length)
		lws_write(wsi, text + LWS_PRE, length, LWS_WRITE_HTTP_FINAL);
	return -1;
}

static int write_head(struct lws *wsi, const struct http_request *r)
{
	/* Without a length, the end of the connection is the end of the content. */
	size_t length = r->streaming ? LWS_ILLEGAL_HTTP_CONTENT_LEN : r->length;
	struct head head;

	if (begin(&head, wsi, r->site, r->status, r->type, length))
		return -1;
	for (unsigned int k = 0; k < HTTP_HEADERS_MAX && r->headers[k].name; k++)
		if (add(&head, &r->headers[k]))
			return -1;
	return finish(&head, !r->streaming && !r->site->config.keeps);
}

/* --- contents --------------------------------------------------------------------------------- */

static void drop(struct http_connection *c, struct http_request *r)
{
	TAILQ_REMOVE(&c->requests, r, entry);
	http_request_free(r);
	if (--c->request_count < HTTP_UNWRITTEN_MOST / 2 && c->choked) {
		c->choked = false;
		lws_rx_flow_control(c->wsi, 1);
	}
}

/* The next reply to write; NULL: there is none yet. */
static struct http_request *next_answered(const struct http_connection *c)
{
	struct http_request *r = TAILQ_FIRST(&c->requests);

	while (r && !r->answered)
		r = r->route->ordered ? NULL : TAILQ_NEXT(r, entry);
	return r;
}

static void await_reader(struct lws *wsi)
{
	lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, UNREAD_S);
	lws_callback_on_writable(wsi);
}

/*
 * The library does not read while it serves a GET, but would look whether there is something to be
 * read again and again. So that is off, but for while something is to be written, when it does not
 * work otherwise; and a look at the socket now and then tells whether the client is still there.
 */
static void await_writable(struct http_connection *c)
{
	lws_rx_flow_control(c->wsi, 1);
	lws_set_timer_usecs(c->wsi, BUSY_TICK_US);
	await_reader(c->wsi);
}

static void rest(struct http_connection *c)
{
	lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
	lws_rx_flow_control(c->wsi, 0);
	lws_set_timer_usecs(c->wsi, IDLE_TICK_US);
}

/* It has ended its side, or sends what nobody waits for. */
static bool has_left(const struct http_connection *c)
{
	char octet;

	return recv(lws_get_socket_fd(c->wsi), &octet, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
	       (errno != EAGAIN && errno != EINTR);
}

/* The library waits for what it could not write at once. */
static int complete(struct lws *wsi, struct http_connection *c, struct http_request *r)
{
	drop(c, r);
	c->owes = false;
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

/*
 * One request, then the end, when the kernel has it all; unless connections are kept: then the next
 * request may come as soon as the last octet of the reply is there.
 */
static int write_content(struct lws *wsi, struct http_connection *c, struct http_request *r)
{
	size_t left = r->reply && !r->head ? r->length - r->written : 0;
	size_t slice = left < SLICE ? left : SLICE;
	bool keeps = c->site->config.keeps;

	if (left && lws_write(wsi, r->reply + LWS_PRE + r->written, slice,
			      slice == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)slice)
		return -1;
	r->written += slice;
	if (slice == left && keeps)
		return complete(wsi, c, r);
	if (!left)
		return -1;
	await_writable(c);
	return 0;
}

static int write_pulse(struct lws *wsi, const char *pulse)
{
	unsigned char room[LWS_PRE + PULSE_MAX];
	size_t length = strnlen(pulse, PULSE_MAX);

	memcpy(room + LWS_PRE, pulse, length);
	return lws_write(wsi, room + LWS_PRE, length, LWS_WRITE_HTTP) < (int)length ? -1 : 0;
}

/* Called when the kernel has all of the piece before it. */
static int write_stream(struct lws *wsi, struct http_connection *c, struct http_request *r)
{
	bool last, written = true;
	struct http_chunk *chunk = http_take_chunk(r, &last);

	if (chunk) {
		written = lws_write(wsi, chunk->octets + LWS_PRE, chunk->length, LWS_WRITE_HTTP) >=
			  (int)chunk->length;
		http_chunk_free(chunk);
	} else if (c->silent_ticks >= PULSE_TICKS && !last) {
		written = !write_pulse(wsi, r->stream->pulse);
	} else {
		c->owes = false;
		rest(c);
		return last ? -1 : 0;
	}
	c->silent_ticks = 0;
	await_writable(c);
	return written ? 0 : -1;
}

int http_writable(struct lws *wsi, struct http_connection *c)
{
	struct http_request *r = next_answered(c);

	if (!r)
		return 0;
	if (r->headed)
		return r->streaming ? write_stream(wsi, c, r) : write_content(wsi, c, r);
	if (write_head(wsi, r))
		return -1;
	r->headed = true;
	if (r->streaming)
		lws_http_mark_sse(wsi); /* it is no head that takes its time */
	else if (!r->reply || r->head)
		return write_content(wsi, c, r);
	await_writable(c);
	return 0;
}

/* Without a pulse somebody between may take the connection of a stream for dead. */
int http_tick(struct http_connection *c)
{
	if (TAILQ_EMPTY(&c->requests))
		return 0;
	if (has_left(c))
		return -1;
	if (c->owes) {
		lws_set_timer_usecs(c->wsi, BUSY_TICK_US);
	} else if (++c->silent_ticks < PULSE_TICKS) {
		lws_set_timer_usecs(c->wsi, IDLE_TICK_US);
	} else {
		c->owes = true;
		await_writable(c);
	}
	return 0;
}

/* Called when the kernel has all of the reply before it. */
int http_writable_message(struct lws *wsi, struct http_connection *c)
{
	struct http_request *r = next_answered(c);

	if (!r) {
		lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
		return 0;
	}
	lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, UNREAD_S);
	if (lws_write(wsi, r->reply + LWS_PRE, r->length, LWS_WRITE_BINARY) < (int)r->length)
		return -1;
	c->unread -= r->length;
	drop(c, r);
	lws_callback_on_writable(wsi);
	return 0;
}

static void take_message(struct http_connection *c, struct http_request *r)
{
	c->unread += r->reply ? r->length : 0;
	if (c->unread > UNREAD_MAX) {
		log_warn("http: a client does not read its replies; hung up");
		lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
	} else if (r->reply) {
		await_reader(c->wsi);
	} else {
		drop(c, r);
		lws_callback_on_writable(c->wsi);
	}
}

/* A stream comes each time that there is more of it. */
void http_take_reply(struct http_request *r)
{
	struct http_connection *c = r->connection;

	r->answered = true;
	if (!c && r->streaming) {
		http_let_go(r);
	} else if (!c) {
		http_request_free(r);
	} else if (lws_get_protocol(c->wsi)->user) {
		take_message(c, r);
	} else if (!c->owes) {
		c->owes = true;
		await_writable(c);
	}
}
