/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/turn/turn_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>
#include <rte_cycles.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>

#include "dataplane/main/floods/rates.h"
#include "dataplane/main/legs/egress_make.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/main/turn/turn_state.h"

#define LIFETIME_LEAST  600
#define WATCHED_PARTS   512 /* of all allocations, one each turn */
/*
 * Requests that the control plane judges, of all clients, and as many words of gates: twice what
 * 5,000 new allocations a second need, and not what a flood of connections could ask for.
 */
#define JUDGED_A_SECOND 10000
#define LEFT_OPEN       2 /* entries of a bucket, on the average, when all allocations are open */

static int fail(const char **what, const char *text, int error)
{
	*what = text;
	return error;
}

/* --- the server ------------------------------------------------------------------------------ */

static uint32_t minute_now(void)
{
	return rte_rdtsc() / rte_get_tsc_hz() / 60;
}

static int create_tables(struct turn_server *s, uint32_t allocations, int node)
{
	struct turn *t = &s->turn;
	uint32_t buckets = rte_align32pow2(RTE_MAX(allocations / LEFT_OPEN, 1u));

	t->count = allocations;
	t->mask = buckets - 1;
	t->allocations = rte_zmalloc_socket("allocations", allocations * sizeof(t->allocations[0]),
					    RTE_CACHE_LINE_SIZE, node);
	t->buckets = rte_zmalloc_socket("clients", buckets * sizeof(t->buckets[0]),
					RTE_CACHE_LINE_SIZE, node);
	s->granted = calloc(allocations, sizeof(s->granted[0]));
	if (!t->allocations || !t->buckets || !s->granted)
		return -ENOMEM;
	for (uint32_t k = 0; k < allocations; k++) {
		t->allocations[k].index = k;
		s->granted[k].allocation = &t->allocations[k];
		TAILQ_INSERT_TAIL(&s->free, &s->granted[k], link);
	}
	return 0;
}

static int create(struct turn_server *s, uint32_t allocations, int node)
{
	const struct rte_hash_parameters parameters = {
		.name = "allocations",
		.entries = RTE_MAX(allocations + allocations / 4, 64u),
		.key_len = sizeof(uint64_t),
		.hash_func = rte_hash_crc,
		.socket_id = SOCKET_ID_ANY,
	};

	s->turn.realm = &s->turn.realms[0];
	s->more.size = sizeof(struct allocation_more);
	s->by_id = rte_hash_create(&parameters);
	if (!s->by_id || create_tables(s, allocations, node) ||
	    challenge_start(&s->turn.challenge, minute_now()) ||
	    RAND_bytes((uint8_t *)s->turn.key, sizeof(s->turn.key)) != 1)
		return -ENOMEM;
	return 0;
}

int turn_server_create(struct turn_server **out, const struct turn_server_config *config,
		       uint32_t allocations, int node)
{
	struct turn_server *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->config = *config;
	s->dataplane = config->dataplane;
	s->lifetime_max = LIFETIME_LEAST;
	s->judged = rates_of_media(JUDGED_A_SECOND, 0);
	TAILQ_INIT(&s->free);
	TAILQ_INIT(&s->closing);
	TAILQ_INIT(&s->passing);
	if (create(s, allocations, node)) {
		turn_server_destroy(s);
		return -ENOMEM;
	}
	s->dataplane->turn = &s->turn;
	*out = s;
	return 0;
}

/* The workers have stopped: none of them has to pass. */
void turn_server_destroy(struct turn_server *s)
{
	if (!s)
		return;
	for (uint32_t k = 0; s->granted && s->open && k < s->turn.count; k++)
		if (s->granted[k].state == GRANTED_OPEN)
			turn_close(s, &s->granted[k], false);
	deferred_clear(&s->deferred);
	TAILQ_CONCAT(&s->passing, &s->closing, link);
	s->passes = 0;
	turn_reuse(s);
	s->dataplane->turn = NULL;
	slab_release(&s->more);
	rte_hash_free(s->by_id);
	free(s->granted);
	rte_free(s->turn.buckets);
	rte_free(s->turn.allocations);
	free(s);
}

const uint64_t *turn_server_excess(const struct turn_server *s)
{
	return &s->excess;
}

