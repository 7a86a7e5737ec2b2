/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Permissions and channels (RFC 8656 9, 12). A slot whose time is over waits as long again as RFC
 * 8656 has a channel's number wait, before it is another's: longer than any worker reads one.
 */
#include <errno.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/main/legs/egress_make.h"
#include "dataplane/main/turn/turn_state.h"

#define REST_SECONDS 300

/* --- who may be a peer --- */

/*
 * Addresses that stand for IPv4 in IPv6, and would reach what is denied as IPv4: compatible (RFC
 * 4291 2.5.5.1), translated (RFC 2765), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC
 * 4380); and those that are nobody's on a network: discard (RFC 6666), link-local, site-local,
 * unique local, documentation is left to `deny`.
 */
static const struct prefix never6[] = {
	{{.octets = {0}}, 64},          {{.octets = {0x00, 0x64, 0xff, 0x9b}}, 32},
	{{.octets = {0x01, 0x00}}, 64}, {{.octets = {0x20, 0x01, 0x00, 0x00}}, 32},
	{{.octets = {0x20, 0x02}}, 16}, {{.octets = {0xfe, 0x80}}, 10},
	{{.octets = {0xfe, 0xc0}}, 10}, {{.octets = {0xfc, 0x00}}, 7},
};

/* RFC 6890, and 100.64.0.0/10 (RFC 6598). */
static const struct prefix never4[] = {
	PREFIX_IPV4(10, 0, 0, 0, 8),     PREFIX_IPV4(100, 64, 0, 0, 10),
	PREFIX_IPV4(169, 254, 0, 0, 16), PREFIX_IPV4(172, 16, 0, 0, 12),
	PREFIX_IPV4(192, 0, 0, 0, 24),   PREFIX_IPV4(192, 168, 0, 0, 16),
	PREFIX_IPV4(198, 18, 0, 0, 15),
};

static bool is_within(const struct prefix *prefixes, unsigned int count, const struct address *a)
{
	for (unsigned int k = 0; k < count; k++)
		if (prefix_has(&prefixes[k], a))
			return true;
	return false;
}

/* The media address; NULL: it is none. */
static const struct local_address *find_local(const struct turn_server *s, const struct address *a)
{
	for (unsigned int k = 0; k < s->dataplane->address_count; k++)
		if (address_equal(&s->dataplane->addresses[k].address, a))
			return &s->dataplane->addresses[k];
	return NULL;
}

/*
 * Of the relay's own addresses those of the network that is relayed: others face telephones, and
 * who is heard there is not who comes from the Internet. An operator's `allow` is stronger than
 * what is private, and never than what disguises IPv4.
 */
bool turn_allows(const struct turn_server *s, const struct allocation *a,
		 const struct address *peer)
{
	const struct local_address *local = find_local(s, peer);

	if (local)
		return local->network == s->dataplane->addresses[granted_of(s, a)->address].network;
	if (!s->any || !address_is_host(peer))
		return false;
	if (!address_is_ipv4(peer) && is_within(never6, RTE_DIM(never6), peer))
		return false;
	if (is_within(s->allow, s->allow_count, peer))
		return true;
	return !is_within(never4, RTE_DIM(never4), peer) &&
	       !is_within(s->deny, s->deny_count, peer);
}

/* --- permissions --- */

static bool has_rested(const struct turn_server *s, uint64_t until, uint64_t now)
{
	return !until || now > until + turn_ticks(s, REST_SECONDS);
}

/* Whether a channel still leads to it. */
static bool is_named(const struct turn_server *s, struct allocation *a, unsigned int place,
		     uint64_t now)
{
	for (unsigned int k = 0; k < allocation_room(a); k++) {
		const struct channel *c = allocation_channel(a, k);

		if (c->permission == place && !has_rested(s, c->until, now))
			return true;
	}
	return false;
}

/* More room, if there is any to be had. */
static bool grow(struct turn_server *s, struct allocation *a)
{
	struct allocation_more *more;

	if (a->more)
		return false;
	more = slab_take(&s->more);
	if (!more)
		return false;
	memset(more, 0, sizeof(*more));
	__atomic_store_n(&a->more, more, __ATOMIC_RELEASE);
	return true;
}

static int find_permission(struct allocation *a, const struct address *peer)
{
	for (unsigned int k = 0; k < allocation_room(a); k++) {
		const struct permission *p = allocation_permission(a, k);

		if (p->until && address_equal(&p->peer, peer))
			return k;
	}
	return -1;
}

