/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/rpc/rpc_listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "controlplane/rpc/rpc_tls.h"
#include "dataplane/lib/address.h"
#include "dataplane/lib/log.h"

#define UNIX_SCHEME "unix:"

union socket_address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
	struct sockaddr_un local;
};

static int parse_unix(union socket_address *address, const char *path)
{
	if (*path != '/' || strlen(path) >= sizeof(address->local.sun_path))
		return -EINVAL;
	address->local.sun_family = AF_UNIX;
	strcpy(address->local.sun_path, path);
	return 0;
}

/* "192.0.2.1:80" or "[2001:db8::1]:80"; names are refused, what they mean may change. */
static int parse_inet(union socket_address *address, const char *text)
{
	char host[ADDRESS_TEXT];
	struct address parsed;
	const char *colon = strrchr(text, ':');
	bool bracketed = *text == '[';
	size_t len;
	char *end;
	long port;

	if (!colon || colon == text || (bracketed && colon[-1] != ']'))
		return -EINVAL;
	len = (size_t)(colon - text) - (bracketed ? 2 : 0);
	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text + bracketed, len);
	host[len] = '\0';
	port = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end || port < 1 || port > UINT16_MAX)
		return -EINVAL;

	if (address_parse(&parsed, host) || bracketed != !!strchr(host, ':'))
		return -EINVAL;
	if (bracketed) {
		address->ip6.sin6_family = AF_INET6;
		address->ip6.sin6_port = htons((uint16_t)port);
		memcpy(&address->ip6.sin6_addr, parsed.octets, sizeof(address->ip6.sin6_addr));
	} else {
		address->ip4.sin_family = AF_INET;
		address->ip4.sin_port = htons((uint16_t)port);
		memcpy(&address->ip4.sin_addr, address_octets(&parsed),
		       sizeof(address->ip4.sin_addr));
	}
	return 0;
}

static int parse(union socket_address *address, const char *text)
{
	size_t scheme = strlen(UNIX_SCHEME);

	memset(address, 0, sizeof(*address));
	if (!strncmp(text, UNIX_SCHEME, scheme))
		return parse_unix(address, text + scheme);
	return parse_inet(address, text);
}

static bool is_loopback(const union socket_address *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->ip6.sin6_addr);
	return ntohl(address->ip4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static socklen_t address_size(const union socket_address *address)
{
	switch (address->any.sa_family) {
	case AF_UNIX:
		return sizeof(address->local);
	case AF_INET6:
		return sizeof(address->ip6);
	default:
		return sizeof(address->ip4);
	}
}

/*
 * gRPC would unlink whatever socket stands at the path, that of a running server too. Ours is
 * removed only when nobody answers on it.
 */
static int clear_stale(const char *path, const union socket_address *address)
{
	struct stat st;
	int fd, ret;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret = connect(fd, &address->any, address_size(address)) ? -errno : -EADDRINUSE;
	close(fd);
	if (ret != -ECONNREFUSED)
		return ret;
	log_info("rpc: removing %s, left by a server that is gone", path);
	return unlink(path) ? -errno : 0;
}

/* Binds once without gRPC, which only says that it failed, to learn why it would. */
static int try_bind(const union socket_address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1, ret = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &address->any, address_size(address)))
		ret = -errno;
	close(fd);
	if (!ret && address->any.sa_family == AF_UNIX)
		unlink(address->local.sun_path);
	return ret;
}

static const char *remedy(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "another server listens there: stop it, or choose another address";
	case -EEXIST:
		return "something that is no socket stands there: remove it, or choose another";
	case -ENOENT:
		return "make its directory";
	case -EACCES:
		return "give this user the right to it";
	case -EADDRNOTAVAIL:
		return "no interface has this address";
	default:
		return strerror(-error);
	}
}

static int add(grpc_server *server, const char *text, const union socket_address *address,
	       grpc_server_credentials *credentials)
{
	bool local = address->any.sa_family == AF_UNIX;
	int ret = local ? clear_stale(address->local.sun_path, address) : 0;
	mode_t mask = umask(0177); /* the socket is born with mode 0600 */

	if (!ret)
		ret = try_bind(address);
	if (!ret && !grpc_server_add_http2_port(server, text, credentials))
		ret = -EIO;
	umask(mask);
	if (ret)
		log_error("rpc: cannot listen on %s: %s", text, remedy(ret));
	return ret;
}

bool rpc_listen_is_address(const char *text)
{
	union socket_address address;

	return parse(&address, text) == 0;
}

bool rpc_listen_needs_tls(const char *text)
{
	union socket_address address;

	return parse(&address, text) == 0 && address.any.sa_family != AF_UNIX &&
	       !is_loopback(&address);
}

/* `tls` is NULL without certificates. A UNIX socket needs none: its mode is its guard. */
static int listen_on(grpc_server *server, const char *text, grpc_server_credentials *plain,
		     grpc_server_credentials *tls)
{
	union socket_address address;
	bool local;

	if (parse(&address, text)) {
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
