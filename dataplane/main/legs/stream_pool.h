/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of a worker's streams: taken once, by the main lcore. */
#ifndef TANDEM_STREAM_POOL_H
#define TANDEM_STREAM_POOL_H

#include "dataplane/worker.h"

/* Before and after the worker runs. 0 or -ENOMEM; `socket` is a NUMA node. */
int stream_pool_create(struct worker *w, uint32_t count, int socket);
void stream_pool_destroy(struct worker *w);

#endif
