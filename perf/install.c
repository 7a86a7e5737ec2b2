/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dataplane's client, and nothing but it: calls of two legs are installed over its socket, in
 * batches, then deleted. A line on the standard input
 *
 *	plain|secure LEGS
 *
 * is answered by a line of JSON: seconds from the first request to the last reply, of each, and the
 * CPU time that this program took for it. A plain leg takes a PutLeg, a secure one a PutKeys too.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/api/frame.h"
#include "dataplane/api/suite.h"

#define BATCH_MAX    128 /* legs */
#define LEGS_MAX     2000000
#define BLOB         900 /* octets, about what the control plane keeps of a call */
#define FIRST_PORT   1024
#define PORTS        64000
#define PATIENCE_MS  10000
#define REQUESTS_MAX (4 * BATCH_MAX)

enum phase { PUT_PLAIN, PUT_SECURE, DELETE };

struct client {
	int fd;
	uint32_t batch, window; /* legs in a frame, frames on their way */
	uint32_t round;         /* in which everything is put and deleted */
	const Tandem__Dataplane__V1__Hello *hello;
	Tandem__Dataplane__V1__Frame *first; /* holds `hello` */
};

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	fprintf(stderr, "install: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* --- the socket ------------------------------------------------------------------------------ */

static void wait_for(const struct client *c, short events)
{
	struct pollfd fd = {.fd = c->fd, .events = events};
	int ready = poll(&fd, 1, PATIENCE_MS);

	if (ready == 0)
		die("the dataplane", "no answer for 10 seconds");
	if (ready < 0 && errno != EINTR)
		die("poll", strerror(errno));
}

static Tandem__Dataplane__V1__Frame *receive(const struct client *c)
{
	Tandem__Dataplane__V1__Frame *frame;
	int error;

	while ((error = frame_receive(c->fd, &frame)) == -EAGAIN)
		wait_for(c, POLLIN);
	if (error)
		die("the dataplane", strerror(-error));
	return frame;
}

static void send_frame(const struct client *c, const Tandem__Dataplane__V1__Frame *frame)
{
	int error;

	while ((error = frame_send(c->fd, frame)) == -EAGAIN)
		wait_for(c, POLLOUT);
	if (error)
		die("the dataplane", strerror(-error));
}

static void connect_to(struct client *c, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		die(path, strerror(ENAMETOOLONG));
	strcpy(address.sun_path, path);
	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)))
		die(path, strerror(errno));
	c->first = receive(c);
	c->hello = c->first->hello;
	if (!c->hello || c->hello->n_networks < 2)
		die(path, "no dataplane with two networks");
}

/* --- requests -------------------------------------------------------------------------------- */

/* The requests of a call, which has two legs, and a path each way. */
static const uint32_t requests_of[] = {[PUT_PLAIN] = 5, [PUT_SECURE] = 7, [DELETE] = 3};

/* One leg's requests and all that they point to. */
struct room {
	Tandem__Dataplane__V1__Request leg, keys, gone, path, call, call_gone;
	Tandem__Dataplane__V1__PutPath put_path;
	Tandem__Dataplane__V1__PutCall put_call;
	Tandem__Dataplane__V1__DeleteCall delete_call;
	Tandem__Dataplane__V1__PutLeg put_leg;
	Tandem__Dataplane__V1__PutKeys put_keys;
	Tandem__Dataplane__V1__DeleteLeg delete_leg;
	Tandem__Dataplane__V1__Endpoint local, remote;
	uint8_t remote_address[4], octets[2][SUITE_KEY_MAX], blob[BLOB];
};

