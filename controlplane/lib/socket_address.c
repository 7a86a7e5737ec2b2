/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/socket_address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/lib/log.h"

#define UNIX_SCHEME "unix:"

static int parse_unix(union socket_address *address, const char *path)
{
	if (*path != '/' || strlen(path) >= sizeof(address->local.sun_path))
		return -EINVAL;
	address->local.sun_family = AF_UNIX;
	strcpy(address->local.sun_path, path);
	return 0;
}

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

int socket_address_parse(union socket_address *address, const char *text)
{
	size_t scheme = strlen(UNIX_SCHEME);

	memset(address, 0, sizeof(*address));
	if (!strncmp(text, UNIX_SCHEME, scheme))
		return parse_unix(address, text + scheme);
	return parse_inet(address, text);
}

socklen_t socket_address_size(const union socket_address *address)
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

bool socket_address_is_local(const union socket_address *address)
{
	switch (address->any.sa_family) {
	case AF_UNIX:
		return true;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&address->ip6.sin6_addr);
	default:
		return ntohl(address->ip4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
}

struct address socket_address_host(const union socket_address *address)
{
	switch (address->any.sa_family) {
	case AF_INET:
		return address_from_ipv4(&address->ip4.sin_addr);
	case AF_INET6:
		return address_from_ipv6(&address->ip6.sin6_addr);
	default:
		return (struct address){.half = {0}};
	}
}

struct endpoint socket_address_endpoint(const union socket_address *address)
{
	struct endpoint endpoint = {.address = socket_address_host(address)};

	if (address->any.sa_family == AF_INET)
		endpoint.port = address->ip4.sin_port;
	else if (address->any.sa_family == AF_INET6)
		endpoint.port = address->ip6.sin6_port;
	return endpoint;
}

int socket_address_clear(const union socket_address *address, int type)
{
	const char *path = address->local.sun_path;
	struct stat st;
	int fd, ret;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret = connect(fd, &address->any, socket_address_size(address)) ? -errno : -EADDRINUSE;
	close(fd);
	if (ret != -ECONNREFUSED)
		return ret;
	log_info("removing %s, left by a server that is gone", path);
	return unlink(path) ? -errno : 0;
}

const char *socket_address_remedy(int error)
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
