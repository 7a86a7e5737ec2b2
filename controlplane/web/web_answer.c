/* SPDX-License-Identifier: BSD-3-Clause */
/* Replies and errors, as JSON. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/web/web_cookie.h"
#include "controlplane/web/web_state.h"

/* By gRPC's code. */
static const struct {
	const char *name;
	unsigned int status;
} codes[] = {
	[GRPC_STATUS_OK] = {"OK", 200},
	[GRPC_STATUS_CANCELLED] = {"CANCELLED", 499},
	[GRPC_STATUS_UNKNOWN] = {"UNKNOWN", 500},
	[GRPC_STATUS_INVALID_ARGUMENT] = {"INVALID_ARGUMENT", 400},
	[GRPC_STATUS_DEADLINE_EXCEEDED] = {"DEADLINE_EXCEEDED", 504},
	[GRPC_STATUS_NOT_FOUND] = {"NOT_FOUND", 404},
	[GRPC_STATUS_ALREADY_EXISTS] = {"ALREADY_EXISTS", 409},
	[GRPC_STATUS_PERMISSION_DENIED] = {"PERMISSION_DENIED", 403},
	[GRPC_STATUS_RESOURCE_EXHAUSTED] = {"RESOURCE_EXHAUSTED", 429},
	[GRPC_STATUS_FAILED_PRECONDITION] = {"FAILED_PRECONDITION", 400},
	[GRPC_STATUS_ABORTED] = {"ABORTED", 409},
	[GRPC_STATUS_OUT_OF_RANGE] = {"OUT_OF_RANGE", 400},
	[GRPC_STATUS_UNIMPLEMENTED] = {"UNIMPLEMENTED", 501},
	[GRPC_STATUS_INTERNAL] = {"INTERNAL", 500},
	[GRPC_STATUS_UNAVAILABLE] = {"UNAVAILABLE", 503},
	[GRPC_STATUS_DATA_LOSS] = {"DATA_LOSS", 500},
	[GRPC_STATUS_UNAUTHENTICATED] = {"UNAUTHENTICATED", 401},
};

/* What a request is refused with before anybody has looked at it. */
static const struct {
	unsigned int status;
	grpc_status_code code;
	const char *text;
} refusals[] = {
	{400, GRPC_STATUS_INVALID_ARGUMENT, "Content-Length is no number"},
	{403, GRPC_STATUS_PERMISSION_DENIED, "it comes from the page of another site"},
	{404, GRPC_STATUS_NOT_FOUND, "nothing is there: the page is at /, the API below /api/"},
	{405, GRPC_STATUS_UNIMPLEMENTED, "not by this method: Allow says by which"},
	{411, GRPC_STATUS_INVALID_ARGUMENT, "Content-Length is missing: send no chunks"},
	{413, GRPC_STATUS_RESOURCE_EXHAUSTED, "the message is too large: 262144 octets fit"},
	{415, GRPC_STATUS_INVALID_ARGUMENT, "Content-Type has to be application/json"},
};

static unsigned int index_of(grpc_status_code code)
{
	return code >= 0 && (size_t)code < sizeof(codes) / sizeof(codes[0]) ? code
									    : GRPC_STATUS_UNKNOWN;
}

static json_t *error_object(grpc_status_code code, const char *text)
{
	return json_pack("{s:i, s:s, s:s}", "code", (int)code, "status", codes[index_of(code)].name,
			 "message", text);
}

char *web_error_json(grpc_status_code code, const char *text)
{
	json_t *json = error_object(code, text) ?: error_object(code, "");
	char *dump = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	return dump;
}

size_t web_explain(unsigned int status, char *text, size_t size)
{
	for (size_t k = 0; k < sizeof(refusals) / sizeof(refusals[0]); k++)
		if (refusals[k].status == status)
			return (size_t)snprintf(
				text, size, "{\"code\":%d,\"status\":\"%s\",\"message\":\"%s\"}",
				refusals[k].code, codes[index_of(refusals[k].code)].name,
				refusals[k].text);
	return 0;
}

void web_tell(struct http_request *request, const char *json)
{
	const struct http_reply reply = {
		.status = 200,
		.type = WEB_JSON,
		.octets = json,
		.length = strlen(json),
		.headers = {{"cache-control:", "no-store"}},
	};

	http_answer(request, &reply);
}

/* `nobody`: its cookie is nobody's any more, and must not count as a failed attempt each time. */
static void refuse(struct http_request *request, grpc_status_code code, const char *text,
		   bool nobody)
{
	char *json = web_error_json(code, text), cookie[WEB_COOKIE_MAX];
	struct http_reply reply = {
		.status = codes[index_of(code)].status,
		.type = WEB_JSON,
		.octets = json,
		.length = json ? strlen(json) : 0,
		.headers = {{"cache-control:", "no-store"}},
	};

	if (nobody) {
		web_cookie_write(cookie, WEB_COOKIE, "", http_request_is_tls(request));
		reply.headers[1] = (struct http_header){"set-cookie:", cookie};
	}
	if (code == GRPC_STATUS_UNAUTHENTICATED)
		reply.headers[2] = (struct http_header){"www-authenticate:", "Bearer"};
	http_answer(request, &reply);
	free(json);
}

void web_refuse(struct http_request *request, grpc_status_code code, const char *text)
{
	refuse(request, code, text, code == GRPC_STATUS_UNAUTHENTICATED);
}

void web_refuse_identity(struct http_request *request, const struct identity *who, int error)
{
	char text[256];

	access_explain(who, error, text, sizeof(text));
	refuse(request,
	       error == -EBUSY ? GRPC_STATUS_RESOURCE_EXHAUSTED : GRPC_STATUS_UNAUTHENTICATED, text,
	       true);
}
