/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/flood/xdp.h"

#include <err.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "perf/flood/tables.h"
#include "perf/flood/vary.h"

#define PINS SHED_PIN_DIR "/verdict"

/* Packets before anything is timed: sources become known, buckets full, caches warm. */
enum { WARM_UP = 1000 };

static struct {
	struct bpf_object *object, *vary_object;
	struct tables tables;
	int shed, vary, pass, drop; /* programs */
	int socket;
	int sockets, blocks, next, state; /* maps */
	unsigned int blocked;
	const struct verdict_case *blocked_for;
	int blocked_version;
} xdp;

static void enter_namespaces(void)
{
	const char *what = "";

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		err(1, "namespaces (this needs root)");
	while (umount2(SHED_PIN_DIR, MNT_DETACH) == 0)
		;
	if (shed_bpffs_mount(&what) || mkdir(PINS, 0700))
		err(1, "%s: %s", PINS, what);
}

static struct bpf_object *load(const char *path)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .pin_root_path = PINS);
	struct bpf_object *object = bpf_object__open_file(path, &options);

	if (!object || bpf_object__load(object))
		err(1, "%s is not taken by the kernel", path);
	return object;
}

static int first_program(struct bpf_object *object)
{
	return bpf_program__fd(bpf_object__next_program(object, NULL));
}

static int map(struct bpf_object *object, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	if (fd < 0)
		errx(1, "the object has no map %s", name);
	return fd;
}

/* r0 = action; exit. */
static int empty(const char *name, int action)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = action},
		{.code = BPF_JMP | BPF_EXIT},
	};
	/* As libbpf loads the others: a tail call is possible only between such as are alike. */
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_XDP);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, name, "BSD-3-Clause", code, 2, &options);

	if (fd < 0)
		err(1, "an empty XDP program");
	return fd;
}

/* A socket need not be bound to stand in the map, and a test run sends nothing to it. */
static void set_socket(bool there)
{
	const __u32 queue = 0;

	if (there ? bpf_map_update_elem(xdp.sockets, &queue, &xdp.socket, BPF_ANY)
		  : bpf_map_delete_elem(xdp.sockets, &queue))
		err(1, SHED_MAP_SOCKET);
}

void xdp_open(const char *shed_object, const char *vary_object)
{
	const char *what = "";
	struct shed *shed;
	int error;

	enter_namespaces();
	xdp.object = load(shed_object);
	xdp.vary_object = load(vary_object);
	xdp.shed = first_program(xdp.object);
	xdp.vary = first_program(xdp.vary_object);
	xdp.pass = empty("pass", XDP_PASS);
	xdp.drop = empty("drop", XDP_DROP);
	xdp.sockets = map(xdp.object, SHED_MAP_SOCKET);
	xdp.next = map(xdp.vary_object, "vary_next");
	xdp.state = map(xdp.vary_object, "vary_state");
	error = shed_open(&shed, PINS, &what);
	if (!error)
		error = tables_open(&xdp.tables, shed);
	if (error)
		errx(1, "%s: %s (%s)", PINS, what, strerror(-error));
	xdp.socket = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (xdp.socket < 0)
		err(1, "AF_XDP");
	set_socket(true);
}

/* --- one case ----------------------------------------------------------------------------------*/

static void unblock(void)
{
	for (unsigned int n = 0; n < xdp.blocked; n++) {
		struct shed_prefix prefix = tables_prefix(xdp.blocked_for, xdp.blocked_version, n);

		if (shed_unblock(xdp.tables.shed, &prefix))
			err(1, "a block is not taken off");
	}
	xdp.blocked = 0;
}

static void block(const struct verdict_case *c, int version)
{
	unblock();
	xdp.blocked_for = c;
	xdp.blocked_version = version;
	for (; xdp.blocked < c->blocks; xdp.blocked++) {
		struct shed_prefix prefix = tables_prefix(c, version, xdp.blocked);

		if (shed_block(xdp.tables.shed, &prefix))
			err(1, "block %u", xdp.blocked);
	}
}

static void set_vary(const struct verdict_case *c, int next)
{
	const struct vary vary = {
		.random = 0x2545f4914f6cdd1d, .sources = c->sources, .ports = c->random_ports};
	const __u32 zero = 0;

	if (bpf_map_update_elem(xdp.state, &zero, &vary, BPF_ANY) ||
	    bpf_map_update_elem(xdp.next, &zero, &next, BPF_ANY))
		err(1, "the maps of vary.bpf.o");
}

static uint32_t run(int program, struct frame frame, uint32_t repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.octet,
		    .data_size_in = frame.length, .repeat = repeat);

	if (bpf_prog_test_run_opts(program, &options))
		err(1, "BPF_PROG_TEST_RUN");
	return options.duration;
}

static bool is_varied(const struct verdict_case *c)
{
	return c->sources || c->random_ports;
}

/* Behind vary, if the case has different frames. */
static uint32_t run_case(const struct verdict_case *c, const struct frame *frame, int program,
			 uint32_t repeat)
{
	if (!is_varied(c))
		return run(program, *frame, repeat);
	set_vary(c, program);
	return run(xdp.vary, *frame, repeat);
}

static uint64_t verdicts(enum shed_reason reason)
{
	uint64_t packets[SHED_REASON_COUNT];

	if (shed_count(xdp.tables.shed, packets))
		err(1, SHED_MAP_COUNTER);
	return packets[reason];
}

static void take_sample(void *arg, const struct shed_sample *sample)
{
}

struct xdp_cost xdp_measure(const struct verdict_case *c, int version, uint32_t repeat)
{
	const struct shed_address from =
		c->from_peer ? frame_peer(version) : frame_stranger(version);
	struct xdp_cost cost;
	struct frame frame;
	uint64_t before;

	frame_make(&frame, version, c->kind, &from, c->spoil);
	tables_prepare(&xdp.tables, c, version);
	block(c, version);
	if (c->no_socket)
		set_socket(false);
	run_case(c, &frame, xdp.shed, WARM_UP);
	before = verdicts(c->reason);
	cost.judged = run_case(c, &frame, xdp.shed, repeat);
	/* A full bucket lets a packet through every four seconds. */
	if (verdicts(c->reason) - before < repeat - 2)
		errx(1, "%s, IPv%d: %ju of %u packets got the verdict %s", c->name, version,
		     (uintmax_t)(verdicts(c->reason) - before), repeat,
		     shed_reason_name(c->reason));
	cost.empty =
		run_case(c, &frame, shed_reason_drops(c->reason) ? xdp.drop : xdp.pass, repeat);
	if (c->no_socket)
		set_socket(true);
	/* Nobody waits for them here, and a full ring would be a shorter way. */
	shed_samples(xdp.tables.shed, take_sample, NULL);
	return cost;
}

void xdp_close(void)
{
	shed_close(xdp.tables.shed);
	bpf_object__close(xdp.vary_object);
	bpf_object__close(xdp.object);
	close(xdp.pass);
	close(xdp.drop);
	close(xdp.socket);
}
