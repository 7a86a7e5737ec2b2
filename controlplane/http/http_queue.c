/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests go from the thread to the loop, and back with their replies. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/http/http_state.h"

#define TURN_MOST 64 /* requests in one turn of the loop, so that others get theirs */

static void free_secret(char *text)
{
	if (text)
		OPENSSL_clear_free(text, strlen(text));
}

/* Its content may have keys, and its fields tell who asks. */
void http_request_free(struct http_request *r)
{
	for (unsigned int k = 0; k < HTTP_FIELDS; k++)
		free_secret(r->fields[k]);
	for (unsigned int k = 0; k < HTTP_QUERY_MAX; k++)
		free_secret(r->query[k]);
	for (unsigned int k = 0; k < HTTP_HEADERS_MAX; k++)
		free_secret((char *)(uintptr_t)r->headers[k].value);
	OPENSSL_clear_free(r->octets, r->size);
	if (r->reply)
		OPENSSL_clear_free(r->reply, LWS_PRE + r->length);
	http_stream_free(r->stream);
	free(r->subject);
	free(r->path);
	free(r);
}

static void release(struct http *h)
{
	if (--h->references)
		return;
	uv_mutex_destroy(&h->lock);
	free(h->protocols);
	free(h);
}

static struct http_request *take(struct http *h, struct http_requests *queue)
{
	struct http_request *r;

	uv_mutex_lock(&h->lock);
	r = TAILQ_FIRST(queue);
	if (r) {
		TAILQ_REMOVE(queue, r, link);
		if (r->stream)
			r->stream->noticed = false;
	}
	uv_mutex_unlock(&h->lock);
	return r;
}

/* --- on the thread --------------------------------------------------------------------------- */

void http_ask(struct http_request *r)
{
	struct http *h = r->http;

	uv_mutex_lock(&h->lock);
	TAILQ_INSERT_TAIL(&h->asked, r, link);
	uv_mutex_unlock(&h->lock);
	uv_async_send(&h->wake);
}

struct http_request *http_take_answered(struct http *h)
{
	return take(h, &h->answered);
}

/* --- on the loop ----------------------------------------------------------------------------- */

const char *http_request_octets(const struct http_request *r, size_t *size)
{
	*size = r->used;
	return r->octets;
}

bool http_request_is_post(const struct http_request *r)
{
	return r->post;
}

const char *http_request_path(const struct http_request *r)
{
	return r->path;
}

const char *http_request_query(const struct http_request *r, unsigned int index)
{
	return index < HTTP_QUERY_MAX ? r->query[index] : NULL;
}

const char *http_request_field(const struct http_request *r, enum http_field field)
{
	return r->fields[field];
}

const char *http_request_from(const struct http_request *r)
{
	return r->from;
}

const char *http_request_subject(const struct http_request *r)
{
	return r->subject;
}

bool http_request_is_tls(const struct http_request *r)
{
	return r->tls;
}

static bool keep_headers(struct http_request *r, const struct http_reply *reply)
{
	for (unsigned int k = 0; k < HTTP_HEADERS_MAX && reply->headers[k].name; k++) {
		r->headers[k].name = reply->headers[k].name;
		r->headers[k].value = strdup(reply->headers[k].value);
		if (!r->headers[k].value)
			return false;
	}
	return true;
}

void http_answer(struct http_request *r, const struct http_reply *reply)
{
	struct http *h = r->http;
	bool kept = keep_headers(r, reply);

	r->status = reply->status;
	r->type = reply->type ?: r->route->type;
	r->length = reply->length;
	r->reply = kept && reply->octets ? malloc(LWS_PRE + reply->length) : NULL;
	if (r->reply) {
		memcpy(r->reply + LWS_PRE, reply->octets, reply->length);
	} else if (reply->octets || !kept) {
		r->status = HTTP_STATUS_SERVICE_UNAVAILABLE;
		r->length = 0;
	}
	if (h->closed) {
		http_request_free(r);
	} else {
		uv_mutex_lock(&h->lock);
		http_notice(r);
		uv_mutex_unlock(&h->lock);
	}
	release(h);
}

static void on_stream_gone(struct http_request *r)
{
	struct http *h = r->http;

	r->stream->gone(r->stream->gone_arg);
	http_request_free(r);
	release(h);
}

/* --- its beginning and end -------------------------------------------------------------------- */

static void on_wake(uv_async_t *wake)
{
	struct http *h = wake->data;
	struct http_request *r;

	while ((r = take(h, &h->gone)))
		on_stream_gone(r);
	for (unsigned int k = 0; k < TURN_MOST; k++) {
		r = take(h, &h->asked);
		if (!r)
			return;
		h->references++;
		r->route->serve(r, r->site->config.arg);
	}
	uv_async_send(&h->wake);
}

int http_queue_open(struct http *h)
{
	int error = uv_mutex_init(&h->lock);

	if (error)
		return error;
	TAILQ_INIT(&h->asked);
	TAILQ_INIT(&h->answered);
	TAILQ_INIT(&h->gone);
	error = uv_async_init(h->loop, &h->wake, on_wake);
	if (error) {
		uv_mutex_destroy(&h->lock);
		return error;
	}
	h->wake.data = h;
	h->references = 1;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void http_queue_close(struct http *h)
{
	struct http_request *r;

	h->closed = true;
	TAILQ_CONCAT(&h->gone, &h->answered, link);
	while ((r = take(h, &h->gone)))
		if (r->streaming)
			on_stream_gone(r);
		else
			http_request_free(r);
	while ((r = take(h, &h->asked)))
		http_request_free(r);
	uv_close((uv_handle_t *)&h->wake, on_closed);
}
