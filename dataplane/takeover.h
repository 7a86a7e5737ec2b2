/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From one flow to another under one key: the one lets go and says what it sent, the other begins
 * where that was. Worker only, the one that owns the flow.
 */
#ifndef TANDEM_TAKEOVER_H
#define TANDEM_TAKEOVER_H

#include <stdbool.h>

#include "dataplane/drop.h"

struct flow;
struct sent;
struct stream;

/* The flow sends nothing more under its key; `out` gets what it has sent. */
void takeover_let_go(struct flow *flow, struct sent *out);
/*
 * The stream's first RTP, or first RTCP, under the flow's key. It goes on where others
 * were. DROP_NONE, DROP_SSRC_TAKEN (another flow has it), DROP_STREAM_LIMIT (its indices are no
 * longer known).
 */
enum drop takeover_begin(const struct flow *flow, struct stream *s, bool rtcp);

#endif
