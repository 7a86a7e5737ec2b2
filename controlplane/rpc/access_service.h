/* SPDX-License-Identifier: BSD-3-Clause */
/* tandem.access.v1.Access (controlplane/api/access.proto): who asks. The loop only. */
#ifndef TANDEM_ACCESS_SERVICE_H
#define TANDEM_ACCESS_SERVICE_H

#include "controlplane/rpc/rpc.h"

/* The service for rpc_start(). */
struct rpc_service access_service(void);

#endif
