/* SPDX-License-Identifier: BSD-3-Clause */
/* The front end of the TURN server: tandem.turn.v1.Turn (controlplane/api/turn.proto). */
#ifndef TANDEM_TURN_SERVICE_H
#define TANDEM_TURN_SERVICE_H

#include "controlplane/rpc/rpc.h"

struct turn_server;

/* The service for rpc_start(); the TURN server must outlive the RPC server. */
struct rpc_service turn_service(struct turn_server *turn);

#endif
