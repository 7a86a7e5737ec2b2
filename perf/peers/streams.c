/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TURN clients that come by TCP or TLS, and the peers that they speak with by UDP, in one process:
 * it sends media at a given rate, in turn from a client and from a peer, and judges what arrives.
 * bench-peers starts it inside the load's network namespace and talks to it over standard input
 * and output, a line a request and a line of JSON a reply:
 *
 *	open COUNT AT_A_TIME
 *		so many clients, each with an allocation and a channel to a peer of its own
 *	knock COUNT AT_A_TIME
 *		so many connections, with their TLS handshakes, that end at once
 *	run RATE COUNT
 *		sends COUNT packets at RATE per second
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "controlplane/lib/socket_address.h"
#include "perf/turn_client.h"

enum { RTP_HEADER = 12, MEDIA = 160, PACKET = RTP_HEADER + MEDIA, CHANNEL = 0x4000 };
enum { CLIENTS_MAX = 20000, PORT_STEP = 2, BURST = 32, EVENTS = 64 };

#define PATIENCE_MS 2000
#define LATE_NS     200000000 /* that a trial waits for its last packets */

enum state { CONNECTING, SHAKING, ALLOCATING, BINDING, READY, GONE };

struct client {
	enum state state;
	int fd, peer;
	SSL *ssl; /* NULL: TCP alone */
	struct turn_client turn;
	uint16_t to_peer, to_client; /* RTP's numbers of what was sent */
	uint16_t filled;
	uint8_t in[2048]; /* the beginning of a message */
};

static struct {
	union socket_address server;
	struct sockaddr_in from, peers; /* of the first one each */
	const char *user, *password;    /* NULL: the server asks nobody */
	SSL_CTX *tls;
	bool knocks;
	int epoll;
	struct client *clients;
	uint32_t count, begun, ready; /* of what is opened now */
	uint64_t received, good, bad;
	uint64_t last_received; /* ns */
} load;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* --- media --- */

static void write_packet(uint8_t *to, const struct client *c, uint16_t number)
{
	const uint32_t ssrc = htonl(c - load.clients);
	const uint16_t sequence = htons(number);

	memset(to, 0xd5, PACKET); /* silence in G.711 A-law */
	to[0] = 0x80;
	to[1] = 0;
	memcpy(to + 2, &sequence, sizeof(sequence));
	memset(to + 4, 0, 4);
	memcpy(to + 8, &ssrc, sizeof(ssrc));
}

/* Every one of a client's arrives at its peer, in their order, and the other way round. */
static void judge(const struct client *c, const uint8_t *octets, size_t length)
{
	uint8_t expected[PACKET];

	write_packet(expected, c, length == PACKET ? octets[2] << 8 | octets[3] : 0);
	if (length == PACKET && memcmp(octets, expected, PACKET) == 0)
		load.good++;
	else
		load.bad++;
	load.received++;
	load.last_received = now_ns();
}

/* --- a client's stream --- */

static void begin_next(void);

static void send_octets(struct client *c, const uint8_t *octets, int length)
{
	int sent = c->ssl ? SSL_write(c->ssl, octets, length)
			  : (int)send(c->fd, octets, length, MSG_NOSIGNAL);

	/* Nobody reads: what was to be sent counts as lost. */
	if (sent < 0 && !c->ssl && errno == EAGAIN)
		return;
	if (sent != length)
		errx(1, "a connection takes no more");
}

static void ask(struct client *c)
{
	uint8_t request[TURN_CLIENT_REQUEST];
	struct sockaddr_in at = load.peers;
	struct endpoint peer = {.port = htons(ntohs(at.sin_port) + PORT_STEP * (c - load.clients))};
	uint16_t length;

	peer.address = address_from_ipv4(&at.sin_addr);
	length = c->state == ALLOCATING ? turn_client_allocate(&c->turn, request)
					: turn_client_bind(&c->turn, request, CHANNEL, &peer);
	send_octets(c, request, length);
}

static void open_peer(struct client *c)
{
	struct epoll_event event = {.events = EPOLLIN,
				    .data.u64 = (uint64_t)(c - load.clients) << 1 | 1};
	struct sockaddr_in at = load.peers, relayed = {.sin_family = AF_INET};

	at.sin_port = htons(ntohs(at.sin_port) + PORT_STEP * (c - load.clients));
	relayed.sin_port = c->turn.relayed.port;
	memcpy(&relayed.sin_addr, address_octets(&c->turn.relayed.address), 4);
	c->peer = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (c->peer < 0 || bind(c->peer, (struct sockaddr *)&at, sizeof(at)) ||
	    connect(c->peer, (struct sockaddr *)&relayed, sizeof(relayed)) ||
	    epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->peer, &event))
		err(1, "a peer's socket");
}

