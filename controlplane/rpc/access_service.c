/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/access_service.h"

#include "controlplane/access/access.h"
#include "controlplane/api/access.pb-c.h"

static void who_am_i(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	const struct identity *who = rpc_identity(call);
	Tandem__Access__V1__WhoAmIReply reply = TANDEM__ACCESS__V1__WHO_AM_IREPLY__INIT;

	reply.name = (char *)(uintptr_t)who->name;
	reply.role = (char *)(uintptr_t)role_name(who->role);
	reply.from = (char *)(uintptr_t)who->from;
	rpc_reply(call, &reply.base);
}

static const struct rpc_method methods[] = {
	{"/tandem.access.v1.Access/WhoAmI", &tandem__access__v1__who_am_irequest__descriptor,
	 who_am_i, ROLE_VIEWER, false},
};

static struct rpc_count counts[sizeof(methods) / sizeof(methods[0])];

struct rpc_service access_service(void)
{
	return (struct rpc_service){methods, sizeof(methods) / sizeof(methods[0]), NULL, counts};
}
