/* SPDX-License-Identifier: BSD-3-Clause */
/* Who asks, and how a browser shows it. The cookie is the token: the relay remembers nobody. */
#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/web/web_cookie.h"
#include "controlplane/web/web_state.h"

#define BEARER "Bearer "

/* Behind the scheme. One of another scheme, or too long, is nobody's, as the empty one is. */
static const char *bearer_of(const char *authorization)
{
	bool is_bearer = strncasecmp(authorization, BEARER, strlen(BEARER)) == 0;
	const char *token = authorization + strlen(BEARER);

	return is_bearer && strlen(token) < WEB_TOKEN_MAX ? token : "";
}

static bool cookie_of(const struct http_request *request, char token[WEB_TOKEN_MAX])
{
	const char *header = http_request_field(request, HTTP_COOKIE);

	return header && web_cookie_find(header, WEB_COOKIE, token, WEB_TOKEN_MAX) && *token;
}

static bool shows_anything(const struct http_request *request)
{
	char token[WEB_TOKEN_MAX];
	bool shown = cookie_of(request, token);

	OPENSSL_cleanse(token, sizeof(token));
	return shown || http_request_field(request, HTTP_AUTHORIZATION) ||
	       http_request_subject(request);
}

/* A certificate stands behind a cookie whose time is over. */
int web_identify(struct web *web, const struct http_request *request, struct identity *who)
{
	const char *authorization = http_request_field(request, HTTP_AUTHORIZATION);
	const char *subject = http_request_subject(request), *from = http_request_from(request);
	char token[WEB_TOKEN_MAX];
	int error;

	if (authorization)
		return access_token(web->parts.access, bearer_of(authorization), from, who);
	if (cookie_of(request, token)) {
		error = access_token(web->parts.access, token, from, who);
		OPENSSL_cleanse(token, sizeof(token));
		if (!error || !subject)
			return error;
	}
	return subject ? access_certificate(web->parts.access, subject, from, who)
		       : access_token(web->parts.access, NULL, from, who);
}

/* --- routes ----------------------------------------------------------------------------------- */

static char *identity_json(const struct identity *who)
{
	json_t *json = json_pack("{s:s, s:s}", "name", who->name, "role", role_name(who->role));
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return text;
}

static void tell_identity(struct http_request *request, const struct identity *who,
			  const char *cookie)
{
	char *json = identity_json(who);
	const struct http_reply reply = {
		.status = 200,
		.type = WEB_JSON,
		.octets = json,
		.length = json ? strlen(json) : 0,
		.headers = {{"cache-control:", "no-store"},
			    {cookie ? "set-cookie:" : NULL, cookie}},
	};

	http_answer(request, &reply);
	free(json);
}

/* {"token": "..."} and nothing else; NULL: it is something else. */
static json_t *read_login(const struct http_request *request)
{
	size_t size;
	const char *text = http_request_octets(request, &size);
	json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_string(json_object_get(json, "token")) && json_object_size(json) == 1)
		return json;
	json_decref(json);
	return NULL;
}

/* A token that a cookie cannot hold is none that tandemctl has made. */
void web_serve_login(struct http_request *request, void *arg)
{
	struct web *web = arg;
	json_t *json = read_login(request);
	const char *token = json_string_value(json_object_get(json, "token"));
	char cookie[WEB_COOKIE_MAX];
	struct identity who;
	int error;

	if (!token) {
		web_refuse(request, GRPC_STATUS_INVALID_ARGUMENT,
			   "{\"token\": \"...\"} is needed, and nothing else");
		return;
	}
	error = access_token(web->parts.access, web_cookie_fits(token) ? token : "",
			     http_request_from(request), &who);
	if (error != -EBUSY)
		access_audit(web->parts.access, &who, "/login", NULL,
			     error ? GRPC_STATUS_UNAUTHENTICATED : GRPC_STATUS_OK, "");
	if (error) {
		web_refuse_identity(request, &who, error);
	} else {
		web_cookie_write(cookie, WEB_COOKIE, token, http_request_is_tls(request));
		tell_identity(request, &who, cookie);
		OPENSSL_cleanse(cookie, sizeof(cookie));
	}
	json_decref(json);
}

void web_serve_logout(struct http_request *request, void *web)
{
	char cookie[WEB_COOKIE_MAX];
	const struct http_reply reply = {
		.status = 200,
		.type = WEB_JSON,
		.octets = "{}",
		.length = 2,
		.headers = {{"cache-control:", "no-store"}, {"set-cookie:", cookie}},
	};

	web_cookie_write(cookie, WEB_COOKIE, "", http_request_is_tls(request));
	http_answer(request, &reply);
}

/* A page that has only been opened asks this first: it has failed at nothing yet. */
void web_serve_whoami(struct http_request *request, void *web)
{
	struct identity who = {.role = ROLE_NOBODY};
	int error = shows_anything(request) ? web_identify(web, request, &who) : -EACCES;

	if (error)
		web_refuse_identity(request, &who, error);
	else
		tell_identity(request, &who, NULL);
}
