/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An orchestrator, as fast as the relay lets it: many calls at a time over one connection, each
 *with an Offer, an Answer and a Delete. A line on the standard input
 *
 *	cycle|open|close phones|browser COUNT
 *	list age|newest|worst TEXT COUNT
 *
 * is answered by a line of JSON: seconds, the CPU time that this program took, and the seconds of
 * the request that took longest. "open" leaves the calls, "close" deletes those that an "open" of
 *as many left. "list" asks for a page of those with the text, one after the other; "-": of all.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/rpc/rpc_buffer.h"
#include "perf/participants.h"

#define AT_A_TIME_MAX 4096
#define PATIENCE_S    10
#define METHOD        "/tandem.relay.v1.Relay/"

static const struct kind {
	const char *name, *network, *offer;
} kinds[] = {
	{"phones", "trunk", participants_phone_offer},
	{"browser", "public", participants_browser_offer},
	{NULL, NULL, NULL},
};

enum step { OFFER, ANSWER, DELETE, END, LIST, LISTED };

#define PAGE 100 /* calls */

struct call {
	uint32_t number;
	enum step step;
	double asked;
	grpc_call *core;
	grpc_byte_buffer *sent, *received;
	grpc_metadata_array headers, trailers;
	grpc_status_code status;
	grpc_slice details;
};

static struct {
	grpc_channel *channel;
	grpc_completion_queue *queue;
	const struct kind *kind;
	enum step first, end; /* of every call: from where, and before what it ends */
	uint32_t count, begun, ended, at_a_time;
	const char *name; /* of calls, before their numbers */
	Tandem__Relay__V1__ListRequest list;
	double slowest;
	struct call calls[AT_A_TIME_MAX];
} work;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "setup: %s\n", what);
	exit(EXIT_FAILURE);
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* --- one request ----------------------------------------------------------------------------- */

static grpc_byte_buffer *pack_offer(char *id)
{
	Tandem__Relay__V1__OfferRequest offer = TANDEM__RELAY__V1__OFFER_REQUEST__INIT;
	Tandem__Relay__V1__Side to = TANDEM__RELAY__V1__SIDE__INIT;
	Tandem__Relay__V1__Side from = TANDEM__RELAY__V1__SIDE__INIT;

	to.network = (char *)"trunk";
	to.profile = TANDEM__RELAY__V1__PROFILE__PROFILE_RTP_AVP;
	from.network = (char *)work.kind->network;
	offer.call_id = id;
	offer.from_tag = (char *)"caller";
	offer.sdp = (char *)work.kind->offer;
	offer.to = &to;
	offer.from = &from;
	return rpc_buffer_pack(&offer.base);
}

static grpc_byte_buffer *pack(enum step step, char *id)
{
	Tandem__Relay__V1__AnswerRequest answer = TANDEM__RELAY__V1__ANSWER_REQUEST__INIT;
	Tandem__Relay__V1__DeleteRequest gone = TANDEM__RELAY__V1__DELETE_REQUEST__INIT;

	switch (step) {
	case LIST:
		return rpc_buffer_pack(&work.list.base);
	case OFFER:
		return pack_offer(id);
	case ANSWER:
		answer.call_id = id;
		answer.from_tag = (char *)"caller";
		answer.to_tag = (char *)"callee";
		answer.sdp = (char *)participants_phone_answer;
		return rpc_buffer_pack(&answer.base);
	default:
		gone.call_id = id;
		return rpc_buffer_pack(&gone.base);
	}
}

static void request(struct call *call)
{
	static const char *const methods[] = {
		[OFFER] = METHOD "Offer",
		[ANSWER] = METHOD "Answer",
		[DELETE] = METHOD "Delete",
		[LIST] = METHOD "List",
	};
	gpr_timespec end = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
					gpr_time_from_seconds(PATIENCE_S, GPR_TIMESPAN));
	grpc_op ops[] = {
		{.op = GRPC_OP_SEND_INITIAL_METADATA},
		{.op = GRPC_OP_SEND_MESSAGE},
		{.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
		{.op = GRPC_OP_RECV_INITIAL_METADATA,
		 .data.recv_initial_metadata.recv_initial_metadata = &call->headers},
		{.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &call->received},
		{.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
		 .data.recv_status_on_client = {.trailing_metadata = &call->trailers,
						.status = &call->status,
						.status_details = &call->details}},
	};
	char id[64];

	snprintf(id, sizeof(id), "%.32s-%u", work.name, call->number);
	call->sent = pack(call->step, id);
	call->received = NULL;
	call->asked = seconds(CLOCK_MONOTONIC);
	call->core = grpc_channel_create_call(
		work.channel, NULL, GRPC_PROPAGATE_DEFAULTS, work.queue,
		grpc_slice_from_static_string(methods[call->step]), NULL, end, NULL);
	if (!call->sent)
		die("no memory");
	ops[1].data.send_message.send_message = call->sent;
	grpc_metadata_array_init(&call->headers);
	grpc_metadata_array_init(&call->trailers);
	if (grpc_call_start_batch(call->core, ops, sizeof(ops) / sizeof(ops[0]), call, NULL))
		die("gRPC refuses a call");
}

