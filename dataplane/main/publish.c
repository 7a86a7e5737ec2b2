/* SPDX-License-Identifier: BSD-3-Clause */
/* One pointer tells all workers where a leg sends to; the old object waits until none reads it. */
#include <errno.h>
#include <stdlib.h>

#include "dataplane/main/egress_make.h"
#include "dataplane/main/record.h"

static int reserve_retired(struct registry *r)
{
	uint32_t size = r->retired_size ? 2 * r->retired_size : 64;
	struct retired *queue;

	if (r->retired_count < r->retired_size)
		return 0;
	queue = calloc(size, sizeof(*queue));
	if (!queue)
		return -ENOMEM;
	for (uint32_t k = 0; k < r->retired_count; k++)
		queue[k] = r->retired[(r->retired_head + k) % r->retired_size];
	free(r->retired);
	r->retired = queue;
	r->retired_head = 0;
	r->retired_size = size;
	return 0;
}

static void retire(struct registry *r, struct egress *egress)
{
	uint32_t tail = (r->retired_head + r->retired_count) % r->retired_size;

	r->retired[tail].egress = egress;
	r->retired[tail].token = rte_rcu_qsbr_start(r->dataplane->quiescence);
	r->retired_count++;
}

int publish_egress(struct registry *r, struct record *record, unsigned int component,
		   const struct endpoint *remote, enum drop mute)
{
	struct leg *leg = record->leg;
	struct egress *old = leg->egress[component];
	struct egress *new = NULL;
	int error = 0;

	if (old && remote && endpoint_equal(&old->remote, remote))
		return 0;
	if (reserve_retired(r))
		return -ENOMEM;
	if (remote) {
		uint16_t port = record->port + (component && !record->latest->rtcp_mux);

		new = egress_create(r->dataplane, record->address, port, remote);
		/* What the leg sent to until now is no longer right either. */
		if (!new) {
			mute = DROP_NO_ROUTE;
			error = -EHOSTUNREACH;
		}
	}
	leg->mute = mute;
	__atomic_store_n(&leg->egress[component], new, __ATOMIC_RELEASE);
	if (old)
		retire(r, old);
	return error;
}

unsigned int publish_reclaim(struct registry *r)
{
	unsigned int count = 0;

	while (r->retired_count) {
		struct retired *oldest = &r->retired[r->retired_head];

		if (!rte_rcu_qsbr_check(r->dataplane->quiescence, oldest->token, false))
			break;
		egress_free(oldest->egress);
		r->retired_head = (r->retired_head + 1) % r->retired_size;
		r->retired_count--;
		count++;
	}
	return count;
}
