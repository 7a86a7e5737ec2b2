/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/block_list.h"

#include <stdlib.h>

#include "dataplane/blocks.h"

void block_list_release(struct block_list *list)
{
	if (list && !--list->users)
		free(list);
}
