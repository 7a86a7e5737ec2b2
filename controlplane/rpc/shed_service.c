/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/shed_service.h"

#include <stdlib.h>

#include "controlplane/api/shed.pb-c.h"
#include "controlplane/rpc/rpc_answer.h"
#include "controlplane/shed/shed.h"

#define SHED "/tandem.shed.v1.Shed/"

static void show(struct rpc_call *call, const ProtobufCMessage *request, void *shed)
{
	shed_show(shed, (const Tandem__Shed__V1__ShowRequest *)request, rpc_answer, call);
}

static void sample(struct rpc_call *call, const ProtobufCMessage *request, void *shed)
{
	shed_sample(shed, (const Tandem__Shed__V1__SampleRequest *)request, rpc_answer, call);
}

static void block(struct rpc_call *call, const ProtobufCMessage *request, void *shed)
{
	shed_put_block(shed, (const Tandem__Shed__V1__BlockRequest *)request, rpc_answer, call);
}

static void unblock(struct rpc_call *call, const ProtobufCMessage *request, void *shed)
{
	shed_delete_block(shed, (const Tandem__Shed__V1__UnblockRequest *)request, rpc_answer,
			  call);
}

static void send_event(void *call, const Tandem__Shed__V1__AttackEvent *event)
{
	rpc_stream_append(call, &event->base);
}

static void unwatch(void *arg)
{
	struct shed_watcher *watcher = arg;

	shed_unwatch(watcher);
	free(watcher);
}

static void watch(struct rpc_call *call, const ProtobufCMessage *request, void *shed)
{
	struct shed_watcher *watcher = malloc(sizeof(*watcher));

	if (!watcher) {
		rpc_fail(call, GRPC_STATUS_RESOURCE_EXHAUSTED, "no memory for another watch");
		return;
	}
	watcher->event = send_event;
	watcher->arg = call;
	rpc_stream(call, unwatch, watcher);
	shed_watch(shed, watcher);
}

static const struct rpc_method methods[] = {
	{SHED "Show", &tandem__shed__v1__show_request__descriptor, show, ROLE_VIEWER, false},
	{SHED "Sample", &tandem__shed__v1__sample_request__descriptor, sample, ROLE_VIEWER, false},
	{SHED "Block", &tandem__shed__v1__block_request__descriptor, block, ROLE_OPERATOR, true},
	{SHED "Unblock", &tandem__shed__v1__unblock_request__descriptor, unblock, ROLE_OPERATOR,
	 true},
	{SHED "Watch", &tandem__shed__v1__watch_request__descriptor, watch, ROLE_VIEWER,
	 .streams = true},
};

static struct rpc_count counts[sizeof(methods) / sizeof(methods[0])];

struct rpc_service shed_service(struct shed *shed)
{
	return (struct rpc_service){methods, sizeof(methods) / sizeof(methods[0]), shed, counts};
}
