/* SPDX-License-Identifier: BSD-3-Clause */
/* The front end's beginning and end: where it listens, and to whom. */
#include "controlplane/ng/ng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/prefix.h"
#include "controlplane/ng/ng_state.h"
#include "dataplane/lib/log.h"

enum transport { DATAGRAMS, STREAM, HTTP, HTTPS };

static const struct {
	const char *scheme;
	enum transport transport;
} schemes[] = {
	{"udp:", DATAGRAMS},
	{"tcp:", STREAM},
	{"http:", HTTP},
	{"https:", HTTPS},
};

/* 0, or -EINVAL. */
static int parse(union socket_address *at, enum transport *transport, const char *text)
{
	size_t length = 0;

	*transport = DATAGRAMS;
	for (size_t k = 0; k < sizeof(schemes) / sizeof(schemes[0]) && !length; k++)
		if (strncmp(text, schemes[k].scheme, strlen(schemes[k].scheme)) == 0) {
			*transport = schemes[k].transport;
			length = strlen(schemes[k].scheme);
		}
	if (socket_address_parse(at, text + length) || (length && at->any.sa_family == AF_UNIX))
		return -EINVAL;
	return 0;
}

bool ng_is_address(const char *text)
{
	enum transport transport;
	union socket_address at;

	return parse(&at, &transport, text) == 0;
}

bool ng_is_open(const char *text)
{
	enum transport transport;
	union socket_address at;

	return parse(&at, &transport, text) == 0 && !socket_address_is_local(&at);
}

bool ng_needs_tls(const char *text)
{
	enum transport transport;
	union socket_address at;

	return parse(&at, &transport, text) == 0 && transport == HTTPS;
}

static int read_allowed(struct ng *ng, const struct ng_config *config)
{
	char why[200];

	ng->allowed = calloc(config->allow_count + 1, sizeof(ng->allowed[0]));
	if (!ng->allowed)
		return -ENOMEM;
	for (; ng->allowed_count < config->allow_count; ng->allowed_count++)
		if (prefix_read(&ng->allowed[ng->allowed_count], config->allow[ng->allowed_count],
				why, sizeof(why)))
			return -EINVAL;
	return 0;
}

static int listen_on(struct ng *ng, const struct ng_config *config, const char *text)
{
	enum transport transport;
	union socket_address at;
	int error = parse(&at, &transport, text);

	if (!error && transport == DATAGRAMS)
		error = ng_datagrams_open(ng, &at);
	else if (!error && transport == STREAM)
		error = ng_listen(ng, &at);
	else if (!error)
		error = ng_http_listen(ng, config, &at, transport == HTTPS);
	if (error)
		log_error("ng: cannot listen on %s: %s", text, socket_address_remedy(error));
	return error;
}

int ng_open(struct ng **out, uv_loop_t *loop, struct session *session,
	    const struct ng_config *config)
{
	struct ng *ng;
	int error;

	*out = NULL;
	if (!config->listen_count)
		return 0;
	ng = calloc(1, sizeof(*ng));
	if (!ng || ng_cache_open(&ng->cache)) {
		free(ng);
		return -ENOMEM;
	}
	ng->loop = loop;
	ng->session = session;
	ng->delete_delay_s = config->delete_delay_s;
	TAILQ_INIT(&ng->datagrams);
	TAILQ_INIT(&ng->listeners);
	ng_command_open(ng);
	error = ng_make_token(ng->instance);
	if (!error)
		error = read_allowed(ng, config);
	for (unsigned int k = 0; !error && k < config->listen_count; k++)
		error = listen_on(ng, config, config->listen[k]);
	if (error) {
		ng_close(ng);
		return error;
	}
	*out = ng;
	return 0;
}

void ng_close(struct ng *ng)
{
	if (!ng)
		return;
	ng->closing = true;
	ng_datagrams_close(ng);
	ng_listen_close(ng);
	ng_release(ng);
}

void ng_reload(struct ng *ng, const char *cert, const char *key)
{
	if (ng && ng->site)
		http_site_reload(ng->site, NULL, cert, key);
}
