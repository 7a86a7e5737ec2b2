/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TURN clients, as many as there are, each with a socket and a user of its own: a line on the
 * standard input
 *
 *	open|close COUNT AT_A_TIME
 *
 * is answered by a line of JSON: seconds, the CPU time that this program took, and how many
 * requests had to be sent again. "open": each client asks for an allocation, is challenged, and
 * gets it; "close": each ends the one that it has.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/lib/socket_address.h"
#include "controlplane/turn/turn_credential.h"
#include "perf/turn_client.h"

#define CLIENTS_MAX 50000 /* by IPv4, from as many ports */
#define PATIENCE_MS 500
#define TRIES       10
#define VALID_S     86400

struct client {
	int fd;
	bool waits;
	uint16_t length; /* of its request */
	uint8_t request[TURN_CLIENT_REQUEST];
	struct turn_client turn;
	char user[64], password[TURN_PASSWORD_MAX];
};

static struct {
	union socket_address server, from;
	struct turn_secret secret;
	int epoll;
	struct client *clients;
	uint32_t made;                       /* clients that have a socket */
	uint32_t count, begun, ended, again; /* of what is done now */
	bool close;
} work;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "allocations: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* --- one client --- */

static void make(struct client *c, uint32_t number)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
	struct sockaddr_in from = work.from.ip4;

	from.sin_port = htons(ntohs(from.sin_port) + number);
	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&from, sizeof(from)) ||
	    connect(c->fd, &work.server.any, socket_address_size(&work.server)) ||
	    epoll_ctl(work.epoll, EPOLL_CTL_ADD, c->fd, &event))
		die("a client's socket");
	snprintf(c->user, sizeof(c->user), "%lu:measured-%u", time(NULL) + VALID_S, number);
	turn_rest_password(c->password, &work.secret, c->user);
	c->turn.user = c->user;
	c->turn.password = c->password;
}

static void send_request(struct client *c)
{
	if (send(c->fd, c->request, c->length, 0) != c->length)
		die("send");
}

static void ask(struct client *c)
{
	c->length = work.close ? turn_client_refresh(&c->turn, c->request, 0)
			       : turn_client_allocate(&c->turn, c->request);
	c->waits = true;
	send_request(c);
}

static void begin_next(void)
{
	struct client *c = &work.clients[work.begun];

	if (work.begun == work.count)
		return;
	if (work.begun++ == work.made)
		make(c, work.made++);
	/* Every time as if it came for the first time. */
	if (!work.close)
		c->turn.nonce_length = 0;
	ask(c);
}

static void hear(struct client *c)
{
	uint8_t datagram[1500];
	ssize_t length = recv(c->fd, datagram, sizeof(datagram), 0);

	if (length < 0 || !c->waits)
		return;
	switch (turn_client_hear(&c->turn, datagram, length)) {
	case TURN_HEARD_NOTHING:
		return;
	case TURN_HEARD_CHALLENGE:
		return ask(c);
	case TURN_HEARD_SUCCESS:
		c->waits = false;
		work.ended++;
		return begin_next();
	case TURN_HEARD_ERROR:
		fprintf(stderr, "allocations: client %s is refused\n", c->user);
		exit(EXIT_FAILURE);
	}
}

/* --- all of them --- */

static void send_again(void)
{
	for (uint32_t k = 0; k < work.begun; k++) {
		if (!work.clients[k].waits)
			continue;
		work.again++;
		send_request(&work.clients[k]);
	}
}

static void run(uint32_t at_a_time)
{
	struct epoll_event events[64];
	unsigned int tries = 0;

	while (work.begun < work.count && work.begun < at_a_time)
		begin_next();
	while (work.ended < work.count) {
		int count = epoll_wait(work.epoll, events, 64, PATIENCE_MS);

		if (count < 0)
			die("epoll_wait");
		tries = count ? 0 : tries + 1;
		if (tries == TRIES) {
			fprintf(stderr, "allocations: %u of %u are done, and nobody answers\n",
				work.ended, work.count);
			exit(EXIT_FAILURE);
		}
		if (!count)
			send_again();
		for (int k = 0; k < count; k++)
			hear(events[k].data.ptr);
	}
}

static void answer(const char *line)
{
	double begun, cpu;
	uint32_t at_a_time;
	char what[16];

	if (sscanf(line, "%15s %u %u", what, &work.count, &at_a_time) != 3 || !work.count ||
	    work.count > CLIENTS_MAX) {
		fputs("allocations: open|close COUNT AT_A_TIME\n", stderr);
		exit(EXIT_FAILURE);
	}
	work.close = strcmp(what, "close") == 0;
	work.begun = work.ended = work.again = 0;
	begun = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	run(at_a_time);
	printf("{\"seconds\":%.6f,\"client\":%.6f,\"again\":%u}\n",
	       seconds(CLOCK_MONOTONIC) - begun, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
	       work.again);
	fflush(stdout);
}

static const char *const usage =
	"Usage: allocations --server ADDRESS:PORT --from ADDRESS:PORT --secret TEXT\n"
	"TURN clients of a relay, from that port on; perf/bench runs it. See perf/README.md.\n";

static bool read_options(int argc, char **argv)
{
	static const struct option options[] = {{"server", required_argument, NULL, 's'},
						{"from", required_argument, NULL, 'f'},
						{"secret", required_argument, NULL, 'x'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's'   ? socket_address_parse(&work.server, optarg)
		    : option == 'f' ? socket_address_parse(&work.from, optarg)
				    : option != 'x')
			return false;
		if (option == 'x')
			snprintf(work.secret.text, sizeof(work.secret.text), "%s", optarg);
	}
	return optind == argc && work.server.any.sa_family == AF_INET &&
	       work.from.any.sa_family == AF_INET;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	char line[64];

	if (!read_options(argc, argv)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	work.epoll = epoll_create1(0);
	work.clients = calloc(CLIENTS_MAX, sizeof(work.clients[0]));
	if (work.epoll < 0 || !work.clients || getrlimit(RLIMIT_NOFILE, &files))
		die("room for the clients");
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	while (fgets(line, sizeof(line), stdin))
		answer(line);
	return EXIT_SUCCESS;
}
