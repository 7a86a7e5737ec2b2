/* SPDX-License-Identifier: BSD-3-Clause */
/* The gRPC server against gRPC's own client, over a UNIX socket. */
#include "tests/rig/peer.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "controlplane/api/health.pb-c.h"
#include "controlplane/rpc/health_service.h"

#define HELD_MAX 8

typedef Grpc__Health__V1__HealthCheckRequest echo;

static const ProtobufCMessageDescriptor *const echo_type =
	&grpc__health__v1__health_check_request__descriptor;

/* What the test's handlers saw. */
static struct {
	unsigned calls;
	struct rpc_call *held[HELD_MAX];
	const ProtobufCMessage *requests[HELD_MAX];
	unsigned held_count;
	bool is_held[HELD_MAX];
	unsigned closed;
	bool is_closed;
} seen;

static void handle_now(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	seen.calls++;
	rpc_reply(call, request);
}

static void handle_later(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	seen.calls++;
	assert_in_range(seen.held_count, 0, HELD_MAX - 1);
	seen.held[seen.held_count] = call;
	seen.requests[seen.held_count] = request;
	seen.is_held[seen.held_count++] = true;
}

static void count_closed(void *arg)
{
	seen.closed++;
	seen.is_closed = true;
}

static void handle_stream(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	handle_later(call, request, arg);
	rpc_stream(call, count_closed, NULL);
}

/* Fails with the code that the request names. */
static void handle_fail(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	seen.calls++;
	rpc_fail(call, atoi(((const echo *)request)->service), "line 7: “c=” is missing");
}

static const struct rpc_method methods[] = {
	{"/test.Echo/Now", &grpc__health__v1__health_check_request__descriptor, handle_now,
	 ROLE_VIEWER, false},
	{"/test.Echo/Later", &grpc__health__v1__health_check_request__descriptor, handle_later,
	 ROLE_VIEWER, false},
	{"/test.Echo/Fail", &grpc__health__v1__health_check_request__descriptor, handle_fail,
	 ROLE_VIEWER, false},
	{"/test.Echo/Stream", &grpc__health__v1__health_check_request__descriptor, handle_stream,
	 ROLE_VIEWER, false},
	{"/test.Echo/Open", &grpc__health__v1__health_check_request__descriptor, handle_later,
	 ROLE_ANYBODY, false},
};
static struct rpc_count counts[5];
static const struct rpc_service service = {methods, 5, NULL, counts};

static void call_text(struct peer *peer, struct peer_call *call, const char *method,
		      const char *text)
{
	echo request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

	request.service = (char *)(uintptr_t)text;
	peer_start(peer, call, method, &request.base);
}

static void assert_echo(struct peer_call *call, const char *text)
{
	echo *reply = peer_message(call, echo_type);

	assert_non_null(reply);
	assert_string_equal(reply->service, text);
	protobuf_c_message_free_unpacked(&reply->base, NULL);
}

static int set_up(void **state)
{
	static struct peer peer;

	memset(&seen, 0, sizeof(seen));
	memset(counts, 0, sizeof(counts));
	peer_open(&peer);
	peer_serve(&peer, &service, 1, 3);
	*state = &peer;
	return 0;
}

static int tear_down(void **state)
{
	peer_close(*state);
	return 0;
}

static void test_answers_at_once(void **state)
{
	struct peer_call call;

	for (int i = 0; i < 100; i++) {
		call_text(*state, &call, "/test.Echo/Now", "hello");
		assert_int_equal(peer_end(*state, &call), GRPC_STATUS_OK);
		assert_echo(&call, "hello");
	}
}