static void hear_answer(struct client *c, const uint8_t *message, size_t length)
{
	switch (turn_client_hear(&c->turn, message, length)) {
	case TURN_HEARD_NOTHING:
		return;
	case TURN_HEARD_CHALLENGE:
		return ask(c);
	case TURN_HEARD_ERROR:
		errx(1, "a client is refused");
	case TURN_HEARD_SUCCESS:
		break;
	}
	if (c->state == ALLOCATING) {
		c->state = BINDING;
		return ask(c);
	}
	c->state = READY;
	open_peer(c);
	load.ready++;
	begin_next();
}

/* Octets of the message that the stream begins with, padding included; 0: it is not whole. */
static size_t whole(const struct client *c)
{
	size_t length;

	if (c->filled < TURN_CHANNEL_HEADER)
		return 0;
	length = stun_load16(c->in + 2) + (c->in[0] >> 6 ? TURN_CHANNEL_HEADER : STUN_HEADER);
	length = (length + 3) & ~(size_t)3;
	if (length > sizeof(c->in))
		errx(1, "a stream has lost its messages' bounds");
	return length <= c->filled ? length : 0;
}

static void hear_stream(struct client *c)
{
	size_t length;

	while ((length = whole(c))) {
		if (turn_is_channel(c->in))
			judge(c, c->in + TURN_CHANNEL_HEADER, stun_load16(c->in + 2));
		else
			hear_answer(c, c->in, length);
		c->filled -= length;
		memmove(c->in, c->in + length, c->filled);
	}
}

static void read_stream(struct client *c)
{
	int length;

	do {
		length = c->ssl ? SSL_read(c->ssl, c->in + c->filled, sizeof(c->in) - c->filled)
				: (int)recv(c->fd, c->in + c->filled, sizeof(c->in) - c->filled, 0);
		if (length == 0 ||
		    (length < 0 && c->ssl && SSL_get_error(c->ssl, length) != SSL_ERROR_WANT_READ))
			errx(1, "the server hung up");
		if (length < 0)
			return;
		c->filled += length;
		hear_stream(c);
	} while (c->ssl && SSL_has_pending(c->ssl));
}

/* --- connections --- */

static void leave(struct client *c)
{
	if (c->ssl)
		SSL_free(c->ssl);
	close(c->fd);
	c->ssl = NULL;
	c->state = GONE;
	load.ready++;
	begin_next();
}

static void connect_client(struct client *c)
{
	struct epoll_event event = {.events = EPOLLOUT, .data.u64 = (c - load.clients) << 1};
	const struct linger none = {.l_onoff = load.knocks};
	int on = 1;

	memset(c, 0, sizeof(*c));
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0 || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)) ||
	    bind(c->fd, (struct sockaddr *)&load.from, sizeof(load.from)) ||
	    (connect(c->fd, &load.server.any, socket_address_size(&load.server)) &&
	     errno != EINPROGRESS) ||
	    epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->fd, &event))
		err(1, "a connection");
	c->turn.user = load.user;
	c->turn.password = load.password;
	if (!load.tls)
		return;
	c->ssl = SSL_new(load.tls);
	if (!c->ssl || !SSL_set_fd(c->ssl, c->fd))
		errx(1, "no memory");
	SSL_set_connect_state(c->ssl);
}

static void begin_next(void)
{
	if (load.begun < load.count)
		connect_client(&load.clients[load.begun++]);
}

static void on_connected(struct client *c)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (c - load.clients) << 1};
	socklen_t size = sizeof(int);
	int error;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) || error)
		errx(1, "a connection: %s", strerror(error));
	epoll_ctl(load.epoll, EPOLL_CTL_MOD, c->fd, &event);
	c->state = SHAKING;
}

static void on_secured(struct client *c)
{
	if (load.knocks)
		return leave(c);
	c->state = ALLOCATING;
	ask(c);
}

static void shake(struct client *c)
{
	int rc = c->ssl ? SSL_do_handshake(c->ssl) : 1;

	if (rc == 1)
		return on_secured(c);
	if (SSL_get_error(c->ssl, rc) != SSL_ERROR_WANT_READ)
		errx(1, "a TLS handshake failed");
}

static void on_event(uint64_t which)
{
	struct client *c = &load.clients[which >> 1];
	uint8_t datagram[2048];
	ssize_t length;

	if (which & 1) {
		length = recv(c->peer, datagram, sizeof(datagram), 0);
		if (length >= 0)
			judge(c, datagram, length);
		return;
	}
	if (c->state == CONNECTING)
		on_connected(c);
	if (c->state == SHAKING)
		return shake(c);
	read_stream(c);
}

/* Returns how many there were. */
static int turn(int patience_ms)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(load.epoll, events, EVENTS, patience_ms);

	for (int k = 0; k < count; k++)
		on_event(events[k].data.u64);
	return count;
}

