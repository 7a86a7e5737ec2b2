/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/hep/hep_sender.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/hep/hep_frame.h"
#include "dataplane/lib/address.h"
#include "dataplane/lib/log.h"

#define RETRY_MS      1000  /* until a connection is tried again, at first ... */
#define RETRY_MOST_MS 30000 /* ... and at last */
#define LOOKUP_MS     60000 /* for UDP: how long a name's address is good */
#define WORD_MS       60000 /* between words about what was dropped */
#define DATAGRAMS     64    /* in one system call */
#define STREAM_MOST   (256 << 10)
#define CALLS         16 /* in one turn of the loop */

struct hep_sender {
	uv_loop_t *loop;
	struct hep_server server;
	uv_timer_t timer;
	uv_getaddrinfo_t lookup;
	uv_poll_t *poll; /* of the socket; NULL: there is none */
	int fd;
	bool up, looking, closing, complained;
	unsigned int open; /* handles and lookups that keep it */
	unsigned int retry_ms;
	struct hep_counts counts;
	uint64_t told, told_ms; /* of what was dropped */
	/* Whole frames, one behind the other. */
	uint8_t *queue;
	size_t begin, end;
	size_t part; /* octets of the first frame that have gone */
};

static void connect_again(struct hep_sender *s);
static void on_ready(uv_poll_t *poll, int status, int events);

/* --- the queue ------------------------------------------------------------------------------- */

static void tell_dropped(struct hep_sender *s)
{
	uint64_t now = uv_now(s->loop);

	if (s->told && now - s->told_ms < WORD_MS)
		return;
	log_warn("hep: %s takes too little, or cannot be reached: %ju reports were dropped",
		 s->server.host, (uintmax_t)(s->counts.dropped - s->told));
	s->told = s->counts.dropped;
	s->told_ms = now;
}

uint8_t *hep_sender_room(struct hep_sender *s, size_t size)
{
	/* Half of it at a time, so that no octet is moved often. */
	if (size > HEP_QUEUE - s->end && s->begin >= HEP_QUEUE / 2) {
		memmove(s->queue, s->queue + s->begin, s->end - s->begin);
		s->end -= s->begin;
		s->begin = 0;
	}
	if (size <= HEP_QUEUE - s->end)
		return s->queue + s->end;
	s->counts.dropped++;
	tell_dropped(s);
	return NULL;
}

static void watch(struct hep_sender *s)
{
	if (s->up)
		uv_poll_start(s->poll, UV_READABLE | (s->begin < s->end ? UV_WRITABLE : 0),
			      on_ready);
}

void hep_sender_add(struct hep_sender *s, size_t length)
{
	bool was_empty = s->begin == s->end;

	s->end += length;
	if (was_empty && length)
		watch(s);
}

static void take_off(struct hep_sender *s, size_t octets)
{
	s->part += octets;
	while (s->begin < s->end && s->part >= hep_frame_length(s->queue + s->begin)) {
		size_t length = hep_frame_length(s->queue + s->begin);

		s->begin += length;
		s->part -= length;
		s->counts.sent++;
	}
	if (s->begin == s->end)
		s->begin = s->end = 0;
}

/* --- the socket ------------------------------------------------------------------------------ */

static void free_poll(uv_handle_t *handle)
{
	free(handle);
}

static void disconnect(struct hep_sender *s)
{
	if (s->poll) {
		uv_poll_stop(s->poll);
		uv_close((uv_handle_t *)s->poll, free_poll);
	}
	if (s->fd >= 0)
		close(s->fd);
	s->poll = NULL;
	s->fd = -1;
	s->up = false;
	s->part = 0;
}

static void on_retry(uv_timer_t *timer)
{
	connect_again(timer->data);
}

static void fail(struct hep_sender *s, const char *what)
{
	if (!s->complained)
		log_warn("hep: %s:%s: %s; it is tried again and again", s->server.host,
			 s->server.port, what);
	s->complained = true;
	disconnect(s);
	uv_timer_start(&s->timer, on_retry, s->retry_ms, 0);
	s->retry_ms = s->retry_ms < RETRY_MOST_MS / 2 ? 2 * s->retry_ms : RETRY_MOST_MS;
}

/* The address found last may still be good. */
static void fail_to_find(struct hep_sender *s, const char *what)
{
	if (s->up && !s->server.tcp)
		uv_timer_start(&s->timer, on_retry, LOOKUP_MS, 0);
	else
		fail(s, what);
}

