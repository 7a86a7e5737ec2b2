/* SPDX-License-Identifier: BSD-3-Clause */
/* What must be in order before DPDK attaches the XDP program, and what a killed run leaves. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <linux/if_link.h>
#include <linux/magic.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ebpf/shed_maps.h"

static const char *const pinned[] = {
	SHED_MAP_ADDRESS, SHED_MAP_RULE,   SHED_MAP_BLOCK,  SHED_MAP_SOURCE, SHED_MAP_SKETCH,
	SHED_MAP_COUNTER, SHED_MAP_SAMPLE, SHED_MAP_CLIENT, SHED_MAP_KNOWN,
};

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

	for (i = 0; i < sizeof(pinned) / sizeof(*pinned); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", dir, pinned[i]) >= (int)sizeof(path))
			return -ENAMETOOLONG;
		if (unlink(path) && errno != ENOENT) {
			*what = "cannot remove the maps of an earlier run: run as root";
			return -errno;
		}
	}
	return 0;
}

/* Our program, or the one that libxdp attaches for a port that has none. */
static int is_ours(const char *name)
{
	return strcmp(name, SHED_PROGRAM) == 0 || strcmp(name, "xsk_def_prog") == 0;
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
	if (!err && !is_ours(info.name)) {
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

int shed_is_native(const char *interface)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, attached);

	return bpf_xdp_query(if_nametoindex(interface), 0, &attached) == 0 && attached.drv_prog_id;
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
