/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which sources are to be blocked without an operator: those that keep failing authentication. Each
 * time that a source comes back it is blocked for twice as long. Bounded: a source that fails from
 * ever more addresses pushes out those who never were blocked first. Pure: the clock is the
 * caller's.
 */
#ifndef TANDEM_STRIKE_H
#define TANDEM_STRIKE_H

#include <stdint.h>

#include "dataplane/lib/address.h"

#define STRIKE_TABLE 1024 /* sources that are remembered */

struct strike_config {
	unsigned int failures_pps; /* that are too many ... */
	unsigned int seconds;      /* ... when they go on for so long */
	unsigned int least_s;      /* of the first block */
	unsigned int most_s;       /* of every block; as long after its end is a source forgotten */
};

struct strikes;

struct strikes *strikes_make(const struct strike_config *config); /* NULL without memory */
void strikes_free(struct strikes *strikes);

/* One second's failures of one source. For how many seconds it is to be blocked; 0: not. */
unsigned int strikes_take(struct strikes *strikes, const struct address *address,
			  unsigned int failures_pps, uint64_t now_ms);
/* The block could not be set: it does not count. */
void strikes_take_back(struct strikes *strikes, const struct address *address);

#endif