static int free_permission(struct turn_server *s, struct allocation *a, uint64_t now)
{
	do {
		for (unsigned int k = 0; k < allocation_room(a); k++)
			if (has_rested(s, allocation_permission(a, k)->until, now) &&
			    !is_named(s, a, k, now))
				return k;
	} while (grow(s, a));
	return -1;
}

static struct egress *egress_to(const struct turn_server *s, const struct allocation *a,
				const struct address *peer)
{
	unsigned int address = s->granted[a->index].address;
	const struct endpoint to = {.address = *peer};

	return egress_create(s->dataplane, address, endpoint_port(&a->relayed), &to,
			     s->dataplane->addresses[address].network->dscp);
}

int turn_permit(struct turn_server *s, struct allocation *a, const struct address *peer,
		uint64_t now, unsigned int *place)
{
	uint64_t until = now + turn_ticks(s, TURN_PERMISSION_SECONDS);
	struct permission *p;
	int k = find_permission(a, peer);
	bool old = k >= 0;

	if (address_is_ipv4(peer) != address_is_ipv4(&a->relayed.address))
		return TURN_PEER_FAMILY_MISMATCH;
	if (!turn_allows(s, a, peer))
		return TURN_FORBIDDEN;
	if (!old)
		k = free_permission(s, a, now);
	if (k < 0)
		return TURN_INSUFFICIENT_CAPACITY;
	p = allocation_permission(a, k);
	if (!old) {
		__atomic_store_n(&p->until, 0, __ATOMIC_RELEASE);
		egress_release(p->egress);
		p->egress = NULL;
		p->peer = *peer;
		if (!find_local(s, peer)) {
			p->egress = egress_to(s, a, peer);
			if (!p->egress)
				return TURN_FORBIDDEN;
		}
	}
	__atomic_store_n(&p->until, until, __ATOMIC_RELEASE);
	turn_shed_relayed(s, a, true);
	*place = k;
	return 0;
}

/* --- channels --- */

/* A number is one peer's, and a peer has one number (RFC 8656 12.1), until both have rested. */
static int find_channel(struct turn_server *s, struct allocation *a, uint16_t number,
			const struct endpoint *peer, uint64_t now)
{
	for (unsigned int k = 0; k < allocation_room(a); k++) {
		const struct channel *c = allocation_channel(a, k);
		bool same_peer;

		if (has_rested(s, c->until, now))
			continue;
		same_peer = c->port == peer->port &&
			    address_equal(&allocation_permission(a, c->permission)->peer,
					  &peer->address);
		if (same_peer != (c->number == number))
			return -EEXIST;
		if (same_peer)
			return k;
	}
	return -ENOENT;
}

static int free_channel(struct turn_server *s, struct allocation *a, uint64_t now)
{
	do {
		for (unsigned int k = 0; k < allocation_room(a); k++)
			if (has_rested(s, allocation_channel(a, k)->until, now))
				return k;
	} while (grow(s, a));
	return -1;
}

int turn_bind(struct turn_server *s, struct allocation *a, uint16_t number,
	      const struct endpoint *peer, uint64_t now)
{
	unsigned int permission;
	struct channel *c;
	int k = find_channel(s, a, number, peer, now), error;

	if (k == -EEXIST || !peer->port)
		return TURN_BAD_REQUEST;
	error = turn_permit(s, a, &peer->address, now, &permission);
	if (error)
		return error;
	if (k < 0)
		k = free_channel(s, a, now);
	if (k < 0)
		return TURN_INSUFFICIENT_CAPACITY;
	c = allocation_channel(a, k);
	if (c->number != number || c->port != peer->port || c->permission != permission) {
		__atomic_store_n(&c->until, 0, __ATOMIC_RELEASE);
		c->number = number;
		c->port = peer->port;
		c->permission = permission;
	}
	__atomic_store_n(&c->until, now + turn_ticks(s, TURN_CHANNEL_SECONDS), __ATOMIC_RELEASE);
	return 0;
}

void turn_forget_peers(struct turn_server *s, struct allocation *a)
{
	for (unsigned int k = 0; k < allocation_room(a); k++) {
		struct permission *p = allocation_permission(a, k);

		egress_release(p->egress);
		*p = (struct permission){.until = 0};
		*allocation_channel(a, k) = (struct channel){.until = 0};
	}
	slab_put(&s->more, a->more);
	a->more = NULL;
}
