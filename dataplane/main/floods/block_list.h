/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes what dataplane/blocks.h looks up in. Main lcore only. */
#ifndef TANDEM_BLOCK_LIST_H
#define TANDEM_BLOCK_LIST_H

#include <stdint.h>

struct block_list;
struct shed_prefix;

/*
 * Of `count` prefixes in any order, which may contain each other; bits behind a prefix's length are
 * ignored. It has one user, the caller. NULL if there is no memory.
 */
struct block_list *block_list_make(const struct shed_prefix *prefixes, uint32_t count);

/* One user less; the last one frees it. NULL is accepted. */
void block_list_release(struct block_list *list);

#endif
