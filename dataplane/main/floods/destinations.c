/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/floods/destinations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_hash.h>
#include <rte_jhash.h>

#include "ebpf/sketch.h"

struct destinations {
	struct rte_hash *counts; /* by sketch_source() */
	uint64_t unknown;        /* egresses to addresses that found no room */
};

int destinations_create(struct destinations **out, uint32_t addresses)
{
	const struct rte_hash_parameters parameters = {
		.name = "destinations",
		.entries = RTE_MAX(addresses, 64u),
		.key_len = sizeof(struct shed_address),
		.hash_func = rte_jhash,
		.socket_id = SOCKET_ID_ANY,
	};
	struct destinations *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->counts = rte_hash_create(&parameters);
	if (!e->counts) {
		free(e);
		return -ENOMEM;
	}
	*out = e;
	return 0;
}

void destinations_destroy(struct destinations *e)
{
	if (!e)
		return;
	rte_hash_free(e->counts);
	free(e);
}

static struct shed_address source_of(const struct address *address)
{
	return sketch_source(&(struct shed_address){.half = {address->half[0], address->half[1]}});
}

static uintptr_t count_of(const struct destinations *e, const struct shed_address *source)
{
	void *count;

	return rte_hash_lookup_data(e->counts, source, &count) < 0 ? 0 : (uintptr_t)count;
}

static int set_count(struct destinations *e, const struct shed_address *source, uintptr_t count)
{
	return rte_hash_add_key_data(e->counts, source, (void *)count);
}

void destinations_add(struct destinations *e, const struct address *address)
{
	const struct shed_address source = source_of(address);

	if (set_count(e, &source, count_of(e, &source) + 1))
		e->unknown++;
}

void destinations_remove(struct destinations *e, const struct address *address)
{
	const struct shed_address source = source_of(address);
	uintptr_t count = count_of(e, &source);

	if (!count)
		e->unknown--;
	else if (count == 1)
		rte_hash_del_key(e->counts, &source);
	else
		set_count(e, &source, count - 1);
}

/*
 * What is blocked by itself, an IPv4 address or the /64 of an IPv6 address, is one look-up; shorter
 * prefixes, which operators name, are compared with all.
 */
bool destinations_within(const struct destinations *e, const struct shed_prefix *prefix)
{
	struct shed_address source;
	const void *key;
	uint32_t next = 0;
	void *count;

	if (e->unknown)
		return true;
	memcpy(source.byte, prefix->byte, sizeof(source.byte));
	if (prefix->length == 128 || (prefix->length >= 64 && source.half[0])) {
		source = sketch_source(&source);
		return rte_hash_lookup(e->counts, &source) >= 0;
	}
	while (rte_hash_iterate(e->counts, &key, &count, &next) >= 0)
		if (address_same_bits(key, prefix->byte, prefix->length))
			return true;
	return false;
}
