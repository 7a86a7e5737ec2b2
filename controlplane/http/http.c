/* SPDX-License-Identifier: BSD-3-Clause */
/* The server's beginning and end: its sites, how libwebsockets is set up, and its thread. */
#include "controlplane/http/http.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/http/http_state.h"
#include "dataplane/lib/log.h"

#define SPARE_DESCRIPTORS 64 /* listeners, and the library's own */
#define TALK_S            10 /* in which a handshake and a head are there, and of content some more */
#define KEEP_S            60 /* a connection without a request */
#define HEAD_MAX          8192
#define NO_NAME           "(none)" /* a subprotocol that nobody can ask for */
#define LISTENER          "(listener)"
#define OWN_PROTOCOLS     2

/* A client can cause each of them. */
static void log_library(int level, const char *line)
{
	log_debug("http: %.*s", (int)strcspn(line, "\n"), line);
}

/* --- what it consists of ---------------------------------------------------------------------- */

int http_open(struct http **out, uv_loop_t *loop)
{
	struct http *h = calloc(1, sizeof(*h));
	int error;

	*out = NULL;
	if (!h)
		return -ENOMEM;
	h->loop = loop;
	error = http_queue_open(h);
	if (error)
		free(h);
	else
		*out = h;
	return error;
}

static int read_tls(struct http_tls **tls, const struct http_site_config *config)
{
	if (config->cert)
		return http_tls_read(tls, config->name, config->ca, config->cert, config->key);
	return config->self_signed ? http_tls_make(tls, config->name, config->ca) : 0;
}

int http_site_open(struct http_site **out, struct http *h, const struct http_site_config *config)
{
	struct http_site *site = calloc(1, sizeof(*site));
	int error;

	*out = NULL;
	if (!site)
		return -ENOMEM;
	site->http = h;
	site->config = *config;
	error = read_tls(&site->tls, config);
	if (error) {
		free(site);
		return error;
	}
	LIST_INSERT_HEAD(&h->sites, site, link);
	*out = site;
	return 0;
}

int http_listen(struct http_site *site, const union socket_address *at, bool tls)
{
	struct http_listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return -ENOMEM;
	listener->site = site;
	listener->tls = tls;
	listener->fd = http_listener_open(at);
	if (listener->fd < 0) {
		int error = listener->fd;

		free(listener);
		return error;
	}
	LIST_INSERT_HEAD(&site->http->listeners, listener, link);
	return 0;
}

const char *http_site_fingerprint(const struct http_site *site)
{
	return site->tls ? http_tls_fingerprint(site->tls) : "";
}

/* --- how the library sees it ------------------------------------------------------------------ */

/*
 * The first one has all that is no WebSocket, the second one what listens; then the routes' of all
 * sites: whichever vhost the library finds by a Host header, its protocols are these, and the
 * connection knows its site.
 */
static int make_protocols(struct http *h)
{
	unsigned int count = OWN_PROTOCOLS, most = OWN_PROTOCOLS;
	struct http_site *site;

	LIST_FOREACH (site, &h->sites, link)
		most += site->config.route_count;
	h->protocols = calloc(most + 1, sizeof(h->protocols[0]));
	if (!h->protocols)
		return -ENOMEM;
	h->protocols[0] = (struct lws_protocols){.name = NO_NAME, .callback = http_on_event};
	h->protocols[1] = (struct lws_protocols){.name = LISTENER, .callback = http_on_listener};
	LIST_FOREACH (site, &h->sites, link)
		for (unsigned int k = 0; k < site->config.route_count; k++)
			if (site->config.routes[k].protocol)
				h->protocols[count++] = (struct lws_protocols){
					.name = site->config.routes[k].protocol,
					.callback = http_on_event,
					.user = (void *)(uintptr_t)&site->config.routes[k],
				};
	return 0;
}

