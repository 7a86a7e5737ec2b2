/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any frame, judged by ebpf/policy.h with the tables of the verdict_fixtures: a verdict that
 * exists, no octet read behind the frame, and of what only costs a look nothing left behind.
 */
#include <stdlib.h>

#include "tests/rig/tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void start(void)
{
	tables_alloc();
	tables_put(tables.ports, &tables.rule);
}

static uint64_t used(const struct shed_port *ports)
{
	uint64_t sum = 0;

	for (uint32_t e = PORT_OPEN; e <= PORT_LAST; e++)
		for (int kind = 0; kind < SHED_KINDS; kind++)
			sum += ports[e].due[kind];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum shed_reason reason;
	uint64_t before;
	bool ours;

	if (!tables.ports[0])
		start();
	before = used(tables.ports[MEDIA_IPV4]) + used(tables.ports[MEDIA_IPV6]);
	reason = tables_judge(data, size, &ours);
	if (reason >= SHED_REASON_COUNT || reason == SHED_NO_SOCKET)
		abort();
	if (reason == SHED_TO_KERNEL && ours)
		abort();
	/* Only what passes takes of a rate, but who is refused by the port's after its own. */
	if (reason != SHED_TO_DATAPLANE &&
	    used(tables.ports[MEDIA_IPV4]) + used(tables.ports[MEDIA_IPV6]) != before)
		abort();
	return 0;
}
