/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/rpc_local.h"

#include <errno.h>
#include <fcntl.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/lib/log.h"

#define NUMBERS      8192
#define FIRST        1024 /* what else is open has lower ones, for the most part */
#define SWEEP_MS     250
#define ACCEPT_BURST 16
#define BACKLOG      128

struct rpc_local {
	LIST_ENTRY(rpc_local) link;
	bool live;
	uint64_t closed_ms;      /* the sweep that found it closed; 0: it was not used yet */
	ino_t inode;             /* of the socket, which tells it from what has its number later */
	struct access_peer peer; /* until the number is used again */
	gid_t *groups;
};

struct rpc_local_listener {
	LIST_ENTRY(rpc_local_listener) link;
	struct rpc_locals *locals;
	union socket_address address;
	int fd;
	uv_poll_t poll;
};

/* --- numbers -----------------------------------------------------------------------------------*/

static ino_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) || !S_ISSOCK(st.st_mode) ? 0 : st.st_ino;
}

static int number_of(const struct rpc_locals *locals, const struct rpc_local *local)
{
	return locals->first + (int)(local - locals->numbers);
}

static bool has_rested(const struct rpc_locals *locals, const struct rpc_local *local)
{
	return !local->live &&
	       (!local->closed_ms || uv_now(locals->loop) - local->closed_ms >= locals->rest_ms);
}

/* Moves a connection to a number that has rested; NULL: there is none. */
static struct rpc_local *renumber(struct rpc_locals *locals, int fd)
{
	for (int tried = 0; tried < locals->count; tried++) {
		struct rpc_local *local = &locals->numbers[locals->next];
		int wanted = number_of(locals, local), got;

		locals->next = (locals->next + 1) % locals->count;
		if (!has_rested(locals, local))
			continue;
		got = fcntl(fd, F_DUPFD_CLOEXEC, wanted);
		if (got == wanted)
			return local;
		/* Something else has that number. */
		if (got < 0)
			return NULL;
		close(got);
	}
	return NULL;
}

static void forget(struct rpc_locals *locals, struct rpc_local *local)
{
	LIST_REMOVE(local, link);
	local->live = false;
	local->closed_ms = uv_now(locals->loop) ?: 1;
	locals->live--;
}

/* --- accepting ---------------------------------------------------------------------------------*/

static unsigned held_by(const struct rpc_locals *locals, uid_t uid)
{
	const struct rpc_local *local;
	unsigned count = 0;

	LIST_FOREACH (local, &locals->connections, link)
		count += local->peer.uid == uid;
	return count;
}

/* The groups of who is at the other end, freed by the caller; false when they cannot be known. */
static bool read_groups(int fd, gid_t **groups, size_t *count)
{
	socklen_t size = 0;

	*groups = NULL;
	*count = 0;
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size))
		return true;
	if (errno != ERANGE)
		return false;
	*groups = malloc(size);
	if (!*groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, *groups, &size)) {
		free(*groups);
		*groups = NULL;
		return false;
	}
	*count = size / sizeof(**groups);
	return true;
}

static bool read_peer(int fd, struct access_peer *peer, gid_t **groups)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) ||
	    !read_groups(fd, groups, &peer->group_count))
		return false;
	peer->uid = credentials.uid;
	peer->gid = credentials.gid;
	peer->pid = credentials.pid;
	peer->groups = *groups;
	return true;
}

static void on_connections(uv_poll_t *poll, int status, int events);

static void start_accepting(struct rpc_locals *locals)
{
	struct rpc_local_listener *listener;

	locals->waiting = false;
	LIST_FOREACH (listener, &locals->listeners, link)
		uv_poll_start(&listener->poll, UV_READABLE, on_connections);
}

static void on_sweep(uv_timer_t *timer)
{
	struct rpc_locals *locals = timer->data;
	struct rpc_local *local, *after;

	for (local = LIST_FIRST(&locals->connections); local; local = after) {
		after = LIST_NEXT(local, link);
		if (inode_of(number_of(locals, local)) != local->inode)
			forget(locals, local);
	}
	if (locals->waiting && locals->live < RPC_LOCAL_MAX)
		start_accepting(locals);
	if (!locals->waiting && !locals->live)
		uv_timer_stop(timer);
}

