/* SPDX-License-Identifier: BSD-3-Clause */
/* tandem-dataplane: puts the parts together, runs the main lcore's loop, takes them apart. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "dataplane/main/workers.h"
#include "dataplane/main/advice.h"
#include "dataplane/main/config.h"
#include "dataplane/main/legs/answer.h"
#include "dataplane/main/legs/captures.h"
#include "dataplane/main/memory.h"
#include "dataplane/main/counters.h"
#include "dataplane/main/floods/filter.h"
#include "dataplane/dataplane.h"
#include "dataplane/lib/cpu.h"
#include "dataplane/lib/log.h"
#include "dataplane/lib/secrecy.h"
#include "dataplane/main/links/bond.h"
#include "dataplane/main/links/neighbour.h"
#include "dataplane/main/links/port.h"
#include "dataplane/main/legs/keep.h"
#include "dataplane/main/legs/registry.h"
#include "dataplane/main/server.h"
#include "dataplane/main/turn/turn_server.h"
#include "dataplane/main/links/xdp.h"

#define IDLE_MS 1

struct program {
	struct config config;
	struct options *options;
	struct dataplane dataplane;
	struct xdp xdp;
	struct counters counters;
	struct registry *registry;
	struct keep *keep;
	struct turn_server *turn;
	struct filter *filter;
	struct server *server;
	const struct crypt_engine *engine;
	bool environment; /* DPDK's has started */
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	stopping = number;
}

static void on_event(void *arg, const Tandem__Dataplane__V1__Event *event)
{
	struct program *p = arg;

	server_event(p->server, event);
}

static int create_workers(struct program *p)
{
	struct dataplane *d = &p->dataplane;

	d->worker_count = p->config.lcore_count - 1;
	for (unsigned int k = 0; k < d->worker_count; k++) {
		int error = worker_create(&d->workers[k], d, k,
					  p->config.streams / d->worker_count + 1);

		if (error)
			return error;
		d->workers[k]->engine = p->engine;
		d->workers[k]->idle = p->config.idle;
		d->workers[k]->streams_per_flow = p->config.streams_per_flow;
	}
	return 0;
}

/* Where no XDP program sheds floods, each worker does. */
static int prepare_workers(struct dataplane *d)
{
	bool judged = false;

	for (unsigned int p = 0; p < d->port_count; p++)
		judged |= d->ports[p].judged;
	for (unsigned int k = 0; judged && k < d->worker_count; k++) {
		if (worker_judge(d->workers[k])) {
			log_error("not enough memory for the sources of floods: more hugepages, or "
				  "fewer workers");
			return -ENOMEM;
		}
	}
	return 0;
}

static int launch_workers(struct dataplane *d)
{
	for (unsigned int k = 0; k < d->worker_count; k++) {
		int error = rte_eal_remote_launch(worker_run, d->workers[k], d->workers[k]->lcore);

		if (error) {
			log_error("[dataplane] lcores: worker %u does not start: %s", k,
				  strerror(-error));
			return error;
		}
	}
	return 0;
}

static void join_workers(struct dataplane *d)
{
	__atomic_store_n(&d->stop, true, __ATOMIC_RELAXED);
	rte_eal_mp_wait_lcore();
}

/* What others could have too: after this, the socket, the interfaces and the cores are ours. */
static int claim(struct program *p)
{
	int error = server_open(&p->server, p->config.socket);

	if (!error)
		error = xdp_prepare(&p->xdp, &p->config);
	if (!error)
		error = port_environment_start(&p->config, "tandem-dataplane");
	p->environment = !error;
	return error;
}

static int start_engine(struct program *p)
{
	const char *name = p->config.crypto ? config_engines[p->config.crypto] : NULL;
	int error = crypt_engine_start(&p->engine, name);

	if (error == -ENOTSUP)
		log_error("[dataplane] crypto: this CPU has no AES-NI, which %s needs; libsrtp "
			  "does without",
			  name);
	else if (error)
		log_error("[dataplane] crypto: %s does not start: %s", name ? name : "no engine",
			  strerror(-error));
	else if (!name && p->engine == &crypt_libsrtp)
		log_warn("[dataplane] crypto: ipsec_mb does not start here, so libsrtp does it, "
			 "which is slow");
	return error;
}

static bool is_blocked(void *arg, const struct address *address)
{
	const struct program *p = arg;

	return filter_blocks(p->filter, address);
}

static int create_turn(struct program *p)
{
	const struct turn_server_config config = {
		.dataplane = &p->dataplane,
		.shed = p->xdp.shed,
		.event = on_event,
		.is_blocked = is_blocked,
		.arg = p,
	};
	int error;

	if (!p->config.allocations)
		return 0;
	error = turn_server_create(&p->turn, &config, p->config.allocations,
				   memory_node(&p->config));
	if (error)
		log_error(
			"not enough memory for TURN: more hugepages, or [dataplane] allocations = 0");
	else
		registry_serve_turn(p->registry, p->turn);
	if (!error)
		p->counters.turn_excess = turn_server_excess(p->turn);
	return error;
}

