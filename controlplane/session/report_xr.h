/* SPDX-License-Identifier: BSD-3-Clause */
/* What a participant says in RTCP XR (RFC 3611 4.7), in the units of the public API. Pure. */
#ifndef TANDEM_REPORT_XR_H
#define TANDEM_REPORT_XR_H

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/lib/arena.h"
#include "dataplane/api/dataplane.pb-c.h"

/* In the arena's memory; NULL if there is none. */
Tandem__Relay__V1__Xr *report_xr(struct arena *arena, const Tandem__Dataplane__V1__Xr *in);

#endif
