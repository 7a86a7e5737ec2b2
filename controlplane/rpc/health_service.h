/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * grpc.health.v1.Health: whether the relay can take calls, asked once (Check) or followed
 * (Watch). It knows "", the whole server, and "tandem.relay.v1.Relay", which are one. Loop only.
 */
#ifndef TANDEM_HEALTH_SERVICE_H
#define TANDEM_HEALTH_SERVICE_H

#include <stdbool.h>

#include "controlplane/rpc/rpc.h"

struct health;

/* NOT_SERVING at first. NULL without memory. */
struct health *health_create(void);
/* Only after the server that uses it has stopped, or has ended its streams. */
void health_free(struct health *health);

/* Tells all who watch, if it is a change. */
void health_set(struct health *health, bool serving);

/* The service for rpc_start(). */
struct rpc_service health_service(struct health *health);

#endif
