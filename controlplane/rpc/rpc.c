/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/rpc.h"

#include <errno.h>
#include <grpc/compression.h>
#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "controlplane/rpc/rpc_call.h"
#include "controlplane/rpc/rpc_listen.h"
#include "dataplane/lib/log.h"

#define HANDSHAKE_TIMEOUT_MS 5000
#define IDLE_MS              300000
#define KEEPALIVE_MS         60000
#define LOG_BURST            20 /* lines of gRPC's at once */
#define LOG_EACH_MS          3000

/* --- between the completion queue's thread and the loop ----------------------------------------*/

static void hand_over(struct rpc *rpc, struct rpc_event *event)
{
	uv_mutex_lock(&rpc->lock);
	STAILQ_INSERT_TAIL(&rpc->completed, event, link);
	uv_mutex_unlock(&rpc->lock);
	uv_async_send(&rpc->wake);
}

/* The thread: the only code here that does not run on the loop. */
static void wait_for_completions(void *arg)
{
	struct rpc *rpc = arg;

	for (;;) {
		grpc_event done = grpc_completion_queue_next(
			rpc->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
		struct rpc_event *event = done.tag;

		if (done.type == GRPC_QUEUE_SHUTDOWN)
			break;
		event->ok = done.success;
		hand_over(rpc, event);
	}
	hand_over(rpc, &rpc->last);
}

static void on_wake(uv_async_t *wake)
{
	struct rpc *rpc = wake->data;
	struct rpc_events events = STAILQ_HEAD_INITIALIZER(events);
	struct rpc_event *event;

	uv_mutex_lock(&rpc->lock);
	STAILQ_CONCAT(&events, &rpc->completed);
	uv_mutex_unlock(&rpc->lock);

	while ((event = STAILQ_FIRST(&events))) {
		STAILQ_REMOVE_HEAD(&events, link);
		rpc->pending--;
		event->handle(event);
	}
	/* Whatever gRPC still had for us has come: nothing starts another batch. */
	if (rpc->is_down && !rpc->pending && !rpc->draining_queue) {
		rpc->draining_queue = true;
		rpc->pending = 1; /* rpc->last */
		grpc_completion_queue_shutdown(rpc->queue);
	}
}

/* --- its end -----------------------------------------------------------------------------------*/

static void on_handle_closed(uv_handle_t *handle)
{
	struct rpc *rpc = handle->data;
	void (*stopped)(void *arg) = rpc->stopped;
	void *arg = rpc->stopped_arg;

	if (--rpc->handles)
		return;
	uv_mutex_destroy(&rpc->lock);
	rpc_local_free(&rpc->locals);
	rpc_tls_close(rpc->tls);
	free(rpc);
	grpc_shutdown();
	if (stopped)
		stopped(arg);
}

static void close_handles(struct rpc *rpc)
{
	rpc->handles = 2 + rpc_local_close(&rpc->locals, on_handle_closed, rpc);
	uv_close((uv_handle_t *)&rpc->wake, on_handle_closed);
	uv_close((uv_handle_t *)&rpc->drain, on_handle_closed);
}

static void on_down(struct rpc_event *event)
{
	struct rpc *rpc = rpc_event_owner(event, struct rpc, down);

	rpc->is_down = true;
}

static void on_last(struct rpc_event *event)
{
	struct rpc *rpc = rpc_event_owner(event, struct rpc, last);

	uv_thread_join(&rpc->thread);
	rpc_call_orphan_all(rpc);
	grpc_server_destroy(rpc->server);
	grpc_completion_queue_destroy(rpc->queue);
	close_handles(rpc);
}

static void on_drained_enough(uv_timer_t *timer)
{
	struct rpc *rpc = timer->data;

	grpc_server_cancel_all_calls(rpc->server);
}

void rpc_stop(struct rpc *rpc, unsigned drain_ms, void (*stopped)(void *arg), void *arg)
{
	rpc->stopping = true;
	rpc->stopped = stopped;
	rpc->stopped_arg = arg;
	rpc_local_stop(&rpc->locals);
	rpc_call_end_streams(rpc);
	rpc->pending++;
	grpc_server_shutdown_and_notify(rpc->server, rpc->queue, &rpc->down);
	uv_timer_start(&rpc->drain, on_drained_enough, drain_ms, 0);
}

/* --- its beginning -----------------------------------------------------------------------------*/

/* A peer makes gRPC complain as often as it likes: what comes faster is not written. Any thread. */
static bool is_worth_a_line(void)
{
	static _Atomic uint64_t due_ms;
	uint64_t now_ms = uv_hrtime() / 1000000, due = due_ms, from;

	do {
		from = due > now_ms ? due : now_ms;
		if (from - now_ms > (LOG_BURST - 1) * LOG_EACH_MS)
			return false;
	} while (!atomic_compare_exchange_weak(&due_ms, &due, from + LOG_EACH_MS));
	return true;
}

static void log_from_grpc(gpr_log_func_args *args)
{
	if (args->severity == GPR_LOG_SEVERITY_ERROR && is_worth_a_line())
		log_warn("grpc: %s", args->message);
	else
		log_debug("grpc: %s", args->message);
}

static grpc_server *create_server(unsigned calls_max)
{
	const struct {
		const char *key;
		int value;
	} limits[] = {
		{GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, RPC_MESSAGE_MAX},
		{GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, HANDSHAKE_TIMEOUT_MS},
		/* A peer that vanished would keep its streams for two hours. */
		{GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS},
		/* Descriptors are for who asks something; a client connects anew by itself. */
		{GRPC_ARG_MAX_CONNECTION_IDLE_MS, IDLE_MS},
		/* Above the limit on calls in flight, so that one peer too can be told of it. */
		{GRPC_ARG_MAX_CONCURRENT_STREAMS, (int)calls_max * 2},
		/* gRPC checks the size before it inflates. */
		{GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE},
		/* Two servers on one port would share the calls out between them. */
		{GRPC_ARG_ALLOW_REUSEPORT, 0},
	};
	grpc_arg args[sizeof(limits) / sizeof(limits[0])] = {0};
	grpc_channel_args all = {sizeof(limits) / sizeof(limits[0]), args};

	for (size_t i = 0; i < all.num_args; i++) {
		args[i].type = GRPC_ARG_INTEGER;
		args[i].key = (char *)(uintptr_t)limits[i].key;
		args[i].value.integer = limits[i].value;
	}
	return grpc_server_create(&all, NULL);
}

/* gRPC wants a shutdown, and to be waited for, even of a server that never ran. */
static void destroy_unstarted(struct rpc *rpc)
{
	gpr_timespec never = gpr_inf_future(GPR_CLOCK_MONOTONIC);

	grpc_server_shutdown_and_notify(rpc->server, rpc->queue, NULL);
	grpc_completion_queue_next(rpc->queue, never, NULL);
	grpc_server_destroy(rpc->server);
	grpc_completion_queue_shutdown(rpc->queue);
	while (grpc_completion_queue_next(rpc->queue, never, NULL).type != GRPC_QUEUE_SHUTDOWN)
		;
	grpc_completion_queue_destroy(rpc->queue);
}

static mode_t local_mode(const struct rpc_config *config)
{
	return config->everybody ? 0666 : 0600;
}

static int open_handles(struct rpc *rpc)
{
	int ret = uv_mutex_init(&rpc->lock);

	if (ret)
		return ret;
	ret = uv_async_init(rpc->loop, &rpc->wake, on_wake);
	if (ret) {
		uv_mutex_destroy(&rpc->lock);
		return ret;
	}
	uv_timer_init(rpc->loop, &rpc->drain);
	rpc->wake.data = rpc;
	rpc->drain.data = rpc;
	return 0;
}

static int listen_as(struct rpc *rpc, const struct rpc_config *config)
{
	struct rpc_listening how = {.server = rpc->server,
				    .loop = rpc->loop,
				    .locals = &rpc->locals,
				    .mode = local_mode(config)};
	char why[RPC_TLS_WHY];

	if (rpc_tls_wanted(&config->tls)) {
		int ret = rpc_tls_open(&rpc->tls, &config->tls, why, sizeof(why));

		if (ret) {
			log_error("rpc: TLS: %s", why);
			return ret;
		}
	}
	how.tls = rpc->tls;
	return rpc_listen(&how, config->listen, config->listen_count);
}

void rpc_reload(struct rpc *rpc, const struct rpc_config *config)
{
	char why[RPC_TLS_WHY];

	rpc_local_set_mode(&rpc->locals, local_mode(config));
	rpc_judge_streams(rpc);
	if (rpc->tls && rpc_tls_reload(rpc->tls, &config->tls, why, sizeof(why)))
		log_error("rpc: TLS: %s: the certificates of before stay in use", why);
}

int rpc_start(struct rpc **out, uv_loop_t *loop, const struct rpc_config *config,
	      const struct rpc_service *services, unsigned service_count)
{
	struct rpc *rpc = calloc(1, sizeof(*rpc));
	int ret;

	if (!rpc)
		return -ENOMEM;
	rpc->loop = loop;
	rpc->services = services;
	rpc->service_count = service_count;
	rpc->calls_max = config->calls_max ?: RPC_CALLS_MAX;
	rpc->access = config->access;
	rpc->down.handle = on_down;
	rpc->last.handle = on_last;
	STAILQ_INIT(&rpc->completed);
	LIST_INIT(&rpc->calls);
	ret = open_handles(rpc);
	if (ret) {
		free(rpc);
		return ret;
	}

	gpr_set_log_function(log_from_grpc);
	grpc_init();
	rpc->server = create_server(rpc->calls_max);
	rpc->queue = grpc_completion_queue_create_for_next(NULL);
	grpc_server_register_completion_queue(rpc->server, rpc->queue, NULL);
	ret = listen_as(rpc, config);
	if (ret)
		goto out_destroy;
	ret = uv_thread_create(&rpc->thread, wait_for_completions, rpc);
	if (ret)
		goto out_destroy;
	grpc_server_start(rpc->server);
	rpc_call_accept(rpc);
	*out = rpc;
	return 0;

out_destroy:
	destroy_unstarted(rpc);
	close_handles(rpc); /* frees it */
	return ret;
}
