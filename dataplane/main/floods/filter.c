/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/floods/filter.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_cycles.h>

#include "dataplane/dataplane.h"
#include "dataplane/main/floods/blocked.h"
#include "dataplane/main/floods/offenders.h"
#include "dataplane/main/floods/rates.h"
#include "dataplane/main/legs/registry.h"

int filter_create(struct filter **out, const struct filter_config *config)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->config = *config;
	if (blocked_create(&f->blocked, config->dataplane, config->shed) ||
	    offenders_create(&f->offenders, config->dataplane, config->shed, config->registry,
			     config->counters)) {
		filter_destroy(f);
		return -ENOMEM;
	}
	*out = f;
	return 0;
}

void filter_destroy(struct filter *f)
{
	if (!f)
		return;
	offenders_destroy(f->offenders);
	blocked_destroy(f->blocked);
	free(f);
}

void filter_poll(struct filter *f)
{
	uint64_t now = rte_rdtsc();

	blocked_poll(f->blocked, now);
	offenders_poll(f->offenders, now);
}

int filter_put_rates(struct filter *f, const Tandem__Dataplane__V1__PutRates *put)
{
	rates_put(f->config.dataplane->shed_rule, put);
	return 0;
}

int filter_put_block(struct filter *f, const Tandem__Dataplane__V1__PutBlock *put,
		     const char **what)
{
	struct shed_prefix prefix;
	int error = blocked_prefix(&prefix, &put->address, put->length, what);

	if (error)
		return error;
	if (put->spare_established && registry_sends_to(f->config.registry, &prefix)) {
		*what = "media is sent to an address of this prefix";
		return -EBUSY;
	}
	return blocked_put(f->blocked, &prefix, put->for_ms, put->automatic, what);
}

int filter_delete_block(struct filter *f, const Tandem__Dataplane__V1__DeleteBlock *request,
			const char **what)
{
	struct shed_prefix prefix;
	int error = blocked_prefix(&prefix, &request->address, request->length, what);

	return error ? error : blocked_delete(f->blocked, &prefix, what);
}

bool filter_blocks(const struct filter *f, const struct address *address)
{
	return blocked_has(f->blocked, address);
}
