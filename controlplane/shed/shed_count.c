/* SPDX-License-Identifier: BSD-3-Clause */
/* How much there is of what is shed, for metrics. */
#include <errno.h>
#include <stdlib.h>

#include "controlplane/shed/shed_state.h"

const struct attacks *shed_attacks(const struct shed *s)
{
	return &s->attacks;
}

struct counting {
	struct shed *shed;
	struct shed_blocks blocks;
	shed_blocks_counted *counted;
	void *arg;
};

static void ask(struct counting *c, uint64_t after);

static void on_page(void *arg, int error, const Tandem__Dataplane__V1__Reply *reply)
{
	const Tandem__Dataplane__V1__Shed *shed = error ? NULL : reply->shed;
	struct counting *c = arg;

	for (size_t i = 0; shed && i < shed->n_blocks; i++)
		shed->blocks[i]->automatic ? c->blocks.automatic++ : c->blocks.by_operator++;
	if (shed && reply->next) {
		ask(c, reply->next);
		return;
	}
	c->counted(c->arg, shed ? 0 : error ? error : -EPROTO, &c->blocks);
	free(c);
}

static void ask(struct counting *c, uint64_t after)
{
	Tandem__Dataplane__V1__Request message = TANDEM__DATAPLANE__V1__REQUEST__INIT;
	Tandem__Dataplane__V1__GetShed get = TANDEM__DATAPLANE__V1__GET_SHED__INIT;

	get.blocks = true;
	get.after = after;
	message.get_shed = &get;
	client_request(c->shed->client, &message, on_page, c);
}

void shed_count_blocks(struct shed *s, shed_blocks_counted *counted, void *arg)
{
	struct counting *c = calloc(1, sizeof(*c));

	if (!c) {
		counted(arg, -ENOMEM, NULL);
		return;
	}
	c->shed = s;
	c->counted = counted;
	c->arg = arg;
	ask(c, 0);
}
