/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The blocked prefixes, each with its time to live: in the XDP programs' table at once, and with
 * every worker a moment later. Main lcore only.
 */
#ifndef TANDEM_BLOCKED_H
#define TANDEM_BLOCKED_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/dataplane.pb-c.h"
#include "dataplane/lib/address.h"
#include "ebpf/shed.h"

struct blocked;
struct dataplane;
struct shed;

/* 0 or -ENOMEM. */
int blocked_create(struct blocked **out, const struct dataplane *d, struct shed *shed);
/* Workers keep what they have. */
void blocked_destroy(struct blocked *b);

/* From the API's form; bits behind the length become 0. 0, or -EINVAL and what is wrong. */
int blocked_prefix(struct shed_prefix *prefix, const ProtobufCBinaryData *address, uint32_t length,
		   const char **what);

/*
 * for_ms 0: until it is deleted. What is blocked already gets the new time, but nothing automatic
 * shortens what an operator said. 0, or -ENOSPC.
 */
int blocked_put(struct blocked *b, const struct shed_prefix *prefix, uint32_t for_ms,
		bool automatic, const char **what);
/* 0 or -ENOENT. */
int blocked_delete(struct blocked *b, const struct shed_prefix *prefix, const char **what);

/* At least ten times a second: takes out what has expired, tells the workers what changed. `now` is
 * the TSC. */
void blocked_poll(struct blocked *b, uint64_t now);

/* Whether the address was blocked when that was called last. */
bool blocked_has(const struct blocked *b, const struct address *address);

struct blocked_entry {
	struct shed_prefix prefix;
	uint64_t until; /* TSC; 0: until it is deleted */
	bool automatic;
};
uint32_t blocked_count(const struct blocked *b);
/* `k` below blocked_count(), in no order. */
struct blocked_entry blocked_entry(const struct blocked *b, uint32_t k);

#endif
