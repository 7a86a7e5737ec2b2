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

/* What was received, for RFC 3550 A.1, A.3 and A.8, and for what a jitter buffer does with it. */
struct stream_meter {
	union {
		uint64_t packet_word; /* what is added to it is added to `packets` alone */
		struct {
			uint64_t packets : 48;
			uint64_t heard : 16; /* stream_tick() of the last packet, RTP or RTCP */
		};
	};
	union {
		uint64_t byte_word; /* likewise */
		struct {
			uint64_t bytes : 48;
			uint64_t next_bad : 16; /* with `bad`: the number that would prove a restart
						 */
		};
	};
	uint32_t scale; /* RTP timestamp units a TSC tick, 40 bits of fraction; 0: no packet yet */
	uint32_t highest; /* extended sequence number */
	int32_t missing;  /* expected - received, since the sender last restarted its numbers */
	uint32_t transit; /* arrival - timestamp of the last packet, in timestamp units */
	uint32_t jitter;  /* timestamp units, 4 bits of fraction */
	uint32_t fastest; /* the least `transit` of late; it creeps up, should the clocks drift */
	uint32_t seen;    /* bit n: the packet with the number `highest` - n has come */
	uint16_t slack;   /* STREAM_LATE_MS in timestamp units: packets that late are counted */
	uint8_t payload_type;
	bool bad;
};

/* Packets that are more than so many times STREAM_LATE_MS behind the fastest: the last counts. */
#define STREAM_LATE_MS 20
#define STREAM_LATE_TIMES                                                                          \
	{                                                                                          \
		1, 2, 3, 4, 6, 10                                                                  \
	}
enum { STREAM_LATE = 6 };

/*
 * What hardly ever changes: what was late, out of order, or did not come. A number is lost when 32
 * more have come. Bursts of loss are those of RFC 3611 4.7.2, with a Gmin of 16.
 */
struct stream_faults {
	uint32_t late[STREAM_LATE];
	uint32_t late_timestamp; /* of the last of them */
	uint32_t reordered;
	uint32_t duplicates;
	uint32_t lost;
	uint32_t runs;      /* of lost numbers in a row */
	uint32_t last_lost; /* extended sequence number; with `lost` */
	uint32_t bursts : 31;
	uint32_t bursting : 1;  /* what is lost now belongs to the latest of them */
	uint32_t burst_packets; /* that the bursts last, the lost ones included */
	uint32_t burst_lost;
};

/* What a participant says in its RTCP of the stream that it hears (RFC 3550 6.4.1). */
struct stream_hearsay {
	uint32_t ssrc; /* of what it hears; 0: nothing was said */
	int32_t lost : 24;
	uint32_t reported : 1; /* by a report block; else by summaries (RFC 3611 4.6) alone */
	uint32_t jitter;       /* timestamp units */
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
	int32_t lost;        /* before the sender last restarted its sequence numbers */
	uint32_t rtt_us;     /* relay to participant and back; 0: not measured */
	struct stream_hearsay hearsay;
	struct stream_faults faults;
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

#define STREAM_SCALE_BITS 40

/* RTP clock in Hz; `tsc_hz`: TSC ticks per second. */
static inline uint32_t stream_clock(uint32_t scale, uint64_t tsc_hz)
{
	return ((unsigned __int128)scale * tsc_hz + (1ULL << (STREAM_SCALE_BITS - 1))) >>
	       STREAM_SCALE_BITS;
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
	struct stream_faults faults;
	struct stream_hearsay hearsay;
	uint32_t clock_hz; /* 0: no RTP has come */
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
