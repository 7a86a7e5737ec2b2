/* SPDX-License-Identifier: BSD-3-Clause */
/* What those who shed floods know of TURN (ebpf/policy_turn.h): listening ports, clients, peers. */
#include <string.h>

#include "dataplane/main/floods/rates.h"
#include "dataplane/main/turn/turn_state.h"
#include "ebpf/shed_maps.h"

#define AT_ONCE 256 /* packets of a client that a network may hold back */

static struct shed_port *entry_of(const struct turn_server *s, unsigned int address,
				  const struct endpoint *local)
{
	struct shed_port *ports = s->dataplane->shed_ports[address];

	return ports ? &ports[endpoint_port(local)] : NULL;
}

static void store_flags(struct shed_port *port, uint32_t flags)
{
	__atomic_store_n(&port->flags, flags, __ATOMIC_RELEASE);
}

void turn_shed_listener(struct turn_server *s, unsigned int listener, uint32_t pps)
{
	const struct turn_listener *l = &s->turn.listeners[listener];
	struct shed_port *port = entry_of(s, l->address, &l->local);

	if (!port)
		return;
	if (l->open) {
		port->leg = SHED_NO_LEG;
		port->media = rates_of_media(pps, AT_ONCE);
		port->listener = listener;
	}
	store_flags(port, l->open ? SHED_PORT_OPEN | SHED_PORT_TURN : 0);
}

/* The minute comes last: a secret that was just drawn serves no nonce yet. */
void turn_shed_challenge(struct turn_server *s)
{
	struct shed_rule *rule = s->dataplane->shed_rule;
	const struct shed_nonce *nonce = &s->turn.challenge.nonce;

	if (!rule || rule->nonce.minute == nonce->minute)
		return;
	memcpy(rule->nonce.secret, nonce->secret, sizeof(nonce->secret));
	__atomic_store_n(&rule->nonce.minute, nonce->minute, __ATOMIC_RELEASE);
}

static struct shed_client client_of(const struct allocation *a)
{
	return (struct shed_client){
		.address = {.half = {a->client.address.half[0], a->client.address.half[1]}},
		.port = a->client.port,
		.listener = a->listener,
	};
}

int turn_shed_client(struct turn_server *s, const struct allocation *a)
{
	const struct shed_client client = client_of(a);

	return s->config.shed ? shed_client_add(s->config.shed, &client) : 0;
}

void turn_unshed_client(struct turn_server *s, const struct allocation *a)
{
	const struct shed_client client = client_of(a);

	if (s->config.shed)
		shed_client_remove(s->config.shed, &client);
}

/* The peers that are not media addresses; more of them than have a place may all send. NULL: none.
 */
static void put_peers(struct shed_port *port, struct allocation *a)
{
	unsigned int count = 0;

	for (unsigned int k = 0; a && k < allocation_room(a); k++) {
		const struct permission *p = allocation_permission(a, k);

		if (!p->until || !p->egress)
			continue;
		if (count < SHED_PEERS) {
			port->peer_port[count] = 0;
			__atomic_thread_fence(__ATOMIC_RELEASE);
			port->peer[count].half[0] = p->peer.half[0];
			port->peer[count].half[1] = p->peer.half[1];
			__atomic_store_n(&port->peer_port[count], 1, __ATOMIC_RELEASE);
		}
		count++;
	}
	port->untracked = count > SHED_PEERS;
	for (; count < SHED_PEERS; count++)
		port->peer_port[count] = 0;
}

void turn_shed_relayed(struct turn_server *s, struct allocation *a, bool open)
{
	struct shed_port *port = entry_of(s, granted_of(s, a)->address, &a->relayed);

	if (!port)
		return;
	if (!open)
		store_flags(port, 0);
	put_peers(port, open ? a : NULL);
	if (!open)
		return;
	port->leg = SHED_NO_LEG;
	port->media = entry_of(s, s->turn.listeners[a->listener].address,
			       &s->turn.listeners[a->listener].local)
			      ->media;
	store_flags(port, SHED_PORT_OPEN | SHED_PORT_RELAYED);
}
