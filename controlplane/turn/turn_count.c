/* SPDX-License-Identifier: BSD-3-Clause */
/* What there is of TURN, and what became of requests, for metrics. */
#include "controlplane/turn/turn_state.h"

const struct turn_counts *turn_counts(const struct turn_server *t)
{
	return &t->counts;
}

const char *turn_refusal_name(enum turn_refusal refusal)
{
	static const char *const names[] = {"credentials", "quota", "capacity", "other"};

	_Static_assert(sizeof(names) / sizeof(names[0]) == TURN_REFUSALS, "a name for each");
	return names[refusal];
}

long turn_allocations(const struct turn_server *t)
{
	bool served = t->config.listen_count || t->config.gate_count;

	return served && t->known ? (long)t->leases.by_id.count : -1;
}

void turn_count_refusal(struct turn_server *t, enum turn_error code)
{
	enum turn_refusal refusal = TURN_REFUSED_OTHER;

	if (code == TURN_UNAUTHENTICATED || code == TURN_WRONG_CREDENTIALS)
		refusal = TURN_REFUSED_CREDENTIALS;
	else if (code == TURN_QUOTA_REACHED)
		refusal = TURN_REFUSED_QUOTA;
	else if (code == TURN_INSUFFICIENT_CAPACITY)
		refusal = TURN_REFUSED_CAPACITY;
	t->counts.refused[refusal]++;
}
