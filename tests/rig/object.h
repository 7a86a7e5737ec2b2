/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads the real XDP object where no running dataplane can notice: in mount and network namespaces
 * of the test's own, with pins in a directory of its own. They vanish with the process.
 */
#ifndef TANDEM_TESTS_RIG_OBJECT_H
#define TANDEM_TESTS_RIG_OBJECT_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ebpf/shed_maps.h"
#include "tests/rig/test.h"

#define PINS SHED_PIN_DIR "/test_shed"

/* Every test begins with this; cmocka cannot skip in a group's setup. */
void object_need_root(void);

/* Unmounts the host's BPF filesystem in the test's namespace only. */
int object_enter(void **state);
int object_pin_directory(void);
struct bpf_object *object_load(void);

/* The program as net_af_xdp takes it: the first of the object. */
int object_program(struct bpf_object *object);

#endif
