/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The main lcore's side of shedding floods, as the API has it: rates, blocks, and who sends what is
 * dropped.
 */
#ifndef TANDEM_FILTER_H
#define TANDEM_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/dataplane.pb-c.h"
#include "dataplane/lib/address.h"

struct blocked;
struct counters;
struct dataplane;
struct offenders;
struct registry;
struct shed;

struct filter_config {
	struct dataplane *dataplane;
	struct shed *shed;
	struct registry *registry;
	const struct counters *counters;
	const Tandem__Dataplane__V1__JudgeKind *judges; /* of the dataplane's ports */
};

/* Private to filter.c and filter_show.c. */
struct filter {
	struct filter_config config;
	struct blocked *blocked;
	struct offenders *offenders;
};

/* 0 or -ENOMEM. */
int filter_create(struct filter **out, const struct filter_config *config);
/* NULL is accepted. */
void filter_destroy(struct filter *f);

/* At least ten times a second. */
void filter_poll(struct filter *f);

/* As registry.h's requests: 0 or -errno and `what`. */
int filter_put_rates(struct filter *f, const Tandem__Dataplane__V1__PutRates *put);
int filter_put_block(struct filter *f, const Tandem__Dataplane__V1__PutBlock *put,
		     const char **what);
int filter_delete_block(struct filter *f, const Tandem__Dataplane__V1__DeleteBlock *request,
			const char **what);

/* Whether an address is blocked; for those who come by no port of the dataplane's. */
bool filter_blocks(const struct filter *f, const struct address *address);

/*
 * filter_show.c: fills reply->shed, and reply->next when there are more blocks than one reply
 * holds. 0 or -ENOMEM, and what there is is freed with the reply.
 */
int filter_show(const struct filter *f, const Tandem__Dataplane__V1__GetShed *get,
		Tandem__Dataplane__V1__Reply *reply);

#endif
