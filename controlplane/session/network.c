/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/lib/octets.h"

static int add(struct networks *n, const char *network, const struct address *address)
{
	struct media_address **link = &n->first;
	struct media_address *a;
	int error;

	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->address = *address;
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

/* Takes in one address; its ports stay if it was there before. */
static int put(struct networks *n, const char *network, const ProtobufCBinaryData *octets)
{
	struct media_address *known;
	struct address address;

	if (octets_read(&address, octets))
		return -EINVAL;
	known = networks_find(n, &address);
	if (!known)
		return add(n, network, &address);
	known->gone = false;
	snprintf(known->network, sizeof(known->network), "%s", network);
	return 0;
}

int networks_update(struct networks *n, const Tandem__Dataplane__V1__Hello *hello)
{
	int error = 0;

	for (struct media_address *a = n->first; a; a = a->next)
		a->gone = true;
	for (size_t i = 0; i < hello->n_networks; i++) {
		const Tandem__Dataplane__V1__Network *network = hello->networks[i];

		for (size_t j = 0; j < network->n_addresses && !error; j++)
			error = put(n, network->name, &network->addresses[j]);
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

struct media_address *networks_choose(const struct networks *n, const char *network, bool ipv4,
				      bool strict)
{
	struct media_address *other = NULL;

	for (struct media_address *a = n->first; a; a = a->next) {
		if (a->gone || (network[0] && strcmp(a->network, network) != 0))
			continue;
		if (address_is_ipv4(&a->address) == ipv4)
			return a;
		if (!other)
			other = a;
	}
	return strict ? NULL : other;
}

struct media_address *networks_next(const struct media_address *a)
{
	const bool ipv4 = address_is_ipv4(&a->address);
	struct media_address *next = a->next;

	while (next && (next->gone || strcmp(next->network, a->network) != 0 ||
			address_is_ipv4(&next->address) != ipv4))
		next = next->next;
	return next;
}

struct media_address *networks_find(const struct networks *n, const struct address *address)
{
	for (struct media_address *a = n->first; a; a = a->next)
		if (address_equal(&a->address, address))
			return a;
	return NULL;
}
