/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/commands.h"

#include <err.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/api/health.pb-c.h"
#include "controlplane/api/relay.pb-c.h"
#include "controlplane/ctl/ask.h"
#include "controlplane/ctl/commands_access.h"
#include "controlplane/ctl/commands_capture.h"
#include "controlplane/ctl/commands_shed.h"
#include "controlplane/ctl/commands_turn.h"
#include "controlplane/ctl/pages.h"
#include "controlplane/ctl/view.h"
#include "controlplane/rpc/message.h"

#define RELAY  "/tandem.relay.v1.Relay/"
#define HEALTH "/grpc.health.v1.Health/"
#define WORDS  3 /* of the longest name of a command */

/* --- one call ----------------------------------------------------------------------------------*/

static void view_query(const struct request *request, const ProtobufCMessage *reply)
{
	const Tandem__Relay__V1__QueryReply *query = (const Tandem__Relay__V1__QueryReply *)reply;

	if (query->call)
		view_call(stdout, query->call);
}

static int show_call(const struct request *request)
{
	Tandem__Relay__V1__QueryRequest query = TANDEM__RELAY__V1__QUERY_REQUEST__INIT;

	query.call_id = (char *)(uintptr_t)request->argument;
	return ask(request, RELAY "Query", &query.base, &tandem__relay__v1__query_reply__descriptor,
		   view_query);
}

static void view_deleted(const struct request *request, const ProtobufCMessage *reply)
{
	const Tandem__Relay__V1__DeleteReply *deleted =
		(const Tandem__Relay__V1__DeleteReply *)reply;

	puts("deleted; it was, at its end:");
	if (deleted->call)
		view_call(stdout, deleted->call);
}

static int delete_call(const struct request *request)
{
	Tandem__Relay__V1__DeleteRequest deletion = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;

	deletion.call_id = (char *)(uintptr_t)request->argument;
	return ask(request, RELAY "Delete", &deletion.base,
		   &tandem__relay__v1__delete_reply__descriptor, view_deleted);
}

/* --- all calls ---------------------------------------------------------------------------------*/

static void view_some(const struct request *request, const ProtobufCMessage *reply)
{
	const Tandem__Relay__V1__ListReply *list = (const Tandem__Relay__V1__ListReply *)reply;

	view_calls(stdout, list->calls, list->n_calls);
}

static int show_calls(const struct request *request)
{
	Tandem__Relay__V1__ListRequest list = TANDEM__RELAY__V1__LIST_REQUEST__INIT;
	const ProtobufCMessageDescriptor *type = &tandem__relay__v1__list_reply__descriptor;
	const Tandem__Relay__V1__ListReply *all;
	struct pages pages;
	int ret;

	if (request->search)
		list.search = (char *)(uintptr_t)request->search;
	list.order = request->worst    ? TANDEM__RELAY__V1__ORDER__ORDER_WORST
		     : request->newest ? TANDEM__RELAY__V1__ORDER__ORDER_NEWEST
				       : TANDEM__RELAY__V1__ORDER__ORDER_AGE;
	list.page_size = request->count;
	if (request->count)
		return ask(request, RELAY "List", &list.base, type, view_some);
	ret = pages_fetch(&pages, request->remote, RELAY "List", &list.base, type, "calls");
	all = (const Tandem__Relay__V1__ListReply *)pages.all;
	if (!ret && request->json)
		ask_print_json(&all->base, JSON_INDENT(2));
	else if (!ret)
		view_calls(stdout, all->calls, all->n_calls);
	pages_free(&pages);
	return ret;
}

/* --- the relay ---------------------------------------------------------------------------------*/

static int ask_status(const struct request *request, view_reply *view)
{
	Tandem__Relay__V1__StatusRequest status = TANDEM__RELAY__V1__STATUS_REQUEST__INIT;

	return ask(request, RELAY "Status", &status.base,
		   &tandem__relay__v1__status_reply__descriptor, view);
}

static void view_whole(const struct request *request, const ProtobufCMessage *reply)
{
	view_status(stdout, (const Tandem__Relay__V1__StatusReply *)reply);
}

static void view_used(const struct request *request, const ProtobufCMessage *reply)
{
	view_ports(stdout, (const Tandem__Relay__V1__StatusReply *)reply);
}

static void view_loads(const struct request *request, const ProtobufCMessage *reply)
{
	const Tandem__Relay__V1__StatusReply *status =
		(const Tandem__Relay__V1__StatusReply *)reply;

	view_workers(stdout, status);
	fputs("\nhead-room: ", stdout);
	view_headroom(stdout, status);
}

static void view_dropped(const struct request *request, const ProtobufCMessage *reply)
{
	view_drops(stdout, (const Tandem__Relay__V1__StatusReply *)reply, request->all);
}

static int show_status(const struct request *request)
{
	return ask_status(request, view_whole);
}

static int show_ports(const struct request *request)
{
	return ask_status(request, view_used);
}

static int show_workers(const struct request *request)
{
	return ask_status(request, view_loads);
}

static int show_drops(const struct request *request)
{
	return ask_status(request, view_dropped);
}

static void view_event(const struct request *request, const ProtobufCMessage *event)
{
	view_watch(stdout, (const Tandem__Relay__V1__WatchEvent *)event);
}

