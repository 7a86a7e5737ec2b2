/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets that listen. libwebsockets only watches them: its own would not tell what is wrong with
 * an address, and it would shake hands with whom nobody hears.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "controlplane/http/http_state.h"

#define CONNECTIONS_MAX 512
#define BACKLOG         128
#define SHORTAGE_US     100000 /* until it is tried again: the socket stays readable */

int http_listener_open(const union socket_address *at)
{
	int fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
	int error;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (at->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, &at->any, socket_address_size(at)) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static void on_connection(struct lws *listener)
{
	struct http *h = lws_context_user(lws_get_context(listener));
	union socket_address who = {.any.sa_family = AF_UNSPEC};
	socklen_t size = sizeof(who);
	int fd =
		accept4(lws_get_socket_fd(listener), &who.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int one = 1;
	struct lws *wsi;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			usleep(SHORTAGE_US);
		return;
	}
	if (h->connections == CONNECTIONS_MAX || !h->config.is_allowed(&who, h->config.arg)) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	wsi = lws_adopt_socket_vhost(lws_get_vhost(listener), fd); /* closes what it refuses */
	if (wsi && http_connection_open(wsi))
		lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

int http_on_listener(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *octets,
		     size_t length)
{
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		on_connection(wsi);
	return 0;
}
