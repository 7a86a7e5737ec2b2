/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An entry is asked for until it answers, then asked again, by unicast, before anybody would miss
 * it: media does not wait for a resolution. The old MAC serves until several requests in a row stay
 * unanswered.
 */
#include "dataplane/main/links/neighbour.h"

#include <errno.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_hash.h>
#include <rte_malloc.h>
#include <rte_random.h>

#include "dataplane/main/links/announce.h"
#include "dataplane/wire/arp.h"
#include "dataplane/dataplane.h"
#include "dataplane/lib/log.h"
#include "dataplane/wire/ndp.h"
#include "dataplane/main/links/solicit.h"
#include "dataplane/main/shared.h"

#define REACHABLE_S       30 /* RFC 4861 10, and randomised so that refreshes spread out */
#define RETRANSMIT_S      1
#define SLOW_RETRANSMIT_S 5
#define QUICK_TRIES       5 /* then an unresolved neighbour is asked for slowly */
#define UNICAST_TRIES     3 /* then everybody is asked: its MAC may have changed */
#define PROBE_TRIES       6 /* then it is gone */
#define TURNS_PER_SECOND  10

enum nexthop_state {
	INCOMPLETE, /* mac is 0 */
	REACHABLE,  /* until the deadline */
	PROBE,      /* mac serves, and is being asked for */
};

/* Hashed as octets. */
struct key {
	struct address address;
	uint32_t network; /* index */
	uint32_t reserved;
};

/* What a frame says about an address. */
struct hearsay {
	struct address address;
	struct rte_ether_addr mac;
	bool has_mac;
	bool solicited; /* an answer: the neighbour hears us */
	bool override;  /* it is meant to replace what we knew */
};

static struct {
	struct dataplane *dataplane; /* for neighbour_get() */
	struct rte_hash *table;      /* struct key -> struct nexthop */
	uint64_t hz;
	uint64_t now; /* of the last tick */
	uint64_t next_turn;
} neighbours;

static struct key key_of(const struct network *network, const struct address *address)
{
	return (struct key){.address = *address,
			    .network = network - neighbours.dataplane->networks};
}

static struct nexthop *find(const struct network *network, const struct address *address)
{
	struct key key = key_of(network, address);
	void *found;

	return rte_hash_lookup_data(neighbours.table, &key, &found) < 0 ? NULL : found;
}

/* NULL if there is none. */
static const struct address *gateway(const struct network *network, const struct address *remote)
{
	const struct address *a = address_is_ipv4(remote) ? &network->gateway4 : &network->gateway6;

	return address_is_zero(a) ? NULL : a;
}

static bool is_gateway(const struct nexthop *n)
{
	const struct address *a = gateway(n->network, &n->address);

	return a && address_equal(a, &n->address);
}

static void publish(struct nexthop *n, uint64_t mac)
{
	char text[ADDRESS_TEXT];

	if (is_gateway(n) && !mac != !n->mac)
		log_info("network %s: gateway %s %s", n->network->name,
			 address_text(text, &n->address), mac ? "answers" : "is gone");
	__atomic_store_n(&n->mac, mac, __ATOMIC_RELAXED);
}

static void become_reachable(struct nexthop *n, uint64_t now)
{
	n->state = REACHABLE;
	n->tries = 0;
	/* Between 0.75 and 1.25 of the reachable time. */
	n->deadline = now + REACHABLE_S * neighbours.hz * 3 / 4 +
		      rte_rand_max(REACHABLE_S * neighbours.hz / 2);
}

static void become_probe(struct nexthop *n, uint64_t now)
{
	n->state = PROBE;
	n->tries = 0;
	n->deadline = now;
}

static void request(struct nexthop *n, uint64_t now)
{
	bool slow = n->state == INCOMPLETE && n->tries >= QUICK_TRIES;
	char text[ADDRESS_TEXT];

	/* Without room for the frame it was no try. */
	if (solicit_send(neighbours.dataplane, n, n->state == PROBE && n->tries < UNICAST_TRIES)) {
		n->deadline = now;
		return;
	}
	if (n->tries < UINT8_MAX)
		n->tries++;
	if (n->state == INCOMPLETE && n->tries == QUICK_TRIES && is_gateway(n))
		log_warn("network %s: gateway %s does not answer", n->network->name,
			 address_text(text, &n->address));
	n->deadline = now + (slow ? SLOW_RETRANSMIT_S : RETRANSMIT_S) * neighbours.hz;
}

static void advance(struct nexthop *n, uint64_t now)
{
	if ((int64_t)(now - n->deadline) < 0)
		return;
	if (n->state == REACHABLE) {
		become_probe(n, now);
	} else if (n->state == PROBE && n->tries >= PROBE_TRIES) {
		publish(n, 0);
		n->state = INCOMPLETE;
		n->tries = 0;
	}
	request(n, now);
}

static bool is_on_link(const struct network *network, const struct address *a)
{
	/* fe80::/10 */
	if (a->octets[0] == 0xfe && (a->octets[1] & 0xc0) == 0x80)
		return true;
	for (unsigned int k = 0; k < network->address_count; k++) {
		const struct local_address *local =
			&neighbours.dataplane->addresses[network->address[k]];

		if (address_same_bits(&local->address, a, local->prefix))
			return true;
	}
	return false;
}

struct nexthop *neighbour_get(struct network *network, const struct address *remote)
{
	const struct address *hop = is_on_link(network, remote) ? remote : gateway(network, remote);
	struct nexthop *n;
	struct key key;

