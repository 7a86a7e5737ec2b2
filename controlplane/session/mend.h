/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the dataplane has other legs than the calls: what it lacks is pushed again, without the
 * keys that went with it, and what no call owns is deleted. The session's loop only.
 */
#ifndef TANDEM_MEND_H
#define TANDEM_MEND_H

#include "controlplane/session/session_state.h"

/* Pushes what a resync has not seen. */
void mend_missing(struct session *s);
/* Pushes all of the calls of which the dataplane has something other than it should be. */
void mend_stale(struct session *s);
/* Pushes what an audit has not found in this round and in the one before. */
void mend_lost(struct session *s, uint32_t round);
void mend_unknown(struct session *s, uint64_t leg);
void mend_unknown_call(struct session *s, uint64_t key);

#endif
