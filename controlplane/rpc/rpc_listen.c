/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/rpc_listen.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/lib/socket_address.h"
#include "controlplane/rpc/rpc_tls.h"
#include "dataplane/lib/log.h"

/* Binds once without gRPC, which only says that it failed, to learn why it would. */
static int try_bind(const union socket_address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1, ret = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &address->any, socket_address_size(address)))
		ret = -errno;
	close(fd);
	return ret;
}

bool rpc_listen_is_address(const char *text)
{
	union socket_address address;

	return socket_address_parse(&address, text) == 0;
}

bool rpc_listen_needs_tls(const char *text)
{
	union socket_address address;

	return socket_address_parse(&address, text) == 0 && !socket_address_is_local(&address);
}

static int listen_local(const struct rpc_listening *how, const union socket_address *address)
{
	int ret = socket_address_clear(address, SOCK_STREAM);

	return ret ? ret
		   : rpc_local_listen(how->locals, how->server, how->loop, address, how->mode);
}

static int listen_inet(const struct rpc_listening *how, const char *text,
		       const union socket_address *address)
{
	grpc_server_credentials *credentials;
	int ret = try_bind(address);

	if (ret)
		return ret;
	credentials =
		how->tls ? rpc_tls_server(how->tls) : grpc_insecure_server_credentials_create();
	if (!credentials)
		return -ENOMEM;
	if (!grpc_server_add_http2_port(how->server, text, credentials))
		ret = -EIO;
	grpc_server_credentials_release(credentials);
	return ret;
}

static int listen_on(const struct rpc_listening *how, const char *text)
{
	union socket_address address;
	int ret;

	if (socket_address_parse(&address, text)) {
		log_error(
			"rpc: cannot listen on %s: write unix:/path, 127.0.0.1:port or [::1]:port",
			text);
		return -EINVAL;
	}
	if (!how->tls && rpc_listen_needs_tls(text)) {
		log_error("rpc: will not listen on %s without TLS: "
			  "configure cert and key, or use loopback",
			  text);
		return -EPERM;
	}
	if (address.any.sa_family == AF_UNIX)
		ret = listen_local(how, &address);
	else
		ret = listen_inet(how, text, &address);
	if (ret)
		log_error("rpc: cannot listen on %s: %s", text, socket_address_remedy(ret));
	return ret;
}

int rpc_listen(const struct rpc_listening *how, const char *const *texts, unsigned count)
{
	int ret = 0;

	if (!count) {
		log_error("rpc: no address to listen on: configure one, e.g. "
			  "unix:/run/tandem/relay.sock");
		return -EINVAL;
	}
	for (unsigned i = 0; i < count && !ret; i++)
		ret = listen_on(how, texts[i]);
	return ret;
}
