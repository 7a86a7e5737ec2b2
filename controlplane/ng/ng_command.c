/* SPDX-License-Identifier: BSD-3-Clause */
/* What an ng command has the session do, and what it replies. */
#include "controlplane/ng/ng_command.h"

#include <string.h>
#include <strings.h>

#include "controlplane/ng/ng_reply.h"
#include "dataplane/lib/log.h"

#define WORDS_TOLD 200 /* unknown words that get a line in the log */
#define LIST_USUAL 32
#define LIST_MOST  1000

/* --- what there is --------------------------------------------------------------------------- */

static void on_queried(void *arg, const ProtobufCMessage *reply, const struct session_error *error)
{
	if (error)
		ng_fail_as(arg, error);
	else
		ng_reply_call(arg, ((const Tandem__Relay__V1__QueryReply *)reply)->call);
}

static void query(struct ng_query *q)
{
	Tandem__Relay__V1__QueryRequest request = TANDEM__RELAY__V1__QUERY_REQUEST__INIT;

	if (!ng_has_call(q))
		return;
	request.call_id = (char *)q->request.call_id;
	session_query(q->ng->session, &request, on_queried, q);
}

static void on_listed(void *arg, const ProtobufCMessage *message, const struct session_error *error)
{
	const Tandem__Relay__V1__ListReply *list = (const Tandem__Relay__V1__ListReply *)message;
	struct ng_query *q = arg;
	struct ng_value *reply, *calls;

	if (error) {
		ng_fail_as(q, error);
		return;
	}
	reply = ng_reply(q, "ok");
	calls = ng_put(reply, "calls", ng_list(&q->arena));
	for (size_t k = 0; k < list->n_calls; k++)
		ng_add(calls, ng_text(&q->arena, list->calls[k]->call_id));
	q->done(q, reply);
}

static void list(struct ng_query *q)
{
	Tandem__Relay__V1__ListRequest request = TANDEM__RELAY__V1__LIST_REQUEST__INIT;
	int64_t limit = q->request.limit;

	request.page_size = limit <= 0 ? LIST_USUAL : limit < LIST_MOST ? limit : LIST_MOST;
	session_list(q->ng->session, &request, on_listed, q);
}

static void on_status(void *arg, const ProtobufCMessage *message, const struct session_error *error)
{
	const Tandem__Relay__V1__StatusReply *status =
		(const Tandem__Relay__V1__StatusReply *)message;
	struct ng_query *q = arg;
	struct ng_value *reply, *now;

	if (error) {
		ng_fail_as(q, error);
		return;
	}
	reply = ng_reply(q, "ok");
	now = ng_put(ng_put(reply, "statistics", ng_dictionary(&q->arena)), "currentstatistics",
		     ng_dictionary(&q->arena));
	ng_put(now, "sessionsown", ng_number(&q->arena, status->calls));
	ng_put(now, "sessionsforeign", ng_number(&q->arena, 0));
	ng_put(now, "sessionstotal", ng_number(&q->arena, status->calls));
	q->done(q, reply);
}

static void statistics(struct ng_query *q)
{
	Tandem__Relay__V1__StatusRequest request = TANDEM__RELAY__V1__STATUS_REQUEST__INIT;

	session_status(q->ng->session, &request, on_status, q);
}

static void ping(struct ng_query *q)
{
	q->done(q, ng_reply(q, "pong"));
}

/* --- which ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*run)(struct ng_query *q); /* NULL: not done */
} commands[NG_COMMANDS] = {
	{"ping", ping},
	{"offer", ng_offer},
	{"answer", ng_take_answer},
	{"delete", ng_delete},
	{"query", query},
	{"list", list},
	{"statistics", statistics},
	{"block media", ng_block},
	{"unblock media", ng_unmute},
	{"block DTMF", ng_block_events},
	{"unblock DTMF", ng_unblock_events},
	{"silence media", ng_silence},
	{"unsilence media", ng_unmute},
	{"subscribe request", ng_subscribe},
	{"subscribe answer", ng_answer_subscription},
	{"unsubscribe", ng_unsubscribe},
	{"publish", ng_publish},
	{"create", ng_create},
	{"create answer", ng_answer_created},
	{"connect", ng_connect},
	{"mesh", ng_mesh},
	{"transform", NULL},
	{"start recording", NULL},
	{"stop recording", NULL},
	{"pause recording", NULL},
	{"start forwarding", NULL},
	{"stop forwarding", NULL},
	{"play media", NULL},
	{"stop media", NULL},
	{"play DTMF", NULL},
	{"inject DTMF", NULL},
	{"inject start", NULL},
	{"inject stop", NULL},
};

/* Each word once. */
static void tell_unknown(struct ng_query *q)
{
	struct ng *ng = q->ng;
	const struct ng_value *item, *known;

	ng_for_each(item, q->request.unknown)
	{
		ng->unknown_words++;
		known = ng->told ? ng->told->first : NULL;
		while (known && strcasecmp(known->text, item->text) != 0)
			known = known->next;
		if (known || ng->told_count == WORDS_TOLD)
			continue;
		if (!ng->told)
			ng->told = ng_list(&ng->words);
		if (ng_add(ng->told, ng_text(&ng->words, item->text)))
			ng->told_count++;
		log_info("ng: \"%.60s\" is unknown here and ignored", item->text);
	}
}

void ng_command(struct ng_query *q)
{
	const char *command = q->request.command;
	unsigned int k = 0;

	while (k < NG_COMMANDS && !ng_same_key(commands[k].name, command))
		k++;
	q->command = k;
	tell_unknown(q);
	if (q->request.refused)
		ng_fail_not_done(q, q->request.refused);
	else if (k < NG_COMMANDS && commands[k].run)
		commands[k].run(q);
	else if (k < NG_COMMANDS)
		ng_fail_not_done(q, command);
	else
		ng_fail(q, *command ? "Unrecognized command"
				    : "Dictionary contains no key \"command\"");
}

/* --- what became of them --------------------------------------------------------------------- */

void ng_command_open(struct ng *ng)
{
	for (unsigned int k = 0; k < NG_COMMANDS; k++)
		ng->counts[k].command = commands[k].name;
	ng->counts[NG_COMMANDS].command = "none";
}

void ng_command_count(struct ng_query *q, const struct ng_value *reply)
{
	const char *result = ng_get_text(reply, "result");
	struct ng_count *count = &q->ng->counts[q->command];
	bool failed = !result || !strcmp(result, "error") || !strcmp(result, "load limit");

	failed ? count->failed++ : count->done++;
}

unsigned int ng_counts(const struct ng *ng, const struct ng_count **counts)
{
	*counts = ng->counts;
	return NG_COMMANDS + 1;
}
