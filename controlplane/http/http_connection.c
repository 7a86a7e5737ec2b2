/* SPDX-License-Identifier: BSD-3-Clause */
/* One client: what it asks, in the order that libwebsockets tells of it, and what it is told. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/http/http_state.h"
#include "dataplane/lib/log.h"

#define CONTENT_S 30 /* in which all of a request's content is there */

static struct http *server_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

int http_connection_open(struct lws *wsi, struct http_site *site, const union socket_address *who)
{
	struct http_connection *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->wsi = wsi;
	c->site = site;
	c->who = *who;
	TAILQ_INIT(&c->requests);
	lws_set_opaque_user_data(wsi, c);
	LIST_INSERT_HEAD(&site->connections, c, link);
	site->connection_count++;
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
	c->reading->site = c->site;
	c->reading->route = route;
	c->reading->connection = c;
	return 0;
}

/* -1: it is too much. */
static int append(struct http_request *r, const void *octets, size_t length)
{
	size_t most = r->site->config.request_max;

	if (length > most - r->used)
		return -1;
	if (r->used + length >= r->size) {
		size_t size = 2 * (r->used + length) + 256 < most ? 2 * (r->used + length) + 256
								  : most + 1;
		char *more = OPENSSL_clear_realloc(r->octets, r->size, size);

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
	if (++c->request_count == HTTP_UNWRITTEN_MOST) {
		c->choked = true;
		lws_rx_flow_control(c->wsi, 0);
	}
	http_ask(r);
}

/*
 * A client that does not wait for its reply is hung up on: what it sends meanwhile the library
 * would take for a request's content, or for another request, whose reply may come first.
 */
static int on_request(struct lws *wsi, struct http_connection *c, const char *path)
{
	const struct http_route *route;
	enum http_verdict verdict;
	unsigned int status;

	if (c->site->config.keeps && !TAILQ_EMPTY(&c->requests))
		return -1;
	verdict = http_judge(wsi, c->site, path, &route, &status);
	if (verdict == HTTP_REFUSE)
		return http_refuse(wsi, c->site, route, status);
	c->deadline = lws_now_usecs() + CONTENT_S * LWS_USEC_PER_SEC;
	if (begin(c, route) || http_keep_head(c->reading, wsi, path) || append(c->reading, "", 0))
		return -1;
	if (verdict == HTTP_READ)
		return 0;
	if (route->streams) {
		c->reading->stream = calloc(1, sizeof(*c->reading->stream));
		if (!c->reading->stream)
			return -1;
	}
	lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0); /* it is the server's turn */
	lws_rx_flow_control(wsi, 0);
	ask(c);
	return 0;
}

/* Who sends nothing at all is the library's to hang up on. */
static int on_content(struct http_connection *c, const void *octets, size_t length)
{
	if (lws_now_usecs() > c->deadline || !c->reading)
		return -1;
	return length ? append(c->reading, octets, length) : 0;
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

static bool has_route(const struct http_site *site, const struct http_route *route)
{
	return route >= site->config.routes &&
	       route < site->config.routes + site->config.route_count;
}

/* The protocol that is asked for has to be one of the site's. */
static int on_upgrade(struct lws *wsi, const struct http_site *site, const struct http_route *route)
{
	if (!has_route(site, route) || lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) <= 0)
		return http_refuse(wsi, site, NULL, HTTP_STATUS_BAD_REQUEST);
	return http_is_foreign(wsi, site) ? http_refuse(wsi, site, NULL, HTTP_STATUS_FORBIDDEN) : 0;
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

static void on_gone(struct http_connection *c)
{
	struct http_request *r;

	stop_reading(c);
	while ((r = TAILQ_FIRST(&c->requests))) {
		TAILQ_REMOVE(&c->requests, r, entry);
		r->connection = NULL;
		if (r->answered && r->streaming)
			http_let_go(r);
		else if (r->answered)
			http_request_free(r);
	}
	LIST_REMOVE(c, link);
	c->site->connection_count--;
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
		return on_upgrade(wsi, c->site, lws_get_protocol(wsi)->user);
	case LWS_CALLBACK_HTTP:
		return on_request(wsi, c, octets);
	case LWS_CALLBACK_HTTP_BODY:
		return on_content(c, octets, length);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return on_content_end(wsi, c);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return http_writable(wsi, c);
	case LWS_CALLBACK_RECEIVE:
		return on_message(wsi, c, octets, length);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return http_writable_message(wsi, c);
	case LWS_CALLBACK_TIMER:
		return http_tick(c);
	case LWS_CALLBACK_WSI_DESTROY:
		on_gone(c);
		return 0;
	default:
		return 0;
	}
}

/* The library makes one for each vhost with TLS. By no name in a handshake it goes to another. */
static int on_tls_context(SSL_CTX *context, struct http_site *site)
{
	site->context = context;
	SSL_CTX_set_tlsext_servername_callback(context, NULL);
	return http_tls_use(context, site->tls) ? -1 : 0;
}

static void on_reload(struct http_site *site)
{
	struct http_tls *tls;

	uv_mutex_lock(&site->http->lock);
	tls = site->next;
	site->next = NULL;
	uv_mutex_unlock(&site->http->lock);
	if (tls && site->context && http_tls_use(site->context, tls))
		log_error("%s: the new certificate is not usable; that of before stays",
			  site->config.name);
	http_tls_free(tls);
}

static void on_wake(struct http *h)
{
	struct http_request *r;
	struct http_site *site;

	LIST_FOREACH (site, &h->sites, link)
		on_reload(site);
	while ((r = http_take_answered(h)))
		http_take_reply(r);
}

int http_on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *octets,
		  size_t length)
{
	struct http_connection *c;

	if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS)
		return on_tls_context(user, lws_vhost_user(octets));
	if (reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED) {
		on_wake(server_of(wsi));
		return 0;
	}
	c = lws_get_opaque_user_data(wsi);
	return c ? on_client_event(wsi, c, reason, octets, length) : 0;
}
