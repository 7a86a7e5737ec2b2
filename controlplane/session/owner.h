/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose packets those are: from a leg or an address to the calls that have it. */
#ifndef TANDEM_OWNER_H
#define TANDEM_OWNER_H

#include "controlplane/session/session.h"
#include "dataplane/lib/address.h"

/* A call and one of its parties. The texts are the session's, until the loop's next turn. */
struct owner {
	const char *call_id, *tag;
};

/* Whose leg that is; false: no call has it. */
bool owner_of_leg(struct session *session, uint64_t leg, struct owner *owner);

/* How many calls have media that comes from such an address. */
unsigned int owner_count(const struct session *session,
			 bool (*is_such)(void *arg, const struct address *address), void *arg);

#endif
