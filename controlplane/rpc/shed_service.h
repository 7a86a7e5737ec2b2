/* SPDX-License-Identifier: BSD-3-Clause */
/* The front end of the shed: tandem.shed.v1.Shed (controlplane/api/shed.proto). */
#ifndef TANDEM_SHED_SERVICE_H
#define TANDEM_SHED_SERVICE_H

#include "controlplane/rpc/rpc.h"

struct shed;

/* The service for rpc_start(); the shed must outlive the server. */
struct rpc_service shed_service(struct shed *shed);

#endif
