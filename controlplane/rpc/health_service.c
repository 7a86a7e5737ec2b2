/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/health_service.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "controlplane/api/health.pb-c.h"

#define HEALTH               "/grpc.health.v1.Health/"
#define HEALTH_STATUS(which) GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##which

struct watcher {
	LIST_ENTRY(watcher) link;
	struct rpc_call *call;
};

struct health {
	bool serving;
	LIST_HEAD(, watcher) watchers;
};

static bool is_known(const ProtobufCMessage *request)
{
	const char *service = ((const Grpc__Health__V1__HealthCheckRequest *)request)->service;

	return !*service || !strcmp(service, "tandem.relay.v1.Relay") ||
	       !strcmp(service, "tandem.shed.v1.Shed");
}

static Grpc__Health__V1__HealthCheckResponse state(const struct health *health)
{
	Grpc__Health__V1__HealthCheckResponse response =
		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	response.status = health->serving ? HEALTH_STATUS(SERVING) : HEALTH_STATUS(NOT_SERVING);
	return response;
}

static void check(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	Grpc__Health__V1__HealthCheckResponse response = state(arg);

	if (is_known(request))
		rpc_reply(call, &response.base);
	else
		rpc_fail(call, GRPC_STATUS_NOT_FOUND,
			 "no such service: ask for \"\" or \"tandem.relay.v1.Relay\"");
}

static void unwatch(void *arg)
{
	struct watcher *watcher = arg;

	LIST_REMOVE(watcher, link);
	free(watcher);
}

/* Of a service that nobody knows the protocol wants a stream too, that says so and stays open. */
static void ignore_close(void *arg)
{
}

static void watch(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	struct health *health = arg;
	Grpc__Health__V1__HealthCheckResponse response = state(health);
	struct watcher *watcher;

	if (!is_known(request)) {
		response.status = HEALTH_STATUS(SERVICE_UNKNOWN);
		rpc_stream(call, ignore_close, NULL);
		rpc_stream_send(call, &response.base);
		return;
	}
	watcher = malloc(sizeof(*watcher));
	if (!watcher) {
		rpc_fail(call, GRPC_STATUS_RESOURCE_EXHAUSTED, "no memory for another watch");
		return;
	}
	watcher->call = call;
	LIST_INSERT_HEAD(&health->watchers, watcher, link);
	rpc_stream(call, unwatch, watcher);
	rpc_stream_send(call, &response.base);
}

static const struct rpc_method methods[] = {
	{HEALTH "Check", &grpc__health__v1__health_check_request__descriptor, check, ROLE_ANYBODY,
	 false},
	{HEALTH "Watch", &grpc__health__v1__health_check_request__descriptor, watch, ROLE_ANYBODY,
	 .streams = true},
};

static struct rpc_count counts[sizeof(methods) / sizeof(methods[0])];

struct health *health_create(void)
{
	return calloc(1, sizeof(struct health));
}

void health_free(struct health *health)
{
	free(health);
}

void health_set(struct health *health, bool serving)
{
	Grpc__Health__V1__HealthCheckResponse response;
	struct watcher *watcher;

	if (health->serving == serving)
		return;
	health->serving = serving;
	response = state(health);
	LIST_FOREACH (watcher, &health->watchers, link)
		rpc_stream_send(watcher->call, &response.base);
}

struct rpc_service health_service(struct health *health)
{
	return (struct rpc_service){methods, sizeof(methods) / sizeof(methods[0]), health, counts};
}
