/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one scrape shows, and who writes which part of it. Writers are pure: they read the view and
 * write text. Every family is written in each scrape, if only its head, so that what asks for it
 * can be checked against any of them.
 */
#ifndef TANDEM_METRICS_VIEW_H
#define TANDEM_METRICS_VIEW_H

#include <stdbool.h>

#include "controlplane/api/relay.pb-c.h"
#include "controlplane/hep/hep.h"
#include "controlplane/metrics/exposition.h"
#include "controlplane/metrics/loop_watch.h"
#include "controlplane/ng/ng.h"
#include "controlplane/session/counts.h"
#include "controlplane/shed/shed.h"
#include "controlplane/turn/turn.h"

struct metrics_view {
	const Tandem__Relay__V1__StatusReply *status;
	const struct counts *counts;
	unsigned int calls_max;
	const struct attacks *attacks;    /* NULL: nobody watches for any */
	const struct shed_blocks *blocks; /* NULL: the dataplane did not say */
	const struct ng *ng;              /* NULL: nobody is served by it */
	struct hep_counts hep;
	const struct access *access;
	const struct rpc_service *services;
	unsigned int service_count;
	const struct turn_counts *turn; /* NULL: there is no TURN */
	long allocations;               /* -1: not known */
	const struct loop_watch *loop;
	double started; /* seconds since 1970 */
	struct metrics_scrapes {
		uint64_t count;
		double busy; /* seconds of the loop that they took */
	} scrapes;
};

/* One family with one sample without labels. */
void metrics_write_one(struct exposition *e, const struct exposition_family *family, double value);

void metrics_write_calls(struct exposition *e, const struct metrics_view *view);
void metrics_write_quality(struct exposition *e, const struct metrics_view *view);
void metrics_write_relay(struct exposition *e, const struct metrics_view *view);
void metrics_write_links(struct exposition *e, const struct metrics_view *view);
void metrics_write_workers(struct exposition *e, const struct metrics_view *view);
void metrics_write_floods(struct exposition *e, const struct metrics_view *view);
void metrics_write_turn(struct exposition *e, const struct metrics_view *view);
void metrics_write_requests(struct exposition *e, const struct metrics_view *view);
void metrics_write_process(struct exposition *e, const struct metrics_view *view);

#endif
