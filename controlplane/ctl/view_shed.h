/* SPDX-License-Identifier: BSD-3-Clause */
/* What tandemctl prints of what is shed, for people. */
#ifndef TANDEM_CTL_VIEW_SHED_H
#define TANDEM_CTL_VIEW_SHED_H

#include <stdbool.h>
#include <stdio.h>

#include "controlplane/api/shed.pb-c.h"

/* Attacks, reasons, who judges, blocks. Reasons that never occurred only if `all` is set. */
void view_shed(FILE *out, const Tandem__Shed__V1__ShowReply *reply, bool all);

/* For somebody under attack: how much, from whom, at whom. */
void view_shed_top(FILE *out, const Tandem__Shed__V1__ShowReply *reply);

void view_shed_samples(FILE *out, const Tandem__Shed__V1__SampleReply *reply);

/* One line. */
void view_shed_event(FILE *out, const Tandem__Shed__V1__AttackEvent *event);

#endif
