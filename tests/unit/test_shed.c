/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames and the verdicts they get, through the XDP program in the kernel (BPF_PROG_TEST_RUN) and
 * through the same policy compiled here, where the sanitizers watch its bounds.
 */
#include "tests/unit/shed_object.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "ebpf/policy.h"
#include "tests/unit/shed_fixtures.h"

static struct bpf_object *object;
static struct shed *shed;
static int sock = -1;

/* The look-ups of the policy compiled here: the same state as prepare() puts into the maps. */
static inline int policy_media(const struct shed_address *addr)
{
	int i;

	for (i = 0; i < 2; i++)
		if (memcmp(addr, &media[i], sizeof(*addr)) == 0)
			return i;
	return -1;
}

static inline __u32 policy_port(__u32 address, __u16 port)
{
	if (port == PORT_OPEN || (port == PORT_IPV4_ONLY && address == MEDIA_IPV4))
		return SHED_PORT_OPEN;
	return 0;
}

static int action_of(enum shed_reason reason)
{
	if (reason == SHED_TO_KERNEL)
		return XDP_PASS;
	return reason == SHED_TO_DATAPLANE ? XDP_REDIRECT : XDP_DROP;
}

/* The verdict of the policy compiled here, on a copy without one octet to spare. */
static enum shed_reason judge_here(const struct frame *frame)
{
	uint8_t *copy = malloc(frame->len ? frame->len : 1);
	struct packet p = {copy, copy + frame->len};
	enum shed_reason reason;

	assert_non_null(copy);
	memcpy(copy, frame->octet, frame->len);
	reason = policy_verdict(p);
	free(copy);
	return reason;
}

/* The verdict of the program in the kernel, which must count it once and leave the frame alone. */
static enum shed_reason judge_kernel(const struct frame *frame, int *action)
{
	uint64_t before[SHED_REASON_COUNT], after[SHED_REASON_COUNT];
	enum shed_reason reason, found = SHED_REASON_COUNT;
	uint8_t out[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->octet, .data_size_in = frame->len,
		    .data_out = out, .data_size_out = sizeof(out), .repeat = 1);

	assert_int_equal(shed_count(shed, before), 0);
	assert_int_equal(bpf_prog_test_run_opts(program_fd(object), &run), 0);
	assert_int_equal(shed_count(shed, after), 0);
	assert_int_equal(run.data_size_out, frame->len);
	assert_memory_equal(out, frame->octet, frame->len);
	for (reason = 0; reason < SHED_REASON_COUNT; reason++) {
		if (after[reason] == before[reason])
			continue;
		assert_int_equal(after[reason], before[reason] + 1);
		assert_int_equal(found, SHED_REASON_COUNT);
		found = reason;
	}
	*action = run.retval;
	return found;
}

/* The shortest frame that BPF_PROG_TEST_RUN takes is a bare Ethernet header. */
static void expect(const struct frame *frame, enum shed_reason reason, const char *name)
{
	enum shed_reason here = judge_here(frame), kernel = reason;
	int action = action_of(reason);

	if (frame->len >= ETHERNET)
		kernel = judge_kernel(frame, &action);
	if (here == reason && kernel == reason && action == action_of(reason))
		return;
	fail_msg("%s, %zu octets: expected %s, here %s, in the kernel %s with action %d", name,
		 frame->len, shed_reason_name(reason), shed_reason_name(here),
		 shed_reason_name(kernel), action);
}

static void every_fixture(void **state)
{
	static const uint16_t tag[] = {0, 0x8100, 0x88a8};
	int seen[SHED_REASON_COUNT] = {[SHED_NO_SOCKET] = 1}; /* tested below */
	struct frame frame;
	size_t i, t;

	need_root();
	for (i = 0; i < sizeof(fixtures) / sizeof(*fixtures); i++) {
		for (t = 0; t < sizeof(tag) / sizeof(*tag); t++) {
			frame_build(&frame, &fixtures[i], tag[t]);
			expect(&frame, fixtures[i].reason, fixtures[i].name);
		}
		seen[fixtures[i].reason] = 1;
	}
	for (i = 0; i < SHED_REASON_COUNT; i++)
		if (!seen[i])
			fail_msg("no fixture for %s", shed_reason_name(i));
}

/* Up to here it cannot be known whom a base is meant for. */
static size_t destination_end(enum base base)
{
	switch (base) {
	case UDP4:
	case ECHO4:
		return 20;
	case SOLICIT:
		return 40 + 24;
	case WHO_HAS:
		return 28;
	default:
		return 40;
	}
}

static void every_truncation(void **state)
{
	static const uint16_t tag[] = {0, 0x8100};
	struct fixture fixture = {"truncated"};
	struct frame frame;
	size_t known, full, t;

	need_root();
	for (fixture.base = UDP4; fixture.base <= WHO_HAS; fixture.base++) {
		for (t = 0; t < 2; t++) {
			frame_build(&frame, &fixture, tag[t]);
			full = frame.len;
			known = ETHERNET + (tag[t] ? TAG : 0) + destination_end(fixture.base);
			for (frame.len = 0; frame.len < full; frame.len++)
				expect(&frame, frame.len < known ? SHED_TO_KERNEL : SHED_RUNT,
				       "truncated");
			expect(&frame, SHED_TO_DATAPLANE, "whole");
		}
	}
}

