/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dataplane's drop counters from one second to the next. A reason may come from several places,
 * the filter and a worker: then they add up. Pure: the clock is the caller's.
 */
#ifndef TANDEM_TALLY_H
#define TANDEM_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define TALLY_REASONS 128

struct tally_reason {
	char name[32], help[120];
	uint64_t packets; /* as of the last tally_end() */
	uint64_t sum;     /* of the second that is being taken in */
	uint32_t pps;
};

struct tally { /* all zero: nothing is known */
	struct tally_reason reasons[TALLY_REASONS];
	unsigned int count;
	/* Of the last tally_end(); 0 if there was none, or if the counters are new ones. */
	uint64_t at_ms;
};

void tally_begin(struct tally *tally);
/* A name beyond TALLY_REASONS is not counted. What is added last explains the reason. */
void tally_add(struct tally *tally, const char *name, const char *help, uint64_t packets);
/* Rates follow from the second call on. */
void tally_end(struct tally *tally, uint64_t now_ms);
/* The next counters have nothing to do with the last ones. */
void tally_forget(struct tally *tally);

#endif
