/* SPDX-License-Identifier: BSD-3-Clause */
/* The front end's beginning and end: where it listens, and to whom. */
#include "controlplane/ng/ng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/prefix.h"
#include "controlplane/ng/ng_state.h"
#include "dataplane/lib/log.h"

#define UDP_SCHEME "udp:"
#define TCP_SCHEME "tcp:"

/* *tcp: over TCP. 0, or -EINVAL. */
static int parse(union socket_address *at, bool *tcp, const char *text)
{
	*tcp = strncmp(text, TCP_SCHEME, strlen(TCP_SCHEME)) == 0;
	if (*tcp || strncmp(text, UDP_SCHEME, strlen(UDP_SCHEME)) == 0)
		text += strlen(UDP_SCHEME);
	if (socket_address_parse(at, text) || (*tcp && at->any.sa_family == AF_UNIX))
		return -EINVAL;
	return 0;
}

bool ng_is_address(const char *text)
{
	union socket_address at;
	bool tcp;

	return parse(&at, &tcp, text) == 0;
}

bool ng_is_open(const char *text)
{
	union socket_address at;
	bool tcp;

	return parse(&at, &tcp, text) == 0 && !socket_address_is_local(&at);
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

static int listen_on(struct ng *ng, const char *text)
{
	union socket_address at;
	bool tcp;
	int error = parse(&at, &tcp, text);

	if (!error)
		error = tcp ? ng_listen(ng, &at) : ng_datagrams_open(ng, &at);
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
	error = ng_make_token(ng->instance);
	if (!error)
		error = read_allowed(ng, config);
	for (unsigned int k = 0; !error && k < config->listen_count; k++)
		error = listen_on(ng, config->listen[k]);
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
