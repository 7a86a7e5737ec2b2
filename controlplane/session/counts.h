/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What has happened to calls since the session was opened, and how many there are of each kind:
 * plain numbers, which the session writes as it goes and metrics read, so that nobody has to walk
 * through the calls. The session's loop only.
 */
#ifndef TANDEM_COUNTS_H
#define TANDEM_COUNTS_H

#include <stdint.h>

#include "controlplane/dtls/dtls.h"
#include "controlplane/lib/histogram.h"
#include "controlplane/quality/voice_codec.h"
#include "dataplane/api/suite.h"

/* Names that come from outside: what is more than so many is the last one, "other". */
#define COUNTS_DRIVERS  16
#define COUNTS_NETWORKS 17
#define COUNTS_NAME     32
#define COUNTS_OTHER    "other"

#define COUNTS_STATES   6 /* as CallState of relay.proto */
#define COUNTS_FAILURES (DTLS_FAIL_PROTOCOL + 1)

struct call;
struct leg;

enum counts_end {
	COUNTS_DELETED,    /* as it was asked to */
	COUNTS_UNANSWERED, /* its offer ended without an answer */
	COUNTS_DROPPED,    /* the relay gave it up */
	COUNTS_REFUSED,    /* its first offer was not taken */
	COUNTS_ENDS
};

struct counts_driver {
	char name[COUNTS_NAME];
	uint64_t begun; /* calls */
	unsigned int calls[COUNTS_STATES];
};

struct counts_network {
	char name[COUNTS_NAME];
	unsigned int legs[SUITE_COUNT]; /* SUITE_NONE: without keys in the dataplane */
};

struct counts {
	struct counts_driver drivers[COUNTS_DRIVERS];
	struct counts_network networks[COUNTS_NETWORKS];
	unsigned int driver_count, network_count;
	unsigned int parties;
	uint64_t ended[COUNTS_ENDS];
	/* Seconds: of calls that end, from the first offer to the first answer, and from the answer
	 * to a leg's first media. */
	struct histogram lasted, answered, media;
	struct histogram call_mos; /* of calls that end: what their worst stream had on average */
	struct histogram interval_mos[VOICE_CODECS];

	uint64_t handshakes_begun, handshakes_done, handshakes_failed[COUNTS_FAILURES];
	struct histogram handshake; /* seconds, of those that were done */

	uint64_t connections; /* to the dataplane */
	uint64_t restarts;    /* of the dataplane, while calls were known */
	uint64_t rounds;      /* of the audit, to their end */
	uint64_t mended;      /* legs that the dataplane lacked, and that were pushed again */
};

extern const struct histogram_scale counts_seconds; /* of set-up, media and handshakes */
extern const struct histogram_scale counts_long;    /* seconds, of calls */
extern const struct histogram_scale counts_mos;

const char *counts_end_name(enum counts_end end);
const char *counts_state_name(unsigned int state); /* of CallState */
const char *counts_failure_name(enum dtls_failure failure);

/* A call comes into the tables, or leaves them. `anew`: nobody had it before. */
void counts_add_call(struct call *call, bool anew);
void counts_remove_call(struct call *call);
/* It is answered for the first time; it ends. */
void counts_answer_call(const struct call *call);
void counts_end_call(const struct call *call, enum counts_end end);

/* The place of a driver's name. */
unsigned int counts_driver(struct counts *counts, const char *name);

void counts_add_leg(struct leg *leg);
void counts_remove_leg(struct leg *leg);
/* An answer is in force by which the leg may receive media; media has come. In any order. */
void counts_await_media(struct leg *leg);
void counts_take_media(struct leg *leg);

/* Something has happened to the call: it may be in another state, and its legs have other keys. */
void counts_settle(struct call *call);

#endif
