/* SPDX-License-Identifier: BSD-3-Clause */
/* The web front's inside, for the files that make it up. All on the loop. */
#ifndef TANDEM_WEB_STATE_H
#define TANDEM_WEB_STATE_H

#include <sys/queue.h>

#include "controlplane/access/access.h"
#include "controlplane/web/web.h"

#define WEB_JSON   "application/json"
#define WEB_COOKIE "tandem" /* its name */

LIST_HEAD(web_calls, web_call);

struct web {
	struct web_parts parts;
	struct http_site *site;
	struct web_calls streams; /* that are open */
	unsigned int stream_count;
	char (*tags)[20]; /* of the page's files, in their order */
};

/* web_api.c */
void web_serve_api(struct http_request *request, void *web);

/* web_page.c */
int web_page_open(struct web *web); /* 0, -ENOMEM */
void web_serve_page(struct http_request *request, void *web);

/* web_login.c */
void web_serve_login(struct http_request *request, void *web);
void web_serve_logout(struct http_request *request, void *web);
void web_serve_whoami(struct http_request *request, void *web);
/* Who asks, as access_token() and its like return it. */
int web_identify(struct web *web, const struct http_request *request, struct identity *who);

/* web_metrics.c */
void web_serve_metrics(struct http_request *request, void *web);

/* web_answer.c: each ends the request. */
void web_tell(struct http_request *request, const char *json);
void web_refuse(struct http_request *request, grpc_status_code code, const char *text);
/* The same with an error of web_identify(). */
void web_refuse_identity(struct http_request *request, const struct identity *who, int error);
/* {"code": ...}; to be freed. NULL without memory. */
char *web_error_json(grpc_status_code code, const char *text);
size_t web_explain(unsigned int status, char *text, size_t size); /* any thread */

#endif
