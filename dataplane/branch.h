/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A branch: a further path of a leg. Its flow has the index state of what leaves by it and its
 * counters; it receives nothing. It lasts through the leg's configurations for as long as the path
 * does. Made and freed by the main lcore; the worker that owns the leg writes it.
 */
#ifndef TANDEM_BRANCH_H
#define TANDEM_BRANCH_H

#include "dataplane/flow.h"

#define BRANCHES_MAX 63 /* of one leg */

struct branch {
	struct flow flow;
	struct stream_windows windows; /* of flow.first */
	uint64_t lost;  // worker: rw, main: ro. Packets without a buffer for a copy, or a stream.
	uint32_t users; // main: rw. Configurations and others that name it.
};

#endif
