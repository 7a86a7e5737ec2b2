/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the relay sends media to: how many egresses lead to each source. Main lcore only. */
#ifndef TANDEM_DESTINATIONS_H
#define TANDEM_DESTINATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/lib/address.h"
#include "ebpf/shed.h"

struct destinations;

/* For so many addresses. 0 or -ENOMEM. */
int destinations_create(struct destinations **out, uint32_t addresses);
void destinations_destroy(struct destinations *e);

/* One egress more, and one less, to an address. */
void destinations_add(struct destinations *e, const struct address *address);
void destinations_remove(struct destinations *e, const struct address *address);

/*
 * Whether any leads into the prefix, whose bits behind its length are 0. Of IPv6 it is known by /64
 * (ebpf/sketch.h): for a longer prefix it may be a neighbour's. That is the safe side, as who asks
 * wants to spare calls, and a block that is not made can be asked for again without sparing any.
 */
bool destinations_within(const struct destinations *e, const struct shed_prefix *prefix);

#endif
