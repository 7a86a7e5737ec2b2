/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <linux/if_link.h>
#include <linux/magic.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ebpf/shed_maps.h"

enum { PORT_MAP_BYTES = SHED_ADDRESSES * SHED_PORTS * sizeof(struct shed_port) };

struct shed {
	char dir[PATH_MAX];
	int address_fd;
	int port_fd;
	int counter_fd;
	struct shed_port *port; /* mapped, written here, read by the XDP program */
	unsigned int addresses;
	struct shed_address address[SHED_ADDRESSES];
	unsigned int cpus;
	uint64_t *per_cpu; /* room for one counter of every possible CPU */
};

static const char *const pinned[] = {SHED_MAP_ADDRESS, SHED_MAP_PORT, SHED_MAP_COUNTER};

static int pin_path(char path[PATH_MAX], const char *dir, const char *name)
{
	return snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int shed_bpffs_mount(const char **what)
{
	struct statfs fs;

	if (statfs(SHED_PIN_DIR, &fs) == 0 && fs.f_type == BPF_FS_MAGIC)
		return 0;
	if (mount("bpf", SHED_PIN_DIR, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0)
		return 0;
	*what = errno == ENOENT ? "no such directory: mount sysfs on /sys"
				: "cannot mount the BPF filesystem: run as root, or mount -t bpf "
				  "bpf /sys/fs/bpf beforehand";
	return -errno;
}

int shed_pins_remove(const char *dir, const char **what)
{
	char path[PATH_MAX];
	size_t i;
	int err;

	for (i = 0; i < sizeof(pinned) / sizeof(*pinned); i++) {
		err = pin_path(path, dir, pinned[i]);
		if (!err && unlink(path) && errno != ENOENT)
			err = -errno;
		if (err) {
			*what = "cannot remove the maps of an earlier run: run as root";
			return err;
		}
	}
	return 0;
}

/* Takes program id off, provided that it is ours and still the one attached. */
static int detach(int ifindex, __u32 id, __u32 mode, const char **what)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int fd, err;

	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0) {
		*what = "cannot look at the attached XDP program: run as root";
		return -errno;
	}
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (!err && strcmp(info.name, SHED_PROGRAM) != 0) {
		*what = "another XDP program is attached: take it off with ip link set dev "
			"INTERFACE xdp off";
		err = -EBUSY;
	} else if (!err) {
		opts.old_prog_fd = fd;
		err = bpf_xdp_detach(ifindex, mode, &opts);
	}
	close(fd);
	return err;
}

int shed_detach(const char *interface, const char **what)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, attached);
	int ifindex = if_nametoindex(interface);
	int err;

	if (!ifindex) {
		*what = "no such interface: check its name and the network namespace";
		return -errno;
	}
	*what = "cannot take the XDP program of an earlier run off: try ip link set dev INTERFACE "
		"xdp off";
	err = bpf_xdp_query(ifindex, 0, &attached);
	if (!err && attached.drv_prog_id)
		err = detach(ifindex, attached.drv_prog_id, XDP_FLAGS_DRV_MODE, what);
	if (!err && attached.skb_prog_id)
		err = detach(ifindex, attached.skb_prog_id, XDP_FLAGS_SKB_MODE, what);
	return err;
}

/* Opens a pinned map and checks that it has the shape this program was compiled for. */
static int map_open(const char *dir, const char *name, __u32 key, __u32 value, __u32 entries)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	char path[PATH_MAX];
	int fd, err;

	err = pin_path(path, dir, name);
	if (err)
		return err;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (!err &&
	    (info.key_size != key || info.value_size != value || info.max_entries != entries))
		err = -EPROTO;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int maps_open(struct shed *shed)
{
	shed->address_fd = map_open(shed->dir, SHED_MAP_ADDRESS, sizeof(struct shed_address),
				    sizeof(__u32), SHED_ADDRESSES);
	if (shed->address_fd < 0)
		return shed->address_fd;
	shed->port_fd = map_open(shed->dir, SHED_MAP_PORT, sizeof(__u32), sizeof(struct shed_port),
				 SHED_ADDRESSES * SHED_PORTS);
	if (shed->port_fd < 0)
		return shed->port_fd;
	shed->counter_fd = map_open(shed->dir, SHED_MAP_COUNTER, sizeof(__u32), sizeof(__u64),
				    SHED_REASON_COUNT);
	if (shed->counter_fd < 0)
		return shed->counter_fd;
	shed->port =
		mmap(NULL, PORT_MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, shed->port_fd, 0);
	return shed->port == MAP_FAILED ? -errno : 0;
}

