/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of an allocation: workers find it by its client and by its relayed port from one store
 * on, and no longer from another one on. What closed serves again when every worker has answered an
 * order that came behind, and when no leg's egress leads to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <rte_cycles.h>

#include "dataplane/main/legs/egress_make.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/main/turn/turn_state.h"
#include "dataplane/main/workers.h"

#define PORT_LEAST 1024

static int fail(const char **what, const char *text, int error)
{
	*what = text;
	return error;
}

struct granted *turn_find_id(const struct turn_server *s, uint64_t id)
{
	void *found;

	return id && rte_hash_lookup_data(s->by_id, &id, &found) >= 0 ? found : NULL;
}

/* --- the table by client --- */

static unsigned int used(const struct turn_bucket *bucket)
{
	unsigned int count = 0;

	for (unsigned int k = 0; k < TURN_BUCKET; k++)
		count += bucket->entry[k] != 0;
	return count;
}

/* False: both of its buckets are full, which at half of the room hardly happens. */
static bool enter(struct turn *t, const struct allocation *a)
{
	uint64_t hash = turn_hash(t, a->listener, &a->client);
	struct turn_bucket *first = turn_bucket(t, hash, 0), *second = turn_bucket(t, hash, 1);
	struct turn_bucket *bucket = used(second) < used(first) ? second : first;

	for (unsigned int k = 0; k < TURN_BUCKET; k++) {
		if (bucket->entry[k])
			continue;
		__atomic_store_n(&bucket->entry[k], (uint64_t)turn_tag(hash) << 32 | (a->index + 1),
				 __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

static void leave(struct turn *t, const struct allocation *a)
{
	uint64_t hash = turn_hash(t, a->listener, &a->client);

	for (unsigned int which = 0; which < 2; which++) {
		struct turn_bucket *bucket = turn_bucket(t, hash, which);

		for (unsigned int k = 0; k < TURN_BUCKET; k++)
			if ((uint32_t)bucket->entry[k] == a->index + 1)
				__atomic_store_n(&bucket->entry[k], 0, __ATOMIC_RELEASE);
	}
}

/* --- opening --- */

/* What a request says, read. */
struct opening {
	int listener, address;
	struct endpoint client, relayed, origin;
};

static int find_listener(const struct turn *t, const struct endpoint *local)
{
	for (unsigned int k = 0; k < t->listener_count; k++)
		if (t->listeners[k].open && endpoint_equal(&t->listeners[k].local, local))
			return k;
	return -1;
}

static int read_opening(const struct turn_server *s, struct opening *o,
			const Tandem__Dataplane__V1__PutAllocation *put, const char **what)
{
	struct endpoint server;

	if (!put->allocation || put->key.len != TURN_KEY || !put->user.len ||
	    put->user.len > TURN_USER_MAX ||
	    put->transaction.len != sizeof(((struct granted *)0)->transaction))
		return fail(what, "allocation, key, user, transaction: out of range", -EINVAL);
	if (!put->server || leg_plan_endpoint(&server, put->server) || !put->client ||
	    leg_plan_endpoint(&o->client, put->client) || !put->relayed ||
	    leg_plan_endpoint(&o->relayed, put->relayed))
		return fail(what, "server, client, relayed: each needs an address and a port",
			    -EINVAL);
	o->origin = (struct endpoint){.port = 0};
	if (put->origin && leg_plan_endpoint(&o->origin, put->origin))
		return fail(what, "origin: needs an address and a port", -EINVAL);
	o->listener = find_listener(&s->turn, &server);
	if (o->listener < 0)
		return fail(what, "server: nobody listens there", -EADDRNOTAVAIL);
	if (turn_find(&s->turn, turn_hash(&s->turn, o->listener, &o->client), o->listener,
		      &o->client))
		return fail(what, "client: it has an allocation", -EEXIST);
	o->address = leg_plan_local(s->dataplane, put->relayed);
	if (o->address < 0)
		return fail(what, "relayed: none of the media addresses", -EADDRNOTAVAIL);
	if (endpoint_port(&o->relayed) < PORT_LEAST ||
	    flow_entry_load(s->dataplane, o->address, endpoint_port(&o->relayed)).kind !=
		    FLOW_CLOSED)
		return fail(what, "relayed: the port is taken", -EADDRINUSE);
	return 0;
}

static struct egress *egress_to(const struct turn_server *s, const struct opening *o)
{
	const struct turn_listener *l = &s->turn.listeners[o->listener];
	const struct network *network = s->dataplane->addresses[l->address].network;

	return egress_create(s->dataplane, l->address, endpoint_port(&l->local), &o->client,
			     network->dscp);
}

/* A slot of a closed allocation is as it was left, its counters aside. */
static void fill(struct turn_server *s, struct granted *g, const struct opening *o,
		 const Tandem__Dataplane__V1__PutAllocation *put, struct egress *egress)
{
	struct allocation *a = g->allocation;
	uint32_t index = a->index;
	struct allocation_more *more = a->more;

	*a = (struct allocation){.index = index,
				 .more = more,
				 .listener = o->listener,
				 .client = o->client,
				 .relayed = o->relayed,
				 .egress = egress};
	if (more)
		memset(more, 0, sizeof(*more));
	g->id = put->allocation;
	g->address = o->address;
	g->origin = o->origin;
	g->created = rte_rdtsc();
	memcpy(g->transaction, put->transaction.data, sizeof(g->transaction));
	stun_auth_set_key(&g->auth, put->key.data, put->key.len);
}

static void publish(struct turn_server *s, struct granted *g, uint32_t lifetime_s)
{
	struct allocation *a = g->allocation;
	struct flow_entry entry = {.allocation = a->index, .kind = FLOW_RELAYED};

	__atomic_store_n(&a->until, rte_rdtsc() + turn_ticks(s, lifetime_s), __ATOMIC_RELEASE);
	turn_shed_relayed(s, a, true);
	flow_entry_store(s->dataplane, g->address, endpoint_port(&a->relayed), entry);
}

int turn_open(struct turn_server *s, const Tandem__Dataplane__V1__PutAllocation *put,
	      const char **what)
{
	struct granted *g = TAILQ_FIRST(&s->free);
	struct egress *egress;
	uint8_t *user;
	struct opening o;
	int error = read_opening(s, &o, put, what);

	if (error)
		return error;
	if (!g)
		return fail(what, "no free allocation: raise [dataplane] allocations", -ENOSPC);
	egress = egress_to(s, &o);
	if (!egress)
		return fail(what, "client: neither on-link nor behind a gateway", -EHOSTUNREACH);
	user = malloc(put->user.len);
	if (!user) {
		error = fail(what, "no memory for the allocation", -ENOMEM);
		goto out_egress;
	}
	memcpy(user, put->user.data, put->user.len);
	g->user = user;
	g->user_length = put->user.len;
	fill(s, g, &o, put, egress);
	if (rte_hash_add_key_data(s->by_id, &g->id, g)) {
		error = fail(what, "no memory for the allocation", -ENOMEM);
		goto out_user;
	}
	if (!enter(&s->turn, g->allocation)) {
		error = fail(what, "no free allocation: raise [dataplane] allocations", -ENOSPC);
		goto out_id;
	}
	if (turn_shed_client(s, g->allocation)) {
		error = fail(what, "no room for the client in the XDP program", -ENOSPC);
		goto out_entry;
	}
	TAILQ_REMOVE(&s->free, g, link);
	g->state = GRANTED_OPEN;
	s->open++;
	publish(s, g, put->lifetime_s);
	return 0;

out_entry:
	leave(&s->turn, g->allocation);
out_id:
	rte_hash_del_key(s->by_id, &g->id);
out_user:
	OPENSSL_cleanse(&g->auth, sizeof(g->auth));
	free(user);
	g->user = NULL;
	g->allocation->egress = NULL;
out_egress:
	egress_release(egress);
	return error;
}

/* --- closing --- */

static void tell_over(const struct turn_server *s, const struct granted *g)
{
	Tandem__Dataplane__V1__Event event = TANDEM__DATAPLANE__V1__EVENT__INIT;

	event.kind = TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_ALLOCATION_OVER;
	event.allocation = g->id;
	s->config.event(s->config.arg, &event);
}

void turn_close(struct turn_server *s, struct granted *g, bool tell)
{
	struct allocation *a = g->allocation;

	__atomic_store_n(&a->until, 0, __ATOMIC_RELEASE);
	flow_entry_store(s->dataplane, g->address, endpoint_port(&a->relayed),
			 (struct flow_entry){.kind = FLOW_CLOSED});
	turn_shed_relayed(s, a, false);
	turn_unshed_client(s, a);
	leave(&s->turn, a);
	rte_hash_del_key(s->by_id, &g->id);
	OPENSSL_cleanse(&g->auth, sizeof(g->auth));
	g->state = GRANTED_CLOSING;
	s->open--;
	TAILQ_INSERT_TAIL(&s->closing, g, link);
	if (tell)
		tell_over(s, g);
}

static void make_free(struct turn_server *s, struct granted *g)
{
	turn_forget_peers(s, g->allocation);
	egress_release(g->allocation->egress);
	g->allocation->egress = NULL;
	free(g->user);
	g->user = NULL;
	g->state = GRANTED_FREE;
	TAILQ_INSERT_TAIL(&s->free, g, link);
}

/* Every worker has been past where it may have found those that closed before. */
static unsigned int post_passes(struct turn_server *s)
{
	struct dataplane *d = s->dataplane;

	if (s->passes || TAILQ_EMPTY(&s->closing) || !workers_have_room(d))
		return 0;
	TAILQ_CONCAT(&s->passing, &s->closing, link);
	for (unsigned int k = 0; k < d->worker_count; k++)
		s->passes += !worker_order(d->workers[k], (struct order){.kind = ORDER_PASS});
	return s->passes;
}

void turn_server_passed(struct turn_server *s)
{
	s->passes--;
}

unsigned int turn_reuse(struct turn_server *s)
{
	struct granted *g, *next;
	unsigned int freed = 0;

	if (!s->passes) {
		for (g = TAILQ_FIRST(&s->passing); g; g = next) {
			next = TAILQ_NEXT(g, link);
			if (g->allocation->users)
				continue;
			TAILQ_REMOVE(&s->passing, g, link);
			make_free(s, g);
			freed++;
		}
	}
	return freed + post_passes(s);
}
