/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was sent to a participant under one key, SSRC by SSRC. It outlives the flow that sent it:
 * when another leg is to be heard by the participant, its flow goes on counting where the one
 * before it was, since an index that is used twice repeats keystream.
 *
 * An object is made by the main lcore, filled by the worker that lets go, and from then on
 * immutable; it lives as long as a path names it.
 */
#ifndef TANDEM_SENT_H
#define TANDEM_SENT_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/srtp/ssrc_filter.h"

#define SENT_MOST 192 /* SSRCs that are known exactly */

struct leg;

struct sent_stream {
	uint32_t ssrc;
	uint32_t rtcp;    /* index of the next SRTCP packet */
	uint64_t highest; /* RTP index; INDEX_NONE: none */
};

struct sent {
	uint32_t users; // main: rw
	uint32_t count;
	uint64_t lineage; // main: rw. As the path had it.
	struct leg *to;   // main: rw. The participant's.
	uint32_t lane;    // main: rw. As the path had it; who fills it sends no more.
	uint32_t turn;    // main: rw, before others see it. Counts, so that a later one has more.
	bool filtered;    /* the filter has something: SSRCs that are only known to have been */
	struct sent_stream streams[SENT_MOST];
	uint64_t filter[SSRC_FILTER_WORDS];
};

/*
 * The other one's packets, which are older, count as well. One whose indices find no room is
 * remembered as refused, and stays so.
 */
void sent_add(struct sent *sent, const struct sent_stream *stream);
void sent_merge(struct sent *sent, const struct sent *other);
/* NULL if its indices are not known. */
const struct sent_stream *sent_find(const struct sent *sent, uint32_t ssrc);

#endif