/* Each call once, by its method and by what became of it. */
static void test_counts_what_became_of_calls(void **state)
{
	struct peer_call call;

	call_text(*state, &call, "/test.Echo/Now", "hello");
	assert_int_equal(peer_end(*state, &call), GRPC_STATUS_OK);
	peer_drop(&call);
	for (int i = 0; i < 2; i++) {
		call_text(*state, &call, "/test.Echo/Fail", "5");
		assert_int_equal(peer_end(*state, &call), GRPC_STATUS_NOT_FOUND);
	}
	call_text(*state, &call, "/test.Echo/None", "");
	assert_int_equal(peer_end(*state, &call), GRPC_STATUS_UNIMPLEMENTED);
	assert_int_equal(counts[0].codes[GRPC_STATUS_OK], 1);
	assert_int_equal(counts[2].codes[GRPC_STATUS_NOT_FOUND], 2);
	for (int method = 0; method < 4; method++)
		for (int code = 0; code < RPC_CODES; code++)
			if (counts[method].codes[code] &&
			    !(method == 0 && code == GRPC_STATUS_OK) &&
			    !(method == 2 && code == GRPC_STATUS_NOT_FOUND))
				fail_msg("method %d, code %d", method, code);
}

static void test_answers_later_and_in_any_order(void **state)
{
	struct peer_call first, second;

	call_text(*state, &first, "/test.Echo/Later", "first");
	peer_wait(*state, &seen.is_held[0]);
	call_text(*state, &second, "/test.Echo/Later", "second");
	peer_wait(*state, &seen.is_held[1]);
	assert_false(first.ended || second.ended);

	rpc_reply(seen.held[1], seen.requests[1]);
	assert_int_equal(peer_end(*state, &second), GRPC_STATUS_OK);
	assert_echo(&second, "second");
	assert_false(first.ended);
	rpc_reply(seen.held[0], seen.requests[0]);
	assert_int_equal(peer_end(*state, &first), GRPC_STATUS_OK);
	assert_echo(&first, "first");
}

static void test_passes_status_and_text(void **state)
{
	for (int code = GRPC_STATUS_CANCELLED; code <= GRPC_STATUS_UNAUTHENTICATED; code++) {
		struct peer_call call;
		char text[16];

		snprintf(text, sizeof(text), "%d", code);
		call_text(*state, &call, "/test.Echo/Fail", text);
		assert_int_equal(peer_end(*state, &call), code);
		assert_string_equal(call.text, "line 7: “c=” is missing");
		assert_null(call.reply);
	}
}

static void test_bounds_the_size_of_a_message(void **state)
{
	char *text = malloc(RPC_MESSAGE_MAX + 1);
	struct peer_call call;

	assert_non_null(text);
	memset(text, 'x', RPC_MESSAGE_MAX);
	text[RPC_MESSAGE_MAX - 4] = '\0'; /* with its field header just the most */
	call_text(*state, &call, "/test.Echo/Now", text);
	assert_int_equal(peer_end(*state, &call), GRPC_STATUS_OK);
	assert_echo(&call, text);

	text[RPC_MESSAGE_MAX - 4] = 'x';
	text[RPC_MESSAGE_MAX - 3] = '\0';
	call_text(*state, &call, "/test.Echo/Now", text);
	assert_int_equal(peer_end(*state, &call), GRPC_STATUS_RESOURCE_EXHAUSTED);
	assert_int_equal(seen.calls, 1);
	free(text);
}

static void test_refuses_what_does_not_decode(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
	} bad[] = {
		{"\x0a\x05\x61\x62\x63", 5},     /* a string that is cut short */
		{"\x0a\xff\xff\xff\xff\x7f", 6}, /* one of 34 GB */
		{"\x08\x01", 2},                 /* a number where the string should be */
		{"\xff\xff\xff", 3},             /* no tag */
		{"\x0a\x02\xc3\x28", 4},         /* not UTF-8 */
		{"\x0a\x03\xed\xa0\x80", 5},     /* a surrogate */
		{NULL, 0},                       /* no message at all */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct peer_call call;

		peer_start_octets(*state, &call, "/test.Echo/Now", bad[i].octets, bad[i].len, 5000);
		assert_int_equal(peer_end(*state, &call), GRPC_STATUS_INVALID_ARGUMENT);
	}
	assert_int_equal(seen.calls, 0);
}

