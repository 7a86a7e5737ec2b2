/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/hashtable.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define SIZE_FIRST 256

int hashtable_open(struct hashtable *t)
{
	t->buckets = calloc(SIZE_FIRST, sizeof(t->buckets[0]));
	t->size = SIZE_FIRST;
	t->count = 0;
	if (!t->buckets)
		return -ENOMEM;
	if (getrandom(&t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
		t->seed = (uintptr_t)t;
	return 0;
}

void hashtable_close(struct hashtable *t)
{
	free(t->buckets);
	t->buckets = NULL;
}

/* FNV-1a from a secret start, with a finish that spreads it over the low bits. */
uint64_t hashtable_hash(const struct hashtable *t, const void *key, size_t size)
{
	const uint8_t *octet = key;
	uint64_t hash = 0xcbf29ce484222325ULL ^ t->seed;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ octet[i]) * 0x100000001b3ULL;
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdULL;
	return hash ^ hash >> 33;
}

struct hashtable_node *hashtable_find(const struct hashtable *t, uint64_t hash,
				      bool (*same)(const struct hashtable_node *node,
						   const void *key),
				      const void *key)
{
	struct hashtable_node *node = t->buckets[hash & (t->size - 1)];

	while (node && !(node->hash == hash && same(node, key)))
		node = node->next;
	return node;
}

/* Without memory for more buckets the table is slower, and right. */
static void grow(struct hashtable *t)
{
	size_t size = t->size * 2;
	struct hashtable_node **buckets = calloc(size, sizeof(buckets[0]));
	struct hashtable_node *node;

	if (!buckets)
		return;
	for (size_t i = 0; i < t->size; i++) {
		while ((node = t->buckets[i])) {
			t->buckets[i] = node->next;
			node->next = buckets[node->hash & (size - 1)];
			buckets[node->hash & (size - 1)] = node;
		}
	}
	free(t->buckets);
	t->buckets = buckets;
	t->size = size;
}

void hashtable_add(struct hashtable *t, struct hashtable_node *node, uint64_t hash)
{
	if (t->count >= t->size)
		grow(t);
	node->hash = hash;
	node->next = t->buckets[hash & (t->size - 1)];
	t->buckets[hash & (t->size - 1)] = node;
	t->count++;
}

void hashtable_remove(struct hashtable *t, struct hashtable_node *node)
{
	struct hashtable_node **link = &t->buckets[node->hash & (t->size - 1)];

	while (*link && *link != node)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = node->next;
	t->count--;
}
