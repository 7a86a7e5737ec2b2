/* SPDX-License-Identifier: BSD-3-Clause */
/* What each worker has to do, as the API tells it. Main lcore only. */
#ifndef TANDEM_LOAD_REPORT_H
#define TANDEM_LOAD_REPORT_H

#include "dataplane/api/dataplane.pb-c.h"

struct dataplane;

/* Fills reply->workers; freed with the reply, also after -ENOMEM. 0, -ENOMEM. */
int load_report(const struct dataplane *d, Tandem__Dataplane__V1__Reply *reply);

#endif
