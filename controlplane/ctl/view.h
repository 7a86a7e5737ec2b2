/* SPDX-License-Identifier: BSD-3-Clause */
/* What tandemctl prints of the relay's replies, for people. */
#ifndef TANDEM_CTL_VIEW_H
#define TANDEM_CTL_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "controlplane/api/relay.pb-c.h"

void view_calls(FILE *out, Tandem__Relay__V1__CallSummary *const *calls, size_t count);

/* Its legs, what each received, the streams in it, and why there is no media if there is none. */
void view_call(FILE *out, const Tandem__Relay__V1__Call *call);

/* Of it, what participants say in RTCP XR; nothing, if none does. */
void view_xr(FILE *out, const Tandem__Relay__V1__Call *call);

/* A line. */
void view_watch(FILE *out, const Tandem__Relay__V1__WatchEvent *event);

void view_status(FILE *out, const Tandem__Relay__V1__StatusReply *status);
void view_workers(FILE *out, const Tandem__Relay__V1__StatusReply *status);
/* A line, whose beginning is there. */
void view_headroom(FILE *out, const Tandem__Relay__V1__StatusReply *status);
void view_ports(FILE *out, const Tandem__Relay__V1__StatusReply *status);

/* Reasons that never occurred are left out unless `all` is set. */
void view_drops(FILE *out, const Tandem__Relay__V1__StatusReply *status, bool all);

#endif
