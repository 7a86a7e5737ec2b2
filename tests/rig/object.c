/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/object.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

void object_need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("skipped: loading an XDP program needs root\n");
	skip();
}

int object_enter(void **state)
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

int object_pin_directory(void)
{
	const char *what = "";

	if (shed_bpffs_mount(&what) || mkdir(PINS, 0700)) {
		print_error("%s: %s\n", PINS, what);
		return -1;
	}
	return 0;
}

struct bpf_object *object_load(void)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = PINS);
	const char *path = getenv("TANDEM_BPF");
	struct bpf_object *object;

	object = bpf_object__open_file(path ? path : "ebpf/shed.bpf.o", &opts);
	assert_non_null(object);
	assert_int_equal(bpf_object__load(object), 0);
	return object;
}

int object_program(struct bpf_object *object)
{
	return bpf_program__fd(bpf_object__next_program(object, NULL));
}
