/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The DPDK ports: the environment, one port for each "[port NAME]", and frames of the main lcore's
 * own. Main lcore only. Errors are logged where they are found, with the remedy.
 */
#ifndef TANDEM_PORT_H
#define TANDEM_PORT_H

#include <stddef.h>
#include <stdint.h>

struct config;
struct config_port;
struct dataplane;
struct egress;
struct leg;

/* Starts DPDK's environment for the configured lcores and devices. 0 or -errno. */
int port_environment_start(const struct config *config, const char *program);
void port_environment_stop(void);

/* Queue pairs of a port's devices, each of which keeps packets, and its NUMA node, 0 where it has
 * none. */
unsigned int port_queues(const struct config *config, const struct config_port *port);
unsigned int port_node(const struct config_port *port);

/*
 * Configures and starts the ports with one queue pair for each worker or more, and fills
 * d->networks. An AF_XDP port whose XDP program the kernel refuses is `judged` by the workers, with
 * a warning.
 */
int port_start_all(struct dataplane *d, const struct config *config);
void port_stop_all(struct dataplane *d);

/*
 * Copies one frame, or one UDP payload behind the egress's headers, into a packet and has a worker
 * send it, as what a leg sends (NULL: none does). 0, -ENOBUFS when there is no packet or no room in
 * the worker's mailbox, -EMSGSIZE, -EHOSTUNREACH while the next hop is unresolved.
 */
int port_send_frame(struct dataplane *d, uint16_t port, const void *frame, size_t length);
int port_send_datagram(struct dataplane *d, unsigned int worker, struct leg *leg,
		       const struct egress *egress, const void *datagram, size_t length);

#endif
