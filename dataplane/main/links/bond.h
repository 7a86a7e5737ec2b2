/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several devices as one port: link aggregation with LACP (IEEE 802.1AX), by DPDK's bonding driver.
 * What one flow sends leaves by one member, chosen by addresses and UDP ports. Main lcore only.
 *
 * The driver knows when a NIC's link goes down. Not so an AF_XDP device's, which is the kernel's:
 * such a member is stopped while it has none.
 */
#ifndef TANDEM_BOND_H
#define TANDEM_BOND_H

#include <stdbool.h>
#include <stdint.h>

#define BOND_MEMBERS_MAX 8

struct bond;
struct config;
struct dataplane;
struct port;

/*
 * Before DPDK starts: interfaces of the kernel's that are to be members get the first one's MAC
 * address and keep it, since AF_XDP cannot give it to them. 0 or -errno, logged.
 */
int bond_prepare(const struct config *config);

/*
 * Makes p->bond and p->id of devices that are there and not configured yet. devargs: with all that
 * DPDK needs; copied. 0 or -errno, logged.
 */
int bond_create(struct port *p, char *const *devargs, unsigned int count);
/* Lets the members go. Nothing where p is no bond. */
void bond_free(struct port *p);

/*
 * Every 100 ms or more often: has the bonds send what LACP says, stops members without a link,
 * and logs which carry traffic. True when a bond that had no such one has one now: nobody has heard
 * what was sent before.
 */
bool bond_watch(struct dataplane *d);

/* How many devices there are, and how many of them carry traffic. bond: NULL for a port of one. */
void bond_report(const struct bond *bond, uint32_t *members, uint32_t *used);

#endif
