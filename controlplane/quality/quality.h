/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a stream sounds: each interval is rated by what it went through, and kept for the life of its
 * call in bounded memory. What a jitter buffer does is reckoned from how late packets were: one
 * that is as long as it must be to lose no more than one of a hundred. Pure; one thread.
 */
#ifndef TANDEM_QUALITY_H
#define TANDEM_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "controlplane/quality/emodel.h"

#define QUALITY_SAMPLES 60 /* then two become one: an hour of intervals is a minute's each */
#define QUALITY_LATE    6

/* More than so many ms behind the fastest packets, as the dataplane counts them. */
extern const unsigned int quality_late_ms[QUALITY_LATE];

/* What a stream has counted since it began. */
struct quality_reading {
	uint64_t packets;
	int64_t lost; /* RFC 3550 A.3 */
	uint32_t late[QUALITY_LATE];
	uint32_t gone; /* lost for good, and ... */
	uint32_t runs; /* ... how often in a row */
	uint32_t jitter_us;
	uint32_t delay_us; /* on the wire from the sender to the receiver, as far as it is known */
	/* Of coding and of the jitter buffer, as participants say; 0: nobody does. */
	uint32_t ends_us;
};

/* An interval, or several that became one. */
struct quality_sample {
	uint32_t ms;                        /* how long it was */
	float packets, lost, late;          /* of each: received, lost, and too late to be played */
	float jitter_ms, delay_ms;          /* mouth to ear, the buffer included */
	float buffer_ms;                    /* that it is reckoned with */
	float r, listening, conversational; /* 0: too little came */
};

struct quality {
	const struct voice_codec *codec; /* of the last interval; NULL: nothing to rate */
	struct quality_reading last;
	uint64_t last_ms;
	struct quality_sample latest; /* the last interval */
	float worst;                  /* conversational, of the intervals; 0: none was rated */
	float best;
	double sum; /* of the conversational ones, by time */
	uint64_t rated_ms;
	uint32_t each_ms; /* how long a sample is to be */
	unsigned int count, room;
	struct quality_sample *samples; /* the oldest first */
};

/* Begins with what was counted before it was known. `ms`: of any clock that does not step. */
void quality_begin(struct quality *q, const struct quality_reading *now, uint64_t ms);
void quality_end(struct quality *q);
/*
 * An interval ends. Without memory it is in the total alone. How it sounded to who talks (MOS-CQ);
 * 0: it was not rated.
 */
float quality_take(struct quality *q, const struct quality_reading *now,
		   const struct voice_codec *codec, uint64_t ms);
/* Its mean over the intervals that were rated; 0: none. */
double quality_average(const struct quality *q);

/* Between two readings, `ms` apart; of all that was, if `before` is zero. */
struct quality_sample quality_rate(const struct quality_reading *before,
				   const struct quality_reading *now,
				   const struct voice_codec *codec, uint64_t ms);

#endif
