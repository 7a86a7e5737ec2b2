/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int add(struct networks *n, const char *network, const ProtobufCBinaryData *octets)
{
	struct media_address **link = &n->first;
	struct media_address *a;
	int error;

	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->address.family = octets->len == 4 ? AF_INET : AF_INET6;
	memcpy(a->address.ip, octets->data, octets->len);
	error = ports_open(&a->ports, n->port_first, n->port_last, n->quarantine_ms);
	if (error) {
		free(a);
		return error;
	}
	snprintf(a->network, sizeof(a->network), "%s", network);
	while (*link)
		link = &(*link)->next;
	*link = a;
	return 0;
}

int networks_update(struct networks *n, const Tandem__Dataplane__V1__Hello *hello)
{
	int error = 0;

	for (struct media_address *a = n->first; a; a = a->next)
		a->gone = true;
	for (size_t i = 0; i < hello->n_networks; i++) {
		const Tandem__Dataplane__V1__Network *network = hello->networks[i];

		for (size_t j = 0; j < network->n_addresses && !error; j++) {
			const ProtobufCBinaryData *octets = &network->addresses[j];
			struct sdp_address address = {.family = octets->len == 4 ? AF_INET
										 : AF_INET6};
			struct media_address *known;

			if (octets->len != 4 && octets->len != 16)
				return -EINVAL;
			memcpy(address.ip, octets->data, octets->len);
			known = networks_find(n, &address);
			if (known) {
				known->gone = false;
				snprintf(known->network, sizeof(known->network), "%s",
					 network->name);
			} else {
				error = add(n, network->name, octets);
			}
		}
	}
	return error;
}

void networks_free(struct networks *n)
{
	struct media_address *a;

	while ((a = n->first)) {
		n->first = a->next;
		ports_close(a->ports);
		free(a);
	}
}

struct media_address *networks_choose(const struct networks *n, const char *network, int family,
				      bool strict)
{
	struct media_address *other = NULL;

	for (struct media_address *a = n->first; a; a = a->next) {
		if (a->gone || (network[0] && strcmp(a->network, network) != 0))
			continue;
		if (family == AF_UNSPEC || a->address.family == family)
			return a;
		if (!other)
			other = a;
	}
	return strict ? NULL : other;
}

struct media_address *networks_find(const struct networks *n, const struct sdp_address *address)
{
	for (struct media_address *a = n->first; a; a = a->next)
		if (a->address.family == address->family &&
		    memcmp(a->address.ip, address->ip, sizeof(address->ip)) == 0)
			return a;
	return NULL;
}
