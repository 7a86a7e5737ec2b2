/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a server listens: an address and a port, or the path of a UNIX socket. Any thread. */
#ifndef TANDEM_SOCKET_ADDRESS_H
#define TANDEM_SOCKET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "dataplane/lib/address.h"

union socket_address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
	struct sockaddr_un local;
};

/*
 * "unix:/path", "192.0.2.1:80" or "[2001:db8::1]:80"; names are refused, what they mean may change.
 * 0, or -EINVAL.
 */
int socket_address_parse(union socket_address *address, const char *text);
socklen_t socket_address_size(const union socket_address *address);
/* Whether only this machine reaches it. */
bool socket_address_is_local(const union socket_address *address);
/* The address of a peer; zero if it has a UNIX socket. */
struct address socket_address_host(const union socket_address *address);
/* The same, with its port. */
struct endpoint socket_address_endpoint(const union socket_address *address);

/*
 * Removes the UNIX socket at the path when nobody answers on it. `type`: SOCK_STREAM or SOCK_DGRAM.
 * 0, -EADDRINUSE, -EEXIST: something else stands there, or another -errno.
 */
int socket_address_clear(const union socket_address *address, int type);
/* What to do about an error of binding. */
const char *socket_address_remedy(int error);

#endif
