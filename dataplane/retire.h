/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SSRCs that made room for others in a flow: the one that is silent longest goes, never one that is
 * heard. What it was counted for stays with the flow, and so do its SRTP indices, since under one
 * key no index may be used or accepted twice, should it come back.
 *
 * Of the latest they are kept exactly, of older ones in a filter that only remembers that they
 * were: such an SSRC is refused until the keys change. All of it lies in units of the worker's
 * pool, a bounded number for each flow. The flow's worker only, where nothing else is said.
 */
#ifndef TANDEM_RETIRE_H
#define TANDEM_RETIRE_H

#include <stdbool.h>
#include <stdint.h>

struct flow;
struct stream;
struct worker;

#define RETIRE_UNITS 13 /* most units of a flow */

/*
 * A stream of the flow, out of its list, for another SSRC. NULL if each of them is heard, or what
 * must be kept finds no memory. `now`: TSC.
 */
struct stream *retire_one(struct worker *w, struct flow *flow, uint64_t now);

/* Whether the SSRC was there under the keys in force, and its indices are no longer known. */
bool retire_refuses(const struct flow *flow, uint32_t ssrc);
/*
 * The highest RTP index that was received of it, under this key or an earlier one; or INDEX_NONE.
 */
uint64_t retire_highest(const struct flow *flow, uint32_t ssrc);
/* A new stream takes up the indices of its SSRC, if it had some. */
void retire_recall(struct flow *flow, struct stream *s);

void retire_new_receive_epoch(struct flow *flow);
void retire_new_send_key(struct flow *flow, bool goes_on);
void retire_release_all(struct worker *w, struct flow *flow);
/* Units that it has for that. */
uint32_t retire_units(const struct flow *flow);

/* What of them was sent under the flow's key. */
struct sent;
void retire_export(const struct flow *flow, struct sent *out);

/* What was counted for retired streams. Any thread: a moment's value. */
struct retire_total {
	uint64_t packets, bytes;
};
struct retire_total retire_total(const struct flow *flow);
/* Another one than before: what was read of the flow's streams meanwhile counts some twice. */
uint32_t retire_changes(const struct flow *flow);

#endif
