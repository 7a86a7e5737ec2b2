/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/peer.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <unistd.h>

static gpr_timespec after_ms(unsigned ms)
{
	return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

void peer_wait(struct peer *peer, const bool *flag)
{
	gpr_timespec end = after_ms(PEER_SECONDS * 1000);

	while (!*flag) {
		grpc_event event;

		uv_run(&peer->loop, UV_RUN_NOWAIT);
		event = grpc_completion_queue_next(peer->queue, after_ms(1), NULL);
		if (event.type == GRPC_OP_COMPLETE && event.tag)
			*(bool *)event.tag = true;
		if (gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), end) > 0)
			fail_msg("nothing came for %d seconds", PEER_SECONDS);
	}
}

void peer_on_stopped(void *arg)
{
	((struct peer *)arg)->stopped = true;
}

void peer_open(struct peer *peer)
{
	memset(peer, 0, sizeof(*peer));
	grpc_init();
	assert_int_equal(uv_loop_init(&peer->loop), 0);
	assert_int_equal(access_open(&peer->access, &peer->rules), 0);
	peer->queue = grpc_completion_queue_create_for_next(NULL);
	strcpy(peer->directory, "/tmp/tandem-rpc-XXXXXX");
	assert_non_null(mkdtemp(peer->directory));
	snprintf(peer->path, sizeof(peer->path), "%s/relay.sock", peer->directory);
	snprintf(peer->address, sizeof(peer->address), "unix:%s", peer->path);
}

void peer_connect(struct peer *peer, const char *target, grpc_channel_credentials *credentials)
{
	const struct {
		const char *key;
		int value;
	} settings[] = {
		{GRPC_ARG_ENABLE_HTTP_PROXY, 0},
		{GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1},
	};
	grpc_arg args[2] = {0};
	grpc_channel_args all = {2, args};

	for (int i = 0; i < 2; i++) {
		args[i].type = GRPC_ARG_INTEGER;
		args[i].key = (char *)(uintptr_t)settings[i].key;
		args[i].value.integer = settings[i].value;
	}
	peer->channel = grpc_channel_create(target, credentials, &all);
	grpc_channel_credentials_release(credentials);
}

void peer_serve(struct peer *peer, const struct rpc_service *services, unsigned count,
		unsigned calls_max)
{
	const char *listen[] = {peer->address};
	struct rpc_config config = {.listen = listen,
				    .listen_count = 1,
				    .calls_max = calls_max,
				    .everybody = peer->everybody,
				    .access = peer->access};

	assert_int_equal(rpc_start(&peer->rpc, &peer->loop, &config, services, count), 0);
	peer_connect(peer, peer->address, grpc_insecure_credentials_create());
}

void peer_stop(struct peer *peer, unsigned drain_ms)
{
	rpc_stop(peer->rpc, drain_ms, peer_on_stopped, peer);
	peer_wait(peer, &peer->stopped);
	peer->rpc = NULL;
}

void peer_close(struct peer *peer)
{
	if (peer->channel)
		grpc_channel_destroy(peer->channel);
	if (peer->rpc)
		peer_stop(peer, 1000);
	uv_run(&peer->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&peer->loop), 0);
	access_close(peer->access);
	grpc_completion_queue_shutdown(peer->queue);
	while (grpc_completion_queue_next(peer->queue, after_ms(PEER_SECONDS * 1000), NULL).type !=
	       GRPC_QUEUE_SHUTDOWN)
		;
	grpc_completion_queue_destroy(peer->queue);
	unlink(peer->path);
	assert_int_equal(rmdir(peer->directory), 0);
	grpc_shutdown();
}