static void open_clients(uint32_t count, uint32_t at_a_time, bool knocks)
{
	uint64_t begun = now_ns();
	double cpu = cpu_seconds();

	if (!count || count > CLIENTS_MAX || !at_a_time)
		errx(1, "1 to %d clients", CLIENTS_MAX);
	load.knocks = knocks;
	load.count = count;
	load.begun = load.ready = 0;
	while (load.begun < count && load.begun < at_a_time)
		begin_next();
	while (load.ready < count)
		if (turn(PATIENCE_MS) <= 0)
			errx(1, "%u of %u connections are ready, and nobody answers", load.ready,
			     count);
	printf("{\"seconds\":%.6f,\"client\":%.6f}\n", (now_ns() - begun) / 1e9,
	       cpu_seconds() - cpu);
}

/* --- trials --- */

static void send_to_peer(struct client *c)
{
	uint8_t octets[TURN_CHANNEL_HEADER + PACKET];

	stun_store16(octets, CHANNEL);
	stun_store16(octets + 2, PACKET);
	write_packet(octets + TURN_CHANNEL_HEADER, c, c->to_peer++);
	send_octets(c, octets, sizeof(octets));
}

static void send_to_client(struct client *c)
{
	uint8_t octets[PACKET];

	write_packet(octets, c, c->to_client++);
	send(c->peer, octets, sizeof(octets), 0);
}

static void run_trial(double rate, uint64_t count)
{
	uint64_t begun = now_ns(), sent = 0, last_sent = begun, now;
	static uint64_t next;

	load.received = load.good = load.bad = load.last_received = 0;
	while (sent < count) {
		uint64_t due = (now_ns() - begun) * rate / 1e9;

		for (unsigned int k = 0; k < BURST && sent < count && sent < due; k++, sent++) {
			struct client *c = &load.clients[next / 2 % load.count];

			(next++ % 2 ? send_to_client : send_to_peer)(c);
		}
		last_sent = now_ns();
		turn(0);
	}
	for (now = last_sent; load.received < count && now < last_sent + LATE_NS; now = now_ns())
		turn(1);
	printf("{\"sent\":%lu,\"received\":%lu,\"seconds\":%.6f,\"late_ms\":%.3f,\"good\":%lu,"
	       "\"bad\":%lu,\"left\":0}\n",
	       sent, load.received, (last_sent - begun) / 1e9,
	       load.last_received > last_sent ? (load.last_received - last_sent) / 1e6 : 0.0,
	       load.good, load.bad);
}

/* --- what is asked --- */

static void serve(const char *line)
{
	unsigned int count, at_a_time;
	unsigned long packets;
	double rate;

	if (sscanf(line, "open %u %u", &count, &at_a_time) == 2)
		open_clients(count, at_a_time, false);
	else if (sscanf(line, "knock %u %u", &count, &at_a_time) == 2)
		open_clients(count, at_a_time, true);
	else if (sscanf(line, "run %lf %lu", &rate, &packets) == 2 && rate > 0 && load.ready)
		run_trial(rate, packets);
	else
		errx(1, "what is %s", line);
	fflush(stdout);
}

static void make_tls(void)
{
	load.tls = SSL_CTX_new(TLS_client_method());
	if (!load.tls)
		errx(1, "no TLS");
	SSL_CTX_set_read_ahead(load.tls, 1);
	SSL_CTX_set_session_cache_mode(load.tls, SSL_SESS_CACHE_OFF);
}

static bool read_address(struct sockaddr_in *to, const char *text)
{
	union socket_address address;

	if (socket_address_parse(&address, text) || address.any.sa_family != AF_INET)
		return false;
	*to = address.ip4;
	return true;
}

static bool read_options(int argc, char **argv)
{
	static const struct option options[] = {{"server", required_argument, NULL, 's'},
						{"from", required_argument, NULL, 'f'},
						{"peers", required_argument, NULL, 'p'},
						{"user", required_argument, NULL, 'u'},
						{"password", required_argument, NULL, 'w'},
						{"tls", no_argument, NULL, 't'},
						{NULL, 0, NULL, 0}};
	bool right = true;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			right &= !socket_address_parse(&load.server, optarg);
		else if (option == 'f')
			right &= read_address(&load.from, optarg);
		else if (option == 'p')
			right &= read_address(&load.peers, optarg);
		else if (option == 'u')
			load.user = optarg;
		else if (option == 'w')
			load.password = optarg;
		else if (option == 't')
			make_tls();
		else
			right = false;
	}
	load.from.sin_port = 0;
	return right && optind == argc && load.server.any.sa_family && load.from.sin_family &&
	       load.peers.sin_family;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	char line[64];

	if (!read_options(argc, argv))
		errx(1,
		     "streams --server A:P --from A:1 --peers A:P [--tls] [--user U --password P]");
	signal(SIGPIPE, SIG_IGN);
	load.epoll = epoll_create1(0);
	load.clients = calloc(CLIENTS_MAX, sizeof(load.clients[0]));
	if (load.epoll < 0 || !load.clients || getrlimit(RLIMIT_NOFILE, &files))
		err(1, "room for the clients");
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	while (fgets(line, sizeof(line), stdin))
		serve(line);
	return EXIT_SUCCESS;
}
