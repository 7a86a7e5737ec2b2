/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ctl/commands_shed.h"

#include <stdio.h>

#include "controlplane/api/shed.pb-c.h"
#include "controlplane/ctl/ask.h"
#include "controlplane/ctl/view_shed.h"
#include "controlplane/ctl/words.h"

#define SHED        "/tandem.shed.v1.Shed/"
#define TYPE(which) (&tandem__shed__v1__##which##__descriptor)
#define TOP         20 /* sources and targets, unless --count says otherwise */

/* --- what there is --------------------------------------------------------------------------- */

static int show(const struct request *request, unsigned int count, view_reply *view)
{
	Tandem__Shed__V1__ShowRequest question = TANDEM__SHED__V1__SHOW_REQUEST__INIT;

	question.sources = question.targets = count;
	return ask(request, SHED "Show", &question.base, TYPE(show_reply), view);
}

static void print_overview(const struct request *request, const ProtobufCMessage *reply)
{
	view_shed(stdout, (const Tandem__Shed__V1__ShowReply *)reply, request->all);
}

static void print_top(const struct request *request, const ProtobufCMessage *reply)
{
	view_shed_top(stdout, (const Tandem__Shed__V1__ShowReply *)reply);
}

static void print_samples(const struct request *request, const ProtobufCMessage *reply)
{
	view_shed_samples(stdout, (const Tandem__Shed__V1__SampleReply *)reply);
}

int shed_overview(const struct request *request)
{
	return show(request, 1, print_overview);
}

int shed_top(const struct request *request)
{
	return show(request, request->count ? request->count : TOP, print_top);
}

int shed_samples(const struct request *request)
{
	Tandem__Shed__V1__SampleRequest question = TANDEM__SHED__V1__SAMPLE_REQUEST__INIT;

	question.count = request->count;
	return ask(request, SHED "Sample", &question.base, TYPE(sample_reply), print_samples);
}

/* --- blocks ---------------------------------------------------------------------------------- */

static void print_blocked(const struct request *request, const ProtobufCMessage *reply)
{
	unsigned int calls = ((const Tandem__Shed__V1__BlockReply *)reply)->calls;
	char left[WORDS_SIZE];

	printf("%s is blocked %s%s\n", request->argument,
	       request->for_ms ? "for " : "until it is unblocked",
	       request->for_ms ? words_duration(request->for_ms, left) : "");
	if (calls)
		printf("this cuts off media of %u running call%s\n", calls, calls == 1 ? "" : "s");
}

int shed_block_prefix(const struct request *request)
{
	Tandem__Shed__V1__BlockRequest question = TANDEM__SHED__V1__BLOCK_REQUEST__INIT;

	question.prefix = (char *)(uintptr_t)request->argument;
	question.for_ms = request->for_ms;
	return ask(request, SHED "Block", &question.base, TYPE(block_reply), print_blocked);
}

static void print_unblocked(const struct request *request, const ProtobufCMessage *reply)
{
	printf("%s is no longer blocked\n", request->argument);
}

int shed_unblock_prefix(const struct request *request)
{
	Tandem__Shed__V1__UnblockRequest question = TANDEM__SHED__V1__UNBLOCK_REQUEST__INIT;

	question.prefix = (char *)(uintptr_t)request->argument;
	return ask(request, SHED "Unblock", &question.base, TYPE(unblock_reply), print_unblocked);
}

/* --- events ---------------------------------------------------------------------------------- */

static void print_event(const struct request *request, const ProtobufCMessage *event)
{
	view_shed_event(stdout, (const Tandem__Shed__V1__AttackEvent *)event);
}

int shed_watch_attacks(const struct request *request)
{
	Tandem__Shed__V1__WatchRequest question = TANDEM__SHED__V1__WATCH_REQUEST__INIT;

	return ask_stream(request, SHED "Watch", &question.base, TYPE(attack_event), print_event);
}
