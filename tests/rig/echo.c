/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/echo.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

struct echo_stream echo_streaming;

static void handle(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	rpc_reply(call, request);
}

static void ignore_end(void *arg)
{
}

static void stream(struct rpc_call *call, const ProtobufCMessage *request, void *arg)
{
	echo_streaming.call = call;
	echo_streaming.is_there = true;
	rpc_stream(call, ignore_end, NULL);
}

static const struct rpc_method methods[] = {
	{"/test.Echo/Now", &grpc__health__v1__health_check_request__descriptor, handle, ROLE_VIEWER,
	 false},
	{"/test.Echo/Stream", &grpc__health__v1__health_check_request__descriptor, stream,
	 ROLE_VIEWER, false},
};
const struct rpc_service echo_service = {methods, COUNT(methods), NULL};

grpc_status_code echo_call(struct peer *peer)
{
	struct peer_call call;

	peer_start_octets(peer, &call, "/test.Echo/Now", "\x0a\x01x", 3, 3000);
	peer_end(peer, &call);
	peer_drop(&call);
	return call.status;
}

void echo_watch(struct peer *peer, struct peer_call *call)
{
	memset(&echo_streaming, 0, sizeof(echo_streaming));
	peer_start_octets(peer, call, "/test.Echo/Stream", "\x0a\x01x", 3, 60000);
	peer_wait(peer, &echo_streaming.is_there);
}

int echo_refuse(struct peer *peer, const char *address, const struct rpc_tls *tls, char *line,
		size_t size)
{
	struct rpc_config config = {.listen = &address, .listen_count = 1};
	FILE *log = tmpfile();
	int saved = dup(STDERR_FILENO), ret;
	size_t len;

	if (tls)
		config.tls = *tls;
	assert_non_null(log);
	fflush(stderr);
	dup2(fileno(log), STDERR_FILENO);
	ret = rpc_start(&peer->rpc, &peer->loop, &config, &echo_service, 1);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	uv_run(&peer->loop, UV_RUN_DEFAULT);
	rewind(log);
	len = fread(line, 1, size - 1, log);
	line[len] = '\0';
	fclose(log);
	assert_non_null(strchr(line, '\n'));
	assert_ptr_equal(strchr(line, '\n'), line + len - 1); /* one line, and all of it */
	return ret;
}

unsigned echo_port(int family)
{
	struct sockaddr_in6 address = {.sin6_family = (sa_family_t)family};
	int fd = socket(family, SOCK_STREAM, 0);
	socklen_t len = sizeof(address);

	if (family == AF_INET6)
		address.sin6_addr = in6addr_loopback;
	else
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin6_port);
}

void echo_add_token(struct peer *peer, char text[TOKEN_TEXT], enum role role)
{
	struct token *token = &peer->rules.tokens[peer->rules.token_count++];

	token->role = role;
	assert_int_equal(token_make(text, token->hash), 0);
}
