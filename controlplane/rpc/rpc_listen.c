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

/*
 * gRPC would unlink whatever socket stands at the path, that of a running server too. Ours is
 * removed only when nobody answers on it.
 */
static int clear_stale(const union socket_address *address)
{
	if (address->any.sa_family != AF_UNIX)
		return 0;
	return socket_address_clear(address, SOCK_STREAM);
}

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
	if (!ret && address->any.sa_family == AF_UNIX)
		unlink(address->local.sun_path);
	return ret;
}

static int add(grpc_server *server, const char *text, const union socket_address *address,
	       grpc_server_credentials *credentials)
{
	int ret = clear_stale(address);
	mode_t mask = umask(0177); /* the socket is born with mode 0600 */

	if (!ret)
		ret = try_bind(address);
	if (!ret && !grpc_server_add_http2_port(server, text, credentials))
		ret = -EIO;
	umask(mask);
	if (ret)
		log_error("rpc: cannot listen on %s: %s", text, socket_address_remedy(ret));
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

/* `tls` is NULL without certificates. A UNIX socket needs none: its mode is its guard. */
static int listen_on(grpc_server *server, const char *text, grpc_server_credentials *plain,
		     grpc_server_credentials *tls)
{
	union socket_address address;
	bool local;

	if (socket_address_parse(&address, text)) {
		log_error(
			"rpc: cannot listen on %s: write unix:/path, 127.0.0.1:port or [::1]:port",
			text);
		return -EINVAL;
	}
	local = address.any.sa_family == AF_UNIX;
	if (!tls && rpc_listen_needs_tls(text)) {
		log_error("rpc: will not listen on %s without mutual TLS: "
			  "configure ca, cert and key, or use loopback",
			  text);
		return -EPERM;
	}
	return add(server, text, &address, local || !tls ? plain : tls);
}

int rpc_listen(grpc_server *server, const struct rpc_config *config)
{
	grpc_server_credentials *tls = NULL, *plain;
	char why[RPC_TLS_WHY];
	int ret = 0;

	if (!config->listen_count) {
		log_error("rpc: no address to listen on: configure one, e.g. "
			  "unix:/run/tandem/relay.sock");
		return -EINVAL;
	}
	if (rpc_tls_wanted(&config->tls)) {
		ret = rpc_tls_server(&tls, &config->tls, why, sizeof(why));
		if (ret) {
			log_error("rpc: TLS: %s", why);
			return ret;
		}
	}
	plain = grpc_insecure_server_credentials_create();
	for (unsigned i = 0; i < config->listen_count && !ret; i++)
		ret = listen_on(server, config->listen[i], plain, tls);
	grpc_server_credentials_release(plain);
	if (tls)
		grpc_server_credentials_release(tls);
	return ret;
}