static int make_context(struct http *h)
{
	unsigned int descriptors = SPARE_DESCRIPTORS;
	struct lws_context_creation_info info = {
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.uid = -1,
		.gid = -1,
		.user = h,
		.server_string = "tandem",
		.max_http_header_data = HEAD_MAX,
		.timeout_secs = TALK_S,
	};
	struct http_site *site;

	LIST_FOREACH (site, &h->sites, link)
		descriptors += site->config.connections_max;
	info.fd_limit_per_thread = descriptors;
	info.max_http_header_pool = descriptors;
	lws_set_log_level(LLL_ERR | LLL_WARN, log_library);
	h->context = lws_create_context(&info);
	return h->context ? 0 : -ENOMEM;
}

/*
 * Only what is asked for is spoken: no HTTP/2, and no compression of what others send. The name is
 * one that no client knows, so that none is chosen by it.
 */
static struct lws_vhost *make_vhost(struct http *h, struct http_site *tls)
{
	unsigned char secret[16];
	char *name = tls ? tls->vhost_name : h->plain_name;
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.vhost_name = name,
		.protocols = h->protocols,
		.user = tls,
		.alpn = "http/1.1",
		.timeout_secs_ah_idle = TALK_S,
		.keepalive_timeout = KEEP_S,
	};

	if (RAND_bytes(secret, sizeof(secret)) != 1)
		return NULL;
	for (size_t k = 0; k < sizeof(secret); k++)
		snprintf(name + 2 * k, HTTP_VHOST_NAME - 2 * k, "%02x", secret[k]);
	if (tls) {
		info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
			       LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX |
			       LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS; /* it is no client */
		info.ssl_options_set =
			SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_RENEGOTIATION;
	}
	return lws_create_vhost(h->context, &info);
}

static struct lws_vhost *vhost_of(struct http *h, struct http_listener *listener)
{
	struct http_site *site = listener->site;
	struct lws_vhost **vhost = listener->tls ? &site->vhost : &h->plain;

	if (!*vhost)
		*vhost = make_vhost(h, listener->tls ? site : NULL);
	return *vhost;
}

static int adopt(struct http *h, struct http_listener *listener)
{
	struct lws_vhost *vhost = vhost_of(h, listener);
	lws_sock_file_fd_type fd = {.filefd = listener->fd};

	if (!vhost)
		return -ENOMEM;
	listener->adopted = true; /* closed by the library in any case */
	return lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, fd, LISTENER, NULL)
		       ? 0
		       : -ENOMEM;
}

static void run(void *arg)
{
	struct http *h = arg;

	while (!atomic_load(&h->stopping) && lws_service(h->context, 0) >= 0)
		;
}

int http_start(struct http *h)
{
	struct http_listener *listener;
	int error;

	if (LIST_EMPTY(&h->sites))
		return 0;
	error = make_protocols(h);
	if (!error)
		error = make_context(h);
	LIST_FOREACH (listener, &h->listeners, link)
		if (!error)
			error = adopt(h, listener);
	if (error)
		return error;
	error = uv_thread_create(&h->thread, run, h);
	h->started = error == 0;
	return error;
}

void http_site_reload(struct http_site *site, const char *ca, const char *cert, const char *key)
{
	struct http *h = site->http;
	struct http_tls *tls, *unused;

	if (!cert || http_tls_read(&tls, site->config.name, ca, cert, key))
		return;
	log_info("%s: certificate %s from now on", site->config.name, http_tls_fingerprint(tls));
	uv_mutex_lock(&h->lock);
	unused = site->next;
	site->next = tls;
	uv_mutex_unlock(&h->lock);
	http_tls_free(unused);
	if (h->context)
		lws_cancel_service(h->context);
}

static void free_sites(struct http *h)
{
	struct http_listener *listener;
	struct http_site *site;

	while ((listener = LIST_FIRST(&h->listeners))) {
		LIST_REMOVE(listener, link);
		if (!listener->adopted)
			close(listener->fd);
		free(listener);
	}
	while ((site = LIST_FIRST(&h->sites))) {
		LIST_REMOVE(site, link);
		http_tls_free(site->tls);
		http_tls_free(site->next);
		free(site);
	}
}

void http_close(struct http *h)
{
	if (!h)
		return;
	if (h->started) {
		atomic_store(&h->stopping, true);
		lws_cancel_service(h->context);
		uv_thread_join(&h->thread);
	}
	if (h->context)
		lws_context_destroy(h->context);
	free_sites(h);
	http_queue_close(h);
}
