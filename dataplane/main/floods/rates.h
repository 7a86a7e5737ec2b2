/* SPDX-License-Identifier: BSD-3-Clause */
/* The rates by which floods are shed, from packets a second to the buckets of ebpf/shed.h. */
#ifndef TANDEM_RATES_H
#define TANDEM_RATES_H

#include <stdint.h>

#include "dataplane/api/dataplane.pb-c.h"
#include "ebpf/shed.h"

/* Of one port's media; pps 0: no limit. */
struct shed_rate rates_of_media(uint32_t pps, uint32_t at_once);

/* Of what strangers ask of one port; pps 0: no limit. */
struct shed_rate rates_of_requests(uint32_t pps);

/* Main lcore; in force for the next packet. */
void rates_put(struct shed_rule *rule, const Tandem__Dataplane__V1__PutRates *put);
/* What is in force until a control plane says otherwise. */
void rates_put_default(struct shed_rule *rule);

#endif
