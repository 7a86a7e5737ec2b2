/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A flow: what a leg receives, on its own path to the leg that it leaves by. The unit of ownership:
 * the worker that owns the receiving leg's port writes it, and nobody else.
 */
#ifndef TANDEM_FLOW_H
#define TANDEM_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include "dataplane/stream.h"
#include "dataplane/wire/xr.h"

#define FLOW_SENDER_REPORTS 4
#define FLOW_SHIFTS         4 /* SSRCs whose numbers were changed, the latest of them */

struct crypt_key;
struct egress;
struct path;
struct retired;

/* worker: rw, main: ro (a torn moment is tolerated). */
struct flow {
	/*
	 * What each packet touches beside its leg and its stream: one cache line. The first half is
	 * copied from the leg's configuration, which packets need not read then.
	 */
	const struct egress *egress;        /* where RTP leaves; NULL: the configuration says why */
	struct crypt_key *receive;          /* current epoch; NULL if there is none */
	struct crypt_key *receive_previous; /* also accepted, as long as the configuration says */
	struct crypt_key *send; /* of the leg that it leaves by; NULL if there is none */
	uint64_t send_lineage; /* of the path to where the streams' indices were sent; 0: nowhere */
	struct stream *streams; /* a list; the most recent SSRC first */
	uint64_t last_packet;   /* TSC of the last accepted RTP packet; 0: none */
	uint16_t stream_count;
	bool secure : 1;   /* what comes in is SRTP */
	bool protects : 1; /* what leaves is SRTP */
	bool verify : 1;   /* both, and it leaves as it came */
	bool forks : 1;    /* it has branches, or not all of its packets go its own way */
	bool captured : 1; /* what comes in, or leaves by a path, is copied for a capture */
	bool silenced : 1; /* RTP leaves as silence */
	uint8_t last_drop; /* enum drop */
	uint8_t next_sender_report, next_shift;
	uint8_t strayed;    /* accepted packets of the leg, in a row, that were handed over ... */
	uint8_t stray_from; /* ... by this worker */

	/* Most flows have one SSRC: its stream is here, others are in the pool. */
	struct stream first __rte_cache_aligned;

	uint64_t rtcp_packets;
	uint64_t unsent; /* accepted, RTP and RTCP, and dropped later */
	uint64_t auth_failures;
	uint64_t replays;
	uint64_t wrong_source;
	uint64_t other_drops;
	/*
	 * The last RTCP sender reports that went through: the middle 32 bits of the NTP time above
	 * the time of arrival in 1/65536 s, one store each. worker: rw, those of legs that hear
	 * this one: ro
	 */
	uint64_t sender_reports[FLOW_SENDER_REPORTS];
	/*
	 * What number.c adds to the numbers of an SSRC: the SSRC above the shift, one store each.
	 * worker: rw, those of legs that hear this one: ro
	 */
	uint64_t shifts[FLOW_SHIFTS];
	struct retired *retired; /* what is left of SSRCs that made room; NULL if none did */
	const struct path *path; /* the configuration's; NULL if there is none */
	/* The latest VoIP metrics of the participant, of one stream that it hears (RFC 3611 4.7) */
	struct xr_voice voice; /* its SSRC 0: none came */
	uint32_t voice_by;     /* the SSRC that said so */
	uint16_t summary_end;  /* of the last statistics summary, so that none counts twice */
} __rte_cache_aligned;

/* Worker. NULL if the flow does not have this SSRC. */
static inline struct stream *flow_stream(const struct flow *flow, uint32_t ssrc)
{
	struct stream *s = flow->streams;

	while (s && s->ssrc != ssrc)
		s = s->next;
	return s;
}

/* Whether what goes on is protected anew. */
static inline bool flow_protects(const struct flow *flow)
{
	return flow->protects && !flow->verify;
}

/* RTP that was accepted: source, tag and replay window are right. */
struct flow_total {
	uint64_t packets;
	uint64_t bytes;
};

/* Any thread. */
struct flow_total flow_total(const struct flow *flow);

#endif