static void shed_free(struct shed *shed)
{
	if (shed->port != MAP_FAILED)
		munmap(shed->port, PORT_MAP_BYTES);
	if (shed->counter_fd >= 0)
		close(shed->counter_fd);
	if (shed->port_fd >= 0)
		close(shed->port_fd);
	if (shed->address_fd >= 0)
		close(shed->address_fd);
	free(shed->per_cpu);
	free(shed);
}

int shed_open(struct shed **out, const char *dir, const char **what)
{
	struct shed *shed;
	int cpus, err;

	*what = "cannot open the maps of the XDP program: run as root";
	cpus = libbpf_num_possible_cpus();
	if (cpus < 0)
		return cpus;
	shed = calloc(1, sizeof(*shed));
	if (!shed)
		return -ENOMEM;
	shed->address_fd = shed->port_fd = shed->counter_fd = -1;
	shed->port = MAP_FAILED;
	shed->cpus = cpus;
	shed->per_cpu = calloc(cpus, sizeof(*shed->per_cpu));
	if (!shed->per_cpu) {
		err = -ENOMEM;
		goto out_free;
	}
	if (snprintf(shed->dir, sizeof(shed->dir), "%s", dir) >= (int)sizeof(shed->dir)) {
		err = -ENAMETOOLONG;
		goto out_free;
	}
	err = maps_open(shed);
	if (err)
		goto out_free;
	*out = shed;
	return 0;

out_free:
	if (err == -ENOENT)
		*what = "no maps of an XDP program: start a port with xdp_prog=shed.bpf.o";
	if (err == -EPROTO)
		*what = "the maps are of another version of the XDP program: install the "
			"shed.bpf.o of this version and restart";
	shed_free(shed);
	return err;
}

void shed_close(struct shed *shed)
{
	const char *what;
	unsigned int i;

	if (!shed)
		return;
	for (i = 0; i < shed->addresses; i++)
		bpf_map_delete_elem(shed->address_fd, &shed->address[i]);
	memset(shed->port, 0, shed->addresses * SHED_PORTS * sizeof(*shed->port));
	shed_pins_remove(shed->dir, &what);
	shed_free(shed);
}

int shed_address_add(struct shed *shed, const struct shed_address *addr)
{
	__u32 index = shed->addresses;

	if (index == SHED_ADDRESSES)
		return -ENOSPC;
	if (bpf_map_update_elem(shed->address_fd, addr, &index, BPF_NOEXIST))
		return -errno;
	shed->address[index] = *addr;
	shed->addresses++;
	return index;
}

static void port_store(struct shed *shed, unsigned int address, uint16_t port, __u32 flags)
{
	__atomic_store_n(&shed->port[shed_port_key(address, port)].flags, flags, __ATOMIC_RELEASE);
}

void shed_port_open(struct shed *shed, unsigned int address, uint16_t port)
{
	port_store(shed, address, port, SHED_PORT_OPEN);
}

void shed_port_close(struct shed *shed, unsigned int address, uint16_t port)
{
	port_store(shed, address, port, 0);
}

int shed_count(const struct shed *shed, uint64_t packets[SHED_REASON_COUNT])
{
	unsigned int cpu;
	__u32 reason;

	for (reason = 0; reason < SHED_REASON_COUNT; reason++) {
		if (bpf_map_lookup_elem(shed->counter_fd, &reason, shed->per_cpu))
			return -errno;
		packets[reason] = 0;
		for (cpu = 0; cpu < shed->cpus; cpu++)
			packets[reason] += shed->per_cpu[cpu];
	}
	return 0;
}

static const char *const names[] = {
#define X(id, name, help) [SHED_##id] = name,
	SHED_REASONS(X)
#undef X
};

static const char *const helps[] = {
#define X(id, name, help) [SHED_##id] = help,
	SHED_REASONS(X)
#undef X
};

const char *shed_reason_name(enum shed_reason reason)
{
	return reason < SHED_REASON_COUNT ? names[reason] : "unknown";
}

const char *shed_reason_help(enum shed_reason reason)
{
	return reason < SHED_REASON_COUNT ? helps[reason] : "a verdict of another version";
}