static void fill_leg(const struct client *c, struct room *room, uint32_t k, bool secure)
{
	const Tandem__Dataplane__V1__Network *network = c->hello->networks[k % 2];
	uint32_t place = k / 2;
	Tandem__Dataplane__V1__PutLeg *put = &room->put_leg;

	if (place / PORTS >= network->n_addresses || network->addresses[0].len != 4)
		die(network->name, "not IPv4 addresses enough for so many legs");
	tandem__dataplane__v1__endpoint__init(&room->local);
	room->local.address = network->addresses[place / PORTS];
	room->local.port = FIRST_PORT + place % PORTS;
	/* Participants are behind the network's gateway. */
	memcpy(room->remote_address, network->addresses[0].data, 3);
	room->remote_address[3] = 16 + place % 200;
	tandem__dataplane__v1__endpoint__init(&room->remote);
	room->remote.address = (ProtobufCBinaryData){4, room->remote_address};
	room->remote.port = FIRST_PORT + place / 200 * 2 % PORTS;
	tandem__dataplane__v1__put_leg__init(put);
	put->leg = 1 + k;
	put->local = &room->local;
	put->remote = &room->remote;
	put->rtcp_mux = true;
	put->media_timeout_ms = 60000;
	put->security = secure ? TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES
			       : TANDEM__DATAPLANE__V1__SECURITY__SECURITY_NONE;
	tandem__dataplane__v1__request__init(&room->leg);
	room->leg.put_leg = put;
}

/* No two legs share a key, and none has it again when it is put anew: its indices are spent. */
static void fill_keys(struct room *room, uint32_t k, uint32_t round)
{
	const struct suite_info *info = suite_info(SUITE_AES_CM_128_HMAC_SHA1_80);
	Tandem__Dataplane__V1__PutKeys *put = &room->put_keys;

	for (unsigned int d = 0; d < 2; d++)
		for (unsigned int i = 0; i < SUITE_KEY_MAX; i++)
			room->octets[d][i] = ((i < 8 ? k : k + round) >> i % 4 * 8) + 31 * i + d;
	tandem__dataplane__v1__put_keys__init(put);
	put->leg = 1 + k;
	put->epoch = 1;
	put->suite = SUITE_AES_CM_128_HMAC_SHA1_80;
	put->receive_key = (ProtobufCBinaryData){info->key_length, room->octets[0]};
	put->send_key = (ProtobufCBinaryData){info->key_length, room->octets[1]};
	put->receive_salt = (ProtobufCBinaryData){info->salt_length, room->octets[1]};
	put->send_salt = (ProtobufCBinaryData){info->salt_length, room->octets[0]};
	tandem__dataplane__v1__request__init(&room->keys);
	room->keys.put_keys = put;
}

static void fill_delete(struct room *room, uint32_t k)
{
	tandem__dataplane__v1__delete_leg__init(&room->delete_leg);
	room->delete_leg.leg = 1 + k;
	tandem__dataplane__v1__request__init(&room->gone);
	room->gone.delete_leg = &room->delete_leg;
}

/* To the other leg of its call. */
static void fill_path(struct room *room, uint32_t k)
{
	tandem__dataplane__v1__put_path__init(&room->put_path);
	room->put_path.from = 1 + k;
	room->put_path.to = 1 + (k ^ 1);
	tandem__dataplane__v1__request__init(&room->path);
	room->path.put_path = &room->put_path;
}

static void fill_call(struct room *room, uint32_t k)
{
	tandem__dataplane__v1__put_call__init(&room->put_call);
	room->put_call.call = 1 + k / 2;
	room->put_call.blob = (ProtobufCBinaryData){sizeof(room->blob), room->blob};
	tandem__dataplane__v1__request__init(&room->call);
	room->call.put_call = &room->put_call;
}

static void fill_call_gone(struct room *room, uint32_t k)
{
	tandem__dataplane__v1__delete_call__init(&room->delete_call);
	room->delete_call.call = 1 + k / 2;
	tandem__dataplane__v1__request__init(&room->call_gone);
	room->call_gone.delete_call = &room->delete_call;
}