static void take_reply(struct call *call)
{
	double took = seconds(CLOCK_MONOTONIC) - call->asked;

	work.slowest = took > work.slowest ? took : work.slowest;
	if (call->status != GRPC_STATUS_OK) {
		fprintf(stderr, "setup: call %u, step %d: status %d: %.*s\n", call->number,
			call->step, call->status, (int)GRPC_SLICE_LENGTH(call->details),
			(const char *)GRPC_SLICE_START_PTR(call->details));
		exit(EXIT_FAILURE);
	}
	rpc_buffer_free(call->received);
	grpc_byte_buffer_destroy(call->sent);
	grpc_slice_unref(call->details);
	grpc_metadata_array_destroy(&call->headers);
	grpc_metadata_array_destroy(&call->trailers);
	grpc_call_unref(call->core);
}

/* --- many of them ---------------------------------------------------------------------------- */

static void begin(struct call *call)
{
	if (work.begun == work.count)
		return;
	call->number = work.begun++;
	call->step = work.first;
	request(call);
}

static void run(uint32_t at_a_time)
{
	work.begun = work.ended = 0;
	work.slowest = 0;
	for (uint32_t k = 0; k < at_a_time; k++)
		begin(&work.calls[k]);
	while (work.ended < work.count) {
		grpc_event event = grpc_completion_queue_next(
			work.queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
		struct call *call = event.tag;

		if (event.type != GRPC_OP_COMPLETE)
			die("gRPC's queue has ended");
		take_reply(call);
		if (++call->step < work.end) {
			request(call);
		} else {
			work.ended++;
			begin(call);
		}
	}
}

static void begin_list(const char *order, const char *text)
{
	static const char *const orders[] = {"age", "newest", "worst"};
	unsigned int k;

	for (k = 0; k < 3 && strcmp(orders[k], order); k++)
		;
	if (k == 3)
		die("age, newest or worst");
	tandem__relay__v1__list_request__init(&work.list);
	work.list.order = k;
	work.list.page_size = PAGE;
	if (strcmp(text, "-"))
		work.list.search = (char *)text;
	work.first = LIST;
	work.end = LISTED;
}

static void begin_calls(const char *what, const char *kind)
{
	for (work.kind = kinds; work.kind->name && strcmp(work.kind->name, kind); work.kind++)
		;
	if (!work.kind->name)
		die("phones or browser");
	work.first = strcmp(what, "close") ? OFFER : DELETE;
	work.end = strcmp(what, "open") ? END : DELETE;
}

static void answer(const char *line)
{
	double begun, cpu;
	char what[16], kind[16], text[64];
	bool list = sscanf(line, "list %15s %63s %u", kind, text, &work.count) == 3;

	if (!list && sscanf(line, "%15s %15s %u", what, kind, &work.count) != 3)
		die("cycle|open|close phones|browser COUNT, or list age|newest|worst TEXT COUNT");
	if (!work.count)
		die("how many?");
	if (list)
		begin_list(kind, text);
	else
		begin_calls(what, kind);
	begun = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	run(list ? 1 : work.at_a_time);
	printf("{\"seconds\":%.6f,\"client\":%.6f,\"slowest\":%.6f}\n",
	       seconds(CLOCK_MONOTONIC) - begun, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
	       work.slowest);
	fflush(stdout);
}

static const char *const usage =
	"Usage: setup --server unix:PATH [--at-a-time N] [--name NAME]\n"
	"Sets up calls through a control plane's API; perf/bench runs it. See perf/README.md.\n";

static void connect_to(const char *server)
{
	grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
	grpc_arg no_proxy = {.type = GRPC_ARG_INTEGER,
			     .key = (char *)(uintptr_t)GRPC_ARG_ENABLE_HTTP_PROXY};
	const grpc_channel_args args = {1, &no_proxy};

	work.channel = grpc_channel_create(server, credentials, &args);
	grpc_channel_credentials_release(credentials);
	work.queue = grpc_completion_queue_create_for_next(NULL);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"server", required_argument, NULL, 's'},
						{"at-a-time", required_argument, NULL, 'a'},
						{"name", required_argument, NULL, 'n'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	const char *server = NULL;
	char line[128];
	int option;

	work.at_a_time = 64;
	work.name = "measured";
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			server = optarg;
		else if (option == 'a')
			work.at_a_time = strtoul(optarg, NULL, 10);
		else if (option == 'n')
			work.name = optarg;
		else
			work.at_a_time = 0;
	}
	if (!server || optind != argc || !work.at_a_time || work.at_a_time > AT_A_TIME_MAX) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	grpc_init();
	connect_to(server);
	while (fgets(line, sizeof(line), stdin))
		answer(line);
	grpc_channel_destroy(work.channel);
	grpc_completion_queue_shutdown(work.queue);
	grpc_completion_queue_destroy(work.queue);
	grpc_shutdown();
	return EXIT_SUCCESS;
}
