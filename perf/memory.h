/* SPDX-License-Identifier: BSD-3-Clause */
/* What this process has allocated, in DPDK's heap and in the ordinary one. Main lcore. */
#ifndef TANDEM_PERF_MEMORY_H
#define TANDEM_PERF_MEMORY_H

#include <stdint.h>

struct memory {
	uint64_t heap;   /* octets of DPDK's heap, what it needs itself included */
	uint64_t blocks; /* allocations there */
	uint64_t malloc; /* octets of the ordinary heap */
};

struct memory memory_used(void);
/* Octets allocated since then, in both. */
uint64_t memory_since(const struct memory *then);

#endif
