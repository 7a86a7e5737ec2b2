/* SPDX-License-Identifier: BSD-3-Clause */
/* The front end tandem.relay.v1.Relay (controlplane/api/relay.proto). It holds no call state. */
#ifndef TANDEM_RELAY_SERVICE_H
#define TANDEM_RELAY_SERVICE_H

#include "controlplane/rpc/rpc.h"

struct session;

/* The service for rpc_start(); the session must outlive the server. */
struct rpc_service relay_service(struct session *session);

#endif