void peer_start_octets(struct peer *peer, struct peer_call *call, const char *method,
		       const void *octets, size_t len, unsigned deadline_ms)
{
	grpc_slice path = grpc_slice_from_copied_string(method);
	grpc_op ops[5] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
			  {.op = GRPC_OP_RECV_INITIAL_METADATA},
			  {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
			  {.op = GRPC_OP_SEND_MESSAGE}};
	grpc_op receive = {.op = GRPC_OP_RECV_MESSAGE};
	grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};

	memset(call, 0, sizeof(*call));
	call->core = grpc_channel_create_call(peer->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
					      peer->queue, path, NULL, after_ms(deadline_ms), NULL);
	grpc_slice_unref(path);
	if (octets) {
		grpc_slice slice = grpc_slice_from_copied_buffer(octets, len);

		call->request = grpc_raw_byte_buffer_create(&slice, 1);
		grpc_slice_unref(slice);
		ops[3].data.send_message.send_message = call->request;
	}
	if (peer->token) {
		char line[300];

		snprintf(line, sizeof(line), "Bearer %s", peer->token);
		call->shown.key = grpc_slice_from_static_string("authorization");
		call->shown.value = grpc_slice_from_copied_string(line);
		ops[0].data.send_initial_metadata.metadata = &call->shown;
		ops[0].data.send_initial_metadata.count = 1;
	}
	ops[1].data.recv_initial_metadata.recv_initial_metadata = &call->headers;
	receive.data.recv_message.recv_message = &call->reply;
	status.data.recv_status_on_client.trailing_metadata = &call->trailers;
	status.data.recv_status_on_client.status = &call->status;
	status.data.recv_status_on_client.status_details = &call->details;
	assert_int_equal(grpc_call_start_batch(call->core, ops, octets ? 4 : 3, NULL, NULL), 0);
	assert_int_equal(grpc_call_start_batch(call->core, &receive, 1, &call->received, NULL), 0);
	assert_int_equal(grpc_call_start_batch(call->core, &status, 1, &call->ended, NULL), 0);
}

void peer_start(struct peer *peer, struct peer_call *call, const char *method,
		const ProtobufCMessage *request)
{
	uint8_t *octets = malloc(protobuf_c_message_get_packed_size(request) + 1);

	peer_start_octets(peer, call, method, octets, protobuf_c_message_pack(request, octets),
			  PEER_SECONDS * 1000);
	free(octets);
}

void *peer_message(struct peer_call *call, const ProtobufCMessageDescriptor *type)
{
	grpc_byte_buffer_reader reader;
	ProtobufCMessage *message;
	grpc_slice all;

	if (!call->reply)
		return NULL;
	assert_true(grpc_byte_buffer_reader_init(&reader, call->reply));
	all = grpc_byte_buffer_reader_readall(&reader);
	message = protobuf_c_message_unpack(type, NULL, GRPC_SLICE_LENGTH(all),
					    GRPC_SLICE_START_PTR(all));
	grpc_slice_unref(all);
	grpc_byte_buffer_reader_destroy(&reader);
	grpc_byte_buffer_destroy(call->reply);
	call->reply = NULL;
	return message;
}

void peer_receive(struct peer_call *call)
{
	grpc_op receive = {.op = GRPC_OP_RECV_MESSAGE,
			   .data.recv_message.recv_message = &call->reply};

	call->received = false;
	assert_int_equal(grpc_call_start_batch(call->core, &receive, 1, &call->received, NULL), 0);
}

grpc_status_code peer_end(struct peer *peer, struct peer_call *call)
{
	size_t len;

	peer_wait(peer, &call->ended);
	peer_wait(peer, &call->received);
	len = GRPC_SLICE_LENGTH(call->details);
	len = len < sizeof(call->text) ? len : sizeof(call->text) - 1;
	memcpy(call->text, GRPC_SLICE_START_PTR(call->details), len);
	call->text[len] = '\0';
	grpc_slice_unref(call->details);
	grpc_slice_unref(call->shown.value);
	grpc_metadata_array_destroy(&call->headers);
	grpc_metadata_array_destroy(&call->trailers);
	if (call->request)
		grpc_byte_buffer_destroy(call->request);
	grpc_call_unref(call->core);
	return call->status;
}

void peer_drop(struct peer_call *call)
{
	if (call->reply)
		grpc_byte_buffer_destroy(call->reply);
	call->reply = NULL;
}
