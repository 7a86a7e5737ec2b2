/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/turn/turn_lease.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct holder {
	struct hashtable_node node;
	unsigned int count;
	char user[];
};

struct lease {
	struct hashtable_node node;
	uint64_t id;
	struct holder *holder;
};

static bool has_id(const struct hashtable_node *node, const void *key)
{
	return ((const struct lease *)node)->id == *(const uint64_t *)key;
}

static bool has_user(const struct hashtable_node *node, const void *key)
{
	return strcmp(((const struct holder *)node)->user, key) == 0;
}

static struct lease *find_lease(const struct turn_leases *l, uint64_t id)
{
	return (struct lease *)hashtable_find(&l->by_id, hashtable_hash(&l->by_id, &id, sizeof(id)),
					      has_id, &id);
}

static struct holder *find_holder(const struct turn_leases *l, const char *user)
{
	return (struct holder *)hashtable_find(
		&l->users, hashtable_hash(&l->users, user, strlen(user)), has_user, user);
}

static struct holder *get_holder(struct turn_leases *l, const char *user)
{
	struct holder *h = find_holder(l, user);
	size_t size = strlen(user) + 1;

	if (h)
		return h;
	h = calloc(1, sizeof(*h) + size);
	if (!h)
		return NULL;
	memcpy(h->user, user, size);
	hashtable_add(&l->users, &h->node, hashtable_hash(&l->users, user, size - 1));
	return h;
}

static void put_holder(struct turn_leases *l, struct holder *h)
{
	if (h->count)
		return;
	hashtable_remove(&l->users, &h->node);
	free(h);
}

int turn_leases_open(struct turn_leases *l)
{
	if (hashtable_open(&l->by_id))
		return -ENOMEM;
	if (!hashtable_open(&l->users))
		return 0;
	hashtable_close(&l->by_id);
	return -ENOMEM;
}

void turn_leases_forget(struct turn_leases *l)
{
	for (size_t k = 0; k < l->by_id.size; k++)
		while (l->by_id.buckets[k])
			turn_lease_remove(l, ((struct lease *)l->by_id.buckets[k])->id);
}

void turn_leases_close(struct turn_leases *l)
{
	turn_leases_forget(l);
	hashtable_close(&l->by_id);
	hashtable_close(&l->users);
}

int turn_lease_add(struct turn_leases *l, uint64_t id, const char *user)
{
	struct holder *h;
	struct lease *lease;

	if (find_lease(l, id))
		return 0;
	h = get_holder(l, user);
	if (!h)
		return -ENOMEM;
	lease = calloc(1, sizeof(*lease));
	if (!lease) {
		put_holder(l, h);
		return -ENOMEM;
	}
	lease->id = id;
	lease->holder = h;
	h->count++;
	hashtable_add(&l->by_id, &lease->node, hashtable_hash(&l->by_id, &id, sizeof(id)));
	return 0;
}

void turn_lease_remove(struct turn_leases *l, uint64_t id)
{
	struct lease *lease = find_lease(l, id);

	if (!lease)
		return;
	lease->holder->count--;
	put_holder(l, lease->holder);
	hashtable_remove(&l->by_id, &lease->node);
	free(lease);
}

bool turn_lease_has(const struct turn_leases *l, uint64_t id)
{
	return find_lease(l, id) != NULL;
}

unsigned int turn_lease_count(const struct turn_leases *l, const char *user)
{
	const struct holder *h = find_holder(l, user);

	return h ? h->count : 0;
}
