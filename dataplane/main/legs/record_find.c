/* SPDX-License-Identifier: BSD-3-Clause */
/* Legs by id and by place. */
#include "dataplane/main/legs/record.h"

uint32_t registry_find(const struct registry *r, uint64_t id)
{
	void *place;

	if (rte_hash_lookup_data(r->by_id, &id, &place) < 0)
		return 0;
	return (uintptr_t)place;
}

uint32_t registry_next(const struct registry *r, uint32_t place)
{
	for (uint32_t index = place; index < r->dataplane->leg_count; index++)
		if (r->records[index].state == RECORD_OPEN)
			return index + 1;
	return 0;
}

uint64_t registry_id(const struct registry *r, uint32_t place)
{
	return r->records[place - 1].id;
}

struct record *record_find(const struct registry *r, uint64_t id)
{
	uint32_t place = id ? registry_find(r, id) : 0;

	return place ? &r->records[place - 1] : NULL;
}
