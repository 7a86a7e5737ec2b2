/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/quality/quality.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST      10   /* packets of an interval that say something */
#define TOO_LATE   0.01 /* of them: what a buffer lets go ... */
#define FEW_LATE   3    /* ... and as many it does, whatever part they are */
#define BURST_MOST 8.0
#define LONGEST_MS 250 /* of a buffer, if even then more are too late */

const unsigned int quality_late_ms[QUALITY_LATE] = {20, 40, 60, 80, 120, 200};

struct buffer {
	unsigned int ms;
	double late;
};

/* As long as it must be, and no longer. */
static struct buffer choose_buffer(const uint32_t late[QUALITY_LATE], double packets)
{
	struct buffer chosen = {LONGEST_MS, 0};
	double beyond = 0;

	for (int k = QUALITY_LATE - 1; k >= 0; k--) {
		if (beyond + late[k] > fmax(TOO_LATE * packets, FEW_LATE))
			break;
		beyond += late[k];
		chosen = (struct buffer){quality_late_ms[k], beyond};
	}
	if (chosen.ms == LONGEST_MS)
		chosen.late = late[QUALITY_LATE - 1];
	return chosen;
}

/* How long a run of losses is, to how long it would be at random (G.107 7.5). */
static double burst_ratio(uint32_t lost, uint32_t runs, double part)
{
	double ratio = runs ? (double)lost / runs * (1 - part) : 1;

	return fmin(fmax(ratio, 1), BURST_MOST);
}

struct quality_sample quality_rate(const struct quality_reading *before,
				   const struct quality_reading *now,
				   const struct voice_codec *codec, uint64_t ms)
{
	double packets = now->packets - before->packets;
	double lost = fmax(0, (double)(now->lost - before->lost)), part;
	uint32_t late[QUALITY_LATE];
	struct quality_sample s = {.ms = ms, .packets = packets, .lost = lost};
	struct emodel_way way = {.codec = codec};
	struct emodel_rating rating;
	struct buffer buffer;

	for (int k = 0; k < QUALITY_LATE; k++)
		late[k] = now->late[k] - before->late[k];
	buffer = choose_buffer(late, packets);
	s.late = buffer.late;
	s.jitter_ms = now->jitter_us / 1000.0;
	s.buffer_ms = buffer.ms;
	s.delay_ms = now->delay_us / 1000.0;
	s.delay_ms +=
		now->ends_us ? now->ends_us / 1000.0 : buffer.ms + (codec ? codec->delay_ms : 0);
	if (!codec || packets < 1)
		return s;
	part = lost / (packets + lost);
	way.loss = (lost + buffer.late) / (packets + lost);
	way.burst = burst_ratio(now->gone - before->gone, now->runs - before->runs, part);
	way.delay_ms = s.delay_ms;
	rating = emodel_rate(&way);
	s.r = rating.r;
	s.listening = rating.listening;
	s.conversational = rating.conversational;
	return s;
}

/* --- the life of a stream -------------------------------------------------------------------- */

static float mean(float a, float of_a, float b, float of_b)
{
	return of_a + of_b > 0 ? (a * of_a + b * of_b) / (of_a + of_b) : 0;
}

/* By time; what was not rated does not count for the rating. */
static void merge(struct quality_sample *to, const struct quality_sample *more)
{
	float of_to = to->listening ? to->ms : 0, of_more = more->listening ? more->ms : 0;

	to->r = mean(to->r, of_to, more->r, of_more);
	to->listening = mean(to->listening, of_to, more->listening, of_more);
	to->conversational = mean(to->conversational, of_to, more->conversational, of_more);
	to->jitter_ms = mean(to->jitter_ms, to->ms, more->jitter_ms, more->ms);
	to->delay_ms = mean(to->delay_ms, to->ms, more->delay_ms, more->ms);
	to->buffer_ms = mean(to->buffer_ms, to->ms, more->buffer_ms, more->ms);
	to->packets += more->packets;
	to->lost += more->lost;
	to->late += more->late;
	to->ms += more->ms;
}

static void make_room(struct quality *q)
{
	unsigned int kept = 0;

	for (unsigned int k = 0; k + 1 < q->count; k += 2) {
		struct quality_sample both = q->samples[k];

		merge(&both, &q->samples[k + 1]);
		q->samples[kept++] = both;
	}
	q->count = kept;
	q->each_ms *= 2;
}

/* Most calls are short. */
static bool grow(struct quality *q)
{
	unsigned int room = q->room ? 2 * q->room : 4;
	struct quality_sample *grown;

	room = room < QUALITY_SAMPLES ? room : QUALITY_SAMPLES;
	grown = realloc(q->samples, room * sizeof(*grown));
	if (!grown)
		return false;
	q->samples = grown;
	q->room = room;
	return true;
}

static void keep(struct quality *q, const struct quality_sample *s)
{
	struct quality_sample *newest = q->count ? &q->samples[q->count - 1] : NULL;

	if (newest && newest->ms + s->ms / 2 < q->each_ms) {
		merge(newest, s);
		return;
	}
	if (q->count == QUALITY_SAMPLES)
		make_room(q);
	if (q->count == q->room && !grow(q))
		return;
	q->samples[q->count++] = *s;
	if (!q->each_ms)
		q->each_ms = s->ms;
}

void quality_begin(struct quality *q, const struct quality_reading *now, uint64_t ms)
{
	memset(q, 0, sizeof(*q));
	q->last = *now;
	q->last_ms = ms;
}

void quality_end(struct quality *q)
{
	free(q->samples);
}

float quality_take(struct quality *q, const struct quality_reading *now,
		   const struct voice_codec *codec, uint64_t ms)
{
	struct quality_sample s;

	/* Tones and comfort noise come between, in the same stream. */
	if (codec)
		q->codec = codec;
	/* It counts anew: what was between is not known. */
	if (now->packets < q->last.packets) {
		q->last = *now;
		q->last_ms = ms;
		q->latest = (struct quality_sample){0};
		return 0;
	}
	s = quality_rate(&q->last, now, now->packets - q->last.packets < LEAST ? NULL : q->codec,
			 ms - q->last_ms);
	q->last = *now;
	q->last_ms = ms;
	q->latest = s;
	keep(q, &s);
	if (!s.conversational)
		return 0;
	q->worst = q->worst ? fminf(q->worst, s.conversational) : s.conversational;
	q->best = fmaxf(q->best, s.conversational);
	q->sum += (double)s.conversational * s.ms;
	q->rated_ms += s.ms;
	return s.conversational;
}

double quality_average(const struct quality *q)
{
	return q->rated_ms ? q->sum / q->rated_ms : 0;
}
