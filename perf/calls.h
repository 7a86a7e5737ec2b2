/* SPDX-License-Identifier: BSD-3-Clause */
/* The legs of a rig, put through the real registry, and the participants that send to them. */
#ifndef TANDEM_PERF_CALLS_H
#define TANDEM_PERF_CALLS_H

#include "perf/rig.h"

/* Whether leg `k` is one of the two that talk in a call that is whole; the others only listen. */
bool calls_speaks(const struct rig *rig, uint32_t k);

/* Main lcore, while no worker runs: it does their part. Mistakes are reported; 0 or -errno. */
int calls_put_legs(struct rig *rig);
int calls_put_sources(struct rig *rig);

/*
 * Gives leg `k`, one with SRTP, the keys of an epoch (it has those of epoch 1); returns what
 * registry_put_keys() does. Its participant then protects with what calls_make_key() makes: 0 or
 * -errno. Odd epochs have one key, even epochs another.
 */
int calls_put_keys(struct rig *rig, uint32_t k, uint32_t epoch, const char **what);
int calls_make_key(const struct rig *rig, struct crypt_key **key, uint32_t k, uint32_t epoch);

#endif
