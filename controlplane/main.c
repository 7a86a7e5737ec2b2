/* SPDX-License-Identifier: BSD-3-Clause */
/* tandem-controlplane: puts the parts together on one loop, and takes them apart. */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <uv.h>

#include "controlplane/access/access.h"
#include "controlplane/cdr/cdr.h"
#include "controlplane/config.h"
#include "controlplane/http/http.h"
#include "controlplane/metrics/metrics.h"
#include "controlplane/lib/pseudonym.h"
#include "controlplane/rpc/access_service.h"
#include "controlplane/hep/hep.h"
#include "controlplane/rpc/health_service.h"
#include "controlplane/rpc/relay_service.h"
#include "controlplane/rpc/rpc.h"
#include "controlplane/rpc/shed_service.h"
#include "controlplane/rpc/turn_service.h"
#include "controlplane/session/session.h"
#include "controlplane/shed/shed.h"
#include "controlplane/turn/turn.h"
#include "controlplane/web/web.h"
#include "dataplane/api/cleanse.h"
#include "dataplane/lib/cpu.h"
#include "dataplane/lib/log.h"
#include "dataplane/lib/secrecy.h"

#define DRAIN_MS 2000
#define JUDGE_MS 60000

#define SERVICES 5

struct program {
	struct config config;
	struct options *options;
	int argc;
	char **argv;
	struct config *reloaded; /* on the last SIGHUP; NULL: there was none */
	struct options *reloaded_options;
	uv_loop_t loop;
	uv_signal_t term, interrupt, hangup;
	uv_timer_t judge; /* of streams, whose right to them may have expired */
	struct session *session;
	struct cdr *cdr;
	struct shed *shed;
	struct turn_server *turn;
	struct http *http;
	struct hep *hep;
	struct ng *ng;
	struct metrics *metrics;
	struct web *web;
	struct health *health;
	struct access *access;
	struct rpc *rpc;
	bool stopping;
	struct rpc_service services[SERVICES]; /* as long as `rpc` */
};

static void on_ready(void *arg, bool ready)
{
	struct program *p = arg;

	health_set(p->health, ready);
	sd_notify(0, ready ? "STATUS=calls can be made" : "STATUS=the dataplane is away");
}

/* The calls go on in the dataplane; the next control plane takes them over. */
static void on_stopped(void *arg)
{
	struct program *p = arg;

	http_close(p->http);
	metrics_close(p->metrics);
	ng_close(p->ng);
	web_close(p->web);
	shed_stop(p->shed);
	p->http = NULL;
	p->metrics = NULL;
	p->ng = NULL;
	p->web = NULL;
	hep_stop(p->hep);
	p->hep = NULL;
	session_close(p->session);
	cdr_stop(p->cdr);
	turn_stop(p->turn);
	p->turn = NULL;
	p->shed = NULL;
	p->session = NULL;
	p->cdr = NULL;
	uv_close((uv_handle_t *)&p->term, NULL);
	uv_close((uv_handle_t *)&p->interrupt, NULL);
	uv_close((uv_handle_t *)&p->hangup, NULL);
	uv_close((uv_handle_t *)&p->judge, NULL);
}

static void stop(struct program *p)
{
	if (p->stopping)
		return;
	p->stopping = true;
	sd_notify(0, "STOPPING=1");
	rpc_stop(p->rpc, DRAIN_MS, on_stopped, p);
}

static void on_signal(uv_signal_t *handle, int number)
{
	log_info("%s: stopping; the calls go on in the dataplane", strsignal(number));
	stop(handle->data);
}

static struct rpc_config config_rpc(const struct program *p, const struct config *config)
{
	return (struct rpc_config){
		.listen = (const char *const *)config->listen.texts,
		.listen_count = config->listen.count,
		.tls = {config->ca, config->cert, config->key},
		.everybody = config->access.local_count > 0,
		.access = p->access,
	};
}

/*
 * What a reload takes: who may do what, certificates, files that are written to. All else of the
 * configuration takes a restart.
 */
static void on_hangup(uv_signal_t *handle, int number)
{
	struct program *p = handle->data;
	struct config *config = malloc(sizeof(*config));
	struct options *options = NULL;
	struct rpc_config rpc;

	cdr_reopen(p->cdr);
	if (p->stopping || !config || config_load(config, &options, p->argc, p->argv)) {
		if (!p->stopping)
			log_error("the configuration has mistakes: that of before stays in force");
		options_free(options);
		free(config);
		return;
	}
	rpc = config_rpc(p, config);
	access_reload(p->access, &config->access);
	rpc_reload(p->rpc, &rpc);
	ng_reload(p->ng, config->ng_cert, config->ng_key);
	web_reload(p->web, &config->web);
	options_free(p->reloaded_options);
	free(p->reloaded);
	p->reloaded = config;
	p->reloaded_options = options;
	log_info("read the configuration anew: who may do what, and certificates");
}

static void on_judgement(uv_timer_t *timer)
{
	struct program *p = timer->data;

	if (p->stopping)
		return;
	rpc_judge_streams(p->rpc);
	web_judge_streams(p->web);
}

