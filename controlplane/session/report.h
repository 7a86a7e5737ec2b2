/* SPDX-License-Identifier: BSD-3-Clause */
/* A call as the API shows it, from the session's knowledge and the dataplane's statistics. */
#ifndef TANDEM_REPORT_H
#define TANDEM_REPORT_H

#include "controlplane/session/call.h"

struct report;

/* Of the call as it is now; of one party alone unless that is NULL. NULL without memory. */
struct report *report_begin(const struct call *call, const struct party *party);
/* Likewise, of one leg alone. */
struct report *report_begin_leg(const struct leg *leg);
/*
 * The leg is about to go: what is known of it, and what rates its streams, is the report's from now
 * on, so that its last statistics say as much as those before.
 */
void report_keep_leg(struct report *report, struct leg *leg);
/* Adds what the dataplane says of one leg, which may be gone meanwhile. */
void report_take(struct report *report, const Tandem__Dataplane__V1__LegStatus *status);
/* The report's own. */
Tandem__Relay__V1__Call *report_call(struct report *report);
void report_free(struct report *report);

Tandem__Relay__V1__CallState report_state(const struct call *call);
uint64_t report_age_ms(const struct call *call);

#endif
