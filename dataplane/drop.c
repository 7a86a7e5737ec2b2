/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of the way for packets that do not go on: counted, on the leg as well, and freed. */
#include "dataplane/drop.h"

#include <assert.h>

#include "dataplane/burst.h"
#include "dataplane/leg.h"
#include "dataplane/offence.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

const struct drop_reason drop_reasons[DROP_MAX] = {[DROP_NONE] = {"none", "not dropped"},
#define X(id, label, text) [DROP_##id] = {label, text},
						   DROP_REASONS(X)
#undef X
};

/*
 * What no honest participant sends, or none to this port: what passed where floods are shed, since
 * only a worker can tell. Each is a packet over UDP, so its source is known.
 */
#define OFFENCE(id) (1ULL << DROP_##id)
#define OFFENCES                                                                                   \
	(OFFENCE(NOT_MEDIA) | OFFENCE(RTP_HEADER) | OFFENCE(RTCP_HEADER) | OFFENCE(WRONG_SOURCE) | \
	 OFFENCE(NOT_VALIDATED) | OFFENCE(UNEXPECTED) | OFFENCE(STUN_MALFORMED) |                  \
	 OFFENCE(STUN_FINGERPRINT) | OFFENCE(STUN_UNHANDLED) | OFFENCE(SRTP_LENGTH) |              \
	 OFFENCE(AUTH_FAILED) | OFFENCE(REPLAY) | OFFENCE(STREAM_LIMIT))
static_assert(DROP_MAX <= 64, "reasons are bits");

static void count_on_flow(struct flow *flow, enum drop reason, bool accepted)
{
	flow->unsent += accepted;
	switch (reason) {
	case DROP_AUTH_FAILED:
		flow->auth_failures++;
		break;
	case DROP_REPLAY:
		flow->replays++;
		break;
	case DROP_WRONG_SOURCE:
	case DROP_NOT_VALIDATED:
		flow->wrong_source++;
		break;
	default:
		flow->other_drops++;
		break;
	}
	flow->last_drop = reason;
}

/* Tells a copy on its way by a branch: its sender is accused by the packet itself. */
static bool is_copy(const struct burst *b, unsigned int i)
{
	return b->leg[i] && b->flow[i] != &b->leg[i]->flow;
}

void drop_stage(struct worker *w, struct burst *b)
{
	struct rte_mbuf *dropped[BURST_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < b->count; i++) {
		if (b->class[i] != CLASS_DROPPED)
			continue;
		w->drops[b->reason[i]]++;
		if (b->leg[i] && b->reason[i] != DROP_NONE)
			count_on_flow(b->flow[i], b->reason[i], b->stream[i]);
		if (OFFENCES >> b->reason[i] & 1 && !is_copy(b, i))
			offence_note(w, b, i, OFFENCE_DROP(b->reason[i]));
		dropped[count++] = b->mbuf[i];
	}
	if (count)
		rte_pktmbuf_free_bulk(dropped, count);
}
