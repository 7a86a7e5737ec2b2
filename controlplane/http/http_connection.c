/* SPDX-License-Identifier: BSD-3-Clause */
/* One client: what it asks, in the order that libwebsockets tells of it, and what it is told. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/http/http_state.h"
#include "dataplane/lib/address.h"
#include "dataplane/lib/log.h"

#define UNWRITTEN_MOST 32        /* requests; meanwhile no more are read */
#define UNREAD_MAX     (4 << 20) /* octets of replies; then it is hung up on */
#define UNREAD_S       30        /* in which some of a reply must have been read */
#define CONTENT_S      30        /* in which all of a request's content is there */
#define HEADERS_MAX    1024
#define ANY_JSON       "application/json"

struct http_connection {
	struct lws *wsi;
	struct http_request *reading;
	struct http_requests requests; /* that are served, or whose replies are not written yet */
	unsigned int request_count;
	size_t unread;
	bool choked;         /* nothing is read */
	lws_usec_t deadline; /* of what is being read */
};

static struct http *server_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

int http_connection_open(struct lws *wsi)
{
	struct http_connection *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->wsi = wsi;
	TAILQ_INIT(&c->requests);
	lws_set_opaque_user_data(wsi, c);
	server_of(wsi)->connections++;
	return 0;
}

/* --- what is asked --------------------------------------------------------------------------- */

static void stop_reading(struct http_connection *c)
{
	if (c->reading)
		http_request_free(c->reading);
	c->reading = NULL;
}

static int begin(struct http_connection *c, const struct http_route *route)
{
	stop_reading(c);
	c->reading = calloc(1, sizeof(*c->reading));
	if (!c->reading)
		return -1;
	c->reading->http = server_of(c->wsi);
	c->reading->route = route;
	c->reading->connection = c;
	return 0;
}

/* -1: it is too much. */
static int append(struct http_request *r, const void *octets, size_t length)
{
	size_t most = r->http->config.request_max;

	if (length > most - r->used)
		return -1;
	if (r->used + length >= r->size) {
		size_t size = 2 * (r->used + length) + 256 < most ? 2 * (r->used + length) + 256
								  : most + 1;
		char *more = realloc(r->octets, size);

		if (!more)
			return -1;
		r->octets = more;
		r->size = size;
	}
	memcpy(r->octets + r->used, octets, length);
	r->used += length;
	r->octets[r->used] = '\0';
	return 0;
}

static void ask(struct http_connection *c)
{
	struct http_request *r = c->reading;

	c->reading = NULL;
	TAILQ_INSERT_TAIL(&c->requests, r, entry);
	if (++c->request_count == UNWRITTEN_MOST) {
		c->choked = true;
		lws_rx_flow_control(c->wsi, 0);
	}
	http_ask(r);
}

/* The last thing that is said on a connection. `octets`: behind LWS_PRE octets of room, or NULL. */
static void respond(struct lws *wsi, unsigned int status, const char *type, unsigned char *octets,
		    size_t length)
{
	unsigned char room[LWS_PRE + HEADERS_MAX], *begin = room + LWS_PRE, *at = begin;
	unsigned char *end = room + sizeof(room), close[] = "close";

	if (!lws_add_http_common_headers(wsi, status, type, length, &at, end) &&
	    !lws_add_http_header_by_token(wsi, WSI_TOKEN_CONNECTION, close, strlen("close"), &at,
					  end) &&
	    !lws_finalize_write_http_header(wsi, begin, &at, end) && octets)
		lws_write(wsi, octets + LWS_PRE, length, LWS_WRITE_HTTP_FINAL);
}

/* Hangs up after it: what else the client sends belongs to what was refused. */
static int refuse(struct lws *wsi, unsigned int status)
{
	respond(wsi, status, NULL, NULL, 0);
	return -1;
}

/* Without its port: "198.51.100.1", "[2001:db8::1]", "relay.example". */
static size_t host_length(const char *host)
{
	return *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
}

static bool is_literal(const char *host, size_t length)
{
	char text[64];
	struct address address;

	snprintf(text, sizeof(text), "%.*s", (int)length, host);
	return *host == '[' || !strcasecmp(text, "localhost") || !address_parse(&address, text);
}

