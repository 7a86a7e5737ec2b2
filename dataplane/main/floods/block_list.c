/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/floods/block_list.h"

#include <stdlib.h>

#include "dataplane/blocks.h"
#include "dataplane/main/shared.h"

static struct block_range range_of(const struct shed_prefix *prefix)
{
	const unsigned __int128 ones = ~(unsigned __int128)0;
	unsigned __int128 behind = prefix->length < 128 ? ones >> prefix->length : 0;
	unsigned __int128 number = block_number(prefix->byte);

	return (struct block_range){number & ~behind, number | behind};
}

static int compare(const void *a, const void *b)
{
	const struct block_range *left = a, *right = b;

	return left->first < right->first ? -1 : left->first > right->first;
}

struct block_list *block_list_make(const struct shed_prefix *prefixes, uint32_t count)
{
	struct block_list *list = calloc(1, sizeof(*list) + count * sizeof(list->ranges[0]));
	struct block_range *ranges;

	if (!list)
		return NULL;
	list->users = 1;
	ranges = list->ranges;
	for (uint32_t k = 0; k < count; k++)
		ranges[k] = range_of(&prefixes[k]);
	qsort(ranges, count, sizeof(ranges[0]), compare);
	for (uint32_t k = 0; k < count; k++) {
		struct block_range *last = &ranges[list->count - 1];

		/* The number behind the last range's end is written so that it cannot overflow. */
		if (!list->count ||
		    (ranges[k].first > last->last && ranges[k].first - 1 > last->last))
			ranges[list->count++] = ranges[k];
		else if (ranges[k].last > last->last)
			last->last = ranges[k].last;
	}
	return list;
}

void block_list_release(struct block_list *list)
{
	if (shared_release(list))
		free(list);
}
