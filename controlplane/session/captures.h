/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Captures that run: the dataplane copies packets of a call's legs, and they go on to who asked. A
 * capture has a lease in the dataplane, so that it ends there whatever becomes of us. The session's
 * loop only.
 */
#ifndef TANDEM_SESSION_CAPTURES_H
#define TANDEM_SESSION_CAPTURES_H

#include <stdint.h>

#include "controlplane/session/session.h"
#include "dataplane/api/dataplane.pb-c.h"

struct call;

/* What was asked for, with all defaults filled in. */
struct captures_wish {
	bool wire;
	const char *tag; /* ""; or of the party that alone is meant */
	uint64_t for_ms, max_bytes;
	uint32_t snap, pps, bytes_per_second;
};

/* As session_capture(); NULL: no memory, and nothing was replied. */
struct session_capture *captures_begin(struct call *call, const struct captures_wish *wish,
				       session_captured *told, session_reply *reply, void *arg);
/* What the dataplane has copied. */
void captures_take(struct session *session, const Tandem__Dataplane__V1__Captured *captured);
/* Nobody is told any more, and who captures must not end it. */
void captures_close(struct session *session);

#endif
