/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which allocations there are, and how many of each user. Pure: one thread.
 */
#ifndef TANDEM_TURN_LEASE_H
#define TANDEM_TURN_LEASE_H

#include <stdint.h>

#include "controlplane/lib/hashtable.h"

struct turn_leases {
	struct hashtable by_id, users;
};

int turn_leases_open(struct turn_leases *leases); /* 0, -ENOMEM */
void turn_leases_close(struct turn_leases *leases);
void turn_leases_forget(struct turn_leases *leases);

/* One more of a user, unless it is known: 0 or -ENOMEM. */
int turn_lease_add(struct turn_leases *leases, uint64_t id, const char *user);
/* One that is not known is no error. */
void turn_lease_remove(struct turn_leases *leases, uint64_t id);
bool turn_lease_has(const struct turn_leases *leases, uint64_t id);
unsigned int turn_lease_count(const struct turn_leases *leases, const char *user);

#endif
