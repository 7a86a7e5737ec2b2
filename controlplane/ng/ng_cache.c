/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/ng/ng_cache.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct wanted {
	const char *cookie;
	size_t length;
};

static bool same(const struct hashtable_node *node, const void *key)
{
	const struct ng_entry *e =
		(const struct ng_entry *)((const char *)node - offsetof(struct ng_entry, node));
	const struct wanted *w = key;

	return e->cookie_length == w->length && memcmp(e->cookie, w->cookie, w->length) == 0;
}

static size_t octets_of(const struct ng_entry *e)
{
	return sizeof(*e) + e->cookie_length + e->length;
}

/* One that is served is freed when its reply is there. */
static void forget(struct ng_cache *cache, struct ng_entry *e)
{
	hashtable_remove(&cache->table, &e->node);
	TAILQ_REMOVE(&cache->by_age, e, entry);
	cache->octets -= octets_of(e);
	e->forgotten = true;
	if (!e->reply)
		return;
	free(e->reply);
	free(e);
}

static void expire(struct ng_cache *cache, uint64_t now)
{
	struct ng_entry *e;

	while ((e = TAILQ_FIRST(&cache->by_age)) &&
	       (now - e->came >= NG_CACHE_MS || cache->octets > NG_CACHE_OCTETS))
		forget(cache, e);
}

int ng_cache_open(struct ng_cache *cache)
{
	memset(cache, 0, sizeof(*cache));
	TAILQ_INIT(&cache->by_age);
	return hashtable_open(&cache->table);
}

void ng_cache_close(struct ng_cache *cache)
{
	struct ng_entry *e;

	while ((e = TAILQ_FIRST(&cache->by_age)))
		forget(cache, e);
	hashtable_close(&cache->table);
}

struct ng_entry *ng_cache_find(struct ng_cache *cache, const char *message, size_t size,
			       size_t cookie, uint64_t now)
{
	const struct wanted wanted = {message, cookie};
	struct hashtable_node *node;

	expire(cache, now);
	node = hashtable_find(&cache->table, hashtable_hash(&cache->table, message, size), same,
			      &wanted);
	return node ? (struct ng_entry *)((char *)node - offsetof(struct ng_entry, node)) : NULL;
}

struct ng_entry *ng_cache_add(struct ng_cache *cache, const char *message, size_t size,
			      size_t cookie, uint64_t now)
{
	struct ng_entry *e = calloc(1, sizeof(*e) + cookie);

	if (!e)
		return NULL;
	memcpy(e->cookie, message, cookie);
	e->cookie_length = cookie;
	e->came = now;
	hashtable_add(&cache->table, &e->node, hashtable_hash(&cache->table, message, size));
	TAILQ_INSERT_TAIL(&cache->by_age, e, entry);
	cache->octets += octets_of(e);
	return e;
}

void ng_cache_answer(struct ng_cache *cache, struct ng_entry *e, char *reply, size_t length)
{
	if (!reply && !e->forgotten)
		forget(cache, e);
	if (e->forgotten) {
		free(reply);
		free(e);
		return;
	}
	e->reply = reply;
	e->length = length;
	cache->octets += length;
}
