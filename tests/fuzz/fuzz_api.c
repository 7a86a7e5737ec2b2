/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any packet from the control plane, served by the real server and registry through a socket. After
 * it, whatever it was: no order is lost, and when all legs are deleted no key, port or leg is left.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/api/frame.h"
#include "dataplane/main/counters.h"
#include "dataplane/lib/log.h"
#include "dataplane/main/floods/blocked.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/main/server.h"
#include "tests/rig/counting.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct world {
	struct relay *relay;
	struct server *server;
	char directory[24], path[64];
	int client;
} world;

static void stop(void)
{
	if (world.client >= 0)
		close(world.client);
	server_close(world.server);
	rmdir(world.directory);
	relay_destroy(world.relay);
}

static void start(struct world *w)
{
	struct served served;

	strcpy(w->directory, "/tmp/fuzz_api.XXXXXX");
	if (bench_environment(NULL) || !mkdtemp(w->directory))
		abort();
	log_open("fuzz", LOG_LEVEL_ERROR);
	snprintf(w->path, sizeof(w->path), "%s/socket", w->directory);
	counting_reset();
	w->relay = relay_create(RELAY_LEGS, 2, 1, &counting_engine);
	if (server_open(&w->server, w->path))
		abort();
	w->relay->dataplane.ports[PUBLIC].judged = true;
	for (unsigned int k = 0; k < w->relay->dataplane.worker_count; k++)
		if (worker_judge(w->relay->dataplane.workers[k]))
			abort();
	served = relay_served(w->relay, "counting");
	server_serve(w->server, &served);
	w->client = -1;
	atexit(stop);
}

static void drain(struct world *w)
{
	static uint8_t octets[FRAME_MOST];

	while (recv(w->client, octets, sizeof(octets), MSG_DONTWAIT) > 0)
		;
}

static void dial(struct world *w)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, w->path);
	w->client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (connect(w->client, (struct sockaddr *)&address, sizeof(address)))
		abort();
	server_poll(w->server);
	drain(w);
}

static bool is_open(const struct relay *r, const Tandem__Dataplane__V1__Endpoint *local)
{
	int address = leg_plan_local(&r->dataplane, local);

	return address >= 0 && relay_is_open(r, address, local->port);
}

/* What must hold at any time. */
static void check(const struct relay *r)
{
	uint32_t place = 0, count = 0;

	while ((place = registry_next(r->registry, place))) {
		Tandem__Dataplane__V1__LegStatus *s = registry_status(r->registry, place, true);

		if (!s->leg || registry_find(r->registry, s->leg) != place || !is_open(r, s->local))
			abort();
		tandem__dataplane__v1__leg_status__free_unpacked(s, NULL);
		count++;
	}
	if (count != registry_count(r->registry) || counting_alive() > 3 * count)
		abort();
}

static void delete_all(struct relay *r)
{
	uint32_t place;

	while ((place = registry_next(r->registry, 0))) {
		Tandem__Dataplane__V1__LegStatus *s = registry_status(r->registry, place, false);

		if (relay_delete(r, s->leg) || is_open(r, s->local))
			abort();
		tandem__dataplane__v1__leg_status__free_unpacked(s, NULL);
	}
	while (blocked_count(r->filter->blocked)) {
		struct blocked_entry entry = blocked_entry(r->filter->blocked, 0);
		const char *what;

		if (blocked_delete(r->filter->blocked, &entry.prefix, &what))
			abort();
	}
	captures_end_all(r->registry);
	relay_run(r);
	if (counting_alive() || registry_count(r->registry) || !relay_is_idle(r))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = &world;
	char octet;

	if (!w->relay)
		start(w);
	if (w->client < 0)
		dial(w);
	if (!size || size > FRAME_MOST || send(w->client, data, size, 0) < 0)
		return 0;
	server_poll(w->server);
	relay_run(w->relay);
	filter_poll(w->relay->filter);
	relay_run(w->relay);
	check(w->relay);
	delete_all(w->relay);
	w->relay->sent_count = w->relay->event_count = 0;
	drain(w);
	/* It may have been garbage. */
	if (recv(w->client, &octet, 1, MSG_DONTWAIT) == 0) {
		close(w->client);
		w->client = -1;
	}
	return 0;
}
