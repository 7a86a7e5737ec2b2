/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/commands_turn.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "controlplane/api/turn.pb-c.h"
#include "controlplane/ctl/ask.h"
#include "controlplane/ctl/pages.h"
#include "controlplane/ctl/secret.h"
#include "controlplane/ctl/view_turn.h"

#define TURN        "/tandem.turn.v1.Turn/"
#define TYPE(which) (&tandem__turn__v1__##which##__descriptor)
#define ID_DIGITS   16   /* of an allocation's, as turn.proto has it */
#define PAGE_SIZE   1000 /* all are shown: by as few requests as turn.proto lets it */
#define SECRET_ROOM 256  /* more than the relay takes */

static char *argument(const struct request *request)
{
	return (char *)(uintptr_t)request->argument;
}

/* --- allocations ----------------------------------------------------------------------------- */

int turn_show(const struct request *request)
{
	Tandem__Turn__V1__ListRequest list = TANDEM__TURN__V1__LIST_REQUEST__INIT;
	struct pages pages;
	int ret;

	list.page_size = PAGE_SIZE;
	ret = pages_fetch(&pages, request->remote, TURN "List", &list.base, TYPE(list_reply),
			  "allocations");
	if (!ret && request->json)
		ask_print_json(pages.all, JSON_INDENT(2));
	else if (!ret)
		view_turn(stdout, (const Tandem__Turn__V1__ListReply *)pages.all);
	pages_free(&pages);
	return ret;
}

static void print_deleted(const struct request *request, const ProtobufCMessage *reply)
{
	unsigned int count = ((const Tandem__Turn__V1__DeleteReply *)reply)->allocations;

	printf("%u allocation%s deleted\n", count, count == 1 ? "" : "s");
}

static bool is_id(const char *text)
{
	return strlen(text) == ID_DIGITS && strspn(text, "0123456789abcdefABCDEF") == ID_DIGITS;
}

int turn_delete_allocations(const struct request *request)
{
	Tandem__Turn__V1__DeleteRequest question = TANDEM__TURN__V1__DELETE_REQUEST__INIT;

	if (is_id(request->argument))
		question.id = argument(request);
	else
		question.user = argument(request);
	return ask(request, TURN "Delete", &question.base, TYPE(delete_reply), print_deleted);
}

/* --- credentials ----------------------------------------------------------------------------- */

static void print_credentials(const struct request *request, const ProtobufCMessage *reply)
{
	view_turn_credentials(stdout, (const Tandem__Turn__V1__CreateCredentialsReply *)reply);
}

int turn_issue_credentials(const struct request *request)
{
	Tandem__Turn__V1__CreateCredentialsRequest question =
		TANDEM__TURN__V1__CREATE_CREDENTIALS_REQUEST__INIT;
	uint64_t seconds = request->for_ms / 1000;

	question.user = argument(request);
	question.for_s = seconds < UINT32_MAX ? seconds : UINT32_MAX; /* which is too long */
	if (request->secret)
		question.secret_id = (char *)(uintptr_t)request->secret;
	return ask(request, TURN "CreateCredentials", &question.base,
		   TYPE(create_credentials_reply), print_credentials);
}

/* --- secrets --------------------------------------------------------------------------------- */

static void print_secrets(const struct request *request, const ProtobufCMessage *reply)
{
	view_turn_secrets(stdout, (const Tandem__Turn__V1__ListSecretsReply *)reply);
}

int turn_show_secrets(const struct request *request)
{
	Tandem__Turn__V1__ListSecretsRequest question =
		TANDEM__TURN__V1__LIST_SECRETS_REQUEST__INIT;

	return ask(request, TURN "ListSecrets", &question.base, TYPE(list_secrets_reply),
		   print_secrets);
}

static void print_added(const struct request *request, const ProtobufCMessage *reply)
{
	printf("secret %s is in force until the control plane restarts\n", request->argument);
}

int turn_add_secret(const struct request *request)
{
	Tandem__Turn__V1__PutSecretRequest question = TANDEM__TURN__V1__PUT_SECRET_REQUEST__INIT;
	char text[SECRET_ROOM];
	int ret = secret_read(text, sizeof(text));

	question.id = argument(request);
	question.text = text;
	if (!ret)
		ret = ask(request, TURN "PutSecret", &question.base, TYPE(put_secret_reply),
			  print_added);
	OPENSSL_cleanse(text, sizeof(text));
	return ret;
}

static void print_removed(const struct request *request, const ProtobufCMessage *reply)
{
	printf("secret %s is no longer in force\n", request->argument);
}

int turn_remove_secret(const struct request *request)
{
	Tandem__Turn__V1__DeleteSecretRequest question =
		TANDEM__TURN__V1__DELETE_SECRET_REQUEST__INIT;

	question.id = argument(request);
	return ask(request, TURN "DeleteSecret", &question.base, TYPE(delete_secret_reply),
		   print_removed);
}
