/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attacks, told from what was dropped in each second: at most one of each kind at a time. An attack
 * begins when its kind was dropped at `begin_pps` or more for two seconds, and ends when it was at
 * less than half of that for five. Pure: no clock, no memory of its own, any thread.
 */
#ifndef TANDEM_ATTACK_H
#define TANDEM_ATTACK_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/lib/address.h"

#define ATTACK_SOURCES      5
#define ATTACK_CALLS        16
#define ATTACK_CALL_ID      256
#define ATTACK_NAME         32
#define ATTACK_BEGINS_AFTER 2 /* seconds */
#define ATTACK_ENDS_AFTER   5

/* The numbers are those of Kind in shed.proto. */
enum attack_kind {
	ATTACK_NONE,
	ATTACK_MALFORMED,
	ATTACK_SCAN,
	ATTACK_GARBAGE,
	ATTACK_SPOOFED_MEDIA,
	ATTACK_FORGED_MEDIA,
	ATTACK_EXCESS,
	ATTACK_STUN,
	ATTACK_DTLS,
	ATTACK_SERVICE,
	ATTACK_BLOCKED,
	ATTACK_KINDS
};

/* The numbers are those of Change in shed.proto. */
enum attack_change { ATTACK_STAYS, ATTACK_BEGAN, ATTACK_CHANGED, ATTACK_ENDED };

struct attack_source {
	char address[ADDRESS_TEXT];
	char reason[ATTACK_NAME];
	uint32_t pps;
};

struct attack_target {
	const char *call_id; /* NULL if no call has it */
	const char *reason;
	uint32_t pps;
};

/* What was dropped in one second. The worst come first. */
struct attack_second {
	uint64_t now_ms;
	uint32_t pps[ATTACK_KINDS];
	const struct attack_source *sources;
	unsigned int source_count;
	const struct attack_target *targets;
	unsigned int target_count;
};

struct attack {
	uint64_t id; /* 0: there is none */
	uint64_t began_ms, packets;
	uint32_t pps, pps_peak;
	struct attack_source sources[ATTACK_SOURCES];
	unsigned int source_count;
	char call_ids[ATTACK_CALLS][ATTACK_CALL_ID]; /* all that it was aimed at */
	unsigned int call_count;

	unsigned int above, below; /* seconds */
	uint32_t pps_told;
	char worst_told[ADDRESS_TEXT];
	unsigned int calls_told;
};

struct attacks { /* all zero but begin_pps: none */
	uint32_t begin_pps;
	uint64_t last_id;
	uint64_t begun[ATTACK_KINDS]; /* so many, ever */
	struct attack of[ATTACK_KINDS];
};

/* What somebody tries whose packets are dropped for this reason; ATTACK_NONE: nothing. */
enum attack_kind attack_kind_of(const char *reason);
const char *attack_kind_name(enum attack_kind kind); /* "spoofed media" */

/* The address that most of it comes from; of a flood from ever so many addresses none: "". */
const char *attack_worst(const struct attack *attack);

/* Takes in one second, and tells what became of the attack of each kind unless nothing did. */
void attacks_feed(struct attacks *attacks, const struct attack_second *second,
		  void (*changed)(void *arg, enum attack_change change, enum attack_kind kind,
				  const struct attack *attack),
		  void *arg);

#endif
