/* SPDX-License-Identifier: BSD-3-Clause */
/* All counters of the dataplane in one list: XDP, workers, ports. Main lcore only. */
#ifndef TANDEM_COUNTERS_H
#define TANDEM_COUNTERS_H

#include "dataplane/api/dataplane.pb-c.h"

struct dataplane;
struct shed;

struct counters {
	const struct dataplane *dataplane;
	const struct shed *shed; /* NULL: no port has the XDP program */
};

/* Fills reply->counters, in the order of a packet's way; freed with the reply. 0 or -ENOMEM. */
int counters_report(const struct counters *c, Tandem__Dataplane__V1__Reply *reply);

#endif
