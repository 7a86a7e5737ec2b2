/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages as contents of HTTP POSTs, or as WebSocket messages; paths and subprotocols are
 * rtpengine's. A plain message is a dictionary alone.
 */
#include <errno.h>
#include <libwebsockets.h>
#include <string.h>

#include "controlplane/ng/ng_state.h"

#define CONNECTIONS_MAX 512

static void tell(struct http_request *request, unsigned int status, const char *octets,
		 size_t length)
{
	const struct http_reply reply = {.status = status, .octets = octets, .length = length};

	http_answer(request, &reply);
}

static void answer(void *arg, const char *octets, size_t length)
{
	tell(arg, HTTP_STATUS_OK, octets, length);
}

/* Without a reply: the message has no cookie, or the first one of its kind is still being served.
 */
static void answer_cookie(void *arg, const char *octets, size_t length)
{
	size_t size;
	const char *message = http_request_octets(arg, &size);
	bool garbage = ng_cookie_length(message, size) < 0;

	tell(arg,
	     octets    ? HTTP_STATUS_OK
	     : garbage ? HTTP_STATUS_BAD_REQUEST
		       : HTTP_STATUS_SERVICE_UNAVAILABLE,
	     octets, length);
}

static void serve(struct http_request *request, void *ng)
{
	size_t size;
	const char *message = http_request_octets(request, &size);

	ng_serve(ng, message, size, answer_cookie, request);
}

static void serve_plain(struct http_request *request, void *ng)
{
	size_t size;
	const char *dictionary = http_request_octets(request, &size);

	ng_serve_plain(ng, dictionary, size, answer, request);
}

static void pong(struct http_request *request, void *ng)
{
	tell(request, HTTP_STATUS_OK, "pong\n", strlen("pong\n"));
}

#define TYPE "application/x-rtpengine-ng"

static const struct http_route routes[] = {
	{.post = "/ng", .type = TYPE, .protocol = "ng.rtpengine.com", .serve = serve},
	{.post = "/ng-plain",
	 .type = TYPE,
	 .protocol = "ng-plain.rtpengine.com",
	 .ordered = true,
	 .serve = serve_plain},
	{.get = "/ping", .type = "text/plain", .serve = pong},
};

static bool may_ask(const union socket_address *who, void *ng)
{
	return ng_may_ask(ng, who);
}

static int open_site(struct ng *ng, const struct ng_config *config)
{
	const struct http_site_config site = {
		.name = "ng",
		.routes = routes,
		.route_count = sizeof(routes) / sizeof(routes[0]),
		.request_max = NG_MESSAGE_MAX,
		.cert = config->cert,
		.key = config->key,
		.connections_max = CONNECTIONS_MAX,
		.is_allowed = may_ask,
		.arg = ng,
	};

	return http_site_open(&ng->site, config->http, &site);
}

int ng_http_listen(struct ng *ng, const struct ng_config *config, const union socket_address *at,
		   bool tls)
{
	int error = ng->site ? 0 : open_site(ng, config);

	if (tls && (!config->cert || !config->key))
		error = -ENOKEY;
	return error ? error : http_listen(ng->site, at, tls);
}
