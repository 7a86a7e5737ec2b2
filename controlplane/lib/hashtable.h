/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hash table of things that hold their own node. It owns nothing. One thread.
 * What it is keyed by is the caller's, which gives the hash and judges equality.
 */
#ifndef TANDEM_HASHTABLE_H
#define TANDEM_HASHTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hashtable_node {
	struct hashtable_node *next;
	uint64_t hash;
};

struct hashtable {
	struct hashtable_node **buckets;
	size_t size; /* buckets, a power of two */
	size_t count;
	uint64_t seed; /* so that nobody outside can choose keys that collide */
};

int hashtable_open(struct hashtable *table); /* 0, -ENOMEM */
void hashtable_close(struct hashtable *table);

uint64_t hashtable_hash(const struct hashtable *table, const void *key, size_t size);
/* The first node with this hash for which `same` is true; NULL if there is none. */
struct hashtable_node *hashtable_find(const struct hashtable *table, uint64_t hash,
				      bool (*same)(const struct hashtable_node *node,
						   const void *key),
				      const void *key);
void hashtable_add(struct hashtable *table, struct hashtable_node *node, uint64_t hash);
void hashtable_remove(struct hashtable *table, struct hashtable_node *node);

#endif
