/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator wrote about a DPDK device, and what DPDK needs beside it. Main lcore only.
 * Texts are to be freed.
 */
#ifndef TANDEM_DEVARGS_H
#define TANDEM_DEVARGS_H

#include <stdbool.h>

struct config;
struct config_port;

bool devargs_is_af_xdp(const char *devargs);
/* Of the port's first device; all are of a kind. */
bool devargs_are_af_xdp(const struct config_port *port);

/* The interface named by AF_XDP devargs; NULL for another kind of device. */
char *devargs_interface(const char *devargs);

/* "net_af_xdp0": what DPDK calls the device. */
char *devargs_device(const char *devargs);

/* DPDK makes the device, which needs no probing of the PCI bus. */
bool devargs_is_virtual(const char *devargs);

/* Queues that each device of the port is to have, or 0, logged: none. */
unsigned int devargs_queues(const struct config *config, const struct config_port *port);

/*
 * Adds to one of the port's devices what nobody need write: the number of queues and, if wanted,
 * our XDP program. NULL with a log line.
 */
char *devargs_complete(const struct config *config, const struct config_port *port,
		       const char *devargs, bool program);

/* Whether our XDP program is wanted in front of the port. */
bool devargs_want_program(const struct config_port *port);

#endif