/* `first` and `count` are even. */
static void send_batch(const struct client *c, enum phase phase, uint32_t first, uint32_t count)
{
	static struct room rooms[BATCH_MAX];
	Tandem__Dataplane__V1__Request *requests[REQUESTS_MAX];
	Tandem__Dataplane__V1__Frame frame = TANDEM__DATAPLANE__V1__FRAME__INIT;

	frame.requests = requests;
	for (uint32_t k = 0; k < count; k++) {
		struct room *room = &rooms[k];

		if (phase == DELETE) {
			fill_delete(room, first + k);
			requests[frame.n_requests++] = &room->gone;
			if (k % 2) {
				fill_call_gone(room, first + k);
				requests[frame.n_requests++] = &room->call_gone;
			}
			continue;
		}
		fill_leg(c, room, first + k, phase == PUT_SECURE);
		requests[frame.n_requests++] = &room->leg;
		if (phase == PUT_SECURE) {
			fill_keys(room, first + k, c->round);
			requests[frame.n_requests++] = &room->keys;
		}
		if (k % 2 == 0)
			continue;
		fill_path(&rooms[k - 1], first + k - 1);
		fill_path(room, first + k);
		fill_call(room, first + k);
		requests[frame.n_requests++] = &rooms[k - 1].path;
		requests[frame.n_requests++] = &room->path;
		requests[frame.n_requests++] = &room->call;
	}
	send_frame(c, &frame);
}

/* Replies of one frame; all must be good. */
static uint32_t take_replies(const struct client *c)
{
	Tandem__Dataplane__V1__Frame *frame = receive(c);
	uint32_t count = frame->n_replies;

	for (size_t k = 0; k < frame->n_replies; k++)
		if (frame->replies[k]->error)
			die(frame->replies[k]->what, strerror(frame->replies[k]->error));
	frame_free(frame);
	return count;
}

/* Seconds that it took. */
static double run(const struct client *c, enum phase phase, uint32_t legs)
{
	const uint32_t each = requests_of[phase];
	double begin = seconds(CLOCK_MONOTONIC);
	uint32_t sent = 0, answered = 0; /* legs, requests */

	while (answered < legs / 2 * each) {
		while (sent < legs &&
		       sent / 2 * each < answered + c->window * c->batch / 2 * each) {
			uint32_t count = legs - sent < c->batch ? legs - sent : c->batch;

			send_batch(c, phase, sent, count);
			sent += count;
		}
		answered += take_replies(c);
	}
	return seconds(CLOCK_MONOTONIC) - begin;
}

static void answer(struct client *c, const char *line)
{
	double put, gone, cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	char kind[16];
	uint32_t legs;

	if (sscanf(line, "%15s %u", kind, &legs) != 2 || legs < 2 || legs > LEGS_MAX || legs % 2 ||
	    (strcmp(kind, "plain") && strcmp(kind, "secure")))
		die(line, strerror(EINVAL));
	put = run(c, strcmp(kind, "plain") ? PUT_SECURE : PUT_PLAIN, legs);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	gone = run(c, DELETE, legs);
	c->round++;
	printf("{\"put\":%.6f,\"delete\":%.6f,\"client\":%.6f}\n", put, gone, cpu);
	fflush(stdout);
}

/* --- the program ----------------------------------------------------------------------------- */

static const char *const usage =
	"Usage: install --socket PATH [--batch LEGS] [--window FRAMES] [--core N]\n"
	"Installs legs over a dataplane's socket; perf/bench runs it. See perf/README.md.\n";

static void pin(const char *core)
{
	cpu_set_t cores;

	CPU_ZERO(&cores);
	CPU_SET(strtoul(core, NULL, 10), &cores);
	if (sched_setaffinity(0, sizeof(cores), &cores))
		die("--core", strerror(errno));
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'}, {"batch", required_argument, NULL, 'b'},
		{"window", required_argument, NULL, 'w'}, {"core", required_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
	struct client c = {.batch = 64, .window = 4};
	const char *path = NULL;
	char line[64];
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			path = optarg;
			break;
		case 'b':
			c.batch = strtoul(optarg, NULL, 10);
			break;
		case 'w':
			c.window = strtoul(optarg, NULL, 10);
			break;
		case 'k':
			pin(optarg);
			break;
		default:
			path = NULL;
			optind = argc + 1;
		}
	}
	if (optind != argc || !path || !c.batch || c.batch % 2 || c.batch > BATCH_MAX ||
	    !c.window) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	connect_to(&c, path);
	while (fgets(line, sizeof(line), stdin))
		answer(&c, line);
	frame_free(c.first);
	close(c.fd);
	return EXIT_SUCCESS;
}
