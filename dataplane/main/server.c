/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include "dataplane/api/cleanse.h"
#include "dataplane/api/frame.h"
#include "dataplane/main/legs/answer.h"
#include "dataplane/main/outbox.h"
#include "dataplane/dataplane.h"
#include "dataplane/lib/log.h"
#include "dataplane/main/legs/registry.h"

#define FRAMES_PER_TURN 8
#define SOCKET_BUFFER   (4 << 20)
#define API             3 /* of dataplane.proto: with readings of all streams */

struct server {
	int listener, client; /* client: -1 while there is none */
	bool left;            /* one has, and server_reader() has not said so yet */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	uint64_t generation;
	struct served served;
	struct outbox outbox;
};

/* Replies to one frame of requests, on their way. */
struct batch {
	Tandem__Dataplane__V1__Reply **replies;
	size_t count, size;
};

static void disconnect(struct server *s, const char *why)
{
	log_info("the control plane is gone: %s; calls go on", why);
	close(s->client);
	s->client = -1;
	s->left = true;
	outbox_clear(&s->outbox);
}

static void send_frame(struct server *s, const Tandem__Dataplane__V1__Frame *frame, bool punt)
{
	int error;

	if (s->client < 0)
		return;
	error = outbox_send(&s->outbox, s->client, frame, punt);
	if (error == -EAGAIN)
		disconnect(s, "it does not read its events and replies");
	else if (error)
		disconnect(s, strerror(-error));
}

/* Who said it says it again, if it is lost: others' words keep nobody from being heard. */
static bool is_said_again(const Tandem__Dataplane__V1__Event *event)
{
	return event->kind == TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_PUNT ||
	       event->kind == TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_TURN_REQUEST;
}

void server_event(struct server *s, const Tandem__Dataplane__V1__Event *event)
{
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;
	Tandem__Dataplane__V1__Event *events[] = {(Tandem__Dataplane__V1__Event *)event};

	frame.events = events;
	frame.n_events = 1;
	send_frame(s, &frame, is_said_again(event));
}

enum registry_reader server_reader(struct server *s)
{
	bool left = s->left;

	s->left = false;
	if (left || s->client < 0)
		return READER_GONE;
	return TAILQ_EMPTY(&s->outbox.letters) ? READER_READY : READER_BEHIND;
}

const uint64_t *server_punts_lost(const struct server *s)
{
	return &s->outbox.lost;
}

static void show_networks(const struct dataplane *d, Tandem__Dataplane__V1__Network *networks,
			  ProtobufCBinaryData (*addresses)[NETWORK_ADDRESSES_MAX])
{
	for (unsigned int n = 0; n < d->network_count; n++) {
		const struct network *network = &d->networks[n];

		tandem__dataplane__v1__network__init(&networks[n]);
		networks[n].name = (char *)network->name;
		networks[n].addresses = addresses[n];
		networks[n].n_addresses = network->address_count;
		for (unsigned int k = 0; k < network->address_count; k++) {
			const struct address *a = &d->addresses[network->address[k]].address;
			addresses[n][k].data = (uint8_t *)(uintptr_t)address_octets(a);
			addresses[n][k].len = address_octet_count(a);
		}
	}
}

static void send_hello(struct server *s)
{
	const struct dataplane *d = s->served.dataplane;
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;
	Tandem__Dataplane__V1__Hello hello = TANDEM__DATAPLANE__V1__HELLO__INIT;
	Tandem__Dataplane__V1__Network networks[NETWORKS_MAX], *list[NETWORKS_MAX];
	ProtobufCBinaryData addresses[NETWORKS_MAX][NETWORK_ADDRESSES_MAX];

	show_networks(d, networks, addresses);
	for (unsigned int n = 0; n < d->network_count; n++)
		list[n] = &networks[n];
	hello.generation = s->generation;
	hello.version = (char *)TANDEM_VERSION;
	hello.workers = d->worker_count;
	hello.legs_max = d->leg_count;
	hello.crypto_engine = (char *)s->served.engine;
	hello.api = API;
	hello.networks = list;
	hello.n_networks = d->network_count;
	frame.hello = &hello;
	send_frame(s, &frame, false);
}

static void accept_client(struct server *s)
{
	int buffer = SOCKET_BUFFER;
	struct ucred peer;
	socklen_t length = sizeof(peer);
	int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) ||
	    (peer.uid != 0 && peer.uid != geteuid())) {
		log_warn("refused a client of user %u: run the control plane as the same user",
			 peer.uid);
		close(fd);
		return;
	}
	if (s->client >= 0) {
		log_warn("refused process %d: a control plane is connected already", peer.pid);
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	s->client = fd;
	log_info("the control plane has connected: process %d", peer.pid);
	send_hello(s);
}

static void batch_flush(struct server *s, struct batch *b)
{
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;

	frame.replies = b->replies;
	frame.n_replies = b->count;
	if (b->count)
		send_frame(s, &frame, false);
	for (size_t k = 0; k < b->count; k++)
		tandem__dataplane__v1__reply__free_unpacked(b->replies[k], &cleanse_allocator);
	b->count = b->size = 0;
}

