/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hash table of things that hold their own node. It owns nothing. One thread.
 * What it is keyed by is the caller's, which gives the hash and judges equality.
 */
#ifndef TANDEM_TABLE_H
#define TANDEM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_node {
	struct table_node *next;
	uint64_t hash;
};

struct table {
	struct table_node **buckets;
	size_t size; /* buckets, a power of two */
	size_t count;
	uint64_t seed; /* so that nobody outside can choose keys that collide */
};

int table_open(struct table *table); /* 0, -ENOMEM */
void table_close(struct table *table);

uint64_t table_hash(const struct table *table, const void *key, size_t size);
/* The first node with this hash for which `same` is true; NULL: none. */
struct table_node *table_find(const struct table *table, uint64_t hash,
			      bool (*same)(const struct table_node *node, const void *key),
			      const void *key);
void table_add(struct table *table, struct table_node *node, uint64_t hash);
void table_remove(struct table *table, struct table_node *node);

#endif