/*
 * Whether it comes from a page of another site, in the browser of somebody who is heard. A name may
 * lead here that is not ours (DNS rebinding): without a certificate only an address tells.
 */
static bool is_foreign(struct lws *wsi)
{
	char origin[256] = "", host[256] = "";
	int origin_octets = lws_hdr_copy(wsi, origin, sizeof(origin), WSI_TOKEN_ORIGIN);
	int host_octets = lws_hdr_copy(wsi, host, sizeof(host), WSI_TOKEN_HOST);
	const char *name = strstr(origin, "://");
	size_t length = host_length(host);

	if (origin_octets == 0)
		return false;
	if (origin_octets < 0 || host_octets <= 0 || !name || host_length(name + 3) != length ||
	    strncasecmp(name + 3, host, length) != 0)
		return true;
	return !lws_is_ssl(wsi) && !is_literal(host, length);
}

static bool is_type(struct lws *wsi, const char *wanted)
{
	char type[128];
	int length = lws_hdr_copy(wsi, type, sizeof(type), WSI_TOKEN_HTTP_CONTENT_TYPE);

	if (length <= 0)
		return false;
	type[strcspn(type, "; \t")] = '\0';
	return strcasecmp(type, wanted) == 0;
}

/* 0, or the status that says why a POST's content is not read. */
static unsigned int judge_content(struct lws *wsi, const struct http_route *route)
{
	char text[16], *end;
	int length = lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH);
	unsigned long size;

	if (is_foreign(wsi))
		return HTTP_STATUS_FORBIDDEN;
	if (!is_type(wsi, route->type) && !is_type(wsi, ANY_JSON))
		return HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) || length == 0)
		return HTTP_STATUS_LENGTH_REQUIRED;
	size = length < 0 ? ULONG_MAX : strtoul(text, &end, 10);
	if (length > 0 && (*end || *text < '0' || *text > '9' || size == 0))
		return HTTP_STATUS_BAD_REQUEST;
	return size > server_of(wsi)->config.request_max ? HTTP_STATUS_REQ_ENTITY_TOO_LARGE : 0;
}

static int on_request(struct lws *wsi, struct http_connection *c, const char *path)
{
	bool get = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0;
	bool post = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0;
	const struct http_config *config = &server_of(wsi)->config;
	unsigned int status = HTTP_STATUS_NOT_FOUND;

	for (unsigned int k = 0; k < config->route_count; k++) {
		const struct http_route *route = &config->routes[k];
		bool gets = route->get && strcmp(path, route->get) == 0;
		bool posts = route->post && strcmp(path, route->post) == 0;

		if (gets && get) {
			if (begin(c, route) || append(c->reading, "", 0))
				return -1;
			ask(c);
			return 0;
		}
		if (posts && post) {
			status = judge_content(wsi, route);
			c->deadline = lws_now_usecs() + CONTENT_S * LWS_USEC_PER_SEC;
			return status ? refuse(wsi, status) : begin(c, route);
		}
		if (gets || posts)
			status = HTTP_STATUS_METHOD_NOT_ALLOWED;
	}
	return refuse(wsi, status);
}

/* Who sends nothing at all is the library's to hang up on. */
static int on_content(struct http_connection *c, const void *octets, size_t length)
{
	if (lws_now_usecs() > c->deadline)
		return -1;
	return c->reading ? append(c->reading, octets, length) : -1;
}

/* Told again when more follows: a client that does not wait for its reply is hung up on. */
static int on_content_end(struct lws *wsi, struct http_connection *c)
{
	if (!c->reading)
		return -1;
	lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0); /* it is the server's turn */
	ask(c);
	return 0;
}

/* The protocol that is asked for has to be one of the routes'. */
static int on_upgrade(struct lws *wsi, const struct http_route *route)
{
	if (!route || lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) <= 0)
		return refuse(wsi, HTTP_STATUS_BAD_REQUEST);
	return is_foreign(wsi) ? refuse(wsi, HTTP_STATUS_FORBIDDEN) : 0;
}

