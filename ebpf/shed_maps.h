/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dataplane's hold on the tables by which floods are shed: it adds media addresses, opens
 * ports, blocks prefixes, reads counters and samples. They are the maps of the XDP programs of its
 * ports, or, where none of them runs, memory of its own. DPDK loads and attaches the programs (when
 * a port's first receive queue is set up) and detaches them (when the port is closed); this module
 * touches only what DPDK leaves alone.
 *
 * The order of a start, under whatever lock keeps a second dataplane away:
 *   shed_bpffs_mount, shed_detach on each interface, shed_pins_remove, [DPDK starts its ports],
 *   shed_open, shed_address_add ..., and of an end: [DPDK closes its ports], shed_close.
 *
 * All of it is for the main lcore: no function is safe to call from two threads on one struct shed.
 * Workers use what shed_ports(), shed_rule() and shed_sketch() return, as ebpf/shed.h says.
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

/* Whether the program attached to an interface runs in its driver; 0: it is generic, or none is. */
int shed_is_native(const char *interface);

/* Unlinks the pinned maps in dir, if any, so that the next program loaded begins with new ones. */
int shed_pins_remove(const char *dir, const char **what);

/*
 * Opens the maps that a loaded program pinned in dir, usually SHED_PIN_DIR. The caller owns *shed.
 * -ENOENT if no program is loaded, -EPROTO if the maps are of another version of the program.
 */
int shed_open(struct shed **shed, const char *dir, const char **what);

/* The same tables in ordinary memory, for when no port has an XDP program. 0 or -ENOMEM. */
int shed_create(struct shed **shed);

/*
 * Closes every port, forgets the addresses, so that a program which is still attached leaves all
 * traffic to the kernel, and unlinks the pins. NULL is accepted.
 */
void shed_close(struct shed *shed);

/* Makes addr a media address. Returns its index, -EEXIST, or -ENOSPC after SHED_ADDRESSES. */
int shed_address_add(struct shed *shed, const struct shed_address *addr);

/*
 * The SHED_PORT_ENTRIES entries of a media address, the index from shed_address_add(). They are
 * written by plain stores, without a system call: the next packet meets them.
 */
struct shed_port *shed_ports(const struct shed *shed, unsigned int address);

/* What is the same for all ports; zero, no limits, until it is written. */
struct shed_rule *shed_rule(const struct shed *shed);
struct shed_sketch *shed_sketch(const struct shed *shed);

/*
 * Has the XDP programs drop whatever comes from a prefix, whose bits behind `length` are ignored.
 * 0, also when it is blocked already, or -ENOSPC; without a program, 0 and nothing happens.
 * Removing what is not there is no error.
 */
int shed_block(struct shed *shed, const struct shed_prefix *prefix);
int shed_unblock(struct shed *shed, const struct shed_prefix *prefix);

/*
 * Has the XDP programs know a TURN client, or forget it. 0, or -ENOSPC, and it is a stranger to
 * them; without a program, 0 and nothing happens.
 */
int shed_client_add(struct shed *shed, const struct shed_client *client);
void shed_client_remove(struct shed *shed, const struct shed_client *client);

/* The XDP programs' packets since the maps were made, summed over all CPUs and ports. */
int shed_count(const struct shed *shed, uint64_t packets[SHED_REASON_COUNT]);

/* Gives the samples that the XDP programs took since the last call, oldest first; their number. */
typedef void shed_take_sample(void *arg, const struct shed_sample *sample);
int shed_samples(struct shed *shed, shed_take_sample *take, void *arg);

/* Constant strings, never NULL: one word for tables and metrics, one line for people. */
const char *shed_reason_name(enum shed_reason reason);
const char *shed_reason_help(enum shed_reason reason);

#endif
