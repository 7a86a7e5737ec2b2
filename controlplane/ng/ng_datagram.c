/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages as datagrams, of UDP or of a UNIX socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/ng/ng_state.h"

#define TURN_MOST    64 /* datagrams in one turn of the loop, so that others get theirs */
/* Octets of requests that wait, as far as net.core.rmem_max allows: all of a proxy's processes may
 * ask at once, and each asks again only a second later. */
#define WAITING_MOST (4 << 20)

struct ng_datagrams {
	TAILQ_ENTRY(ng_datagrams) entry;
	struct ng *ng;
	union socket_address at;
	uv_poll_t poll;
	int fd;
	unsigned int references; /* of who waits for a reply, and the socket's own */
	bool closed;
};

/* Who waits for a reply. */
struct asker {
	struct ng_datagrams *socket;
	union socket_address who;
	socklen_t size;
};

static void release(struct ng_datagrams *d)
{
	if (--d->references == 0)
		free(d);
}

/* A reply that does not fit in the peer's buffer is lost; it will ask again. */
static void answer(void *arg, const char *octets, size_t length)
{
	struct asker *a = arg;

	if (octets && !a->socket->closed)
		sendto(a->socket->fd, octets, length, MSG_DONTWAIT | MSG_NOSIGNAL, &a->who.any,
		       a->size);
	release(a->socket);
	free(a);
}

static void take(struct ng_datagrams *d, const char *message, size_t size,
		 const union socket_address *who, socklen_t who_size)
{
	struct asker *a = calloc(1, sizeof(*a));

	if (!a)
		return;
	*a = (struct asker){d, *who, who_size};
	d->references++;
	ng_serve(d->ng, message, size, answer, a);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct ng_datagrams *d = poll->data;
	static char message[NG_MESSAGE_MAX];

	for (unsigned int k = 0; k < TURN_MOST && !d->closed; k++) {
		union socket_address who = {.any.sa_family = AF_UNSPEC};
		socklen_t who_size = sizeof(who);
		ssize_t size = recvfrom(d->fd, message, sizeof(message), MSG_DONTWAIT, &who.any,
					&who_size);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return;
		if (ng_may_ask(d->ng, &who))
			take(d, message, size, &who, who_size);
	}
}

static int open_socket(struct ng_datagrams *d)
{
	bool local = d->at.any.sa_family == AF_UNIX;
	int one = 1, waiting = WAITING_MOST,
	    error = local ? socket_address_clear(&d->at, SOCK_DGRAM) : 0;
	mode_t mask;

	if (error)
		return error;
	d->fd = socket(d->at.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->fd < 0)
		return -errno;
	if (d->at.any.sa_family == AF_INET6)
		setsockopt(d->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	setsockopt(d->fd, SOL_SOCKET, SO_RCVBUF, &waiting, sizeof(waiting));
	mask = umask(0177); /* the socket is born with mode 0600 */
	error = bind(d->fd, &d->at.any, socket_address_size(&d->at)) ? -errno : 0;
	umask(mask);
	if (error)
		close(d->fd);
	return error;
}

int ng_datagrams_open(struct ng *ng, const union socket_address *at)
{
	struct ng_datagrams *d = calloc(1, sizeof(*d));
	int error;

	if (!d)
		return -ENOMEM;
	d->ng = ng;
	d->at = *at;
	d->references = 1;
	error = open_socket(d);
	if (!error)
		error = uv_poll_init(ng->loop, &d->poll, d->fd);
	if (error) {
		free(d);
		return error;
	}
	d->poll.data = d;
	uv_poll_start(&d->poll, UV_READABLE, on_readable);
	TAILQ_INSERT_TAIL(&ng->datagrams, d, entry);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void ng_datagrams_close(struct ng *ng)
{
	struct ng_datagrams *d;

	while ((d = TAILQ_FIRST(&ng->datagrams))) {
		TAILQ_REMOVE(&ng->datagrams, d, entry);
		d->closed = true;
		uv_poll_stop(&d->poll);
		close(d->fd);
		if (d->at.any.sa_family == AF_UNIX)
			unlink(d->at.local.sun_path);
		uv_close((uv_handle_t *)&d->poll, on_closed);
	}
}