static void test_knows_its_methods(void **state)
{
	static const char *const unknown[] = {"/test.Echo/Nothing", "/test.Echo/Now/", "/Now",
					      "/tandem.relay.v1.Relay/Offer"};
	struct peer_call call;

	for (int i = 0; i < 4; i++) {
		call_text(*state, &call, unknown[i], "x");
		assert_int_equal(peer_end(*state, &call), GRPC_STATUS_UNIMPLEMENTED);
	}
	assert_int_equal(seen.calls, 0);
}

static void test_refuses_compressed_messages(void **state)
{
	struct peer *peer = *state;
	grpc_arg arg = {.type = GRPC_ARG_INTEGER,
			.key = (char *)(uintptr_t)GRPC_COMPRESSION_CHANNEL_DEFAULT_ALGORITHM,
			.value.integer = GRPC_COMPRESS_GZIP};
	grpc_channel_args args = {1, &arg};
	grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
	grpc_channel *plain = peer->channel;
	struct peer_call call;
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	peer->channel = grpc_channel_create(peer->address, credentials, &args);
	grpc_channel_credentials_release(credentials);
	call_text(peer, &call, "/test.Echo/Now", text);
	assert_int_equal(peer_end(peer, &call), GRPC_STATUS_UNIMPLEMENTED);
	assert_int_equal(seen.calls, 0);
	grpc_channel_destroy(peer->channel);
	peer->channel = plain;
}

/* Waits until the server has freed every call, seen from outside: it takes calls_max new ones. */
static void assert_room_for_all(struct peer *peer)
{
	struct peer_call calls[3];
	unsigned from = seen.held_count;

	for (int i = 0; i < 3; i++) {
		call_text(peer, &calls[i], "/test.Echo/Later", "x");
		peer_wait(peer, &seen.is_held[from + i]);
	}
	for (int i = 0; i < 3; i++) {
		rpc_reply(seen.held[from + i], seen.requests[from + i]);
		assert_int_equal(peer_end(peer, &calls[i]), GRPC_STATUS_OK);
		peer_drop(&calls[i]);
	}
}

static void test_bounds_calls_in_flight(void **state)
{
	struct peer_call calls[3], refused;

	for (int i = 0; i < 3; i++) {
		call_text(*state, &calls[i], "/test.Echo/Later", "x");
		peer_wait(*state, &seen.is_held[i]);
	}
	call_text(*state, &refused, "/test.Echo/Now", "x");
	assert_int_equal(peer_end(*state, &refused), GRPC_STATUS_RESOURCE_EXHAUSTED);
	assert_string_equal(refused.text,
			    "3 requests are in flight, the most allowed: try again later");
	for (int i = 0; i < 3; i++) {
		rpc_fail(seen.held[i], GRPC_STATUS_ABORTED, "");
		assert_int_equal(peer_end(*state, &calls[i]), GRPC_STATUS_ABORTED);
	}
	assert_room_for_all(*state);
}

/* Who is nobody takes no place of those who are known. */
static void test_what_anybody_may_ask_has_places_of_its_own(void **state)
{
	struct peer_call calls[3], call;

	for (int i = 0; i < 3; i++) {
		call_text(*state, &calls[i], "/test.Echo/Open", "x");
		peer_wait(*state, &seen.is_held[i]);
	}
	call_text(*state, &call, "/test.Echo/Open", "x");
	assert_int_equal(peer_end(*state, &call), GRPC_STATUS_RESOURCE_EXHAUSTED);
	call_text(*state, &call, "/test.Echo/Now", "x");
	assert_int_equal(peer_end(*state, &call), GRPC_STATUS_OK);
	peer_drop(&call);
	for (int i = 0; i < 3; i++) {
		rpc_fail(seen.held[i], GRPC_STATUS_ABORTED, "");
		assert_int_equal(peer_end(*state, &calls[i]), GRPC_STATUS_ABORTED);
	}
	call_text(*state, &call, "/test.Echo/Open", "x");
	peer_wait(*state, &seen.is_held[3]);
	rpc_fail(seen.held[3], GRPC_STATUS_ABORTED, "");
	assert_int_equal(peer_end(*state, &call), GRPC_STATUS_ABORTED);
}