static int on_message(struct lws *wsi, struct http_connection *c, const void *octets, size_t length)
{
	if (!c->reading) {
		if (begin(c, lws_get_protocol(wsi)->user))
			return -1;
		c->deadline = lws_now_usecs() + CONTENT_S * LWS_USEC_PER_SEC;
	}
	if (lws_now_usecs() > c->deadline)
		return -1;
	if (append(c->reading, octets, length)) {
		lws_close_reason(wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, NULL, 0);
		return -1;
	}
	if (lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi))
		ask(c);
	return 0;
}

/* --- what is told ---------------------------------------------------------------------------- */

static void drop(struct http_connection *c, struct http_request *r)
{
	TAILQ_REMOVE(&c->requests, r, entry);
	c->unread -= r->length;
	http_request_free(r);
	if (--c->request_count < UNWRITTEN_MOST / 2 && c->choked) {
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

/*
 * One request, then the end, when all is written: the library takes the head of a request that came
 * before the reply to another one for its content.
 */
static int on_writable_http(struct lws *wsi, struct http_connection *c)
{
	struct http_request *r = next_answered(c);

	if (!r)
		return 0;
	respond(wsi, r->status, r->route->type, r->reply, r->length);
	return -1;
}

/* Called when the kernel has all of the reply before it. */
static int on_writable(struct lws *wsi, struct http_connection *c)
{
	struct http_request *r = next_answered(c);

	if (!r) {
		lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
		return 0;
	}
	lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, UNREAD_S);
	if (lws_write(wsi, r->reply + LWS_PRE, r->length, LWS_WRITE_BINARY) < (int)r->length)
		return -1;
	drop(c, r);
	lws_callback_on_writable(wsi);
	return 0;
}

static void take_reply(struct http_request *r)
{
	struct http_connection *c = r->connection;
	bool message = c && lws_get_protocol(c->wsi)->user;

	r->answered = true;
	if (!c) {
		http_request_free(r);
		return;
	}
	c->unread += r->length;
	if (message && r->reply)
		lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, UNREAD_S);
	else if (message)
		drop(c, r);
	if (c->unread > UNREAD_MAX) {
		log_warn("http: a client does not read its replies; hung up");
		lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
		return;
	}
	lws_callback_on_writable(c->wsi);
}

static void on_replies(struct lws *wsi)
{
	struct http *h = server_of(wsi);
	struct http_request *r;

	while ((r = http_take_answered(h)))
		take_reply(r);
}

static void on_gone(struct lws *wsi, struct http_connection *c)
{
	struct http_request *r;

	stop_reading(c);
	while ((r = TAILQ_FIRST(&c->requests))) {
		TAILQ_REMOVE(&c->requests, r, entry);
		r->connection = NULL;
		if (r->answered)
			http_request_free(r);
	}
	server_of(wsi)->connections--;
	free(c);
}

/* --- what libwebsockets tells of -------------------------------------------------------------- */

/* Returns what the library is to do: 0: go on, -1: hang up. */
static int on_client_event(struct lws *wsi, struct http_connection *c,
			   enum lws_callback_reasons reason, const void *octets, size_t length)
{
	switch (reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return strcasecmp(octets, "websocket") == 0 ? 0 : -1;
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		return on_upgrade(wsi, lws_get_protocol(wsi)->user);
	case LWS_CALLBACK_HTTP:
		return on_request(wsi, c, octets);
	case LWS_CALLBACK_HTTP_BODY:
		return on_content(c, octets, length);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return on_content_end(wsi, c);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return on_writable_http(wsi, c);
	case LWS_CALLBACK_RECEIVE:
		return on_message(wsi, c, octets, length);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return on_writable(wsi, c);
	case LWS_CALLBACK_WSI_DESTROY:
		on_gone(wsi, c);
		return 0;
	default:
		return 0;
	}
}

int http_on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *octets,
		  size_t length)
{
	struct http_connection *c;

	if (reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED) {
		on_replies(wsi);
		return 0;
	}
	c = lws_get_opaque_user_data(wsi);
	return c ? on_client_event(wsi, c, reason, octets, length) : 0;
}
