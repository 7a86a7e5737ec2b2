/* SPDX-License-Identifier: BSD-3-Clause */
/* What each port is and does, as its driver tells. Main lcore only. */
#ifndef TANDEM_LINK_REPORT_H
#define TANDEM_LINK_REPORT_H

#include "dataplane/api/dataplane.pb-c.h"

struct dataplane;

/* Fills reply->links; freed with the reply, also after -ENOMEM. */
int link_report(const struct dataplane *d, Tandem__Dataplane__V1__Reply *reply);

#endif
