/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stream: one SSRC inside a flow, with its SRTP index state and its statistics. A flow's first
 * stream is part of it, further ones come from a pool that each worker has to itself; nothing is
 * allocated after that. A flow has at most worker->streams_per_flow of them: then, or when the pool
 * is short, another SSRC takes the place of one that is silent (retire.h). An SSRC that only sends
 * RTCP is a stream too.
 *
 * One worker writes a stream; the main lcore reads the statistics and tolerates a torn moment.
 */
#ifndef TANDEM_STREAM_H
#define TANDEM_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include "dataplane/drop.h"

struct flow;
struct worker;

#define STREAM_WINDOW      1024 /* RTP indices remembered against replay */
#define STREAM_RTCP_WINDOW 128

/* The first SRTCP index sent is 1, since libsrtp begins there: both engines send the same bytes. */
#define STREAM_RTCP_FIRST 1

/* An SSRC is silent, and may make room, after a tenth or a fifth of a second. */
#define STREAM_SILENT_TICKS 3

/* What was received, for RFC 3550 A.1, A.3 and A.8. */
struct stream_meter {
	uint64_t packets : 48;
	uint64_t heard : 16; /* stream_tick() of the last packet, RTP or RTCP */
	uint64_t bytes;
	uint64_t scale; /* RTP timestamp units a TSC tick, 48 bits of fraction; 0: no packet yet */
	uint32_t base;  /* extended sequence numbers: the first ... */
	uint32_t highest;  /* ... and the highest */
	uint32_t received; /* since `base` */
	uint32_t transit;  /* arrival - timestamp of the last packet, in timestamp units */
	uint32_t jitter;   /* timestamp units, 4 bits of fraction */
	uint16_t next_bad; /* with `bad`: the number that would prove a restart */
	uint8_t payload_type;
	bool bad;
};

/*
 * The indices that came and that were sent. Inbound state is kept for two epochs, at [epoch & 1],
 * so that the previous one goes on during its grace time. Outbound RTP has a window as well:
 * protecting one index twice would repeat keystream.
 */
struct stream_windows {
	uint64_t receive[2][STREAM_WINDOW / 64];
	uint64_t send[STREAM_WINDOW / 64];
	uint64_t receive_rtcp[2][STREAM_RTCP_WINDOW / 64];
};

/*
 * The first cache line is what each packet touches, the second and one of each window what crypt
 * touches beside.
 */
struct stream {
	struct stream *next; // worker: rw, main: ro
	uint32_t ssrc;
	bool stale : 1;       /* the main lcore was told that a key wears out */
	uint8_t expected : 2; /* its place in shed_port.stream and one more; 0: none */
	uint8_t leaps : 2;    /* packets that went on from a leap; see expect.c */
	bool resumes : 1;     /* what is sent goes on where another flow was, whatever its number */
	uint16_t leap;        /* the last sequence number that did not continue the others */
	struct stream_meter meter;

	struct stream_windows *windows;   /* NULL while the flow has no keys */
	uint64_t receive_highest[2];      /* RTP index; INDEX_NONE: no packet yet */
	uint64_t receive_rtcp_highest[2]; /* SRTCP index; likewise */
	uint64_t send_highest;            /* RTP index; likewise */
	uint64_t ahead;    /* during a burst: the highest index it may bring; else INDEX_NONE */
	uint32_t shift;    /* number.c: extended number sent - extended number received */
	uint16_t odd_next; /* with `odd`: the number that would go on from there */
	uint8_t odd;       /* packets in sequence, the latest, that were out of place */

	uint32_t send_rtcp;  /* index of the next SRTCP packet */
	uint32_t renumbered; /* how often `shift` changed */
	uint64_t carried;    /* RTP index; the highest under an earlier key; INDEX_NONE: none */
	int64_t lost;        /* before the sender last restarted its sequence numbers */
	uint32_t rtt_us;     /* relay to participant and back; 0: not measured */
};

/* TSC in units of 30 to 70 ms, for an hour or half of it. */
static inline uint16_t stream_tick(uint64_t tsc)
{
	return tsc >> 27;
}

/* Worker: a packet of it was accepted. */
static inline void stream_hear(struct stream *s, uint64_t now)
{
	s->meter.heard = stream_tick(now);
}

/* RTP clock in Hz; `tsc_hz`: TSC ticks per second. */
static inline uint32_t stream_clock(uint64_t scale, uint64_t tsc_hz)
{
	return ((unsigned __int128)scale * tsc_hz + (1ULL << 47)) >> 48;
}

struct stream_report {
	uint32_t ssrc;
	uint8_t payload_type;
	uint64_t packets;
	uint64_t bytes;
	int64_t lost;
	uint32_t jitter_us;
	uint32_t rtt_us; /* 0: not measured */
	uint32_t renumbered;
};

/*
 * Worker: a new stream for an SSRC that the flow does not have, heard at `now` (TSC); one that was
 * there before has its index state again. DROP_NONE; DROP_STREAM_LIMIT: all others are heard, or
 * the SSRC was there too long ago; DROP_STREAM_POOL. Only for a packet whose tag verified, or of a
 * plain leg's participant.
 */
enum drop stream_add(struct worker *w, struct flow *flow, uint32_t ssrc, uint64_t now,
		     struct stream **out);
/* Worker: gives all streams of a flow back. */
void stream_release_all(struct worker *w, struct flow *flow);
/* Worker: how many units of a pool the flow has, for streams and for what is kept of others. */
uint32_t stream_units(const struct flow *flow);

/* Worker: index state begins anew with the keys. */
void stream_new_receive_epoch(struct flow *flow, uint32_t epoch);
/* `goes_on`: with the indices that come next. */
void stream_new_send_key(struct flow *flow, bool goes_on);

/* Main lcore. `hz`: TSC ticks per second. */
void stream_report(const struct stream *s, uint64_t hz, struct stream_report *out);

#endif
