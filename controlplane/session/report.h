/* SPDX-License-Identifier: BSD-3-Clause */
/* A call as relay.proto shows it, with the reason why a leg carries no media. */
#ifndef TANDEM_REPORT_H
#define TANDEM_REPORT_H

#include "controlplane/session/call.h"

struct report;

/* NULL without memory. Take in what the dataplane says of the legs, then read the call. */
struct report *report_begin(const struct call *call);
void report_take(struct report *report, const Tandem__Dataplane__V1__LegStatus *status);
/* The report's own; complete only once. */
Tandem__Relay__V1__Call *report_call(struct report *report);
void report_free(struct report *report);

Tandem__Relay__V1__CallState report_state(const struct call *call);
uint64_t report_age_ms(const struct call *call);

#endif
