/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_CHANNELS_H
#define TANDEM_CHANNELS_H

/*
 * Prepares the queues of a kernel interface for AF_XDP, and returns how many there are, or -errno.
 * All of them need a socket: a packet on any other would be lost. An interface with combined
 * channels gets up to `wanted`, and a virtio NIC as many as keep its driver from taking more; DPDK
 * drives only one queue of any other kind (veth), so it is left with one. Main lcore, before the
 * port starts.
 */
int channels_prepare(const char *interface, unsigned int wanted);

#endif
