/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests go from the thread to the loop, and back with their replies. */
#include <stdlib.h>
#include <string.h>

#include "controlplane/http/http_state.h"

#define TURN_MOST 64 /* requests in one turn of the loop, so that others get theirs */

void http_request_free(struct http_request *r)
{
	free(r->octets);
	free(r->reply);
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
	if (r)
		TAILQ_REMOVE(queue, r, link);
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

void http_answer(struct http_request *r, unsigned int status, const char *octets, size_t length)
{
	struct http *h = r->http;

	r->status = status;
	r->reply = octets ? malloc(LWS_PRE + length) : NULL;
	if (r->reply) {
		memcpy(r->reply + LWS_PRE, octets, length);
		r->length = length;
	} else if (octets) {
		r->status = HTTP_STATUS_SERVICE_UNAVAILABLE;
	}
	if (h->closed) {
		http_request_free(r);
	} else {
		uv_mutex_lock(&h->lock);
		TAILQ_INSERT_TAIL(&h->answered, r, link);
		uv_mutex_unlock(&h->lock);
		lws_cancel_service(h->context);
	}
	release(h);
}

static void on_wake(uv_async_t *wake)
{
	struct http *h = wake->data;
	struct http_request *r;

	for (unsigned int k = 0; k < TURN_MOST; k++) {
		r = take(h, &h->asked);
		if (!r)
			return;
		h->references++;
		r->route->serve(r, h->config.arg);
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
	TAILQ_CONCAT(&h->asked, &h->answered, link);
	while ((r = TAILQ_FIRST(&h->asked))) {
		TAILQ_REMOVE(&h->asked, r, link);
		http_request_free(r);
	}
	uv_close((uv_handle_t *)&h->wake, on_closed);
}