static void test_drops_the_late_answer_to_a_cancelled_call(void **state)
{
	struct peer_call call;

	call_text(*state, &call, "/test.Echo/Later", "x");
	peer_wait(*state, &seen.is_held[0]);
	grpc_call_cancel(call.core, NULL);
	assert_int_equal(peer_end(*state, &call), GRPC_STATUS_CANCELLED);
	/* An answer crosses the cancellation, or comes after it: both are dropped. */
	rpc_reply(seen.held[0], seen.requests[0]);
	assert_room_for_all(*state);
}

static void test_keeps_a_cancelled_call_for_its_handler(void **state)
{
	struct peer_call call, other;

	call_text(*state, &call, "/test.Echo/Later", "still here");
	peer_wait(*state, &seen.is_held[0]);
	grpc_call_cancel(call.core, NULL);
	assert_int_equal(peer_end(*state, &call), GRPC_STATUS_CANCELLED);
	for (int i = 0; i < 20; i++) {
		call_text(*state, &other, "/test.Echo/Now", "x");
		assert_int_equal(peer_end(*state, &other), GRPC_STATUS_OK);
		peer_drop(&other);
	}
	assert_string_equal(((const echo *)seen.requests[0])->service, "still here");
	rpc_fail(seen.held[0], GRPC_STATUS_INTERNAL, "late");
	assert_room_for_all(*state);
}

static void test_honours_the_deadline(void **state)
{
	struct peer_call call;

	peer_start_octets(*state, &call, "/test.Echo/Later", "\x0a\x01x", 3, 100);
	assert_int_equal(peer_end(*state, &call), GRPC_STATUS_DEADLINE_EXCEEDED);
	peer_wait(*state, &seen.is_held[0]);
	rpc_reply(seen.held[0], seen.requests[0]);
	assert_room_for_all(*state);
}

static void append(struct rpc_call *call, char *text)
{
	echo event = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

	event.service = text;
	rpc_stream_append(call, &event.base);
}

static void test_a_stream_loses_no_event(void **state)
{
	struct peer_call call;
	char text[32];

	call_text(*state, &call, "/test.Echo/Stream", "x");
	peer_wait(*state, &seen.is_held[0]);
	for (int i = 0; i < RPC_WAITING_MAX; i++) {
		snprintf(text, sizeof(text), "event %d", i);
		append(seen.held[0], text);
	}
	for (int i = 0; i < RPC_WAITING_MAX; i++) {
		peer_wait(*state, &call.received);
		snprintf(text, sizeof(text), "event %d", i);
		assert_echo(&call, text);
		peer_receive(&call);
	}
	assert_int_equal(seen.closed, 0);
	rpc_fail(seen.held[0], GRPC_STATUS_ABORTED, "that was all");
	assert_int_equal(peer_end(*state, &call), GRPC_STATUS_ABORTED);
	assert_room_for_all(*state);
}

