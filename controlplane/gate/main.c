/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tandem-turngate: lets TURN clients in that come by TCP or TLS. Told to stop, it lets nobody in
 * any more, and ends with its last client: its successor has the port meanwhile.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <uv.h>

#include "controlplane/gate/config.h"
#include "controlplane/gate/gate.h"
#include "dataplane/lib/cpu.h"
#include "dataplane/lib/log.h"
#include "dataplane/lib/secrecy.h"

enum { TERM, INTERRUPT, HANG_UP, SIGNALS };
static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

struct program {
	struct gate_options config;
	struct options *options;
	uv_loop_t loop;
	uv_signal_t signals[SIGNALS];
	uv_timer_t patience;
	struct gate *gate;
	bool stopping;
};

static void stop(void *arg)
{
	struct program *p = arg;

	if (!p->gate)
		return;
	gate_close(p->gate);
	p->gate = NULL;
	for (unsigned int k = 0; k < SIGNALS; k++)
		uv_close((uv_handle_t *)&p->signals[k], NULL);
	uv_close((uv_handle_t *)&p->patience, NULL);
}

static void on_impatience(uv_timer_t *timer)
{
	struct program *p = timer->data;

	log_info("clients that have not gone in time: %u", gate_count(p->gate));
	stop(p);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct program *p = handle->data;

	if (number == SIGHUP)
		return gate_reload(p->gate);
	if (p->stopping)
		return stop(p);
	p->stopping = true;
	log_info("%s: nobody else is let in; clients that go on: %u", strsignal(number),
		 gate_count(p->gate));
	sd_notify(0, "STOPPING=1");
	uv_timer_start(&p->patience, on_impatience, p->config.drain_s * 1000ULL, 0);
	gate_drain(p->gate, stop, p);
}

static void watch(struct program *p)
{
	for (unsigned int k = 0; k < SIGNALS; k++) {
		uv_signal_init(&p->loop, &p->signals[k]);
		p->signals[k].data = p;
		uv_signal_start(&p->signals[k], on_signal, numbers[k]);
	}
	uv_timer_init(&p->loop, &p->patience);
	p->patience.data = p;
}

static int run(struct program *p)
{
	int error = uv_loop_init(&p->loop);

	if (!error)
		error = gate_open(&p->gate, &p->loop, &p->config.gate);
	if (!error) {
		watch(p);
		log_info("version %s, at %u addresses", TANDEM_VERSION,
			 p->config.gate.listen_count);
		sd_notify(0, "READY=1");
	}
	uv_run(&p->loop, UV_RUN_DEFAULT);
	uv_loop_close(&p->loop);
	return error;
}

int main(int argc, char **argv)
{
	static struct program program;
	int error = gate_config_load(&program.config, &program.options, argc, argv);

	log_open("tandem-turngate", program.config.log);
	if (error == 0) {
		secrecy_protect();
		signal(SIGPIPE, SIG_IGN);
		error = run(&program);
	}
	options_free(program.options);
	return error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
