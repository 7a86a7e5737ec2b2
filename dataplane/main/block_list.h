/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes what dataplane/blocks.h looks up in. Main lcore only. */
#ifndef TANDEM_BLOCK_LIST_H
#define TANDEM_BLOCK_LIST_H

struct block_list;

/* One user less; the last one frees it. NULL is accepted. */
void block_list_release(struct block_list *list);

#endif