static void batch_add(struct server *s, struct batch *b, Tandem__Dataplane__V1__Reply *reply)
{
	size_t size = tandem__dataplane__v1__reply__get_packed_size(reply) + 8;

	if (b->size + size > ANSWER_SIZE)
		batch_flush(s, b);
	b->replies[b->count++] = reply;
	b->size += size;
}

static Tandem__Dataplane__V1__Reply *answer(struct server *s,
					    const Tandem__Dataplane__V1__Request *request)
{
	Tandem__Dataplane__V1__Reply *reply = calloc(1, sizeof(*reply));
	const char *what = "";
	uint64_t deadline;
	int error;

	if (!reply)
		return NULL;
	tandem__dataplane__v1__reply__init(reply);
	reply->id = request->id;
	/* A worker empties its mailbox in microseconds: a full one is waited for, within reason. */
	deadline = rte_rdtsc() + rte_get_tsc_hz();
	while ((error = answer_request(&s->served, request, reply, &what)) == -EAGAIN &&
	       s->client >= 0 && (int64_t)(rte_rdtsc() - deadline) < 0) {
		registry_poll(s->served.registry);
		rte_pause();
	}
	reply->error = -error;
	if (error)
		reply->what = strdup(what);
	if (error && !reply->what)
		reply->what = (char *)protobuf_c_empty_string;
	return reply;
}

static unsigned int serve_frame(struct server *s, const Tandem__Dataplane__V1__Frame *frame)
{
	struct batch batch = {.replies = calloc(frame->n_requests + 1, sizeof(*batch.replies))};
	unsigned int served = 0;

	for (; batch.replies && served < frame->n_requests && s->client >= 0; served++) {
		Tandem__Dataplane__V1__Reply *reply = answer(s, frame->requests[served]);

		if (!reply)
			break;
		batch_add(s, &batch, reply);
	}
	if (batch.replies)
		batch_flush(s, &batch);
	free(batch.replies);
	return served;
}

static void flush(struct server *s)
{
	int error = s->client < 0 ? 0 : outbox_flush(&s->outbox, s->client);

	if (error)
		disconnect(s, strerror(-error));
}

unsigned int server_poll(struct server *s)
{
	unsigned int served = 0;

	flush(s);

	for (unsigned int k = 0; k < FRAMES_PER_TURN && s->client >= 0; k++) {
		Tandem__Dataplane__V1__Frame *frame;
		int error = frame_receive(s->client, &frame);

		if (error == -EAGAIN)
			break;
		if (error) {
			disconnect(s, error == -ENOTCONN ? "it closed" : strerror(-error));
			break;
		}
		served += serve_frame(s, frame);
		frame_free(frame);
	}
	accept_client(s);
	return served;
}

void server_wait(struct server *s, int ms)
{
	struct pollfd fds[] = {
		{.fd = s->listener, .events = POLLIN},
		{.fd = s->client,
		 .events = POLLIN | (TAILQ_EMPTY(&s->outbox.letters) ? 0 : POLLOUT)},
	};

	poll(fds, 2, ms);
}

/* A socket file that nobody listens on is what a killed dataplane leaves. */
static int remove_stale(const struct sockaddr_un *address)
{
	struct stat file;
	int fd, error;

	if (lstat(address->sun_path, &file))
		return errno == ENOENT ? 0 : -errno;
	/* Any other file refuses a connection as well, and is not ours to remove. */
	if (!S_ISSOCK(file.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	error = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? errno : 0;
	close(fd);
	if (error == 0)
		return -EADDRINUSE;
	if (error == ECONNREFUSED)
		unlink(address->sun_path);
	return 0;
}

static int listen_on(struct server *s, const struct sockaddr_un *address)
{
	mode_t mask;
	int error = remove_stale(address);

	if (error)
		return error;
	s->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->listener < 0)
		return -errno;
	mask = umask(0177);
	error = bind(s->listener, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;
	umask(mask);
	if (error)
		return error;
	strcpy(s->path, address->sun_path);
	return listen(s->listener, 4) ? -errno : 0;
}

static const char *remedy(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "another tandem-dataplane is running: stop it, or give this one another path";
	case -EEXIST:
		return "another file is there: remove it, or give another path";
	case -ENOENT:
		return "create its directory, or give another path";
	case -EACCES:
	case -EPERM:
		return "run as root, or give another path";
	default:
		return "give another path";
	}
}

int server_open(struct server **out, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct server *s = calloc(1, sizeof(*s));
	int error = -ENAMETOOLONG;

	if (!s)
		return -ENOMEM;
	s->listener = s->client = -1;
	outbox_open(&s->outbox);
	if (strlen(path) < sizeof(address.sun_path)) {
		strcpy(address.sun_path, path);
		error = listen_on(s, &address);
	}
	if (!error && getrandom(&s->generation, sizeof(s->generation), 0) < 0)
		error = -errno;
	if (error) {
		log_error("[dataplane] socket: %s: %s; %s", path, strerror(-error), remedy(error));
		server_close(s);
		return error;
	}
	*out = s;
	return 0;
}

void server_serve(struct server *s, const struct served *served)
{
	s->served = *served;
}

void server_close(struct server *s)
{
	if (!s)
		return;
	if (s->client >= 0)
		close(s->client);
	if (s->listener >= 0)
		close(s->listener);
	if (s->path[0])
		unlink(s->path);
	outbox_clear(&s->outbox);
	free(s);
}
