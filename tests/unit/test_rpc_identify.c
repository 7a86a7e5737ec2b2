/* SPDX-License-Identifier: BSD-3-Clause */
/* For whom the gRPC server takes those who call. */
#include <grpc/grpc_posix.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "controlplane/rpc/rpc_call.h"
#include "controlplane/rpc/rpc_identify.h"
#include "tests/rig/echo.h"

/* A connection that the kernel takes for one of this user. */
static int connect_as(const struct peer *peer, uid_t uid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, peer->path);
	assert_int_equal(seteuid(uid), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(seteuid(0), 0);
	return fd;
}

static grpc_status_code call_as(struct peer *peer, uid_t uid)
{
	grpc_channel_credentials *plain = grpc_insecure_credentials_create();
	grpc_channel *own = peer->channel;
	grpc_status_code status;

	peer->channel = grpc_channel_create_from_fd("relay", connect_as(peer, uid), plain, NULL);
	grpc_channel_credentials_release(plain);
	status = echo_call(peer);
	grpc_channel_destroy(peer->channel);
	peer->channel = own;
	return status;
}

/* Whether the server speaks on a connection, or hangs up. */
static bool is_taken(struct peer *peer, int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	char octet;

	for (int i = 0; i < 5000; i++) {
		uv_run(&peer->loop, UV_RUN_NOWAIT);
		if (poll(&poller, 1, 1))
			return recv(fd, &octet, 1, MSG_PEEK) == 1;
	}
	fail_msg("the server is silent");
	return false;
}

static void open_to_all(struct peer *peer)
{
	peer_open(peer);
	assert_int_equal(chmod(peer->directory, 0755), 0);
	peer->everybody = true;
	peer->rules.locals[0] = (struct access_local){ROLE_VIEWER, false, 4001, "user:viewer"};
	peer->rules.local_count = 1;
	peer_serve(peer, &echo_service, 1, 0);
}

static void test_tells_users_apart(void **state)
{
	struct peer peer;
	struct stat st;

	if (geteuid() != 0)
		skip(); /* only root can be somebody else */
	open_to_all(&peer);
	assert_int_equal(stat(peer.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0666);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(call_as(&peer, 4001), GRPC_STATUS_OK);
		assert_int_equal(call_as(&peer, 4002), i < 10 ? GRPC_STATUS_UNAUTHENTICATED
							      : GRPC_STATUS_RESOURCE_EXHAUSTED);
		assert_int_equal(call_as(&peer, 0), GRPC_STATUS_OK);
	}
	peer_close(&peer);
}

/* What comes late by a connection that is gone is not taken for another's. */
static void test_a_number_rests(void **state)
{
	struct peer peer;
	bool taken;
	int fd;

	if (geteuid() != 0)
		skip();
	open_to_all(&peer);
	peer.rpc->locals.count = 3; /* in the place of thousands */
	peer.rpc->locals.rest_ms = 3600000;
	for (int i = 0; i < 3; i++) {
		fd = connect_as(&peer, 4001);
		assert_true(is_taken(&peer, fd));
		close(fd);
	}
	/* Closed or not: all have been used, and none has rested. */
	for (int i = 0; i < 3; i++) {
		fd = connect_as(&peer, 0);
		assert_false(is_taken(&peer, fd));
		close(fd);
	}
	peer.rpc->locals.rest_ms = 0;
	do { /* until it is found that they are closed */
		fd = connect_as(&peer, 0);
		taken = is_taken(&peer, fd);
		close(fd);
	} while (!taken);
	peer_close(&peer);
}

static void test_one_user_leaves_room_for_others(void **state)
{
	int held[RPC_LOCAL_EACH], fd;
	struct peer peer;

	if (geteuid() != 0)
		skip();
	open_to_all(&peer);
	for (int i = 0; i < RPC_LOCAL_EACH; i++) {
		held[i] = connect_as(&peer, 4001);
		assert_true(is_taken(&peer, held[i]));
	}
	fd = connect_as(&peer, 4001);
	assert_false(is_taken(&peer, fd));
	close(fd);
	assert_int_equal(call_as(&peer, 0), GRPC_STATUS_OK);
	for (int i = 0; i < RPC_LOCAL_EACH; i++)
		close(held[i]);
	peer_close(&peer);
}

static void test_names_of_peers(void **state)
{
	static const struct {
		const char *peer, *from;
	} names[] = {
		{"ipv4:192.0.2.1:4711", "192.0.2.1:4711"},
		{"ipv6:%5B2001:db8::1%5D:4711", "[2001:db8::1]:4711"},
		{"ipv6:%5Bfe80::1%25eth0%5D:1", "[fe80::1%eth0]:1"},
		{"ipv6:[::1]:1", "[::1]:1"},
		{"unknown%", "unknown%"},
		{"unknown%5", "unknown%5"},
		{"", ""},
		{"ipv4:0123456789012345678901234567890123456789012345678901234567890123456789",
		 "012345678901234567890123456789012345678901234567890123456789012"},
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		char from[RPC_FROM];

		rpc_from(from, names[i].peer);
		assert_string_equal(from, names[i].from);
	}
}

/* --- tokens ------------------------------------------------------------------------------------*/

/* Who loses a role loses the streams that it gave. */
static void test_a_stream_ends_with_its_right(void **state)
{
	char target[64], tokens[2][TOKEN_TEXT];
	const char *listen[] = {target};
	struct rpc_config config = {.listen = listen, .listen_count = 1};
	struct peer_call watches[2];
	struct peer peer;

	peer_open(&peer);
	config.access = peer.access;
	snprintf(target, sizeof(target), "127.0.0.1:%u", echo_port(AF_INET));
	assert_int_equal(rpc_start(&peer.rpc, &peer.loop, &config, &echo_service, 1), 0);
	peer_connect(&peer, target, grpc_insecure_credentials_create());
	for (int i = 0; i < 2; i++) {
		echo_add_token(&peer, tokens[i], ROLE_VIEWER);
		peer.token = tokens[i];
		echo_watch(&peer, &watches[i]);
	}
	rpc_reload(peer.rpc, &config);
	for (int i = 0; i < 100; i++)
		uv_run(&peer.loop, UV_RUN_NOWAIT);
	assert_false(watches[0].ended || watches[1].ended);
	peer.rules.tokens[0] = peer.rules.tokens[1];
	peer.rules.token_count = 1;
	rpc_reload(peer.rpc, &config);
	assert_int_equal(peer_end(&peer, &watches[0]), GRPC_STATUS_UNAUTHENTICATED);
	assert_false(watches[1].ended);
	peer.rules.tokens[0].expires_s = 1;
	rpc_judge_streams(peer.rpc);
	assert_int_equal(peer_end(&peer, &watches[1]), GRPC_STATUS_UNAUTHENTICATED);
	peer_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tells_users_apart),
		cmocka_unit_test(test_a_number_rests),
		cmocka_unit_test(test_one_user_leaves_room_for_others),
		cmocka_unit_test(test_names_of_peers),
		cmocka_unit_test(test_a_stream_ends_with_its_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