/* By time, or because its client, who comes by the gate, is blocked. */
static bool is_over(struct turn_server *s, const struct granted *g, uint64_t now)
{
	const struct allocation *a = g->allocation;

	if (!allocation_is_open(a, now))
		return true;
	if (!turn_is_blocked(s, &g->origin))
		return false;
	turn_hang_up(s, a->listener, &a->client);
	return true;
}

unsigned int turn_server_poll(struct turn_server *s)
{
	uint64_t now = rte_rdtsc();
	uint32_t part = s->turn.count / WATCHED_PARTS + 1;
	unsigned int handled = 0;

	challenge_tick(&s->turn.challenge, minute_now());
	turn_shed_challenge(s);
	deferred_poll(&s->deferred, s->dataplane);
	for (uint32_t k = 0; k < part && s->open; k++) {
		struct granted *g = &s->granted[s->watched];

		s->watched = (s->watched + 1) % s->turn.count;
		if (g->state != GRANTED_OPEN || !is_over(s, g, now))
			continue;
		turn_close(s, g, true);
		handled++;
	}
	return handled + turn_reuse(s);
}

/* --- what it is to be ------------------------------------------------------------------------ */

static int read_prefixes(struct prefix *to, unsigned int *count,
			 Tandem__Dataplane__V1__TurnPrefix *const *from, size_t n,
			 const char **what)
{
	if (n > TURN_PREFIXES)
		return fail(what, "deny, allow: more than 64 prefixes", -EINVAL);
	for (size_t k = 0; k < n; k++) {
		struct address address;

		if (address_from_octets(&address, from[k]->address.data, from[k]->address.len) ||
		    from[k]->length > 8 * from[k]->address.len)
			return fail(what, "deny, allow: no prefix", -EINVAL);
		to[k] = prefix_of(&address,
				  from[k]->length +
					  (from[k]->address.len == 4 ? ADDRESS_IPV4_BITS : 0));
	}
	*count = n;
	return 0;
}

static bool is_among(Tandem__Dataplane__V1__Endpoint *const *list, size_t count,
		     const struct endpoint *local)
{
	struct endpoint wanted;

	for (size_t k = 0; k < count; k++)
		if (!leg_plan_endpoint(&wanted, list[k]) && endpoint_equal(&wanted, local))
			return true;
	return false;
}

static int find_or_add(struct turn_server *s, const struct endpoint *local, unsigned int address)
{
	struct turn *t = &s->turn;
	unsigned int k = 0;

	while (k < t->listener_count && !endpoint_equal(&t->listeners[k].local, local))
		k++;
	if (k == TURN_LISTENERS)
		return -ENOSPC;
	t->listeners[k].local = *local;
	t->listeners[k].address = address;
	if (k == t->listener_count)
		__atomic_store_n(&t->listener_count, k + 1, __ATOMIC_RELEASE);
	return k;
}

static int check_listen(const struct turn_server *s, const Tandem__Dataplane__V1__PutTurn *put,
			const char **what)
{
	for (size_t k = 0; k < put->n_listen; k++) {
		int address = leg_plan_local(s->dataplane, put->listen[k]);
		struct flow_entry entry;

		if (address < 0 || !put->listen[k]->port || put->listen[k]->port > UINT16_MAX)
			return fail(what, "listen: none of the media addresses", -EADDRNOTAVAIL);
		entry = flow_entry_load(s->dataplane, address, put->listen[k]->port);
		if (entry.kind != FLOW_CLOSED && entry.kind != FLOW_TURN)
			return fail(what, "listen: a leg, or an allocation, has this port",
				    -EADDRINUSE);
	}
	return 0;
}

static void set_open(struct turn_server *s, unsigned int k, bool open, uint32_t pps)
{
	struct turn_listener *l = &s->turn.listeners[k];
	struct flow_entry entry = {.listener = k, .kind = open ? FLOW_TURN : FLOW_CLOSED};

	l->open = open;
	turn_shed_listener(s, k, pps);
	flow_entry_store(s->dataplane, l->address, endpoint_port(&l->local), entry);
}

