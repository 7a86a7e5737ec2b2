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

/* The tables of the policy compiled here. */
static struct {
	struct shed_port *ports[MEDIA_COUNT];
	struct shed_rule rule;
	struct shed_sketch sketch;
	uint64_t eager[2];
} tables;

static inline void *policy_media(void *judge, const struct shed_address *addr)
{
	int i;

	for (i = 0; i < MEDIA_COUNT; i++)
		if (memcmp(addr, &media[i], sizeof(*addr)) == 0)
			return tables.ports[i];
	return NULL;
}

static inline struct shed_port *policy_port(void *ports, __u32 entry)
{
	return entry < SHED_PORT_ENTRIES ? (struct shed_port *)ports + entry : NULL;
}

static inline const struct shed_rule *policy_rule(void *judge)
{
	return &tables.rule;
}

static inline int policy_blocked(void *judge, const struct shed_address *addr)
{
	size_t i, k;

	for (i = 0; i < sizeof(blocked) / sizeof(*blocked); i++) {
		for (k = 0; k < blocked[i].length; k++)
			if ((addr->byte[k / 8] ^ blocked[i].byte[k / 8]) & 0x80 >> k % 8)
				break;
		if (k == blocked[i].length)
			return 1;
	}
	return 0;
}

static inline __u64 policy_now(void *judge)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static inline __u64 *policy_source(void *judge, const struct shed_address *source)
{
	if (memcmp(source, &eager4, sizeof(*source)) == 0)
		return (__u64 *)&tables.eager[0];
	return memcmp(source, &eager6, sizeof(*source)) == 0 ? (__u64 *)&tables.eager[1] : NULL;
}

static inline void policy_remember(void *judge, const struct shed_address *source, __u64 due)
{
}

static inline struct shed_sketch *policy_sketch(void *judge)
{
	return &tables.sketch;
}

/* Both compilations get the same tables, as they are before any packet. */
static void tables_put(void)
{
	const int sources = bpf_object__find_map_fd_by_name(object, SHED_MAP_SOURCE);
	struct shed_port *const ports[] = {shed_ports(shed, MEDIA_IPV4),
					   shed_ports(shed, MEDIA_IPV6),
					   shed_ports(shed, MEDIA_BUSY)};
	uint64_t full = full_bucket();

	state_put(ports, shed_rule(shed));
	state_put(tables.ports, &tables.rule);
	tables.rule.seed = shed_rule(shed)->seed;
	memset(&tables.sketch, 0, sizeof(tables.sketch));
	memset(shed_sketch(shed), 0, sizeof(tables.sketch));
	tables.eager[0] = tables.eager[1] = full;
	assert_int_equal(bpf_map_update_elem(sources, &eager4, &full, BPF_ANY), 0);
	assert_int_equal(bpf_map_update_elem(sources, &eager6, &full, BPF_ANY), 0);
	assert_int_equal(shed_block(shed, &blocked[0]), 0);
	assert_int_equal(shed_block(shed, &blocked[1]), 0);
}

/* What a verdict left behind must be the same, too: which buckets it used, what it counted. */
static void expect_same_traces(const char *name)
{
	int m, kind;
	uint32_t e;

	for (m = 0; m < MEDIA_COUNT; m++) {
		const struct shed_port *here = tables.ports[m], *kernel = shed_ports(shed, m);

		for (e = PORT_OPEN; e < SHED_PORT_ENTRIES; e++) {
			if (e == PORT_UNTRACKED + 1)
				e = SHED_QUESTIONS;
			for (kind = 0; kind < SHED_KINDS; kind++)
				if (!here[e].due[kind] != !kernel[e].due[kind])
					fail_msg("%s: bucket %d of port %u", name, kind, e);
			if (here[e].shed != kernel[e].shed ||
			    here[e].shed_reason != kernel[e].shed_reason)
				fail_msg("%s: drops of port %u", name, e);
		}
	}
	if (memcmp(&tables.sketch, shed_sketch(shed), sizeof(tables.sketch)) != 0)
		fail_msg("%s: the sketches differ", name);
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
	struct policy p = {.frame = {copy, copy + frame->len}};
	enum shed_reason reason;

	assert_non_null(copy);
	memcpy(copy, frame->octet, frame->len);
	reason = policy_verdict(&p);
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
	enum shed_reason here, kernel = reason;
	int action = action_of(reason);

	tables_put();
	here = judge_here(frame);
	if (frame->len >= ETHERNET) {
		kernel = judge_kernel(frame, &action);
		expect_same_traces(name);
	}
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
	case STUN4:
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
	tables_put();
	shed_ports(shed, MEDIA_IPV6)[PORT_OPEN].flags = 0;
	assert_int_equal(judge_kernel(&frame, &action), SHED_CLOSED_PORT);
	assert_int_equal(action, XDP_DROP);
	shed_ports(shed, MEDIA_IPV6)[PORT_OPEN].flags = SHED_PORT_OPEN | SHED_PORT_LATCH;
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
	tables_put();
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
	int i;

	if (geteuid() != 0)
		return 0;
	if (enter_namespaces(state) || make_pin_directory())
		return -1;
	object = load_object();
	if (shed_open(&shed, PINS, &what)) {
		print_error("%s: %s\n", PINS, what);
		return -1;
	}
	for (i = 0; i < MEDIA_COUNT; i++) {
		tables.ports[i] = calloc(SHED_PORT_ENTRIES, sizeof(struct shed_port));
		if (!tables.ports[i] || shed_address_add(shed, &media[i]) != i)
			return -1;
	}
	sock = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	return sock < 0 ? -1
			: bpf_map_update_elem(
				  bpf_object__find_map_fd_by_name(object, SHED_MAP_SOCKET), &queue,
				  &sock, BPF_ANY);
}

static int tidy(void **state)
{
	int i;

	for (i = 0; i < MEDIA_COUNT; i++)
		free(tables.ports[i]);
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
