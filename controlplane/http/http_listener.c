/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets that listen. libwebsockets only watches them: its own would not tell what is wrong with
 * an address, and it would shake hands with whom nobody hears.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "controlplane/http/http_state.h"

#define BACKLOG     128
#define SITE_BITS   64     /* of an IPv6 address: the rest is its owner's to choose */
#define SEND_BUFFER 262144 /* octets: what anybody may ask for needs no waiting for its reader */
#define UNREAD_MS   60000  /* after which the kernel forgets what a client does not take */
#define SHORTAGE_US 100000 /* until it is tried again: the socket stays readable */

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

static bool has_room(const struct http_site *site, const union socket_address *who)
{
	struct address host = socket_address_host(who);
	unsigned int bits = address_is_ipv4(&host) ? 128 : SITE_BITS;
	unsigned int left = site->config.connections_per_address;
	const struct http_connection *c;

	if (site->connection_count >= site->config.connections_max)
		return false;
	LIST_FOREACH (c, &site->connections, link) {
		struct address other = socket_address_host(&c->who);

		if (address_same_bits(&host, &other, bits) && left-- == 1)
			return false;
	}
	return true;
}

static bool is_heard(const struct http_site *site, const union socket_address *who)
{
	return !site->config.is_allowed || site->config.is_allowed(who, site->config.arg);
}

/* The one whose socket it is. What the library keeps for us is a connection's. */
static struct http_site *site_of(struct lws *wsi)
{
	struct http *h = lws_context_user(lws_get_context(wsi));
	struct http_listener *listener = LIST_FIRST(&h->listeners);

	while (listener->fd != lws_get_socket_fd(wsi))
		listener = LIST_NEXT(listener, link);
	return listener->site;
}

static void on_connection(struct lws *wsi_listener)
{
	struct http_site *site = site_of(wsi_listener);
	union socket_address who = {.any.sa_family = AF_UNSPEC};
	socklen_t size = sizeof(who);
	int fd = accept4(lws_get_socket_fd(wsi_listener), &who.any, &size,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	int one = 1, buffer = SEND_BUFFER, patience = UNREAD_MS;
	struct lws *wsi;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			usleep(SHORTAGE_US);
		return;
	}
	if (!is_heard(site, &who) || !has_room(site, &who)) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	wsi = lws_adopt_socket_vhost(lws_get_vhost(wsi_listener), fd); /* closes what it refuses */
	if (wsi && http_connection_open(wsi, site, &who))
		lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

int http_on_listener(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *octets,
		     size_t length)
{
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		on_connection(wsi);
	return 0;
}
