/* SPDX-License-Identifier: BSD-3-Clause */
/* The doors, and when somebody has to leave. */
#include "controlplane/gate/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/gate/gate_state.h"
#include "dataplane/lib/log.h"

#define TICK_MS 1000
#define BACKLOG 1024

/* --- the end --------------------------------------------------------------------------------- */

static void end_if_over(struct gate *g)
{
	void (*drained)(void *arg) = g->drained;

	if (g->count)
		return;
	if (g->draining && drained) {
		g->drained = NULL;
		drained(g->drained_arg);
	}
	if (!g->closing || g->open)
		return;
	hashtable_close(&g->sources);
	gate_tls_context_close(g->tls);
	free(g);
}

static void on_door_closed(uv_handle_t *handle)
{
	struct gate_door *door = handle->data;

	door->gate->open--;
	end_if_over(door->gate);
}

static void on_tick_closed(uv_handle_t *handle)
{
	struct gate *g = handle->data;

	g->open--;
	end_if_over(g);
}

static void close_doors(struct gate *g)
{
	for (unsigned int k = 0; k < g->door_count; k++)
		uv_close((uv_handle_t *)&g->doors[k].tcp, on_door_closed);
	g->door_count = 0;
}

void gate_drain(struct gate *g, void (*drained)(void *arg), void *arg)
{
	g->draining = true;
	g->drained = drained;
	g->drained_arg = arg;
	close_doors(g);
	end_if_over(g);
}

void gate_close(struct gate *g)
{
	struct gate_connection *c;

	if (!g)
		return;
	g->closing = true;
	g->drained = NULL;
	close_doors(g);
	while ((c = LIST_FIRST(&g->connections)))
		gate_leave(c);
	uv_close((uv_handle_t *)&g->tick, on_tick_closed);
}

unsigned int gate_count(const struct gate *g)
{
	return g->count;
}

/* --- who says nothing ------------------------------------------------------------------------ */

static void report(struct gate *g)
{
	if (g->refused)
		log_warn("connections refused, too many or too many of one address: %ju",
			 (uintmax_t)g->refused);
	if (g->blocked)
		log_warn("connections ended, from addresses that are blocked: %ju",
			 (uintmax_t)g->blocked);
	if (g->unserved)
		log_error("connections ended, for which there is no memory: %ju",
			  (uintmax_t)g->unserved);
	if (g->excess)
		log_warn("requests dropped, more than requests_per_s of one connection: %ju",
			 (uintmax_t)g->excess);
	g->refused = g->blocked = g->unserved = g->excess = 0;
}

static void on_tick(uv_timer_t *tick)
{
	struct gate *g = tick->data;
	uint64_t now = uv_now(g->loop);
	struct gate_connection *c, *next;

	for (c = LIST_FIRST(&g->connections); c; c = next) {
		unsigned int patience = c->begun ? g->config.idle_s : g->config.begin_s;

		next = LIST_NEXT(c, entry);
		if (now - c->last_ms >= patience * 1000ULL)
			gate_leave(c);
	}
	report(g);
}

/* --- the doors ------------------------------------------------------------------------------- */

static void answer_door(struct gate_door *door);

static void on_refused(uv_handle_t *handle)
{
	struct gate *g = handle->data;

	g->open--;
	g->refusing = false;
	for (unsigned int k = 0; k < g->door_count; k++)
		if (g->doors[k].waiting)
			answer_door(&g->doors[k]);
	end_if_over(g);
}

/*
 * Without memory for a connection it is let in and closed: who knocks next hears nothing before. It
 * takes the handle that is there for that, which others then wait for; libuv asks no door of theirs
 * meanwhile.
 */
static void refuse(struct gate_door *door)
{
	struct gate *g = door->gate;

	door->waiting = g->refusing;
	if (door->waiting)
		return;
	uv_tcp_init(g->loop, &g->refusal);
	g->refusal.data = g;
	g->refusing = true;
	g->open++;
	g->unserved++;
	uv_accept((uv_stream_t *)&door->tcp, (uv_stream_t *)&g->refusal);
	uv_close((uv_handle_t *)&g->refusal, on_refused);
}

static void answer_door(struct gate_door *door)
{
	door->waiting = false;
	if (!gate_admit(door->gate, (uv_stream_t *)&door->tcp, door->tls))
		refuse(door);
}

static void on_knock(uv_stream_t *stream, int error)
{
	if (!error)
		answer_door(stream->data);
}

/* Its successor listens at the same address while it drains. */
static int share_port(const uv_tcp_t *tcp)
{
	int on = 1, fd;
	int error = uv_fileno((const uv_handle_t *)tcp, &fd);

	if (error)
		return error;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ? -errno : 0;
}

static int open_door(struct gate *g, const struct gate_listen *listen)
{
	struct gate_door *door = &g->doors[g->door_count];
	int error = uv_tcp_init_ex(g->loop, &door->tcp, listen->address.any.sa_family);

	if (error)
		return error;
	door->gate = g;
	door->tls = listen->tls;
	door->tcp.data = door;
	g->door_count++;
	g->open++;
	error = share_port(&door->tcp);
	if (!error)
		error = uv_tcp_bind(&door->tcp, &listen->address.any, 0);
	if (!error)
		error = uv_listen((uv_stream_t *)&door->tcp, BACKLOG, on_knock);
	return error;
}

static int open_doors(struct gate *g)
{
	for (unsigned int k = 0; k < g->config.listen_count; k++) {
		const struct gate_listen *listen = &g->config.listen[k];
		const struct address host = socket_address_host(&listen->address);
		char text[ADDRESS_TEXT];
		int error = open_door(g, listen);

		if (!error)
			continue;
		log_error("listen %s: %s; %s", address_text(text, &host), uv_strerror(error),
			  socket_address_remedy(error));
		return error;
	}
	return 0;
}

int gate_open(struct gate **out, uv_loop_t *loop, const struct gate_config *config)
{
	struct gate *g = calloc(1, sizeof(*g));
	int error;

	if (!g || hashtable_open(&g->sources)) {
		free(g);
		return -ENOMEM;
	}
	g->loop = loop;
	g->config = *config;
	g->gone = end_if_over;
	LIST_INIT(&g->connections);
	uv_timer_init(loop, &g->tick);
	g->tick.data = g;
	g->open = 1;
	uv_timer_start(&g->tick, on_tick, TICK_MS, TICK_MS);
	error = config->cert ? gate_tls_context_open(&g->tls, config->cert, config->key) : 0;
	if (!error)
		error = open_doors(g);
	if (error) {
		gate_close(g);
		return error;
	}
	*out = g;
	return 0;
}

void gate_reload(struct gate *g)
{
	if (g->tls && !gate_tls_context_reload(g->tls))
		log_info("tls: the certificate was read again");
}
