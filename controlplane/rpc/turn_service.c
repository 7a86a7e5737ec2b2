/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/turn_service.h"

#include "controlplane/api/turn.pb-c.h"
#include "controlplane/rpc/rpc_answer.h"
#include "controlplane/turn/turn.h"

#define TURN "/tandem.turn.v1.Turn/"

static void list(struct rpc_call *call, const ProtobufCMessage *request, void *turn)
{
	turn_list(turn, (const Tandem__Turn__V1__ListRequest *)request, rpc_answer, call);
}

static void delete (struct rpc_call *call, const ProtobufCMessage *request, void *turn)
{
	turn_delete(turn, (const Tandem__Turn__V1__DeleteRequest *)request, rpc_answer, call);
}

static void create_credentials(struct rpc_call *call, const ProtobufCMessage *request, void *turn)
{
	turn_create_credentials(turn, (const Tandem__Turn__V1__CreateCredentialsRequest *)request,
				rpc_answer, call);
}

static void put_secret(struct rpc_call *call, const ProtobufCMessage *request, void *turn)
{
	turn_put_secret(turn, (const Tandem__Turn__V1__PutSecretRequest *)request, rpc_answer,
			call);
}

static void delete_secret(struct rpc_call *call, const ProtobufCMessage *request, void *turn)
{
	turn_delete_secret(turn, (const Tandem__Turn__V1__DeleteSecretRequest *)request, rpc_answer,
			   call);
}

static void list_secrets(struct rpc_call *call, const ProtobufCMessage *request, void *turn)
{
	turn_list_secrets(turn, (const Tandem__Turn__V1__ListSecretsRequest *)request, rpc_answer,
			  call);
}

static const struct rpc_method methods[] = {
	{TURN "List", &tandem__turn__v1__list_request__descriptor, list, ROLE_VIEWER, false},
	{TURN "Delete", &tandem__turn__v1__delete_request__descriptor, delete, ROLE_OPERATOR, true},
	{TURN "CreateCredentials", &tandem__turn__v1__create_credentials_request__descriptor,
	 create_credentials, ROLE_OPERATOR, true},
	{TURN "PutSecret", &tandem__turn__v1__put_secret_request__descriptor, put_secret,
	 ROLE_ADMIN, true},
	{TURN "DeleteSecret", &tandem__turn__v1__delete_secret_request__descriptor, delete_secret,
	 ROLE_ADMIN, true},
	{TURN "ListSecrets", &tandem__turn__v1__list_secrets_request__descriptor, list_secrets,
	 ROLE_VIEWER, false},
};

static struct rpc_count counts[sizeof(methods) / sizeof(methods[0])];

struct rpc_service turn_service(struct turn_server *turn)
{
	return (struct rpc_service){methods, sizeof(methods) / sizeof(methods[0]), turn, counts};
}
