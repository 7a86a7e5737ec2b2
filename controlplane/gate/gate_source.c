/* SPDX-License-Identifier: BSD-3-Clause */
/* No address may have all connections. */
#include <stdlib.h>
#include <string.h>

#include "controlplane/gate/gate_state.h"

static bool has_address(const struct hashtable_node *node, const void *key)
{
	return address_equal(&((const struct gate_source *)node)->address, key);
}

/* Of IPv6 whoever has one address has all of its /64. */
static struct address source_of(const struct address *address)
{
	return address_is_ipv4(address) ? *address : prefix_of(address, 64).address;
}

bool gate_source_take(struct gate *g, struct gate_connection *c, const struct address *address)
{
	const struct address key = source_of(address);
	uint64_t hash = hashtable_hash(&g->sources, &key, sizeof(key));
	struct gate_source *s =
		(struct gate_source *)hashtable_find(&g->sources, hash, has_address, &key);

	if (s && s->count >= g->config.connections_per_address)
		return false;
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return false;
		s->address = key;
		hashtable_add(&g->sources, &s->node, hash);
	}
	s->count++;
	c->source = s;
	return true;
}

void gate_source_put(struct gate *g, struct gate_connection *c)
{
	if (!c->source || --c->source->count)
		return;
	hashtable_remove(&g->sources, &c->source->node);
	free(c->source);
}