static int watch_signals(struct program *p)
{
	int error = uv_signal_init(&p->loop, &p->term);

	if (!error)
		error = uv_signal_init(&p->loop, &p->interrupt);
	if (!error)
		error = uv_signal_init(&p->loop, &p->hangup);
	uv_timer_init(&p->loop, &p->judge);
	p->term.data = p->interrupt.data = p->hangup.data = p->judge.data = p;
	if (!error)
		error = uv_signal_start(&p->term, on_signal, SIGTERM);
	if (!error)
		error = uv_signal_start(&p->interrupt, on_signal, SIGINT);
	if (!error)
		error = uv_signal_start(&p->hangup, on_hangup, SIGHUP);
	uv_timer_start(&p->judge, on_judgement, JUDGE_MS, JUDGE_MS);
	return error;
}

static int serve(struct program *p)
{
	const struct rpc_config config = config_rpc(p, &p->config);

	return rpc_start(&p->rpc, &p->loop, &config, p->services, SERVICES);
}

static void scrape(void *metrics, const char *accept, web_scraped *done, void *request)
{
	metrics_scrape(metrics, accept, done, request);
}

static int open_metrics(struct program *p)
{
	const struct metrics_sources sources = {
		.session = p->session,
		.shed = p->shed,
		.turn = p->turn,
		.ng = p->ng,
		.hep = p->hep,
		.access = p->access,
		.services = p->services,
		.service_count = SERVICES,
	};

	/* Nobody else would ask. */
	return p->config.web.listen.count ? metrics_open(&p->metrics, &p->loop, &sources) : 0;
}

static int open_web(struct program *p)
{
	const struct web_parts parts = {
		.http = p->http,
		.access = p->access,
		.services = p->services,
		.service_count = SERVICES,
		.config = &p->config.web,
		.scrape = scrape,
		.scrape_arg = p->metrics,
	};

	return web_open(&p->web, &parts);
}

/* What is asked by HTTP, or by ng. */
static int open_front_ends(struct program *p)
{
	struct ng_config ng = config_ng(&p->config);
	int error = http_open(&p->http, &p->loop);

	p->services[0] = relay_service(p->session);
	p->services[1] = shed_service(p->shed);
	p->services[2] = turn_service(p->turn);
	p->services[3] = access_service();
	p->services[4] = health_service(p->health);
	ng.http = p->http;
	if (!error)
		error = ng_open(&p->ng, &p->loop, p->session, &ng);
	if (!error)
		error = open_metrics(p);
	if (!error)
		error = open_web(p);
	return error ? error : http_start(p->http);
}

static int open_privacy(const struct config *config)
{
	char why[512];
	int error;

	if (config->privacy == PRIVACY_NONE)
		return 0;
	error = pseudonym_open(config->privacy_key, why, sizeof(why));
	if (error)
		log_error("[controlplane] privacy_key: %s", why);
	return error;
}

static int start(struct program *p)
{
	struct session_config config = config_session(&p->config);
	int error = open_privacy(&p->config);

	if (error)
		return error;
	p->health = health_create();
	if (!p->health)
		return -ENOMEM;
	error = access_open(&p->access, &p->config.access);
	if (error)
		return error;
	error = watch_signals(p);
	if (!error)
		error = session_open(&p->session, &p->loop, &config);
	if (error)
		return error;
	session_watch_ready(p->session, on_ready, p);
	error = cdr_start(&p->cdr, p->session, &p->loop, &p->config.cdr);
	if (error)
		return error;
	error = shed_start(&p->shed, p->session, &p->loop, &p->config.shed);
	if (!error)
		error = hep_start(&p->hep, p->session, &p->loop, &p->config.hep);
	if (!error)
		error = turn_start(&p->turn, p->session, &p->loop, &p->config.turn);
	if (!error)
		error = open_front_ends(p);
	return error ? error : serve(p);
}

static int run(struct program *p)
{
	int error = uv_loop_init(&p->loop);

	if (error) {
		log_error("%s", uv_strerror(error));
		return error;
	}
	error = start(p);
	if (error) {
		if (p->term.data)
			on_stopped(p);
	} else {
		log_info("version %s, ports %u-%u on each media address", TANDEM_VERSION,
			 p->config.ports.first, p->config.ports.last);
		sd_notify(0, "READY=1");
	}
	uv_run(&p->loop, UV_RUN_DEFAULT);
	access_close(p->access);
	health_free(p->health);
	pseudonym_close();
	if (uv_loop_close(&p->loop))
		log_debug("the loop still has handles");
	return error;
}

/* What comes and goes as JSON may hold keys. */
static void free_cleansed(void *memory)
{
	cleanse_allocator.free(NULL, memory);
}

int main(int argc, char **argv)
{
	static struct program program;
	int error = config_load(&program.config, &program.options, argc, argv);

	program.argc = argc;
	program.argv = argv;
	log_open("tandem-controlplane", program.config.log);
	if (error == 0) {
		secrecy_protect();
		json_set_alloc_funcs(malloc, free_cleansed);
		signal(SIGPIPE, SIG_IGN);
		error = run(&program);
	}
	options_free(program.reloaded_options);
	free(program.reloaded);
	options_free(program.options);
	return error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
