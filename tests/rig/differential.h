/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same packets through both engines. Whatever a source of chance makes of several calls at once
 * (sizes, CSRCs, extensions, SSRCs, leaps, reordering, repetition, corruption, new keys) must have
 * the same verdicts and the same octets with each of them.
 *
 * libsrtp estimates indices and keeps windows of its own while ipsec_mb relies on crypt's, and yet
 * they must agree, with one exception: is_known().
 */
#ifndef TANDEM_TESTS_RIG_DIFFERENTIAL_H
#define TANDEM_TESTS_RIG_DIFFERENTIAL_H

#include "tests/rig/call.h"

#define ENGINES 2
#define CALLS   8
#define SSRCS   4
#define AIR     256 /* packets that were sent and can arrive, late or again */

enum task { PROTECT, UNPROTECT, VERIFY, TASKS };

struct parcel {
	unsigned int call;
	struct packet wire;
};

struct differential {
	struct bench *bench;
	const struct crypt_engine *engine[ENGINES];
	uint32_t (*chance)(uint32_t below);
	uint64_t now;

	struct call *call[CALLS][ENGINES];
	uint32_t epoch[CALLS];
	uint16_t seq[CALLS][SSRCS];

	struct parcel air[AIR];
	unsigned int sent, arrived;

	struct parcel burst[BURST_MAX];
	struct packet out[ENGINES][BURST_MAX];
	enum drop verdict[ENGINES][BURST_MAX];

	uint64_t count[TASKS][DROP_MAX]; /* packets, by verdict */
	uint64_t known;                  /* differences of the one known kind */
	char why[200];                   /* how the engines differ */
};

const char *differential_name(enum drop verdict);

/* Once in a program. */
struct differential *differential_create(uint32_t (*chance)(uint32_t below));
void differential_destroy(struct differential *d);
void differential_open(struct differential *d);
void differential_close(struct differential *d);

/* Some packets there and some packets back. False: `why` says how the engines differ. */
bool differential_step(struct differential *d);

#endif
