/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the control plane keeps here of its calls, so that it may restart: one blob for each, which
 * nobody here looks into. Main lcore only.
 */
#ifndef TANDEM_KEEP_H
#define TANDEM_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/dataplane.pb-c.h"

struct keep;

/* Room for about `most` calls. 0, -ENOMEM. */
int keep_create(struct keep **out, uint32_t most);
void keep_destroy(struct keep *keep); /* NULL is accepted */

/* Each 0 or -errno, and `what`, as registry.h has it. */
int keep_put(struct keep *keep, const Tandem__Dataplane__V1__PutCall *put, const char **what);
int keep_delete(struct keep *keep, uint64_t call, const char **what);
/* Into the reply, of which `most` octets are to be used; its `next` says where to go on. */
int keep_get(const struct keep *keep, uint64_t after, size_t most,
	     Tandem__Dataplane__V1__Reply *reply, const char **what);

#endif
