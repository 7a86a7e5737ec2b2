/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames from the link to what speaks for the media addresses: the host in the worker, and the
 * table of next hops, which here knows the neighbours of the seeds.
 */
#include "dataplane/main/links/neighbour.h"
#include "dataplane/main/links/port.h"
#include "tests/rig/bench.h"

#define FRAME_MAX 1600
#define VLAN      42

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bench *bench;

int port_send_frame(struct dataplane *d, uint16_t port, const void *frame, size_t length)
{
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct address known[] = {bench_address("198.51.100.7"),
					bench_address("2001:db8::7")};

	if (bench_environment(NULL))
		abort();
	bench = bench_create();
	if (neighbour_start(&bench->dataplane))
		abort();
	for (unsigned int k = 0; k < RTE_DIM(known); k++)
		if (!neighbour_get(bench->network, &known[k]))
			abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notice n;
	struct burst b;

	if (size > FRAME_MAX)
		return -1;
	for (unsigned int tagged = 0; tagged < 2; tagged++) {
		bench->network->vlan = tagged * VLAN;
		bench_receive(bench, &b, data, size);
		host_stage(bench->worker, &b);
		bench_release(&b);
		if (bench_take_notice(bench, &n))
			rte_pktmbuf_free(n.object);
		/* The main lcore checks for itself what it is given. */
		neighbour_input(&bench->dataplane, data, size, 0, tagged ? 18 : 14);
	}
	neighbour_tick(&bench->dataplane, rte_rdtsc());
	if (!bench_is_idle(bench))
		abort();
	return 0;
}