static int watch_calls(const struct request *request)
{
	Tandem__Relay__V1__WatchRequest question = TANDEM__RELAY__V1__WATCH_REQUEST__INIT;

	if (request->argument)
		question.call_id = (char *)(uintptr_t)request->argument;
	return ask_stream(request, RELAY "Watch", &question.base,
			  &tandem__relay__v1__watch_event__descriptor, view_event);
}

/* People get the line that the file of records has. */
static void view_record(const struct request *request, const ProtobufCMessage *record)
{
	if (((const Tandem__Relay__V1__CallRecord *)record)->record[0])
		ask_print_json(record, JSON_COMPACT);
}

static int watch_records(const struct request *request)
{
	Tandem__Relay__V1__RecordsRequest question = TANDEM__RELAY__V1__RECORDS_REQUEST__INIT;
	struct request lines = *request;

	lines.json = false;
	return ask_stream(&lines, RELAY "Records", &question.base,
			  &tandem__relay__v1__call_record__descriptor, view_record);
}

static void view_pseudonym(const struct request *request, const ProtobufCMessage *reply)
{
	puts(((const Tandem__Relay__V1__PseudonymReply *)reply)->pseudonym);
}

static int show_pseudonym(const struct request *request)
{
	Tandem__Relay__V1__PseudonymRequest question = TANDEM__RELAY__V1__PSEUDONYM_REQUEST__INIT;

	question.address = (char *)(uintptr_t)request->argument;
	return ask(request, RELAY "Pseudonym", &question.base,
		   &tandem__relay__v1__pseudonym_reply__descriptor, view_pseudonym);
}

/* Its exit code says it too, whatever the form. */
static int show_health(const struct request *request)
{
	Grpc__Health__V1__HealthCheckRequest check = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	ProtobufCMessage *reply;
	bool serving;
	int ret = remote_call(request->remote, HEALTH "Check", &check.base,
			      &grpc__health__v1__health_check_response__descriptor, &reply);

	if (ret)
		return ret;
	serving = ((const Grpc__Health__V1__HealthCheckResponse *)reply)->status ==
		  GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
	if (request->json)
		ask_print_json(reply, JSON_INDENT(2));
	else
		puts(serving ? "serving" : "not serving: tandemctl status may say why");
	message_free(reply);
	return serving ? CTL_OK : CTL_REFUSED;
}

#define CALL    "one call's ID"
#define SECRET  "one secret's ID"
#define ADDRESS "one address or prefix, e.g. 203.0.113.7"
#define PREFIX  "one prefix, e.g. 203.0.113.0/24 or 2001:db8::/32"

static const struct command commands[] = {
	{.name = "calls", .count_most = 999, .takes_search = true, .run = show_calls},
	{.name = "call", .argument = CALL, .run = show_call},
	{.name = "delete", .argument = CALL, .run = delete_call},
	{.name = "watch", .argument = CALL, .optional = true, .run = watch_calls},
	{.name = "capture",
	 .argument = CALL,
	 .takes_for = true,
	 .captures = true,
	 .run = capture_call},
	{.name = "records", .run = watch_records},
	{.name = "pseudonym", .argument = ADDRESS, .run = show_pseudonym},
	{.name = "ports", .run = show_ports},
	{.name = "workers", .run = show_workers},
	{.name = "drops", .run = show_drops},
	{.name = "shed", .run = shed_overview},
	{.name = "shed top", .count_most = 100, .run = shed_top},
	{.name = "shed sample", .count_most = 200, .run = shed_samples},
	{.name = "shed block", .argument = PREFIX, .takes_for = true, .run = shed_block_prefix},
	{.name = "shed unblock", .argument = PREFIX, .run = shed_unblock_prefix},
	{.name = "shed watch", .run = shed_watch_attacks},
	{.name = "turn", .run = turn_show},
	{.name = "turn credentials",
	 .argument = "one user's name",
	 .takes_for = true,
	 .takes_secret = true,
	 .run = turn_issue_credentials},
	{.name = "turn delete",
	 .argument = "one allocation's ID or one user's name",
	 .run = turn_delete_allocations},
	{.name = "turn secrets", .run = turn_show_secrets},
	{.name = "turn secret add", .argument = SECRET, .run = turn_add_secret},
	{.name = "turn secret remove", .argument = SECRET, .run = turn_remove_secret},
	{.name = "token",
	 .argument = "one name, for whom it is",
	 .takes_for = true,
	 .takes_role = true,
	 .alone = true,
	 .run = access_make_token},
	{.name = "whoami", .run = access_show_self},
	{.name = "health", .run = show_health},
	{.name = "status", .run = show_status},
};

/* The first `count` words, with a space between them. */
static void join(char *name, size_t size, char *const *words, int count)
{
	int length = 0;

	for (int i = 0; i < count && length < (int)size; i++)
		length += snprintf(name + length, size - length, i ? " %s" : "%s", words[i]);
}

const struct command *command_find(char *const *words, int count, int *used)
{
	char name[32];

	/* The longer name first: "shed top" is not "shed" with an argument. */
	for (*used = count < WORDS ? count : WORDS; *used > 0; --*used) {
		join(name, sizeof(name), words, *used);
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
			if (!strcmp(commands[i].name, name))
				return &commands[i];
	}
	return NULL;
}
