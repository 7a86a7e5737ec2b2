/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers that go on: their pieces wait for the thread to write them, and are bounded. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/http/http_state.h"

/* It may be media of a call. */
void http_chunk_free(struct http_chunk *chunk)
{
	OPENSSL_clear_free(chunk, sizeof(*chunk) + LWS_PRE + chunk->length);
}

void http_stream_free(struct http_stream *stream)
{
	struct http_chunk *chunk;

	while (stream && (chunk = STAILQ_FIRST(&stream->chunks))) {
		STAILQ_REMOVE_HEAD(&stream->chunks, link);
		http_chunk_free(chunk);
	}
	free(stream);
}

/* --- on the thread --------------------------------------------------------------------------- */

struct http_chunk *http_take_chunk(struct http_request *r, bool *last)
{
	struct http_stream *stream = r->stream;
	struct http_chunk *chunk;

	uv_mutex_lock(&r->http->lock);
	chunk = STAILQ_FIRST(&stream->chunks);
	if (chunk) {
		STAILQ_REMOVE_HEAD(&stream->chunks, link);
		stream->waiting -= chunk->length;
	}
	*last = stream->ended && !stream->waiting;
	uv_mutex_unlock(&r->http->lock);
	return chunk;
}

void http_let_go(struct http_request *r)
{
	struct http *h = r->http;

	uv_mutex_lock(&h->lock);
	if (r->stream->noticed)
		TAILQ_REMOVE(&h->answered, r, link);
	r->stream->noticed = false;
	r->stream->is_gone = true;
	TAILQ_INSERT_TAIL(&h->gone, r, link);
	uv_mutex_unlock(&h->lock);
	uv_async_send(&h->wake);
}

/* --- on the loop ----------------------------------------------------------------------------- */

static struct http_chunk *chunk_of(const char *octets, size_t length)
{
	struct http_chunk *chunk = malloc(sizeof(*chunk) + LWS_PRE + length);

	if (!chunk)
		return NULL;
	chunk->length = length;
	memcpy(chunk->octets + LWS_PRE, octets, length);
	return chunk;
}

static void notice_stream(struct http_request *r)
{
	struct http_stream *stream = r->stream;

	if (stream->noticed || stream->is_gone)
		return;
	stream->noticed = true;
	http_notice(r);
}

void http_stream(struct http_request *r, const char *type, const char *pulse,
		 void (*gone)(void *arg), void *arg)
{
	STAILQ_INIT(&r->stream->chunks);
	r->stream->pulse = pulse;
	r->stream->gone = gone;
	r->stream->gone_arg = arg;
	r->status = HTTP_STATUS_OK;
	r->type = type;
	r->streaming = true;
	uv_mutex_lock(&r->http->lock);
	notice_stream(r);
	uv_mutex_unlock(&r->http->lock);
}

void http_stream_drop(struct http_request *r)
{
	struct http_chunk *chunk;
	bool last;

	while ((chunk = http_take_chunk(r, &last)))
		http_chunk_free(chunk);
}

int http_stream_put(struct http_request *r, const char *octets, size_t length)
{
	struct http_chunk *chunk = chunk_of(octets, length);
	int error = chunk ? 0 : -ENOMEM;

	uv_mutex_lock(&r->http->lock);
	if (!error && r->stream->waiting && r->stream->waiting + length > HTTP_WAITING_MAX)
		error = -ENOBUFS;
	if (!error) {
		STAILQ_INSERT_TAIL(&r->stream->chunks, chunk, link);
		r->stream->waiting += length;
		notice_stream(r);
	}
	uv_mutex_unlock(&r->http->lock);
	if (error && chunk)
		http_chunk_free(chunk);
	return error;
}

size_t http_stream_waiting(const struct http_request *r)
{
	size_t waiting;

	uv_mutex_lock(&r->http->lock);
	waiting = r->stream->waiting;
	uv_mutex_unlock(&r->http->lock);
	return waiting;
}

void http_stream_end(struct http_request *r)
{
	uv_mutex_lock(&r->http->lock);
	r->stream->ended = true;
	notice_stream(r);
	uv_mutex_unlock(&r->http->lock);
}