/* One that reads no more is not waited for: neither its memory nor its place is kept. */
static void test_a_stream_ends_when_nobody_reads(void **state)
{
	struct peer *peer = *state;
	size_t size = RPC_MESSAGE_MAX / 2;
	char *text = malloc(size + 1);
	struct peer_call call;
	int read = 0;

	assert_non_null(text);
	memset(text, 'x', size);
	text[size] = '\0';
	call_text(peer, &call, "/test.Echo/Stream", "x");
	peer_wait(peer, &seen.is_held[0]);
	append(seen.held[0], text);
	peer_wait(peer, &call.received);
	peer_drop(&call);
	for (int sent = 0; sent < 2 * RPC_WAITING_MAX && !seen.closed; sent++) {
		append(seen.held[0], text);
		uv_run(&peer->loop, UV_RUN_NOWAIT);
	}
	peer_wait(peer, &seen.is_closed);
	assert_room_for_all(peer);
	assert_int_equal(seen.closed, 1);
	/* When it reads again it finds what is whole in its windows, and then why that is all. */
	do {
		peer_receive(&call);
		peer_wait(peer, &call.received);
		peer_drop(&call);
		read++;
	} while (!call.ended);
	assert_int_equal(peer_end(peer, &call), GRPC_STATUS_RESOURCE_EXHAUSTED);
	assert_non_null(strstr(call.text, "does not keep up"));
	assert_in_range(read, 0, RPC_WAITING_MAX);
	peer_drop(&call);
	free(text);
}

static void test_stop_lets_calls_finish(void **state)
{
	struct peer *peer = *state;
	struct peer_call call;

	call_text(peer, &call, "/test.Echo/Later", "x");
	peer_wait(peer, &seen.is_held[0]);
	rpc_stop(peer->rpc, 5000, peer_on_stopped, peer);
	peer->rpc = NULL;
	for (int i = 0; i < 10; i++)
		uv_run(&peer->loop, UV_RUN_NOWAIT);
	assert_false(peer->stopped);
	rpc_reply(seen.held[0], seen.requests[0]);
	assert_int_equal(peer_end(peer, &call), GRPC_STATUS_OK);
	assert_echo(&call, "x");
	peer_wait(peer, &peer->stopped);
	assert_int_equal(access(peer->path, F_OK), -1);
}

static void test_stop_cuts_calls_off_at_the_limit(void **state)
{
	struct peer *peer = *state;
	struct peer_call call;

	call_text(peer, &call, "/test.Echo/Later", "x");
	peer_wait(peer, &seen.is_held[0]);
	peer_stop(peer, 50);
	assert_int_not_equal(peer_end(peer, &call), GRPC_STATUS_OK);
	rpc_reply(seen.held[0], seen.requests[0]); /* after the server is gone */
}

static Grpc__Health__V1__HealthCheckResponse__ServingStatus next_state(struct peer *peer,
								       struct peer_call *call)
{
	Grpc__Health__V1__HealthCheckResponse__ServingStatus status;
	Grpc__Health__V1__HealthCheckResponse *response;

	peer_wait(peer, &call->received);
	response = peer_message(call, &grpc__health__v1__health_check_response__descriptor);
	assert_non_null(response);
	status = response->status;
	grpc__health__v1__health_check_response__free_unpacked(response, NULL);
	return status;
}

#define HEALTH_STATUS(which) GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##which

