/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dataplane's hold on the XDP programs of its ports: it adds media addresses, opens ports and
 * reads counters. DPDK loads and attaches the programs (when a port's first receive queue is set
 * up) and detaches them (when the port is closed); this module touches only what DPDK leaves alone.
 *
 * The order of a start, under whatever lock keeps a second dataplane away:
 *   shed_bpffs_mount, shed_detach on each interface, shed_pins_remove, [DPDK starts its ports],
 *   shed_open, shed_address_add ..., and of an end: [DPDK closes its ports], shed_close.
 *
 * All of it is for the main lcore: no function is safe to call from two threads on one struct shed.
 * Errors are -errno; where what is a parameter it then points to a constant text that names the
 * trouble and its remedy, to be printed behind the name of the interface or directory.
 */
#ifndef TANDEM_EBPF_SHED_MAPS_H
#define TANDEM_EBPF_SHED_MAPS_H

#include <stdint.h>

#include "ebpf/shed.h"

/* Where libbpf pins by name unless told otherwise, and DPDK does not tell. */
#define SHED_PIN_DIR "/sys/fs/bpf"

struct shed;

/* Mounts a BPF filesystem on SHED_PIN_DIR unless there is one. */
int shed_bpffs_mount(const char **what);

/*
 * Takes a program of ours off an interface, where a killed dataplane leaves it attached and DPDK
 * then refuses to attach a new one. None attached is no error; -EBUSY if it is not ours.
 */
int shed_detach(const char *interface, const char **what);

/* Unlinks the pinned maps in dir, if any, so that the next program loaded begins with new ones. */
int shed_pins_remove(const char *dir, const char **what);

/*
 * Opens the maps that a loaded program pinned in dir, usually SHED_PIN_DIR. The caller owns *shed.
 * -ENOENT if no program is loaded, -EPROTO if the maps are of another version of the program.
 */
int shed_open(struct shed **shed, const char *dir, const char **what);

/*
 * Closes every port, forgets the addresses, so that a program which is still attached leaves all
 * traffic to the kernel, and unlinks the pins. NULL is accepted.
 */
void shed_close(struct shed *shed);

/* Makes addr a media address. Returns its index, -EEXIST, or -ENOSPC after SHED_ADDRESSES. */
int shed_address_add(struct shed *shed, const struct shed_address *addr);

/*
 * Opens or closes a UDP port (host byte order) of a media address (the index from
 * shed_address_add). A plain store, no system call: the next packet meets it.
 */
void shed_port_open(struct shed *shed, unsigned int address, uint16_t port);
void shed_port_close(struct shed *shed, unsigned int address, uint16_t port);

/* Packets by enum shed_reason since the maps were made, summed over all CPUs and ports. */
int shed_count(const struct shed *shed, uint64_t packets[SHED_REASON_COUNT]);

/* Constant strings, never NULL: one word for tables and metrics, one line for people. */
const char *shed_reason_name(enum shed_reason reason);
const char *shed_reason_help(enum shed_reason reason);

#endif
