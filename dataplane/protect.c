/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What goes on to a participant with SRTP: protected with its leg's key, under the index state that
 * the stream has in the flow that it leaves by.
 */
#include "dataplane/capture.h"
#include "dataplane/srtp/crypt.h"
#include "dataplane/leg.h"
#include "dataplane/srtp/number.h"
#include "dataplane/wire/rtp.h"
#include "dataplane/stages.h"
#include "dataplane/stream.h"
#include "dataplane/worker.h"

static enum drop prepare(struct worker *w, struct burst *b, unsigned int i, struct crypt_job *job)
{
	struct leg *leg = b->leg[i];
	struct flow *flow = b->flow[i];

	if (unlikely(!flow->send))
		return DROP_NO_KEY;
	burst_resize(b, i, b->length[i]);
	if (unlikely(rte_pktmbuf_tailroom(b->mbuf[i]) < CRYPT_TRAILER_MAX))
		return DROP_NO_ROOM;

	job->key = flow->send;
	job->data = burst_payload(b, i);
	job->length = b->length[i];
	job->rtcp = b->class[i] == CLASS_RTCP;
	if (job->rtcp) {
		job->header = RTCP_HEADER;
		job->ssrc = rtcp_ssrc(job->data);
		return number_take_rtcp(w, leg, flow, b->stream[i], &job->index);
	}
	job->header = rtp_header_length(job->data);
	job->ssrc = rtp_ssrc(job->data);
	return number_take(w, leg, flow, b->stream[i], job->data, &job->index);
}

void crypt_protect_stage(struct worker *w, struct burst *b)
{
	struct crypt_job jobs[BURST_MAX];
	uint8_t slot[BURST_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < b->count; i++) {
		enum drop reason;

		if (!burst_is_media(b, i) || !flow_protects(b->flow[i]))
			continue;
		reason = prepare(w, b, i, &jobs[count]);
		if (unlikely(reason != DROP_NONE))
			burst_drop(b, i, reason);
		else
			slot[count++] = i;
	}
	if (unlikely(b->captures))
		capture_leaving(w, b);
	if (!count)
		return;
	w->engine->protect(jobs, count);
	for (unsigned int k = 0; k < count; k++) {
		if (likely(jobs[k].status == CRYPT_OK))
			burst_resize(b, slot[k], jobs[k].length);
		else
			burst_drop(b, slot[k], DROP_CRYPT_FAILED);
	}
}
