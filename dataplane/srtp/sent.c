/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/srtp/sent.h"

#include <stddef.h>

#include <rte_common.h>

#include "dataplane/srtp/index.h"

static struct sent_stream *find(struct sent *sent, uint32_t ssrc)
{
	for (uint32_t k = 0; k < sent->count; k++)
		if (sent->streams[k].ssrc == ssrc)
			return &sent->streams[k];
	return NULL;
}

const struct sent_stream *sent_find(const struct sent *sent, uint32_t ssrc)
{
	return find((struct sent *)sent, ssrc);
}

void sent_add(struct sent *sent, const struct sent_stream *stream)
{
	struct sent_stream *known = find(sent, stream->ssrc);

	/* What was folded into the filter went further than what is told of before. */
	if (!known && sent->filtered && ssrc_filter_has(sent->filter, stream->ssrc))
		return;
	if (!known && sent->count == SENT_MOST) {
		ssrc_filter_add(sent->filter, stream->ssrc);
		sent->filtered = true;
		return;
	}
	if (!known) {
		sent->streams[sent->count++] = *stream;
		return;
	}
	known->rtcp = RTE_MAX(known->rtcp, stream->rtcp);
	if (known->highest == INDEX_NONE ||
	    (stream->highest != INDEX_NONE && stream->highest > known->highest))
		known->highest = stream->highest;
}

static void merge_filter(struct sent *sent, const uint64_t *filter)
{
	for (unsigned int k = 0; k < SSRC_FILTER_WORDS; k++)
		sent->filter[k] |= filter[k];
	sent->filtered = true;
}

void sent_merge(struct sent *sent, const struct sent *other)
{
	for (uint32_t k = 0; k < other->count; k++)
		sent_add(sent, &other->streams[k]);
	if (other->filtered)
		merge_filter(sent, other->filter);
}