/* 0, or -errno; -EAGAIN: the socket takes no more. */
static int send_datagrams(struct hep_sender *s)
{
	struct mmsghdr messages[DATAGRAMS] = {{{0}}};
	struct iovec parts[DATAGRAMS];
	unsigned int count = 0;
	int sent;

	for (size_t at = s->begin; at < s->end && count < DATAGRAMS; count++) {
		parts[count] = (struct iovec){s->queue + at, hep_frame_length(s->queue + at)};
		messages[count].msg_hdr.msg_iov = &parts[count];
		messages[count].msg_hdr.msg_iovlen = 1;
		at += parts[count].iov_len;
	}
	sent = sendmmsg(s->fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	for (int k = 0; k < sent; k++)
		take_off(s, parts[k].iov_len);
	return 0;
}

static int send_stream(struct hep_sender *s)
{
	size_t octets = s->end - s->begin - s->part;
	ssize_t sent;

	octets = octets < STREAM_MOST ? octets : STREAM_MOST;
	sent = send(s->fd, s->queue + s->begin + s->part, octets, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	take_off(s, sent);
	return 0;
}

static int flush(struct hep_sender *s)
{
	int error = s->begin == s->end ? 0 : s->server.tcp ? send_stream(s) : send_datagrams(s);

	return error == -EAGAIN || error == -EINTR || error == -ENOBUFS ? 0 : error;
}

/* Whether some has gone. */
static bool flush_some(struct hep_sender *s, int *error)
{
	size_t begin = s->begin, part = s->part;

	*error = flush(s);
	return begin != s->begin || part != s->part;
}

/* Nothing is expected to come but an error, or the end. */
static int drain(struct hep_sender *s)
{
	char octets[512];
	ssize_t length = recv(s->fd, octets, sizeof(octets), MSG_DONTWAIT);

	if (length < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return length == 0 && s->server.tcp ? -ECONNRESET : 0;
}

static int finish_connecting(struct hep_sender *s)
{
	socklen_t size = sizeof(int);
	int error = 0;

	getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error)
		return -error;
	if (s->complained)
		log_info("hep: %s:%s is there", s->server.host, s->server.port);
	s->up = true;
	s->complained = false;
	s->retry_ms = RETRY_MS;
	return 0;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct hep_sender *s = poll->data;
	int error = status;

	if (!error && !s->up)
		error = finish_connecting(s);
	if (!error && events & UV_READABLE)
		error = drain(s);
	for (int k = 0; !error && events & UV_WRITABLE && k < CALLS && flush_some(s, &error); k++)
		;
	if (error)
		fail(s, strerror(-error));
	else
		watch(s);
}

/* --- connecting ------------------------------------------------------------------------------ */

static int begin_connecting(struct hep_sender *s, const struct addrinfo *to)
{
	int error;

	s->fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -errno;
	if (connect(s->fd, to->ai_addr, to->ai_addrlen) && errno != EINPROGRESS)
		return -errno;
	s->poll = calloc(1, sizeof(*s->poll));
	if (!s->poll)
		return -ENOMEM;
	error = uv_poll_init(s->loop, s->poll, s->fd);
	if (error) {
		free(s->poll);
		s->poll = NULL;
		return error;
	}
	s->poll->data = s;
	return uv_poll_start(s->poll, UV_WRITABLE, on_ready);
}

static void release(struct hep_sender *s)
{
	if (--s->open)
		return;
	free(s->queue);
	free(s);
}

static bool is_literal(const char *host)
{
	struct address address;

	return address_parse(&address, host) == 0;
}

static void on_found(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
	struct hep_sender *s = lookup->data;
	int error;

	s->looking = false;
	if (!s->closing && status) {
		fail_to_find(s, uv_strerror(status));
	} else if (!s->closing) {
		disconnect(s);
		error = begin_connecting(s, found);
		if (error)
			fail(s, strerror(-error));
		else if (!s->server.tcp && !is_literal(s->server.host))
			uv_timer_start(&s->timer, on_retry, LOOKUP_MS, 0);
	}
	uv_freeaddrinfo(found);
	release(s);
}

/* What there is stays until the name is found. */
static void connect_again(struct hep_sender *s)
{
	const struct addrinfo hints = {.ai_socktype = s->server.tcp ? SOCK_STREAM : SOCK_DGRAM,
				       .ai_flags = AI_NUMERICSERV};
	int error;

	if (s->looking)
		return;
	s->lookup.data = s;
	error = uv_getaddrinfo(s->loop, &s->lookup, on_found, s->server.host, s->server.port,
			       &hints);
	if (error) {
		fail_to_find(s, uv_strerror(error));
		return;
	}
	s->looking = true;
	s->open++;
}

int hep_server_parse(struct hep_server *server, const char *text)
{
	const char *host = text + 4, *colon = strrchr(text, ':');
	unsigned int port;
	size_t length;
	int used = 0;

	server->tcp = strncmp(text, "tcp:", 4) == 0;
	if ((!server->tcp && strncmp(text, "udp:", 4) != 0) || colon < host ||
	    sscanf(colon + 1, "%5u%n", &port, &used) != 1 || colon[1 + used] || colon[1] < '0' ||
	    colon[1] > '9' || port < 1 || port > 65535)
		return -EINVAL;
	length = colon - host;
	if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
		host++;
		length -= 2;
	} else if (memchr(host, ':', length)) {
		return -EINVAL;
	}
	if (!length || length >= sizeof(server->host) || strcspn(host, " \t[]/@") < length)
		return -EINVAL;
	snprintf(server->host, sizeof(server->host), "%.*s", (int)length, host);
	snprintf(server->port, sizeof(server->port), "%u", port);
	return 0;
}

int hep_sender_open(struct hep_sender **out, uv_loop_t *loop, const struct hep_server *server)
{
	struct hep_sender *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (s)
		s->queue = malloc(HEP_QUEUE);
	if (!s || !s->queue) {
		free(s);
		return -ENOMEM;
	}
	s->loop = loop;
	s->server = *server;
	s->fd = -1;
	s->retry_ms = RETRY_MS;
	s->open = 1;
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	connect_again(s);
	*out = s;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void hep_sender_close(struct hep_sender *s)
{
	int error;

	if (!s)
		return;
	s->closing = true;
	while (s->up && s->begin < s->end && flush_some(s, &error))
		;
	disconnect(s);
	if (s->looking)
		uv_cancel((uv_req_t *)&s->lookup);
	uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

struct hep_counts hep_sender_counts(const struct hep_sender *s)
{
	return s->counts;
}