static void sweep(struct rpc_locals *locals)
{
	if (!uv_is_active((uv_handle_t *)&locals->sweep))
		uv_timer_start(&locals->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

/* Hands a connection over to gRPC, which closes it, or closes it here. */
static void take(struct rpc_locals *locals, int fd)
{
	grpc_server_credentials *plain;
	struct access_peer peer = {0};
	struct rpc_local *local;
	gid_t *groups = NULL;

	if (!read_peer(fd, &peer, &groups)) {
		log_warn("rpc: cannot tell who is at the other end of a socket: %s",
			 strerror(errno));
		goto out_close;
	}
	if (held_by(locals, peer.uid) >= RPC_LOCAL_EACH) {
		log_debug("rpc: user %u has %u connections already", peer.uid, RPC_LOCAL_EACH);
		goto out_close;
	}
	local = renumber(locals, fd);
	if (!local) {
		log_debug("rpc: connections come too fast");
		goto out_close;
	}
	free(local->groups);
	local->live = true;
	local->peer = peer;
	local->groups = groups;
	local->inode = inode_of(fd);
	LIST_INSERT_HEAD(&locals->connections, local, link);
	locals->live++;
	sweep(locals);
	close(fd);
	plain = grpc_insecure_server_credentials_create();
	grpc_server_add_channel_from_fd(locals->server, number_of(locals, local), plain);
	grpc_server_credentials_release(plain);
	return;

out_close:
	free(groups);
	close(fd);
}

/* Accepts one; false: no more before the next sweep, or before the next one comes. */
static bool accept_one(struct rpc_local_listener *listener)
{
	struct rpc_locals *locals = listener->locals;
	int fd = -1;

	if (locals->live < RPC_LOCAL_MAX) {
		fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			take(locals, fd);
			return true;
		}
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return false;
		log_warn("rpc: cannot accept a connection: %s", strerror(errno));
	}
	uv_poll_stop(&listener->poll);
	locals->waiting = true;
	sweep(locals);
	return false;
}

static void on_connections(uv_poll_t *poll, int status, int events)
{
	for (int i = 0; i < ACCEPT_BURST && accept_one(poll->data); i++)
		;
}

/* --- listening ---------------------------------------------------------------------------------*/

/* Numbers for the connections, for which the limit on them may have to be raised. */
static int open_numbers(struct rpc_locals *locals, uv_loop_t *loop, grpc_server *server)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	locals->first = limit.rlim_max >= FIRST + NUMBERS ? FIRST : (int)limit.rlim_max / 2;
	locals->count = limit.rlim_max >= FIRST + NUMBERS ? NUMBERS : (int)limit.rlim_max / 2;
	if (limit.rlim_cur < (rlim_t)(locals->first + locals->count)) {
		limit.rlim_cur = (rlim_t)(locals->first + locals->count);
		if (setrlimit(RLIMIT_NOFILE, &limit))
			return -errno;
	}
	locals->numbers = calloc((size_t)locals->count, sizeof(*locals->numbers));
	if (!locals->numbers)
		return -ENOMEM;
	locals->rest_ms = RPC_LOCAL_REST_MS;
	locals->server = server;
	locals->loop = loop;
	LIST_INIT(&locals->connections);
	LIST_INIT(&locals->listeners);
	uv_timer_init(loop, &locals->sweep);
	locals->sweep.data = locals;
	return 0;
}

int rpc_local_listen(struct rpc_locals *locals, grpc_server *server, uv_loop_t *loop,
		     const union socket_address *address, mode_t mode)
{
	struct rpc_local_listener *listener;
	int ret = locals->numbers ? 0 : open_numbers(locals, loop, server);

	if (ret)
		return ret;
	listener = calloc(1, sizeof(*listener));
	if (!listener)
		return -ENOMEM;
	listener->locals = locals;
	listener->address = *address;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0) {
		ret = -errno;
		goto out_free;
	}
	/* Before it listens nobody can connect, whatever the mode is that it is born with. */
	if (bind(listener->fd, &address->any, socket_address_size(address))) {
		ret = -errno;
		goto out_close;
	}
	if (chmod(address->local.sun_path, mode) || listen(listener->fd, BACKLOG)) {
		ret = -errno;
		goto out_unlink;
	}
	ret = uv_poll_init(loop, &listener->poll, listener->fd);
	if (ret)
		goto out_unlink;
	listener->poll.data = listener;
	uv_poll_start(&listener->poll, UV_READABLE, on_connections);
	LIST_INSERT_HEAD(&locals->listeners, listener, link);
	return 0;

out_unlink:
	unlink(address->local.sun_path);
out_close:
	close(listener->fd);
out_free:
	free(listener);
	return ret;
}

void rpc_local_set_mode(struct rpc_locals *locals, mode_t mode)
{
	const struct rpc_local_listener *listener;

	LIST_FOREACH (listener, &locals->listeners, link)
		if (chmod(listener->address.local.sun_path, mode))
			log_warn("rpc: %s: %s", listener->address.local.sun_path, strerror(errno));
}

void rpc_local_stop(struct rpc_locals *locals)
{
	struct rpc_local_listener *listener;

	locals->waiting = false;
	LIST_FOREACH (listener, &locals->listeners, link) {
		uv_poll_stop(&listener->poll);
		if (listener->fd < 0)
			continue;
		close(listener->fd);
		listener->fd = -1;
		unlink(listener->address.local.sun_path);
	}
}

unsigned rpc_local_close(struct rpc_locals *locals, uv_close_cb closed, void *data)
{
	struct rpc_local_listener *listener;
	unsigned handles = 0;

	if (!locals->numbers)
		return 0;
	rpc_local_stop(locals);
	LIST_FOREACH (listener, &locals->listeners, link) {
		listener->poll.data = data;
		uv_close((uv_handle_t *)&listener->poll, closed);
		handles++;
	}
	locals->sweep.data = data;
	uv_close((uv_handle_t *)&locals->sweep, closed);
	return handles + 1;
}

void rpc_local_free(struct rpc_locals *locals)
{
	struct rpc_local_listener *listener;

	while ((listener = LIST_FIRST(&locals->listeners))) {
		LIST_REMOVE(listener, link);
		free(listener);
	}
	for (int i = 0; locals->numbers && i < locals->count; i++)
		free(locals->numbers[i].groups);
	free(locals->numbers);
	locals->numbers = NULL;
}

const struct access_peer *rpc_local_find(const struct rpc_locals *locals, const char *peer)
{
	const struct rpc_local *local;
	int number, used = 0;

	if (!locals->numbers || sscanf(peer, "fd:%7d%n", &number, &used) != 1 || peer[used] ||
	    number < locals->first || number >= locals->first + locals->count)
		return NULL;
	local = &locals->numbers[number - locals->first];
	/* Of one that was closed a moment ago a call may still come. */
	return local->inode ? &local->peer : NULL;
}
