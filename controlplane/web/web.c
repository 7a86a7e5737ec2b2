/* SPDX-License-Identifier: BSD-3-Clause */
/* The front's beginning and end: where it listens, its routes, and what each response says. */
#include "controlplane/web/web.h"

#include <errno.h>
#include <stdlib.h>

#include "controlplane/web/web_state.h"
#include "dataplane/lib/log.h"

#define CONNECTIONS_MAX         512
#define CONNECTIONS_PER_ADDRESS 128 /* an office may be behind one */

/* The first one's type is that of refusals. */
static const struct http_route routes[] = {
	{.get = "/api/*",
	 .post = "/api/*",
	 .streams = true,
	 .empty = true,
	 .type = WEB_JSON,
	 .serve = web_serve_api},
	{.post = "/login", .type = WEB_JSON, .serve = web_serve_login},
	{.post = "/logout", .empty = true, .type = WEB_JSON, .serve = web_serve_logout},
	{.get = "/whoami", .type = WEB_JSON, .serve = web_serve_whoami},
	{.get = "/metrics", .type = WEB_JSON, .serve = web_serve_metrics},
	{.get = "/*", .head = true, .type = WEB_JSON, .serve = web_serve_page},
};

#define SECURITY                                                                                   \
	{"content-security-policy:", "default-src 'none'; script-src 'self'; style-src 'self'; "   \
				     "img-src 'self'; connect-src 'self'; base-uri 'none'; "       \
				     "form-action 'self'; frame-ancestors 'none'"},                \
		{"x-content-type-options:", "nosniff"}, {"x-frame-options:", "DENY"},              \
		{"referrer-policy:", "same-origin"},                                               \
		{"cross-origin-opener-policy:", "same-origin"},                                    \
	{                                                                                          \
		"cross-origin-resource-policy:", "same-origin"                                     \
	}

static const struct http_header headers[] = {SECURITY, {}};
/* Of a name whose certificate others vouch for; a browser then never asks it without TLS. */
static const struct http_header certified_headers[] = {
	SECURITY, {"strict-transport-security:", "max-age=86400"}, {}};

static bool has_tls(const struct web_config *config)
{
	union socket_address at;
	bool tls = false;

	for (unsigned int k = 0; k < config->listen.count && !tls; k++)
		web_config_address(&at, &tls, config->listen.texts[k]);
	return tls;
}

static int open_site(struct web *web)
{
	const struct web_config *config = web->parts.config;
	const struct http_site_config site = {
		.name = "web",
		.routes = routes,
		.route_count = sizeof(routes) / sizeof(routes[0]),
		.request_max = RPC_MESSAGE_MAX,
		.headers = config->cert ? certified_headers : headers,
		.cert = config->cert,
		.key = config->key,
		.ca = config->ca,
		.self_signed = !config->cert && has_tls(config),
		.same_origin = true,
		.keeps = true,
		.connections_max = CONNECTIONS_MAX,
		.connections_per_address = CONNECTIONS_PER_ADDRESS,
		.explain = web_explain,
		.arg = web,
	};

	return http_site_open(&web->site, web->parts.http, &site);
}

static int listen_on(struct web *web, const char *text)
{
	union socket_address at;
	bool tls;
	int error = web_config_address(&at, &tls, text);

	if (!error)
		error = http_listen(web->site, &at, tls);
	if (error)
		log_error("web: cannot listen on %s: %s", text, socket_address_remedy(error));
	else
		log_info("web: the page is at http%s://%s/", tls ? "s" : "", text + (tls ? 6 : 5));
	return error;
}

int web_open(struct web **out, const struct web_parts *parts)
{
	const struct web_config *config = parts->config;
	struct web *web;
	int error;

	*out = NULL;
	if (!config->listen.count)
		return 0;
	web = calloc(1, sizeof(*web));
	if (!web)
		return -ENOMEM;
	web->parts = *parts;
	LIST_INIT(&web->streams);
	error = web_page_open(web);
	if (!error)
		error = open_site(web);
	for (unsigned int k = 0; k < config->listen.count && !error; k++)
		error = listen_on(web, config->listen.texts[k]);
	if (error) {
		web_close(web);
		return error;
	}
	if (!config->cert && has_tls(config))
		log_info("web: without cert and key its certificate is its own, SHA-256 %s",
			 http_site_fingerprint(web->site));
	*out = web;
	return 0;
}

void web_reload(struct web *web, const struct web_config *config)
{
	if (!web)
		return;
	web->parts.config = config;
	http_site_reload(web->site, config->ca, config->cert, config->key);
	web_judge_streams(web);
}

void web_close(struct web *web)
{
	if (!web)
		return;
	free(web->tags);
	free(web);
}
