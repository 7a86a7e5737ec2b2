/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/legs/tap.h"

#include <stdlib.h>

#include <rte_malloc.h>

#include "dataplane/main/shared.h"

struct tap *tap_create(struct capture *capture, uint64_t leg)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	if (!tap)
		return NULL;
	tap->capture = shared_hold(capture);
	tap->leg = leg;
	tap->users = 1;
	return tap;
}

void tap_release(struct tap *tap)
{
	if (!shared_release(tap))
		return;
	capture_release(tap->capture);
	free(tap);
}

void capture_release(struct capture *capture)
{
	if (shared_release(capture))
		rte_free(capture);
}
