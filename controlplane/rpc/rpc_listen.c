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

static int add_inet(grpc_server *server, const char *text, const union socket_address *address,
		    grpc_server_credentials *credentials)
{
	int ret = try_bind(address);

	if (!ret && !grpc_server_add_http2_port(server, text, credentials))
		ret = -EIO;
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

/* What each address needs. `tls` is NULL without certificates. */
struct listening {
	grpc_server *server;
	grpc_server_credentials *plain, *tls;
	struct rpc_locals *locals;
	uv_loop_t *loop;
	mode_t mode;
};

static int listen_local(const struct listening *how, const union socket_address *address)
{
	int ret = socket_address_clear(address, SOCK_STREAM);

	return ret ? ret
		   : rpc_local_listen(how->locals, how->server, how->loop, address, how->mode);
}

static int listen_on(const struct listening *how, const char *text)
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
		log_error("rpc: will not listen on %s without mutual TLS: "
			  "configure ca, cert and key, or use loopback",
			  text);
		return -EPERM;
	}
	if (address.any.sa_family == AF_UNIX)
		ret = listen_local(how, &address);
	else
		ret = add_inet(how->server, text, &address, how->tls ?: how->plain);
	if (ret)
		log_error("rpc: cannot listen on %s: %s", text, socket_address_remedy(ret));
	return ret;
}

int rpc_listen(grpc_server *server, const struct rpc_config *config, struct rpc_locals *locals,
	       uv_loop_t *loop)
{
	struct listening how = {.server = server,
				.locals = locals,
				.loop = loop,
				.mode = config->local_mode ?: 0600};
	char why[RPC_TLS_WHY];
	int ret = 0;

	if (!config->listen_count) {
		log_error("rpc: no address to listen on: configure one, e.g. "
			  "unix:/run/tandem/relay.sock");
		return -EINVAL;
	}
	if (rpc_tls_wanted(&config->tls)) {
		ret = rpc_tls_server(&how.tls, &config->tls, why, sizeof(why));
		if (ret) {
			log_error("rpc: TLS: %s", why);
			return ret;
		}
	}
	how.plain = grpc_insecure_server_credentials_create();
	for (unsigned i = 0; i < config->listen_count && !ret; i++)
		ret = listen_on(&how, config->listen[i]);
	grpc_server_credentials_release(how.plain);
	if (how.tls)
		grpc_server_credentials_release(how.tls);
	return ret;
}
