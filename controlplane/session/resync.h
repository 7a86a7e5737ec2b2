/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Either program may restart. A control plane without calls takes over those that it finds in the
 * dataplane, by their blobs; one with calls pushes again whatever the dataplane lacks, or has other
 * than it should be.
 */
#ifndef TANDEM_RESYNC_H
#define TANDEM_RESYNC_H

#include "controlplane/session/session_state.h"
#include "dataplane/api/dataplane.pb-c.h"

/* For client.h: `arg` is the session. */
void resync_up(void *arg, const Tandem__Dataplane__V1__Hello *hello);
void resync_down(void *arg);

#endif
