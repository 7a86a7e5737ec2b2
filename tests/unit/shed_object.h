/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads the real XDP object where no running dataplane can notice: in mount and network namespaces
 * of the test's own, with pins in a directory of its own. They vanish with the process.
 */
#ifndef TANDEM_TESTS_SHED_OBJECT_H
#define TANDEM_TESTS_SHED_OBJECT_H

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ebpf/shed_maps.h"

#define PINS SHED_PIN_DIR "/test_shed"

/* Every test begins with this; cmocka cannot skip in a group's setup. */
static inline void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("skipped: loading an XDP program needs root\n");
	skip();
}

/* Unmounts the host's BPF filesystem in the test's namespace only. */
static inline int enter_namespaces(void **state)
{
	if (geteuid() != 0)
		return 0;
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -1;
	while (umount2(SHED_PIN_DIR, MNT_DETACH) == 0)
		;
	return 0;
}

static inline int make_pin_directory(void)
{
	const char *what = "";

	if (shed_bpffs_mount(&what) || mkdir(PINS, 0700)) {
		print_error("%s: %s\n", PINS, what);
		return -1;
	}
	return 0;
}

static inline struct bpf_object *load_object(void)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = PINS);
	const char *path = getenv("TANDEM_BPF");
	struct bpf_object *object;

	object = bpf_object__open_file(path ? path : "ebpf/shed.bpf.o", &opts);
	assert_non_null(object);
	assert_int_equal(bpf_object__load(object), 0);
	return object;
}

/* The program as net_af_xdp takes it: the first of the object. */
static inline int program_fd(struct bpf_object *object)
{
	return bpf_program__fd(bpf_object__next_program(object, NULL));
}

#endif
