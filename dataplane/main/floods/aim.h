/* SPDX-License-Identifier: BSD-3-Clause */
/* What a sampled frame was meant for. */
#ifndef TANDEM_AIM_H
#define TANDEM_AIM_H

#include <stdint.h>

#include "dataplane/lib/address.h"
#include "ebpf/shed.h"

struct dataplane;

struct aim {
	struct endpoint local; /* a media address; port 0: not UDP, or its header is not there */
	unsigned int address;  /* its index */
};

/* 0, or -ENOENT: no media address. */
int aim_find(struct aim *aim, const struct dataplane *d, const struct shed_sample *sample);

#endif
