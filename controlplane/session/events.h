/* SPDX-License-Identifier: BSD-3-Clause */
/* What the dataplane says without being asked. */
#ifndef TANDEM_EVENTS_H
#define TANDEM_EVENTS_H

#include "dataplane/api/dataplane.pb-c.h"

/* For client.h: `arg` is the session. Events of legs that are gone are ignored. */
void events_take(void *arg, const Tandem__Dataplane__V1__Event *event);

#endif
