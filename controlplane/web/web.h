/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The web front: the page for operators, the API as JSON, its streams as server-sent events, and
 * metrics, by HTTPS. It holds no state of a call. The loop's thread only.
 *
 *   GET  /, /FILE                       the page; of anybody, since there is no call in it
 *   POST /api/PACKAGE.SERVICE/METHOD    a call: its message as JSON (message.h), its reply likewise
 *   GET  /api/PACKAGE.SERVICE/METHOD?FIELD=VALUE&...   one that streams: an event for each message
 *   POST /login {"token": "..."}        has the browser show the token from then on, as a cookie
 *   POST /logout, GET /whoami
 *   GET  /metrics
 *
 * Who asks shows a token behind "Authorization: Bearer", the cookie, or a certificate. An error is
 * {"code": 5, "status": "NOT_FOUND", "message": "..."}, as gRPC has it, with the HTTP status that
 * comes nearest; on a stream, where that has gone out, it is an event of the name "end".
 */
#ifndef TANDEM_WEB_H
#define TANDEM_WEB_H

#include "controlplane/http/http.h"
#include "controlplane/rpc/rpc.h"
#include "controlplane/web/web_config.h"

struct access;
struct web;

/* `text` NULL: there are none for now. It is gone when this returns. */
typedef void web_scraped(void *request, const char *type, const char *text, size_t length);

/* What it points to outlives the front. */
struct web_parts {
	struct http *http; /* not started yet */
	struct access *access;
	const struct rpc_service *services;
	unsigned int service_count;
	const struct web_config *config;
	/* Calls `done` once; `accept`: the HTTP header, or NULL. NULL: there are no metrics. */
	void (*scrape)(void *arg, const char *accept, web_scraped *done, void *request);
	void *scrape_arg;
};

/* 0, or -errno after a log line. Without anything to listen on *web is NULL. */
int web_open(struct web **web, const struct web_parts *parts);
/*
 * SIGHUP: reads the certificate anew, takes what is new about metrics, and ends the streams of who
 * has lost the right to them by access_reload(), which comes first. `config` outlives the front, or
 * the next reload. NULL will do for `web`.
 */
void web_reload(struct web *web, const struct web_config *config);
/* As rpc_judge_streams(). NULL will do. */
void web_judge_streams(struct web *web);
/* Behind http_close(). NULL will do. */
void web_close(struct web *web);

#endif