/* Those that are no longer listed serve nobody; clients of theirs find another way. */
static int listen_at(struct turn_server *s, const Tandem__Dataplane__V1__PutTurn *put,
		     const char **what)
{
	for (unsigned int k = 0; k < s->turn.listener_count; k++)
		if (s->turn.listeners[k].open &&
		    !is_among(put->listen, put->n_listen, &s->turn.listeners[k].local))
			set_open(s, k, false, 0);
	for (size_t k = 0; k < put->n_listen; k++) {
		struct endpoint local;
		int place;

		leg_plan_endpoint(&local, put->listen[k]);
		place = find_or_add(s, &local, leg_plan_local(s->dataplane, put->listen[k]));
		if (place < 0)
			return fail(what, "listen: more than 16 ports since the start", place);
		s->turn.listeners[place].gate = is_among(put->gates, put->n_gates, &local);
		set_open(s, place, true, put->client_pps);
	}
	return 0;
}

static void set_realm(struct turn *t, const char *text)
{
	size_t length = strlen(text);
	struct turn_realm *next = &t->realms[t->realm == &t->realms[0]];

	if (t->realm->length == length && memcmp(t->realm->text, text, length) == 0)
		return;
	next->length = length;
	memcpy(next->text, text, length);
	__atomic_store_n(&t->realm, next, __ATOMIC_RELEASE);
}

int turn_server_put(struct turn_server *s, const Tandem__Dataplane__V1__PutTurn *put,
		    const char **what)
{
	struct prefix deny[TURN_PREFIXES], allow[TURN_PREFIXES];
	unsigned int deny_count = 0, allow_count = 0;
	size_t realm = strlen(put->realm);
	int error;

	if (!s)
		return put->n_listen ? fail(what, "[dataplane] allocations is 0", -ENOSPC) : 0;
	if (put->n_listen && (!realm || realm > TURN_REALM_MAX))
		return fail(what, "realm: 1 to 63 octets", -EINVAL);
	error = read_prefixes(deny, &deny_count, put->deny, put->n_deny, what);
	if (!error)
		error = read_prefixes(allow, &allow_count, put->allow, put->n_allow, what);
	if (!error)
		error = check_listen(s, put, what);
	if (error)
		return error;
	memcpy(s->deny, deny, sizeof(deny));
	memcpy(s->allow, allow, sizeof(allow));
	s->deny_count = deny_count;
	s->allow_count = allow_count;
	s->any = put->any;
	s->lifetime_max = RTE_MAX(put->lifetime_max_s, (uint32_t)LIFETIME_LEAST);
	if (s->dataplane->shed_rule) {
		s->dataplane->shed_rule->turn = rates_of_requests(put->stranger_pps);
		s->dataplane->shed_rule->hairpin |= put->n_listen != 0;
	}
	turn_shed_challenge(s);
	set_realm(&s->turn, put->realm);
	return listen_at(s, put, what);
}

/* --- allocations ----------------------------------------------------------------------------- */

int turn_server_put_allocation(struct turn_server *s,
			       const Tandem__Dataplane__V1__PutAllocation *put, const char **what)
{
	int error;

	if (!s)
		return fail(what, "[dataplane] allocations is 0", -ENOSPC);
	if (turn_find_id(s, put->allocation))
		return 0;
	error = turn_open(s, put, what);
	if (!error)
		turn_answer_allocate(s, turn_find_id(s, put->allocation), rte_rdtsc());
	return error;
}

int turn_server_delete_allocation(struct turn_server *s, uint64_t id, const char **what)
{
	struct granted *g = s ? turn_find_id(s, id) : NULL;

	if (!g)
		return fail(what, "allocation: no such allocation", -ENOENT);
	turn_close(s, g, false);
	return 0;
}

/* To a client that has no allocation: nothing is kept of it. */
int turn_server_answer(struct turn_server *s, const Tandem__Dataplane__V1__AnswerTurn *answer,
		       const char **what)
{
	struct endpoint client;
	struct egress *egress;
	int address = s && answer->server ? leg_plan_local(s->dataplane, answer->server) : -1;

	if (address < 0 || !answer->client || leg_plan_endpoint(&client, answer->client) ||
	    !answer->datagram.len)
		return fail(what, "server, client, datagram: out of range", -EINVAL);
	egress = egress_create(s->dataplane, address, answer->server->port, &client,
			       s->dataplane->addresses[address].network->dscp);
	if (!egress)
		return fail(what, "client: neither on-link nor behind a gateway", -EHOSTUNREACH);
	turn_send(s, egress, answer->datagram.data, answer->datagram.len);
	egress_release(egress);
	return 0;
}