static void test_health(void **state)
{
	struct health *health = health_create();
	struct rpc_service services[] = {service, health_service(health)};
	struct peer_call call, watch, unknown;
	struct peer peer;

	peer_open(&peer);
	peer_serve(&peer, services, 2, 0);
	call_text(&peer, &call, "/grpc.health.v1.Health/Check", "");
	assert_int_equal(next_state(&peer, &call), HEALTH_STATUS(NOT_SERVING));
	assert_int_equal(peer_end(&peer, &call), GRPC_STATUS_OK);
	call_text(&peer, &call, "/grpc.health.v1.Health/Check", "no.such.Service");
	assert_int_equal(peer_end(&peer, &call), GRPC_STATUS_NOT_FOUND);

	call_text(&peer, &watch, "/grpc.health.v1.Health/Watch", "tandem.relay.v1.Relay");
	assert_int_equal(next_state(&peer, &watch), HEALTH_STATUS(NOT_SERVING));
	call_text(&peer, &unknown, "/grpc.health.v1.Health/Watch", "no.such.Service");
	assert_int_equal(next_state(&peer, &unknown), HEALTH_STATUS(SERVICE_UNKNOWN));
	for (int i = 0; i < 5; i++) {
		peer_receive(&watch);
		health_set(health, true);
		assert_int_equal(next_state(&peer, &watch), HEALTH_STATUS(SERVING));
		peer_receive(&watch);
		health_set(health, false);
		assert_int_equal(next_state(&peer, &watch), HEALTH_STATUS(NOT_SERVING));
	}
	/* A slow watcher finds the last state, whatever happened before. */
	for (int i = 0; i < 101; i++)
		health_set(health, i % 2 == 0);
	for (int i = 0; i < 3; i++) {
		peer_receive(&watch);
		if (next_state(&peer, &watch) == HEALTH_STATUS(SERVING))
			break;
		assert_int_not_equal(i, 2);
	}

	grpc_call_cancel(unknown.core, NULL);
	unknown.received = true;
	assert_int_equal(peer_end(&peer, &unknown), GRPC_STATUS_CANCELLED);
	peer_receive(&watch);
	peer_stop(&peer, 5000);
	assert_int_equal(peer_end(&peer, &watch), GRPC_STATUS_UNAVAILABLE);
	assert_string_equal(watch.text, "the relay is stopping");
	peer_drop(&watch); /* the last state may have come twice */
	peer_close(&peer);
	health_free(health);
}

static void test_a_watcher_that_leaves_is_forgotten(void **state)
{
	struct health *health = health_create();
	struct rpc_service services[] = {health_service(health)};
	struct peer_call watch, check;
	struct peer peer;

	peer_open(&peer);
	peer_serve(&peer, services, 1,
		   1); /* one call at a time: the next waits for this one's end */
	call_text(&peer, &watch, "/grpc.health.v1.Health/Watch", "");
	next_state(&peer, &watch);
	call_text(&peer, &check, "/grpc.health.v1.Health/Check", "");
	assert_int_equal(peer_end(&peer, &check), GRPC_STATUS_RESOURCE_EXHAUSTED);
	grpc_call_cancel(watch.core, NULL);
	assert_int_equal(peer_end(&peer, &watch), GRPC_STATUS_CANCELLED);
	for (int i = 0; i < 1000; i++) {
		call_text(&peer, &check, "/grpc.health.v1.Health/Check", "");
		if (peer_end(&peer, &check) == GRPC_STATUS_OK)
			break;
		assert_int_not_equal(i, 999);
	}
	peer_drop(&check);
	health_set(health, true);
	peer_close(&peer);
	health_free(health);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_SERVER(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		WITH_SERVER(test_answers_at_once),
		WITH_SERVER(test_counts_what_became_of_calls),
		WITH_SERVER(test_answers_later_and_in_any_order),
		WITH_SERVER(test_passes_status_and_text),
		WITH_SERVER(test_bounds_the_size_of_a_message),
		WITH_SERVER(test_refuses_what_does_not_decode),
		WITH_SERVER(test_knows_its_methods),
		WITH_SERVER(test_refuses_compressed_messages),
		WITH_SERVER(test_bounds_calls_in_flight),
		WITH_SERVER(test_what_anybody_may_ask_has_places_of_its_own),
		WITH_SERVER(test_drops_the_late_answer_to_a_cancelled_call),
		WITH_SERVER(test_keeps_a_cancelled_call_for_its_handler),
		WITH_SERVER(test_honours_the_deadline),
		WITH_SERVER(test_a_stream_loses_no_event),
		WITH_SERVER(test_a_stream_ends_when_nobody_reads),
		WITH_SERVER(test_stop_lets_calls_finish),
		WITH_SERVER(test_stop_cuts_calls_off_at_the_limit),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_a_watcher_that_leaves_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
