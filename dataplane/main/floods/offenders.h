/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who sends what is dropped, and what it is aimed at, of the last whole second; and the latest
 * heads of such packets. Samples say who might be among the worst: a few of each reason are taken,
 * whatever their number. How many there were the sketch of sources says, and the counters of the
 * ports. Main lcore only.
 */
#ifndef TANDEM_OFFENDERS_H
#define TANDEM_OFFENDERS_H

#include <stdint.h>

#include "dataplane/lib/address.h"
#include "dataplane/main/counters.h"
#include "dataplane/main/legs/registry.h"
#include "ebpf/shed.h"

#define OFFENDERS_MOST    100 /* of sources, and of targets */
#define OFFENDERS_SAMPLES 256

struct offenders;

/* 0 or -ENOMEM. */
int offenders_create(struct offenders **out, const struct dataplane *d, struct shed *shed,
		     const struct registry *registry, const struct counters *counters);
void offenders_destroy(struct offenders *o);

/* At least ten times a second: takes what was sampled, sums up what a second brought. `now` is the
 * TSC. */
void offenders_poll(struct offenders *o, uint64_t now);

/* Everything in packets a second. */
struct offender {
	struct endpoint who; /* a source without a port; or a media address, and port if UDP */
	uint64_t leg;        /* that has the port; 0: none */
	uint64_t last;       /* TSC of its last sample */
	uint32_t pps;
	uint32_t failures; /* failed authentications */
	uint16_t reason;   /* of most samples: enum shed_reason, or as dataplane/offence.h has it */
};
/* The worst first; returns how many there are. */
unsigned int offenders_sources(const struct offenders *o, const struct offender **list);
unsigned int offenders_targets(const struct offenders *o, const struct offender **list);

struct offence_seen {
	uint64_t when;                 /* TSC */
	uint64_t leg;                  /* 0: none */
	const struct network *network; /* NULL while it is not known */
	struct shed_sample sample;
};
/* The latest is 0. NULL if there were not so many. */
const struct offence_seen *offenders_sample(const struct offenders *o, unsigned int k);

/* A name as counters have it, to be freed; NULL if there is no memory. */
char *offenders_reason(unsigned int reason);

#endif
