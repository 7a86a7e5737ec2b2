/* SPDX-License-Identifier: BSD-3-Clause */
/* What a Prometheus server scrapes. */
#include "controlplane/web/web_state.h"

static void tell(void *request, const char *type, const char *text, size_t length)
{
	const struct http_reply reply = {
		.status = 200,
		.type = type,
		.octets = text,
		.length = length,
		.headers = {{"cache-control:", "no-store"}},
	};

	if (text)
		http_answer(request, &reply);
	else
		web_refuse(request, GRPC_STATUS_UNAVAILABLE, "there are no metrics for now");
}

void web_serve_metrics(struct http_request *request, void *arg)
{
	struct web *web = arg;
	const struct web_parts *parts = &web->parts;
	struct identity who;
	int error;

	if (!parts->scrape || parts->config->metrics == WEB_METRICS_OFF) {
		web_refuse(request, GRPC_STATUS_NOT_FOUND,
			   "metrics are off here: [web] metrics turns them on");
		return;
	}
	if (parts->config->metrics == WEB_METRICS_VIEWER) {
		error = web_identify(web, request, &who);
		if (error) {
			web_refuse_identity(request, &who, error);
			return;
		}
	}
	parts->scrape(parts->scrape_arg, http_request_field(request, HTTP_ACCEPT), tell, request);
}
