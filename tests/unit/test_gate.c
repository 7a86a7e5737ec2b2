/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gate between a client's TCP connection and a server's UDP socket, with an allocator that has
 * no memory for connections when it is told so.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/gate/gate_state.h"
#include "dataplane/lib/turn_message.h"
#include "tests/rig/forge.h"
#include "tests/rig/test.h"

#define MANY 5

/* The allocator below this program's own, which stands in front of it for the whole process. */
#ifdef __SANITIZE_ADDRESS__
#define BELOW(name) __interceptor_##name
#else
#define BELOW(name) __libc_##name
#endif
void *BELOW(calloc)(size_t count, size_t size);

static bool fails;

void *calloc(size_t count, size_t size)
{
	return fails && size == sizeof(struct gate_connection) ? NULL : BELOW(calloc)(count, size);
}

static uv_loop_t loop;
static struct gate *gate;
static int server; /* a UDP socket */
static struct sockaddr_in door;

static int open_socket(int type, struct sockaddr_in *at)
{
	socklen_t size = sizeof(*at);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &size), 0);
	return fd;
}

static int set_up(void **state)
{
	struct gate_config config = {
		.listen_count = 1,
		.connections = 100,
		.connections_per_address = 100,
		.begin_s = 10,
		.idle_s = 10,
		.requests_per_s = 2,
	};
	int size = sizeof(door);

	server = open_socket(SOCK_DGRAM, &config.server.ip4);
	config.listen[0].address.ip4 =
		(struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(gate_open(&gate, &loop, &config), 0);
	assert_int_equal(uv_tcp_getsockname(&gate->doors[0].tcp, (struct sockaddr *)&door, &size),
			 0);
	return 0;
}

static int tear_down(void **state)
{
	fails = false;
	gate_close(gate);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	close(server);
	return 0;
}

/* A client that is connected, as far as its kernel knows. */
static int knock(struct sockaddr_in *client)
{
	int fd = open_socket(SOCK_STREAM, client);

	if (connect(fd, (struct sockaddr *)&door, sizeof(door)))
		assert_int_equal(errno, EINPROGRESS);
	return fd;
}

/* What comes to the socket within seconds: its length; 0: it was closed. */
static ssize_t take(int fd, uint8_t *octets, size_t size)
{
	for (int turns = 0; turns < 5000; turns++) {
		ssize_t length = recv(fd, octets, size, 0);

		if (length >= 0)
			return length;
		if (errno == ECONNRESET)
			return 0;
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	fail_msg("nothing comes");
	return -1;
}

static void expect_silence(int fd)
{
	uint8_t octets[64];

	for (int turns = 0; turns < 50; turns++) {
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	assert_int_equal(recv(fd, octets, sizeof(octets), 0), -1);
	assert_int_equal(errno, EAGAIN);
}

/* A message of that type comes to the server, and says where its client is. */
static void expect_from(const struct sockaddr_in *client, uint16_t type)
{
	uint8_t octets[GATE_FRAME_MOST];
	struct turn_message m;
	struct endpoint origin;

	assert_int_equal(turn_parse(&m, octets, take(server, octets, sizeof(octets))), 0);
	assert_int_equal(m.type, type);
	origin = turn_origin(&m);
	assert_int_equal(origin.port, client->sin_port);
	assert_int_equal(origin.address.octets[12], 127);
}

static void send_message(int fd, uint16_t type)
{
	struct forge f;

	forge_begin(&f, type);
	assert_int_equal(send(fd, f.octets, f.length, 0), f.length);
}

/* --- memory ---------------------------------------------------------------------------------- */

static void who_comes_without_memory_is_sent_away_and_the_next_is_served(void **state)
{
	struct sockaddr_in at;
	uint8_t octet;
	int fds[MANY], fd;

	for (unsigned int round = 0; round < 3; round++) {
		fails = true;
		for (unsigned int k = 0; k < MANY; k++)
			fds[k] = knock(&at);
		for (unsigned int k = 0; k < MANY; k++) {
			assert_int_equal(take(fds[k], &octet, 1), 0);
			close(fds[k]);
		}
		assert_int_equal(gate->unserved, MANY);
		gate->unserved = 0;
		fails = false;
		fd = knock(&at);
		send_message(fd, TURN_BINDING);
		expect_from(&at, TURN_HERE);
		expect_from(&at, TURN_BINDING);
		close(fd);
		take(server, &octet, 1); /* it is gone */
	}
}

static void it_may_end_while_it_sends_somebody_away(void **state)
{
	struct sockaddr_in at;
	int fds[MANY];

	fails = true;
	for (unsigned int k = 0; k < MANY; k++)
		fds[k] = knock(&at);
	while (!gate->refusing)
		uv_run(&loop, UV_RUN_NOWAIT);
	for (unsigned int k = 0; k < MANY; k++)
		close(fds[k]);
}

/* --- who it is, and what it may say ---------------------------------------------------------- */

static void the_server_is_told_who_begins_and_ends(void **state)
{
	struct sockaddr_in at;
	uint8_t octets[64];
	int fd = knock(&at);

	expect_silence(server); /* who says nothing costs nothing */
	send_message(fd, TURN_HERE);
	send_message(fd, TURN_GONE);
	expect_from(&at, TURN_HERE);
	expect_silence(server);
	send_message(fd, TURN_ALLOCATE);
	expect_from(&at, TURN_ALLOCATE);
	send_message(fd, TURN_SEND); /* goes as it is */
	assert_int_equal(take(server, octets, sizeof(octets)), STUN_HEADER);
	close(fd);
	assert_int_equal(take(server, octets, sizeof(octets)), STUN_HEADER);
	assert_int_equal(forge_load16(octets), TURN_GONE);
}

static void the_server_hangs_up(void **state)
{
	struct sockaddr_in at, from;
	socklen_t size = sizeof(from);
	uint8_t octets[64];
	struct forge f;
	int fd = knock(&at);

	/* Before a handshake, which is dear. */
	assert_int_equal(send(fd, "\x16", 1, 0), 1);
	while (recvfrom(server, octets, sizeof(octets), 0, (struct sockaddr *)&from, &size) < 0)
		uv_run(&loop, UV_RUN_NOWAIT);
	forge_begin(&f, TURN_GONE);
	assert_int_equal(
		sendto(server, f.octets, f.length, 0, (struct sockaddr *)&from, sizeof(from)),
		f.length);
	assert_int_equal(take(fd, octets, 1), 0);
	assert_int_equal(gate->blocked, 1);
	close(fd);
}

static void a_request_that_leaves_no_room_for_its_origin_is_dropped(void **state)
{
	uint8_t filler[GATE_FRAME_MOST] = {0}, octets[GATE_FRAME_MOST];
	struct sockaddr_in at;
	int fd = knock(&at);

	filler[1] = TURN_BINDING;
	stun_store16(filler + 2, sizeof(filler) - STUN_HEADER);
	stun_store32(filler + 4, STUN_COOKIE);
	stun_store16(filler + STUN_HEADER, 0x8022);
	stun_store16(filler + STUN_HEADER + 2, sizeof(filler) - STUN_HEADER - STUN_ATTRIBUTE);
	assert_int_equal(send(fd, filler, sizeof(filler), 0), sizeof(filler));
	expect_from(&at, TURN_HERE);
	expect_silence(server);
	filler[1] = TURN_SEND;
	assert_int_equal(send(fd, filler, sizeof(filler), 0), sizeof(filler));
	assert_int_equal(take(server, octets, sizeof(octets)), sizeof(filler));
	close(fd);
}

/* Its last attribute is longer than the message: the client's address would become its value. */
static void a_request_that_takes_its_origin_for_its_own_is_dropped(void **state)
{
	struct sockaddr_in at;
	struct forge f;
	int fd = knock(&at);

	forge_begin(&f, TURN_BINDING);
	forge_put(&f, 0x8022, "", 0);
	stun_store16(f.octets + f.length - 2, 12);
	assert_int_equal(send(fd, f.octets, f.length, 0), f.length);
	expect_from(&at, TURN_HERE);
	expect_silence(server);
	send_message(fd, TURN_BINDING);
	expect_from(&at, TURN_BINDING);
	close(fd);
}

/* --- rates ----------------------------------------------------------------------------------- */

static void requests_have_a_rate(void **state)
{
	static const struct {
		unsigned int per_s, most;
	} cases[] = {{1, 5}, {20, 100}, {3, 15}, {1000, 5000}, {100000, 500000}};

	for (unsigned int k = 0; k < COUNT(cases); k++) {
		uint64_t due = 0, now = 1000000000;
		unsigned int count = 0;

		while (gate_rate_take(&due, now, cases[k].per_s))
			count++;
		assert_int_equal(count, cases[k].most);
		assert_false(gate_rate_take(&due, now, cases[k].per_s));
		now += 1000000;
		for (count = 0; gate_rate_take(&due, now, cases[k].per_s);)
			count++;
		assert_int_equal(count, cases[k].per_s);
	}
	for (uint64_t due = 0, k = 0; k < 1000; k++)
		assert_true(gate_rate_take(&due, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			who_comes_without_memory_is_sent_away_and_the_next_is_served, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(it_may_end_while_it_sends_somebody_away, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_server_is_told_who_begins_and_ends, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_server_hangs_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_request_that_leaves_no_room_for_its_origin_is_dropped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_request_that_takes_its_origin_for_its_own_is_dropped, set_up, tear_down),
		cmocka_unit_test(requests_have_a_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
