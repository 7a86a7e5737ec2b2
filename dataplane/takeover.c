/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/takeover.h"

#include <string.h>

#include "dataplane/claims.h"
#include "dataplane/flow.h"
#include "dataplane/srtp/index.h"
#include "dataplane/path.h"
#include "dataplane/retire.h"
#include "dataplane/srtp/sent.h"
#include "dataplane/stream.h"

void takeover_let_go(struct flow *flow, struct sent *out)
{
	for (const struct stream *s = flow->streams; s; s = s->next)
		if (s->send_highest != INDEX_NONE || s->send_rtcp != STREAM_RTCP_FIRST)
			sent_add(out,
				 &(struct sent_stream){s->ssrc, s->send_rtcp, s->send_highest});
	retire_export(flow, out);
	if (flow->send_lineage && flow->path && flow->path->sent)
		sent_merge(out, flow->path->sent);
	stream_new_send_key(flow, false);
	flow->send = NULL;
	flow->send_lineage = 0;
}

enum drop takeover_begin(const struct flow *flow, struct stream *s, bool rtcp)
{
	const struct path *path = flow->path;
	const struct sent *sent = path->sent;
	const struct sent_stream *before = sent ? sent_find(sent, s->ssrc) : NULL;
	enum drop reason = DROP_NONE;

	if (path->claims)
		reason = claims_take(path->claims, s->ssrc, path->lane, sent ? sent->turn : 0);
	if (reason != DROP_NONE || !sent)
		return reason;
	if (!before)
		return sent->filtered && ssrc_filter_has(sent->filter, s->ssrc) ? DROP_STREAM_LIMIT
										: DROP_NONE;
	if (rtcp) {
		s->send_rtcp = before->rtcp;
	} else if (before->highest != INDEX_NONE) {
		s->send_highest = before->highest;
		memset(s->windows->send, 0xff, sizeof(s->windows->send));
		s->resumes = true;
	}
	return DROP_NONE;
}
