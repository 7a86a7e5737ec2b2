/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/keys/spent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#define KEYS_OF_A_LEG 4 /* a table is half full with that many for each */
#define LEAST         64u

int spent_create(struct spent *spent, uint32_t legs)
{
	spent->size = 2 * rte_align32pow2((legs > LEAST ? legs : LEAST) * KEYS_OF_A_LEG);
	spent->count = 0;
	spent->young = calloc(spent->size, sizeof(spent->young[0]));
	spent->old = calloc(spent->size, sizeof(spent->old[0]));
	return spent->young && spent->old ? 0 : -ENOMEM;
}

void spent_destroy(struct spent *spent)
{
	free(spent->young);
	free(spent->old);
}

static uint64_t mark_of(const uint8_t digest[32])
{
	uint64_t mark;

	memcpy(&mark, digest, sizeof(mark));
	return mark ? mark : 1;
}

/* The place where it is, or would be. */
static uint64_t *find(uint64_t *table, uint32_t size, uint64_t mark)
{
	uint32_t at = mark >> 32;

	while (table[at & (size - 1)] && table[at & (size - 1)] != mark)
		at++;
	return &table[at & (size - 1)];
}

bool spent_has(const struct spent *spent, const uint8_t digest[32])
{
	uint64_t mark = mark_of(digest);

	return *find(spent->young, spent->size, mark) || *find(spent->old, spent->size, mark);
}

bool spent_add(struct spent *spent, const uint8_t digest[32])
{
	uint64_t mark = mark_of(digest), *place = find(spent->young, spent->size, mark);
	uint64_t *emptied = spent->old;

	if (*place)
		return false;
	*place = mark;
	if (++spent->count < spent->size / 2)
		return false;
	spent->old = spent->young;
	spent->young = emptied;
	memset(spent->young, 0, spent->size * sizeof(spent->young[0]));
	spent->count = 0;
	return true;
}