/* --- what there is --------------------------------------------------------------------------- */

static Tandem__Dataplane__V1__Endpoint *show_endpoint(const struct endpoint *from)
{
	Tandem__Dataplane__V1__Endpoint *to = malloc(sizeof(*to));
	size_t octets = address_octet_count(&from->address);

	if (!to)
		return NULL;
	tandem__dataplane__v1__endpoint__init(to);
	to->port = endpoint_port(from);
	to->address.data = malloc(octets);
	if (!to->address.data) {
		free(to);
		return NULL;
	}
	memcpy(to->address.data, address_octets(&from->address), octets);
	to->address.len = octets;
	return to;
}

static void count_grants(Tandem__Dataplane__V1__Allocation *to, struct allocation *a, uint64_t now)
{
	for (unsigned int k = 0; k < allocation_room(a); k++) {
		to->permissions += allocation_permission(a, k)->until > now;
		to->channels += allocation_channel(a, k)->until > now;
	}
}

static Tandem__Dataplane__V1__Allocation *show(const struct turn_server *s, const struct granted *g)
{
	Tandem__Dataplane__V1__Allocation *to = malloc(sizeof(*to));
	struct allocation *a = g->allocation;
	uint64_t now = rte_rdtsc();

	if (!to)
		return NULL;
	tandem__dataplane__v1__allocation__init(to);
	to->allocation = g->id;
	to->server = show_endpoint(&s->turn.listeners[a->listener].local);
	to->client = show_endpoint(&a->client);
	to->relayed = show_endpoint(&a->relayed);
	to->origin = endpoint_is_zero(&g->origin) ? NULL : show_endpoint(&g->origin);
	to->user.data = malloc(g->user_length);
	if (!to->server || !to->client || !to->relayed || !to->user.data ||
	    !to->origin != endpoint_is_zero(&g->origin)) {
		tandem__dataplane__v1__allocation__free_unpacked(to, NULL);
		return NULL;
	}
	memcpy(to->user.data, g->user, g->user_length);
	to->user.len = g->user_length;
	to->left_s = a->until > now ? (a->until - now) / turn_ticks(s, 1) : 0;
	to->age_ms = (now - g->created) / (turn_ticks(s, 1) / 1000);
	to->to_peers_packets = a->to_peers.packets;
	to->to_peers_bytes = a->to_peers.bytes;
	to->to_client_packets = a->to_client.packets;
	to->to_client_bytes = a->to_client.bytes;
	to->drops = a->to_peers.drops + a->to_client.drops;
	count_grants(to, a, now);
	return to;
}

int turn_server_get(const struct turn_server *s, const Tandem__Dataplane__V1__GetAllocations *get,
		    size_t room, Tandem__Dataplane__V1__Reply *reply, const char **what)
{
	size_t size = 0;

	for (uint64_t k = get->after; s && k < s->turn.count; k++) {
		Tandem__Dataplane__V1__Allocation *one, **grown;

		if (s->granted[k].state != GRANTED_OPEN)
			continue;
		if (get->most && reply->n_allocations == get->most) {
			reply->next = k;
			return 0;
		}
		one = show(s, &s->granted[k]);
		if (!one)
			return fail(what, "no memory for the allocations", -ENOMEM);
		size += tandem__dataplane__v1__allocation__get_packed_size(one) + 8;
		if (size > room && reply->n_allocations) {
			tandem__dataplane__v1__allocation__free_unpacked(one, NULL);
			reply->next = k;
			return 0;
		}
		grown = realloc(reply->allocations,
				(reply->n_allocations + 1) * sizeof(reply->allocations[0]));
		if (!grown) {
			tandem__dataplane__v1__allocation__free_unpacked(one, NULL);
			return fail(what, "no memory for the allocations", -ENOMEM);
		}
		reply->allocations = grown;
		reply->allocations[reply->n_allocations++] = one;
	}
	return 0;
}
