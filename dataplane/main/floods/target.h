/* SPDX-License-Identifier: BSD-3-Clause */
/* What a sampled frame was meant for. */
#ifndef TANDEM_TARGET_H
#define TANDEM_TARGET_H

#include <stdint.h>

#include "dataplane/lib/address.h"
#include "ebpf/shed.h"

struct dataplane;

struct target {
	struct endpoint local; /* a media address; port 0: not UDP, or its header is not there */
	unsigned int address;  /* its index */
};

/* 0, or -ENOENT: no media address. */
int target_find(struct target *target, const struct dataplane *d, const struct shed_sample *sample);

#endif
