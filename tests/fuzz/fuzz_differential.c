/* SPDX-License-Identifier: BSD-3-Clause */
/* Both engines, the same packets, as the input's octets decide: one verdict, the same octets. */
#include "tests/rig/differential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define STEPS_MAX 16

static struct differential *both;
static const uint8_t *at, *end;

/* Zero when the input is used up. */
static uint32_t chance(uint32_t below)
{
	uint32_t drawn = 0;

	for (uint32_t span = 1; span < below && at < end; span <<= 8)
		drawn = drawn << 8 | *at++;
	return drawn % below;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	both = differential_create(chance);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct worker *w = both->bench->worker;

	at = data;
	end = data + size;
	differential_open(both);
	for (unsigned int step = 0; step < STEPS_MAX && at < end; step++)
		if (!differential_step(both)) {
			fprintf(stderr, "%s\n", both->why);
			abort();
		}
	differential_close(both);
	if (!bench_is_idle(both->bench) || w->free_stream_count != CALLS * 2 * ENGINES * SSRCS)
		abort();
	return 0;
}
