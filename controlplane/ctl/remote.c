/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/rpc_listen.h"
#include "controlplane/ctl/remote.h"

#include <err.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/rpc/message.h"
#include "controlplane/rpc/rpc_buffer.h"
#include "controlplane/rpc/rpc_tls.h"

#define CALL_TIMEOUT_SECONDS 10
#define STOP_POLL_MS         100 /* until a signal is noticed */

struct remote {
	const char *server;
	bool tls;
	grpc_metadata shown; /* with each call, if it has a value */
	bool shows;
	grpc_channel *channel;
	grpc_completion_queue *queue;
};

void complain(const char *fmt, ...)
{
	va_list args;

	fputs("tandemctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

/* What gRPC has to say comes back with the call's status. */
static void stay_quiet(gpr_log_func_args *args)
{
}

/* Whether what goes there leaves this machine. */
static bool is_far(const char *server)
{
	if (!strncmp(server, "unix:", 5) || !strncmp(server, "localhost:", 10))
		return false;
	return !rpc_listen_is_address(server) || rpc_listen_needs_tls(server);
}

static void show_token(struct remote *remote, const char *token)
{
	char *line;

	if (asprintf(&line, "Bearer %s", token) < 0)
		errx(CTL_REFUSED, "no memory");
	remote->shown.key = grpc_slice_from_static_string("authorization");
	remote->shown.value = grpc_slice_from_copied_string(line);
	remote->shows = true;
	OPENSSL_cleanse(line, strlen(line));
	free(line);
}

int remote_open(struct remote **out, const struct remote_options *options)
{
	const struct rpc_tls *tls = &options->tls;
	grpc_arg no_proxy = {.type = GRPC_ARG_INTEGER,
			     .key = (char *)(uintptr_t)GRPC_ARG_ENABLE_HTTP_PROXY};
	const grpc_channel_args args = {1, &no_proxy};
	grpc_channel_credentials *credentials;
	char why[RPC_TLS_WHY];
	struct remote *remote;

	if (options->token && !rpc_tls_wanted(tls) && is_far(options->server)) {
		complain("a token would go to %s for all to read: --ca gives TLS", options->server);
		return CTL_USAGE;
	}
	remote = calloc(1, sizeof(*remote));
	if (!remote) {
		complain("no memory");
		return CTL_UNREACHABLE;
	}
	gpr_set_log_function(stay_quiet);
	grpc_init();
	remote->server = options->server;
	remote->tls = rpc_tls_wanted(tls);
	if (!remote->tls) {
		credentials = grpc_insecure_credentials_create();
	} else if (rpc_tls_client(&credentials, tls, why, sizeof(why))) {
		complain("%s", why);
		grpc_shutdown();
		free(remote);
		return CTL_USAGE;
	}
	remote->channel = grpc_channel_create(remote->server, credentials, &args);
	grpc_channel_credentials_release(credentials);
	remote->queue = grpc_completion_queue_create_for_pluck(NULL);
	if (options->token)
		show_token(remote, options->token);
	*out = remote;
	return CTL_OK;
}

void remote_close(struct remote *remote)
{
	grpc_slice_unref(remote->shown.value);
	grpc_channel_destroy(remote->channel);
	grpc_completion_queue_shutdown(remote->queue);
	grpc_completion_queue_destroy(remote->queue);
	free(remote);
	grpc_shutdown();
}

/* Says why nobody was reached. gRPC's text is a chain of causes; the last is the system's own. */
static int unreachable(const struct remote *remote, const char *text)
{
	const char *cause = text, *next;
	const char *remedy = "is tandem-controlplane running there? --server names another address";

	while ((next = strstr(cause, ": ")))
		cause = next + 2;
	if (strstr(text, "Permission denied"))
		remedy = "run tandemctl as root, or as the user that owns the socket";
	else if (remote->tls && !strstr(text, "Failed to connect"))
		remedy = "do --ca, --cert and --key fit the server's?";
	complain("cannot reach %s: %s: %s", remote->server, cause, remedy);
	return CTL_UNREACHABLE;
}

/* What a call begins with. */
static grpc_op greeting(struct remote *remote)
{
	return (grpc_op){
		.op = GRPC_OP_SEND_INITIAL_METADATA,
		.data.send_initial_metadata = {.count = remote->shows, .metadata = &remote->shown}};
}

/* Turns a call's status into an exit code, and its text into a line. */
static int exit_code_of(const struct remote *remote, grpc_status_code status, grpc_slice details)
{
	char text[1024];
	size_t len = GRPC_SLICE_LENGTH(details);

	len = len < sizeof(text) ? len : sizeof(text) - 1;
	memcpy(text, GRPC_SLICE_START_PTR(details), len);
	text[len] = '\0';

	if (status == GRPC_STATUS_OK)
		return CTL_OK;
	if (status == GRPC_STATUS_DEADLINE_EXCEEDED) {
		complain("%s gives no answer for %d seconds: is tandem-controlplane overloaded?",
			 remote->server, CALL_TIMEOUT_SECONDS);
		return CTL_UNREACHABLE;
	}
	/* The relay says UNAVAILABLE too, but over a connection that stands. */
	if (status == GRPC_STATUS_UNAVAILABLE &&
	    grpc_channel_check_connectivity_state(remote->channel, 0) != GRPC_CHANNEL_READY)
		return unreachable(remote, text);
	complain("%s", *text ? text : "the relay refuses, and does not say why");
	return CTL_REFUSED;
}

static int undecodable(void)
{
	complain("the relay's reply does not decode: are both of the same version?");
	return CTL_REFUSED;
}

int remote_call(struct remote *remote, const char *method, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *reply_type, ProtobufCMessage **reply)
{
	gpr_timespec end = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
					gpr_time_from_seconds(CALL_TIMEOUT_SECONDS, GPR_TIMESPAN));
	grpc_metadata_array headers, trailers;
	grpc_status_code status = GRPC_STATUS_UNKNOWN;
	grpc_slice details = grpc_empty_slice(), path = grpc_slice_from_static_string(method);
	grpc_byte_buffer *sent = rpc_buffer_pack(request), *received = NULL;
	grpc_call *call = grpc_channel_create_call(remote->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
						   remote->queue, path, NULL, end, NULL);
	const grpc_op ops[] = {
		greeting(remote),
		{.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = sent},
		{.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
		{.op = GRPC_OP_RECV_INITIAL_METADATA,
		 .data.recv_initial_metadata.recv_initial_metadata = &headers},
		{.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &received},
		{.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
		 .data.recv_status_on_client = {.trailing_metadata = &trailers,
						.status = &status,
						.status_details = &details}},
	};
	int ret;

	if (!sent)
		errx(CTL_REFUSED, "no memory");
	grpc_metadata_array_init(&headers);
	grpc_metadata_array_init(&trailers);
	grpc_call_start_batch(call, ops, sizeof(ops) / sizeof(ops[0]), remote, NULL);
	/* The call ends by its deadline at the latest, so this need not have its own. */
	grpc_completion_queue_pluck(remote->queue, remote, gpr_inf_future(GPR_CLOCK_MONOTONIC),
				    NULL);
	ret = exit_code_of(remote, status, details);
	if (!ret) {
		*reply = rpc_buffer_unpack(reply_type, received);
		ret = *reply ? CTL_OK : undecodable();
	} else {
		rpc_buffer_free(received);
	}
	grpc_byte_buffer_destroy(sent);
	grpc_slice_unref(details);
	grpc_metadata_array_destroy(&headers);
	grpc_metadata_array_destroy(&trailers);
	grpc_call_unref(call);
	return ret;
}

/* --- streams --------------------------------------------------------------------------------- */

/* One call whose parts end by themselves: each is the tag of its batch. */
struct stream {
	struct remote *remote;
	grpc_call *call;
	grpc_metadata_array headers, trailers;
	grpc_byte_buffer *sent, *received;
	grpc_status_code status;
	grpc_slice details;
	char asking, receiving, ending;
};

/* Waits for a batch; false: `*stop` was set before. */
static bool wait_for(struct stream *s, void *tag, const volatile sig_atomic_t *stop)
{
	for (;;) {
		gpr_timespec soon = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
						 gpr_time_from_millis(STOP_POLL_MS, GPR_TIMESPAN));
		grpc_event event = grpc_completion_queue_pluck(s->remote->queue, tag, soon, NULL);

		if (event.type == GRPC_OP_COMPLETE)
			return true;
		if (stop && *stop)
			return false;
	}
}

static void stream_open(struct stream *s, const char *method, const ProtobufCMessage *request)
{
	const grpc_op ending = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
				.data.recv_status_on_client = {.trailing_metadata = &s->trailers,
							       .status = &s->status,
							       .status_details = &s->details}};
	grpc_op asking[] = {
		greeting(s->remote),
		{.op = GRPC_OP_SEND_MESSAGE},
		{.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
		{.op = GRPC_OP_RECV_INITIAL_METADATA,
		 .data.recv_initial_metadata.recv_initial_metadata = &s->headers},
	};

	s->sent = rpc_buffer_pack(request);
	if (!s->sent)
		errx(CTL_REFUSED, "no memory");
	asking[1].data.send_message.send_message = s->sent;
	grpc_metadata_array_init(&s->headers);
	grpc_metadata_array_init(&s->trailers);
	s->details = grpc_empty_slice();
	s->call = grpc_channel_create_call(s->remote->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
					   s->remote->queue, grpc_slice_from_static_string(method),
					   NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
	grpc_call_start_batch(s->call, &ending, 1, &s->ending, NULL);
	grpc_call_start_batch(s->call, asking, sizeof(asking) / sizeof(asking[0]), &s->asking,
			      NULL);
}

static void stream_close(struct stream *s)
{
	rpc_buffer_free(s->received);
	grpc_byte_buffer_destroy(s->sent);
	grpc_slice_unref(s->details);
	grpc_metadata_array_destroy(&s->headers);
	grpc_metadata_array_destroy(&s->trailers);
	grpc_call_unref(s->call);
}

int remote_stream(struct remote *remote, const char *method, const ProtobufCMessage *request,
		  const ProtobufCMessageDescriptor *type,
		  bool (*take)(void *arg, const ProtobufCMessage *message), void *arg,
		  const volatile sig_atomic_t *stop)
{
	struct stream s = {.remote = remote};
	const grpc_op receive = {.op = GRPC_OP_RECV_MESSAGE,
				 .data.recv_message.recv_message = &s.received};
	bool stopped = false;
	int ret = CTL_OK;

	stream_open(&s, method, request);
	while (!stopped && !ret) {
		ProtobufCMessage *message;

		grpc_call_start_batch(s.call, &receive, 1, &s.receiving, NULL);
		if (!wait_for(&s, &s.receiving, stop)) {
			stopped = true;
			grpc_call_cancel(s.call, NULL); /* which ends the waiting */
			wait_for(&s, &s.receiving, NULL);
			break;
		}
		if (!s.received)
			break;
		message = rpc_buffer_unpack(type, s.received);
		s.received = NULL;
		if (message)
			stopped = !take(arg, message);
		else
			ret = undecodable();
		message_free(message);
	}
	if (stopped || ret)
		grpc_call_cancel(s.call, NULL);
	wait_for(&s, &s.asking, NULL);
	wait_for(&s, &s.ending, NULL);
	if (!stopped && !ret)
		ret = exit_code_of(remote, s.status, s.details);
	stream_close(&s);
	return ret;
}
