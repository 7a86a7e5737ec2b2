/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the gRPC server agrees to listen. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/rig/echo.h"

static void test_refuses_addresses(void **state)
{
	static const struct {
		const char *address;
		int error;
		const char *says;
	} bad[] = {
		{"0.0.0.0:50051", -EPERM, "without TLS"},
		{"[::]:50051", -EPERM, "without TLS"},
		{"198.51.100.1:50051", -EPERM, "without TLS"},
		{"[2001:db8::1]:50051", -EPERM, "without TLS"},
		{"[::ffff:127.0.0.1]:50051", -EPERM, "without TLS"},
		{"128.0.0.1:50051", -EPERM, "without TLS"},
		{"localhost:50051", -EINVAL, "127.0.0.1:port"},
		{"127.0.0.1", -EINVAL, "127.0.0.1:port"},
		{"127.0.0.1:", -EINVAL, "127.0.0.1:port"},
		{"127.0.0.1:0", -EINVAL, "127.0.0.1:port"},
		{"127.0.0.1:65536", -EINVAL, "127.0.0.1:port"},
		{"127.0.0.1:80x", -EINVAL, "127.0.0.1:port"},
		{"::1:50051", -EINVAL, "[::1]:port"},
		{"[::1]50051", -EINVAL, "[::1]:port"},
		{"[]:50051", -EINVAL, "[::1]:port"},
		{"[", -EINVAL, "[::1]:port"},
		{"", -EINVAL, "unix:/path"},
		{"unix:", -EINVAL, "unix:/path"},
		{"unix:relay.sock", -EINVAL, "unix:/path"},
		{"unix:/no/such/directory/relay.sock", -ENOENT, "make its directory"},
	};
	struct peer peer;
	char line[512];

	peer_open(&peer);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(echo_refuse(&peer, bad[i].address, NULL, line, sizeof(line)),
				 bad[i].error);
		assert_non_null(strstr(line, bad[i].address));
		assert_non_null(strstr(line, bad[i].says));
	}
	peer_close(&peer);
}

static void test_guards_its_socket(void **state)
{
	struct peer peer, second;
	struct stat st;
	char line[512];

	peer_open(&peer);
	peer_serve(&peer, &echo_service, 1, 0);
	assert_int_equal(stat(peer.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(echo_call(&peer), GRPC_STATUS_OK);

	/* A second server does not take the first one's socket away. */
	peer_open(&second);
	assert_int_equal(echo_refuse(&second, peer.address, NULL, line, sizeof(line)), -EADDRINUSE);
	assert_non_null(strstr(line, "another server listens there"));
	assert_int_equal(echo_call(&peer), GRPC_STATUS_OK);
	peer_close(&second);
	peer_close(&peer);
}

static void test_replaces_a_stale_socket(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct peer peer;

	peer_open(&peer);
	strcpy(address.sun_path, peer.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	peer_serve(&peer, &echo_service, 1, 0);
	assert_int_equal(echo_call(&peer), GRPC_STATUS_OK);
	peer_close(&peer);
}

static void test_keeps_what_is_no_socket(void **state)
{
	struct peer peer;
	char line[512];
	FILE *file;

	peer_open(&peer);
	file = fopen(peer.path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(echo_refuse(&peer, peer.address, NULL, line, sizeof(line)), -EEXIST);
	assert_non_null(strstr(line, "no socket stands there"));
	assert_int_equal(access(peer.path, F_OK), 0);
	peer_close(&peer);
}

static void test_listens_on_loopback(void **state)
{
	char texts[2][64];
	const char *listen[] = {texts[0], texts[1]};
	struct rpc_config config = {.listen = listen, .listen_count = 2};
	struct peer peer, second;
	char line[512], token[TOKEN_TEXT];

	peer_open(&peer);
	snprintf(texts[0], sizeof(texts[0]), "127.0.0.1:%u", echo_port(AF_INET));
	snprintf(texts[1], sizeof(texts[1]), "[::1]:%u", echo_port(AF_INET6));
	config.access = peer.access;
	echo_add_token(&peer, token, ROLE_VIEWER);
	assert_int_equal(rpc_start(&peer.rpc, &peer.loop, &config, &echo_service, 1), 0);
	for (int i = 0; i < 2; i++) {
		peer_connect(&peer, texts[i], grpc_insecure_credentials_create());
		peer.token = NULL;
		assert_int_equal(echo_call(&peer), GRPC_STATUS_UNAUTHENTICATED);
		peer.token = token;
		assert_int_equal(echo_call(&peer), GRPC_STATUS_OK);
		grpc_channel_destroy(peer.channel);
		peer.channel = NULL;
	}
	peer_open(&second);
	assert_int_equal(echo_refuse(&second, texts[0], NULL, line, sizeof(line)), -EADDRINUSE);
	peer_close(&second);
	peer_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refuses_addresses),
		cmocka_unit_test(test_guards_its_socket),
		cmocka_unit_test(test_replaces_a_stale_socket),
		cmocka_unit_test(test_keeps_what_is_no_socket),
		cmocka_unit_test(test_listens_on_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