static int create(struct program *p)
{
	const struct registry_config registry = {
		.dataplane = &p->dataplane,
		.engine = p->engine,
		.event = on_event,
		.arg = p,
	};
	int error = memory_create(&p->dataplane, &p->config);

	if (!error)
		error = create_workers(p);
	if (!error)
		error = registry_create(&p->registry, &registry);
	if (!error)
		error = keep_create(&p->keep, p->dataplane.leg_count);
	if (error)
		log_error("not enough memory for %u legs, %u streams and the packet buffers: more "
			  "hugepages, or fewer [dataplane] legs, streams or packets",
			  p->config.legs, p->config.streams);
	return error;
}

static int create_filter(struct program *p)
{
	const struct filter_config config = {
		.dataplane = &p->dataplane,
		.shed = p->xdp.shed,
		.registry = p->registry,
		.counters = &p->counters,
		.judges = p->xdp.judges,
	};
	int error;

	p->counters = (struct counters){.dataplane = &p->dataplane,
					.shed = p->xdp.shed,
					.punts_lost = server_punts_lost(p->server)};
	error = filter_create(&p->filter, &config);
	if (error)
		log_error("not enough memory to tell what floods are shed: more hugepages");
	return error;
}

static int start(struct program *p)
{
	struct dataplane *d = &p->dataplane;
	int error = claim(p);

	if (!error)
		error = start_engine(p);
	if (!error)
		error = create(p);
	if (!error)
		error = port_start_all(d, &p->config);
	if (!error)
		advice_give(d, &p->config);
	if (!error)
		error = xdp_open(&p->xdp, &p->config, d);
	if (!error)
		error = create_filter(p);
	if (!error)
		error = create_turn(p);
	if (!error)
		error = neighbour_start(d);
	if (!error)
		error = prepare_workers(d);
	if (!error)
		error = launch_workers(d);
	return error;
}

static void run(struct program *p)
{
	const struct served served = {
		.dataplane = &p->dataplane,
		.registry = p->registry,
		.filter = p->filter,
		.keep = p->keep,
		.turn = p->turn,
		.counters = &p->counters,
		.engine = p->engine->name,
	};
	const uint64_t tick = rte_get_tsc_hz() / 100;
	uint64_t next_tick = 0;

	server_serve(p->server, &served);
	neighbour_announce(&p->dataplane);
	log_info("ready: %u workers, %u ports, %u legs, %s", p->dataplane.worker_count,
		 p->dataplane.port_count, p->dataplane.leg_count, p->engine->name);
	sd_notify(0, "READY=1");

	while (!stopping) {
		uint64_t now = rte_rdtsc();
		unsigned int handled = registry_poll(p->registry) + server_poll(p->server);

		handled += registry_tell_captured(p->registry, server_reader(p->server));
		if (now >= next_tick) {
			filter_poll(p->filter);
			neighbour_tick(&p->dataplane, now);
			if (bond_watch(&p->dataplane))
				neighbour_announce(&p->dataplane);
			clock_set(&p->dataplane.clock);
			next_tick = now + tick;
		}
		if (!handled)
			server_wait(p->server, IDLE_MS);
	}
	log_info("stopping on %s, with %u legs", strsignal(stopping), registry_count(p->registry));
	sd_notify(0, "STOPPING=1");
}

static void destroy(struct program *p)
{
	struct dataplane *d = &p->dataplane;

	join_workers(d);
	filter_destroy(p->filter);
	registry_destroy(p->registry);
	turn_server_destroy(p->turn);
	keep_destroy(p->keep);
	neighbour_stop(d);
	port_stop_all(d);
	for (unsigned int k = 0; k < d->worker_count; k++)
		worker_destroy(d->workers[k]);
	memory_destroy(d);
	if (p->engine)
		p->engine->stop();
	port_environment_stop();
}

/* Also after a start that failed, wherever it did. */
static void stop(struct program *p)
{
	if (p->environment)
		destroy(p);
	xdp_close(&p->xdp);
	server_close(p->server);
}

int main(int argc, char **argv)
{
	static struct program p;
	const struct sigaction action = {.sa_handler = on_signal};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	int result = config_load(&p.config, &p.options, argc, argv);

	if (result) {
		options_free(p.options);
		return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	log_open("tandem-dataplane", p.config.log);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL); /* calls outlive the reader of the log */
	secrecy_protect();

	result = start(&p);
	if (!result && stopping)
		log_info("stopping on %s, before it was ready", strsignal(stopping));
	else if (!result)
		run(&p);
	stop(&p);
	options_free(p.options);
	return result ? EXIT_FAILURE : EXIT_SUCCESS;
}
