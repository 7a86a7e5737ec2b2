/* SPDX-License-Identifier: BSD-3-Clause */
/* The server's beginning and end: how libwebsockets is set up, and its thread. */
#include "controlplane/http/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/http/http_state.h"
#include "controlplane/lib/tls_files.h"
#include "dataplane/lib/log.h"

#define DESCRIPTORS   600 /* connections, listeners, and the library's own */
#define TALK_S        10  /* in which a handshake and a head are there, and of content some more */
#define KEEP_S        60  /* a connection without a request */
#define HEAD_MAX      8192
#define NO_NAME       "(none)" /* a subprotocol that nobody can ask for */
#define LISTENER      "(listener)"
#define OWN_PROTOCOLS 2

/* A client can cause each of them. */
static void log_library(int level, const char *line)
{
	log_debug("http: %.*s", (int)strcspn(line, "\n"), line);
}

/* The first one has all that is no WebSocket, the second one what listens; then the routes'. */
static int make_protocols(struct http *h)
{
	unsigned int count = OWN_PROTOCOLS;

	h->protocols = calloc(h->config.route_count + OWN_PROTOCOLS + 1, sizeof(h->protocols[0]));
	if (!h->protocols)
		return -ENOMEM;
	h->protocols[0] = (struct lws_protocols){.name = NO_NAME, .callback = http_on_event};
	h->protocols[1] = (struct lws_protocols){.name = LISTENER, .callback = http_on_listener};
	for (unsigned int k = 0; k < h->config.route_count; k++)
		if (h->config.routes[k].protocol)
			h->protocols[count++] = (struct lws_protocols){
				.name = h->config.routes[k].protocol,
				.callback = http_on_event,
				.user = (void *)(uintptr_t)&h->config.routes[k],
			};
	return 0;
}

static int make_context(struct http *h)
{
	const struct lws_context_creation_info info = {
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
			   (h->config.cert ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.uid = -1,
		.gid = -1,
		.user = h,
		.fd_limit_per_thread = DESCRIPTORS,
		.max_http_header_pool = DESCRIPTORS,
		.max_http_header_data = HEAD_MAX,
		.timeout_secs = TALK_S,
	};

	lws_set_log_level(LLL_ERR | LLL_WARN, log_library);
	h->context = lws_create_context(&info);
	return h->context ? 0 : -ENOMEM;
}

int http_open(struct http **out, uv_loop_t *loop, const struct http_config *config)
{
	struct http *h = calloc(1, sizeof(*h));
	char why[TLS_FILES_WHY];
	int error;

	*out = NULL;
	if (!h)
		return -ENOMEM;
	h->config = *config;
	h->loop = loop;
	if (config->cert && tls_files_check(NULL, config->cert, config->key, why, sizeof(why))) {
		log_error("http: %s", why);
		free(h);
		return -EKEYREJECTED;
	}
	error = http_queue_open(h);
	if (error) {
		free(h);
		return error;
	}
	error = make_protocols(h);
	if (!error)
		error = make_context(h);
	if (error)
		http_close(h);
	else
		*out = h;
	return error;
}

/* Only what is asked for is spoken: no HTTP/2, and no compression of what others send. */
static struct lws_vhost *make_vhost(struct http *h, bool tls)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.vhost_name = tls ? "https" : "http",
		.protocols = h->protocols,
		.server_string = "tandem",
		.alpn = "http/1.1",
		.timeout_secs_ah_idle = TALK_S,
		.keepalive_timeout = KEEP_S,
	};

	if (tls) {
		info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
			       LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS; /* it is no client */
		info.ssl_cert_filepath = h->config.cert;
		info.ssl_private_key_filepath = h->config.key;
		info.ssl_options_set = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1;
	}
	return lws_create_vhost(h->context, &info);
}

int http_listen(struct http *h, const union socket_address *at, bool tls)
{
	struct lws_vhost **vhost = tls ? &h->tls : &h->plain;
	lws_sock_file_fd_type fd = {.filefd = http_listener_open(at)};

	if (fd.filefd < 0)
		return fd.filefd;
	if (!*vhost)
		*vhost = make_vhost(h, tls);
	if (!*vhost) {
		close(fd.filefd);
		return -ENOMEM;
	}
	return lws_adopt_descriptor_vhost(*vhost, LWS_ADOPT_RAW_FILE_DESC, fd, LISTENER, NULL)
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
	int error = uv_thread_create(&h->thread, run, h);

	h->started = error == 0;
	return error;
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
	http_queue_close(h);
}