/* Ethernet pads short frames, and some switches pad more. */
static void padding_is_no_payload(void **state)
{
	struct fixture fixture = {"padded"};
	struct frame frame;
	size_t full;

	need_root();
	for (fixture.base = UDP4; fixture.base <= WHO_HAS; fixture.base++) {
		frame_build(&frame, &fixture, 0);
		full = frame.len;
		for (; frame.len < full + 46; frame.len++)
			expect(&frame, SHED_TO_DATAPLANE, "padded");
	}
}

static void other_frames_are_the_kernels(void **state)
{
	static const uint16_t type[] = {0x0026, 0x0842, 0x8847, 0x8863, 0x88cc, 0xffff};
	struct fixture fixture = {"other", UDP4};
	struct frame frame;
	size_t i;

	need_root();
	for (i = 0; i < sizeof(type) / sizeof(*type); i++) {
		frame_build(&frame, &fixture, 0);
		memcpy(frame.octet + 12, (uint8_t[]){type[i] >> 8, type[i] & 0xff}, 2);
		expect(&frame, SHED_TO_KERNEL, "other ethertype");
	}
	/* Two tags: the second hides what is behind it. */
	frame_build(&frame, &fixture, 0x88a8);
	memmove(frame.octet + 12 + TAG, frame.octet + 12, frame.len - 12);
	frame.len += TAG;
	expect(&frame, SHED_TO_KERNEL, "two tags");
}

static void ports_close_again(void **state)
{
	struct fixture fixture = {"closing", UDP6};
	struct frame frame;
	int action;

	need_root();
	frame_build(&frame, &fixture, 0);
	shed_port_close(shed, MEDIA_IPV6, PORT_OPEN);
	assert_int_equal(judge_kernel(&frame, &action), SHED_CLOSED_PORT);
	assert_int_equal(action, XDP_DROP);
	shed_port_open(shed, MEDIA_IPV6, PORT_OPEN);
	assert_int_equal(judge_kernel(&frame, &action), SHED_TO_DATAPLANE);
	assert_int_equal(action, XDP_REDIRECT);
}

static void no_socket(void **state)
{
	int fd = bpf_object__find_map_fd_by_name(object, SHED_MAP_SOCKET);
	struct fixture fixture = {"no socket"};
	struct frame frame;
	__u32 queue = 0;
	int action;

	need_root();
	assert_int_equal(bpf_map_delete_elem(fd, &queue), 0);
	for (fixture.base = UDP4; fixture.base <= WHO_HAS; fixture.base++) {
		frame_build(&frame, &fixture, 0);
		assert_int_equal(judge_kernel(&frame, &action), SHED_NO_SOCKET);
		assert_int_equal(action, XDP_DROP);
	}
	assert_int_equal(bpf_map_update_elem(fd, &queue, &sock, BPF_ANY), 0);
}

/* After the dataplane's end a program that is still attached leaves everything to the kernel. */
static void nothing_is_ours_after_close(void **state)
{
	struct fixture fixture = {"after close"};
	struct frame frame;

	need_root();
	shed_close(shed);
	shed = NULL;
	for (fixture.base = UDP4; fixture.base <= WHO_HAS; fixture.base++) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame.octet);

		frame_build(&frame, &fixture, 0);
		run.data_size_in = frame.len;
		assert_int_equal(bpf_prog_test_run_opts(program_fd(object), &run), 0);
		assert_int_equal(run.retval, XDP_PASS);
	}
}

/* An AF_XDP socket need not be bound to stand in the map, and the test run sends nothing to it. */
static int prepare(void **state)
{
	const char *what = "";
	__u32 queue = 0;

	if (geteuid() != 0)
		return 0;
	if (enter_namespaces(state) || make_pin_directory())
		return -1;
	object = load_object();
	if (shed_open(&shed, PINS, &what)) {
		print_error("%s: %s\n", PINS, what);
		return -1;
	}
	if (shed_address_add(shed, &media[MEDIA_IPV4]) != MEDIA_IPV4 ||
	    shed_address_add(shed, &media[MEDIA_IPV6]) != MEDIA_IPV6)
		return -1;
	shed_port_open(shed, MEDIA_IPV4, PORT_OPEN);
	shed_port_open(shed, MEDIA_IPV6, PORT_OPEN);
	shed_port_open(shed, MEDIA_IPV4, PORT_IPV4_ONLY);
	sock = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	return sock < 0 ? -1
			: bpf_map_update_elem(
				  bpf_object__find_map_fd_by_name(object, SHED_MAP_SOCKET), &queue,
				  &sock, BPF_ANY);
}

static int tidy(void **state)
{
	shed_close(shed);
	bpf_object__close(object);
	return sock < 0 ? 0 : close(sock);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fixture),
		cmocka_unit_test(every_truncation),
		cmocka_unit_test(padding_is_no_payload),
		cmocka_unit_test(other_frames_are_the_kernels),
		cmocka_unit_test(ports_close_again),
		cmocka_unit_test(no_socket),
		cmocka_unit_test(nothing_is_ours_after_close),
	};

	return cmocka_run_group_tests(tests, prepare, tidy);
}
