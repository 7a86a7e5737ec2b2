/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * New keys for legs with SRTP, one leg after another and as fast as the main lcore can, while their
 * participants send. A participant takes a new key up with its next load; until then it sends with
 * the old one, which the grace time allows. It gets no third key before it did.
 */
#ifndef TANDEM_PERF_REKEY_H
#define TANDEM_PERF_REKEY_H

#include "perf/rig.h"

struct rekey {
	struct rig *rig;
	struct subject {
		struct crypt_key *keys[2]; /* what the participant protects with, by epoch & 1 */
		uint32_t leg;
		uint32_t posted; /* epoch; main: rw, worker: ro */
		uint32_t taken;  /* epoch; worker: rw, main: ro */
	} * subjects;
	uint32_t count, next;
	uint64_t pushed; /* main: rw */
};

/* 0 or -errno. */
int rekey_create(struct rekey *r, struct rig *rig);
/* Main lcore: pushes some keys and does what else that lcore does; 0 or -errno. */
int rekey_push(struct rekey *r);
/* Worker, between two loads: participants protect with what they were given last. */
void rekey_take(struct rekey *r);

#endif