	if (!hop || !solicit_source(neighbours.dataplane, network, hop))
		return NULL;
	n = find(network, hop);
	if (n)
		return shared_hold(n);
	n = rte_zmalloc("nexthop", sizeof(*n), RTE_CACHE_LINE_SIZE);
	if (!n)
		return NULL;
	*n = (struct nexthop){.address = *hop, .network = network, .users = 1, .state = INCOMPLETE};
	key = key_of(network, hop);
	if (rte_hash_add_key_data(neighbours.table, &key, n)) {
		rte_free(n);
		return NULL;
	}
	request(n, neighbours.now);
	return n;
}

void neighbour_put(struct nexthop *n)
{
	struct key key;

	if (!shared_release(n))
		return;
	key = key_of(n->network, &n->address);
	rte_hash_del_key(neighbours.table, &key);
	rte_free(n);
}

/* The gateways are resolved before anybody needs them, and stay. */
static void hold_gateways(struct network *network)
{
	if (!address_is_zero(&network->gateway4))
		neighbour_get(network, &network->gateway4);
	if (!address_is_zero(&network->gateway6))
		neighbour_get(network, &network->gateway6);
}

static void release_gateways(struct network *network)
{
	neighbour_put(find(network, &network->gateway4));
	neighbour_put(find(network, &network->gateway6));
}

int neighbour_start(struct dataplane *d)
{
	const struct rte_hash_parameters parameters = {
		.name = "neighbours",
		.entries = NEIGHBOURS_MAX,
		.key_len = sizeof(struct key),
		.socket_id = SOCKET_ID_ANY,
	};

	memset(&neighbours, 0, sizeof(neighbours));
	neighbours.dataplane = d;
	neighbours.hz = rte_get_tsc_hz();
	neighbours.table = rte_hash_create(&parameters);
	if (!neighbours.table) {
		log_error("not enough memory for %d neighbours: more hugepages", NEIGHBOURS_MAX);
		return -ENOMEM;
	}
	neighbours.now = neighbours.next_turn = rte_rdtsc();
	for (unsigned int k = 0; k < d->network_count; k++)
		hold_gateways(&d->networks[k]);
	return 0;
}

void neighbour_stop(struct dataplane *d)
{
	if (!neighbours.table)
		return;
	for (unsigned int k = 0; k < d->network_count; k++)
		release_gateways(&d->networks[k]);
	rte_hash_free(neighbours.table);
	neighbours.table = NULL;
}

void neighbour_tick(struct dataplane *d, uint64_t now)
{
	const void *key;
	void *data;
	uint32_t next = 0;

	neighbours.now = now;
	if ((int64_t)(now - neighbours.next_turn) < 0)
		return;
	neighbours.next_turn = now + neighbours.hz / TURNS_PER_SECOND;
	announce_tick(d, now);
	while (rte_hash_iterate(neighbours.table, &key, &data, &next) >= 0)
		advance(data, now);
}

void neighbour_announce(struct dataplane *d)
{
	announce_begin(d, neighbours.now);
}

/* RFC 4861 7.2.5; STALE and DELAY are not waited in, since media flows: it is asked at once. */
static void learn(struct nexthop *n, const struct hearsay *h, uint64_t now)
{
	uint64_t mac = n->mac;

	if (h->has_mac)
		memcpy(&mac, &h->mac, sizeof(h->mac));
	if (!mac)
		return;
	if (mac != n->mac && n->state != INCOMPLETE && !h->override) {
		if (n->state == REACHABLE)
			become_probe(n, now);
		return;
	}
	if (h->solicited)
		become_reachable(n, now);
	else if (mac != n->mac)
		become_probe(n, now);
	if (mac != n->mac)
		publish(n, mac);
}

static int parse_arp(struct hearsay *h, const uint8_t *packet, size_t length)
{
	struct arp a;
	int error = arp_parse(&a, packet, length);

	if (error)
		return error;
	*h = (struct hearsay){
		.address = a.sender,
		.mac = a.sender_mac,
		.has_mac = true,
		.solicited =
			a.operation == RTE_ARP_OP_REPLY && !address_equal(&a.sender, &a.target),
		.override = true,
	};
	return 0;
}

static int parse_ndp(struct hearsay *h, const uint8_t *packet, size_t length)
{
	struct ndp n;
	int error = ndp_parse(&n, packet, length);

	if (error || !n.advertisement)
		return error ? error : -ENOMSG;
	*h = (struct hearsay){
		.address = n.target,
		.mac = n.mac,
		.has_mac = n.has_mac,
		.solicited = n.solicited,
		.override = n.override,
	};
	return 0;
}

void neighbour_input(struct dataplane *d, const uint8_t *frame, size_t length, unsigned int from,
		     unsigned int l3)
{
	const struct network *network = &d->networks[from];
	uint64_t now = neighbours.now;
	struct nexthop *n;
	struct hearsay h;
	bool arp;

	if (l3 < sizeof(struct rte_ether_hdr) || l3 > length)
		return;
	arp = frame[l3 - 2] == RTE_ETHER_TYPE_ARP >> 8 &&
	      frame[l3 - 1] == (RTE_ETHER_TYPE_ARP & 0xff);
	if ((arp ? parse_arp : parse_ndp)(&h, frame + l3, length - l3))
		return;
	for (unsigned int k = 0; k < network->address_count; k++) {
		const struct local_address *local = &d->addresses[network->address[k]];

		if (address_equal(&local->address, &h.address))
			return announce_defend(
				d, local, h.has_mac ? &h.mac : &(struct rte_ether_addr){{0}}, now);
	}
	n = find(network, &h.address);
	if (n)
		learn(n, &h, now);
}
