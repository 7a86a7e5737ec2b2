/* SPDX-License-Identifier: BSD-3-Clause */
/* ebpf/policy.h compiled for user space, with tables of its own; shed_state.h fills them. */
#ifndef TANDEM_TESTS_SHED_TABLES_H
#define TANDEM_TESTS_SHED_TABLES_H

#include <stdlib.h>

#include "ebpf/policy.h"
#include "tests/unit/shed_state.h"

/* The tables of the policy compiled here. */
static struct {
	struct shed_port *ports[MEDIA_COUNT];
	struct shed_rule rule;
	struct shed_sketch sketch;
	uint64_t eager[2];
} tables;

/* 0, or -1: no memory. */
static inline int tables_alloc(void)
{
	int i;

	for (i = 0; i < MEDIA_COUNT; i++) {
		tables.ports[i] = calloc(SHED_PORT_ENTRIES, sizeof(struct shed_port));
		if (!tables.ports[i])
			return -1;
	}
	return 0;
}

static inline void *policy_media(void *judge, const struct shed_address *addr)
{
	int i;

	for (i = 0; i < MEDIA_COUNT; i++)
		if (memcmp(addr, &media[i], sizeof(*addr)) == 0)
			return tables.ports[i];
	return NULL;
}

static inline struct shed_port *policy_port(void *ports, __u32 entry)
{
	return entry < SHED_PORT_ENTRIES ? (struct shed_port *)ports + entry : NULL;
}

static inline const struct shed_rule *policy_rule(void *judge)
{
	return &tables.rule;
}

static inline int policy_blocked(void *judge, const struct shed_address *addr)
{
	size_t i, k;

	for (i = 0; i < sizeof(blocked) / sizeof(*blocked); i++) {
		for (k = 0; k < blocked[i].length; k++)
			if ((addr->byte[k / 8] ^ blocked[i].byte[k / 8]) & 0x80 >> k % 8)
				break;
		if (k == blocked[i].length)
			return 1;
	}
	return 0;
}

static inline __u64 policy_now(void *judge)
{
	return state_now();
}

static inline __u64 *policy_source(void *judge, const struct shed_address *source)
{
	if (memcmp(source, &eager4, sizeof(*source)) == 0)
		return (__u64 *)&tables.eager[0];
	return memcmp(source, &eager6, sizeof(*source)) == 0 ? (__u64 *)&tables.eager[1] : NULL;
}

static inline void policy_remember(void *judge, const struct shed_address *source, __u64 due)
{
}

static inline struct shed_sketch *policy_sketch(void *judge)
{
	return &tables.sketch;
}

#endif
