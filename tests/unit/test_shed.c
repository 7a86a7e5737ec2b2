/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames and the verdicts they get, through the XDP program in the kernel (BPF_PROG_TEST_RUN) and
 * through the same policy compiled here, where the sanitizers watch its bounds.
 */
#include "tests/rig/object.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf_endian.h>

#include "tests/rig/tables.h"
#include "tests/rig/verdict.h"

static struct bpf_object *object;
static struct shed *shed;
static int sock = -1;

/* Both compilations get the same tables, as they are before any packet. */
static void put_tables(void)
{
	const int sources = bpf_object__find_map_fd_by_name(object, SHED_MAP_SOURCE);
	const int clients = bpf_object__find_map_fd_by_name(object, SHED_MAP_CLIENT);
	struct shed_port *const ports[] = {shed_ports(shed, MEDIA_IPV4),
					   shed_ports(shed, MEDIA_IPV6),
					   shed_ports(shed, MEDIA_BUSY)};
	uint64_t full = tables_full_bucket();

	tables_put(ports, shed_rule(shed));
	tables_put(tables.ports, &tables.rule);
	tables.rule.seed = shed_rule(shed)->seed;
	memset(&tables.sketch, 0, sizeof(tables.sketch));
	memset(shed_sketch(shed), 0, sizeof(tables.sketch));
	tables.eager[0] = tables.eager[1] = full;
	assert_int_equal(bpf_map_update_elem(sources, &tables_eager4, &full, BPF_ANY), 0);
	assert_int_equal(bpf_map_update_elem(sources, &tables_eager6, &full, BPF_ANY), 0);
	assert_int_equal(shed_block(shed, &tables_blocked[0]), 0);
	assert_int_equal(shed_block(shed, &tables_blocked[1]), 0);
	for (unsigned int k = 0; k < TABLES_CLIENTS; k++) {
		uint64_t bucket = tables_client_bucket(k);

		tables.clients[k] = bucket;
		assert_int_equal(shed_client_add(shed, &tables_clients[k]), 0);
		assert_int_equal(bpf_map_update_elem(clients, &tables_clients[k], &bucket, BPF_ANY),
				 0);
	}
}

/* What a verdict left behind must be the same, too: which buckets it used, what it counted. */
static void expect_same_traces(const char *name)
{
	int m, kind;
	uint32_t e;

	for (m = 0; m < MEDIA_COUNT; m++) {
		const struct shed_port *here = tables.ports[m], *kernel = shed_ports(shed, m);

		for (e = PORT_OPEN; e < SHED_PORT_ENTRIES; e++) {
			if (e == PORT_LAST + 1)
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
	enum shed_reason reason;

	assert_non_null(copy);
	memcpy(copy, frame->octet, frame->len);
	reason = tables_judge(copy, frame->len, NULL);
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
	assert_int_equal(bpf_prog_test_run_opts(object_program(object), &run), 0);
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

	put_tables();
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

	object_need_root();
	for (i = 0; i < VERDICT_FIXTURES; i++) {
		for (t = 0; t < sizeof(tag) / sizeof(*tag); t++) {
			verdict_build(&frame, &verdict_fixtures[i], tag[t]);
			expect(&frame, verdict_fixtures[i].reason, verdict_fixtures[i].name);
		}
		seen[verdict_fixtures[i].reason] = 1;
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

	object_need_root();
	for (fixture.base = UDP4; fixture.base <= WHO_HAS; fixture.base++) {
		for (t = 0; t < 2; t++) {
			verdict_build(&frame, &fixture, tag[t]);
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

	object_need_root();
	for (fixture.base = UDP4; fixture.base <= WHO_HAS; fixture.base++) {
		verdict_build(&frame, &fixture, 0);
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

	object_need_root();
	for (i = 0; i < sizeof(type) / sizeof(*type); i++) {
		verdict_build(&frame, &fixture, 0);
		memcpy(frame.octet + 12, (uint8_t[]){type[i] >> 8, type[i] & 0xff}, 2);
		expect(&frame, SHED_TO_KERNEL, "other ethertype");
	}
	/* Two tags: the second hides what is behind it. */
	verdict_build(&frame, &fixture, 0x88a8);
	memmove(frame.octet + 12 + TAG, frame.octet + 12, frame.len - 12);
	frame.len += TAG;
	expect(&frame, SHED_TO_KERNEL, "two tags");
}

/* Of the other end of the link, about links that are one; to a group that no switch passes on. */
static void lacp_is_theirs_who_speak_it(void **state)
{
	struct fixture fixture = {"LACP", UDP4};
	struct frame frame;

	object_need_root();
	verdict_build(&frame, &fixture, 0);
	memcpy(frame.octet, (uint8_t[]){0x01, 0x80, 0xc2, 0x00, 0x00, 0x02}, 6);
	memcpy(frame.octet + 12, (uint8_t[]){0x88, 0x09}, 2);
	expect(&frame, SHED_TO_KERNEL, "no bond");
	shed_rule(shed)->lacp = tables.rule.lacp = 1;
	frame.octet[14] = 1;
	expect(&frame, SHED_TO_DATAPLANE, "a bond");
	frame.octet[14] = 10; /* ESMC, of clocks */
	expect(&frame, SHED_TO_KERNEL, "another slow protocol");
	shed_rule(shed)->lacp = tables.rule.lacp = 0;
}

static void ports_close_again(void **state)
{
	struct fixture fixture = {"closing", UDP6};
	struct frame frame;
	int action;

	object_need_root();
	verdict_build(&frame, &fixture, 0);
	put_tables();
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

	object_need_root();
	put_tables();
	assert_int_equal(bpf_map_delete_elem(fd, &queue), 0);
	for (fixture.base = UDP4; fixture.base <= WHO_HAS; fixture.base++) {
		verdict_build(&frame, &fixture, 0);
		assert_int_equal(judge_kernel(&frame, &action), SHED_NO_SOCKET);
		assert_int_equal(action, XDP_DROP);
	}
	assert_int_equal(bpf_map_update_elem(fd, &queue, &sock, BPF_ANY), 0);
}

/* Runs the program on the frame as it comes from host number `host` of 198.18.0.0/15. */
static enum shed_reason judge_from(struct frame *frame, unsigned int host)
{
	uint8_t *ip = frame->octet + ETHERNET;
	int action;

	memcpy(ip + 12, (uint8_t[]){198, 18 + (host >> 16), host >> 8, host}, 4);
	verdict_sum(ip);
	return judge_kernel(frame, &action);
}

/* Who came once is not remembered, so those who came twice are not forgotten for it. */
static void a_flood_of_sources_evicts_nobody(void **state)
{
	const int sources = bpf_object__find_map_fd_by_name(object, SHED_MAP_SOURCE);
	const struct fixture fixture = {"check", STUN4};
	struct shed_address honest = {
		{{[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 18, [15] = 1}}};
	const struct shed_rate none = {0, 0};
	unsigned int host, counted = 0, remembered = 0;
	struct shed_address key, next;
	struct frame frame;
	__u64 due;

	object_need_root();
	put_tables();
	/* The media address's port takes them all; each source may come as often as it likes. */
	shed_rule(shed)->stranger = none;
	shed_rule(shed)->source.burst = 4000000;
	bpf_map_delete_elem(sources, &tables_eager4);
	bpf_map_delete_elem(sources, &tables_eager6);
	verdict_build(&frame, &fixture, 0);
	assert_int_equal(judge_from(&frame, 1), SHED_TO_DATAPLANE);
	assert_int_equal(bpf_map_lookup_elem(sources, &honest, &due), -ENOENT);
	assert_int_equal(judge_from(&frame, 1), SHED_TO_DATAPLANE);
	assert_int_equal(bpf_map_lookup_elem(sources, &honest, &due), 0);
	for (host = 2; host < 130000; host++) {
		assert_int_equal(judge_from(&frame, host), SHED_TO_DATAPLANE);
		/* As the main lcore does each second. */
		if (host % 1000 == 0)
			memset(shed_sketch(shed), 0, sizeof(struct shed_sketch));
		counted++;
	}
	assert_int_equal(bpf_map_lookup_elem(sources, &honest, &due), 0);
	while (bpf_map_get_next_key(sources, remembered++ ? &key : NULL, &next) == 0)
		key = next;
	/* Collisions in both rows of the sketch bring some in. */
	assert_true(remembered < counted / 100);
}

/* A source that the sketch knows gets its rate, and then no more. */
static void a_stranger_has_a_rate(void **state)
{
	const struct fixture fixture = {"check", STUN4};
	const struct shed_rate none = {0, 0};
	struct frame frame;
	unsigned int i, passed = 0;

	object_need_root();
	put_tables();
	shed_rule(shed)->stranger = none;
	verdict_build(&frame, &fixture, 0);
	for (i = 0; i < 10; i++)
		passed += judge_from(&frame, 77) == SHED_TO_DATAPLANE;
	/* The first, before it is remembered, and two seconds' worth and the one that begins. */
	assert_int_equal(passed, 1 + 3);
	assert_int_equal(judge_from(&frame, 77), SHED_SOURCE_RATE);
	assert_int_equal(judge_from(&frame, 78), SHED_TO_DATAPLANE);
}

struct taken {
	struct shed_sample last;
	unsigned int count;
};

static void take(void *arg, const struct shed_sample *sample)
{
	struct taken *taken = arg;

	taken->last = *sample;
	taken->count++;
}

static void drops_are_sampled(void **state)
{
	const struct timespec tick = {.tv_nsec = 20000000};
	struct fixture fixture = {"garbage", UDP4, SHED_NOT_MEDIA, {EDIT(28, "\xff")}};
	struct taken taken = {.count = 0};
	struct frame frame;
	int action, i;

	object_need_root();
	put_tables();
	shed_samples(shed, take, &taken);
	nanosleep(&tick, NULL);
	verdict_build(&frame, &fixture, 0);
	taken.count = 0;
	assert_int_equal(judge_kernel(&frame, &action), SHED_NOT_MEDIA);
	assert_int_equal(shed_samples(shed, take, &taken), 1);
	assert_int_equal(taken.count, 1);
	assert_int_equal(taken.last.reason, SHED_NOT_MEDIA);
	assert_int_equal(taken.last.leg, 7);
	assert_int_equal(taken.last.length, frame.len);
	assert_int_equal(taken.last.captured, frame.len);
	assert_memory_equal(&taken.last.source, &tables_source4, sizeof(tables_source4));
	assert_memory_equal(taken.last.octets, frame.octet, frame.len);
	/* At most one for each tick, of each reason; what passes is none. */
	for (i = 0; i < 1000; i++)
		judge_kernel(&frame, &action);
	fixture.edit[0] = (struct edit)EDIT(29, "\xc8");
	verdict_build(&frame, &fixture, 0);
	assert_int_equal(judge_kernel(&frame, &action), SHED_TO_DATAPLANE);
	taken.count = 0;
	shed_samples(shed, take, &taken);
	assert_in_range(taken.count, 0, 250);
	/* A long frame is cut. */
	fixture.base = STUN4;
	fixture.edit[0] = (struct edit)EDIT(67, "X");
	verdict_build(&frame, &fixture, 0);
	frame.len += 100;
	nanosleep(&tick, NULL);
	assert_int_equal(judge_kernel(&frame, &action), SHED_STUN_UFRAG);
	assert_int_equal(shed_samples(shed, take, &taken), 1);
	assert_int_equal(taken.last.length, frame.len);
	assert_int_equal(taken.last.captured, SHED_SAMPLE_OCTETS);
}

/* The longer nothing was accepted, the further ahead the next may be: a stream survives a gap. */
static void a_gap_closes_with_time(void **state)
{
	const struct fixture far = {
		"far", UDP4, SHED_TO_DATAPLANE, {PEER(4, "\x34"), SEQ(4, "\0\xa0")}};
	struct shed_port *port;
	struct frame frame;
	int action;

	object_need_root();
	put_tables();
	port = &shed_ports(shed, MEDIA_IPV4)[PORT_ICE];
	verdict_build(&frame, &far, 0);
	assert_int_equal(judge_kernel(&frame, &action), SHED_TO_DATAPLANE);
	assert_int_equal(port->due[SHED_MEDIA], 0);
	assert_int_not_equal(port->due[SHED_UNKNOWN], 0);
	/* 60 numbers ahead of 100, 16 of them at once, 44 at a quarter of 100 a second. */
	port->media.cost = 10000000;
	port->stream[0].used = shed_tick(tables_now() - 1500000000ULL);
	assert_int_equal(judge_kernel(&frame, &action), SHED_TO_DATAPLANE);
	assert_int_equal(port->due[SHED_MEDIA], 0);
	port->stream[0].used = shed_tick(tables_now() - 1900000000ULL);
	assert_int_equal(judge_kernel(&frame, &action), SHED_TO_DATAPLANE);
	assert_int_not_equal(port->due[SHED_MEDIA], 0);
	/* What the worker accepted a moment ago can be yet to come, to a clock that is coarse. */
	port->due[SHED_MEDIA] = 0;
	port->stream[0].used = shed_tick(tables_now() + 9000000);
	assert_int_equal(judge_kernel(&frame, &action), SHED_TO_DATAPLANE);
	assert_int_equal(port->due[SHED_MEDIA], 0);
}

/* Who forges another SSRC from a participant's address has that one's rate alone. */
static void each_ssrc_has_a_rate(void **state)
{
	const struct fixture next = {
		"next", UDP4, SHED_TO_DATAPLANE, {PEER(4, "\x34"), SEQ(4, "\0\x65")}};
	const struct fixture other = {"other",
				      UDP4,
				      SHED_MEDIA_RATE,
				      {PEER(4, "\x34"), SEQ(4, "\0\x65"), EDIT(39, "\x04")}};
	struct shed_port *port;
	struct frame frame;
	int action;

	object_need_root();
	put_tables();
	port = &shed_ports(shed, MEDIA_IPV4)[PORT_ICE];
	port->stream[1] = port->stream[0];
	port->stream[1].ssrc = bpf_htonl(STREAM_SSRC + 1);
	port->due[SHED_MEDIA + 1] = tables_full_bucket();
	verdict_build(&frame, &other, 0);
	assert_int_equal(judge_kernel(&frame, &action), SHED_MEDIA_RATE);
	verdict_build(&frame, &next, 0);
	assert_int_equal(judge_kernel(&frame, &action), SHED_TO_DATAPLANE);
	assert_int_not_equal(port->due[SHED_MEDIA], 0);
}

/* More SSRCs than are followed share the rate of one, where that is more. */
static void untracked_media_has_a_rate(void **state)
{
	const struct fixture other = {
		"other", UDP4, SHED_MEDIA_RATE, {PEER(4, "\x3c"), EDIT(39, "\x04")}};
	struct shed_port *port;
	struct frame frame;
	int action, i, passed = 0;

	object_need_root();
	put_tables();
	port = &shed_ports(shed, MEDIA_IPV4)[PORT_UNTRACKED];
	port->media = (struct shed_rate){100000000, 900000};
	verdict_build(&frame, &other, 0);
	for (i = 0; i < 20; i++)
		passed += judge_kernel(&frame, &action) == SHED_TO_DATAPLANE;
	assert_in_range(passed, 10, 11);
	assert_int_equal(judge_kernel(&frame, &action), SHED_MEDIA_RATE);
}

/* For comparison: whatever is well-formed and for a media address passes. */
static void off_is_off(void **state)
{
	struct fixture fixture = {"off"};
	struct frame frame;
	int action;

	object_need_root();
	put_tables();
	shed_rule(shed)->off = 1;
	for (fixture.base = UDP4; fixture.base <= WHO_HAS; fixture.base++) {
		verdict_build(&frame, &fixture, 0);
		shed_ports(shed, MEDIA_IPV4)[PORT_OPEN].flags = 0;
		assert_int_equal(judge_kernel(&frame, &action), SHED_TO_DATAPLANE);
	}
}

/* After the dataplane's end a program that is still attached leaves everything to the kernel. */
static void nothing_is_ours_after_close(void **state)
{
	struct fixture fixture = {"after close"};
	struct frame frame;

	object_need_root();
	shed_close(shed);
	shed = NULL;
	for (fixture.base = UDP4; fixture.base <= WHO_HAS; fixture.base++) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame.octet);

		verdict_build(&frame, &fixture, 0);
		run.data_size_in = frame.len;
		assert_int_equal(bpf_prog_test_run_opts(object_program(object), &run), 0);
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
	if (object_enter(state) || object_pin_directory())
		return -1;
	object = object_load();
	if (shed_open(&shed, PINS, &what)) {
		print_error("%s: %s\n", PINS, what);
		return -1;
	}
	tables_alloc();
	for (i = 0; i < MEDIA_COUNT; i++)
		if (shed_address_add(shed, &tables_media[i]) != i)
			return -1;
	sock = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	return sock < 0 ? -1
			: bpf_map_update_elem(
				  bpf_object__find_map_fd_by_name(object, SHED_MAP_SOCKET), &queue,
				  &sock, BPF_ANY);
}

static int tidy(void **state)
{
	tables_free();
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
		cmocka_unit_test(lacp_is_theirs_who_speak_it),
		cmocka_unit_test(ports_close_again),
		cmocka_unit_test(no_socket),
		cmocka_unit_test(a_flood_of_sources_evicts_nobody),
		cmocka_unit_test(a_stranger_has_a_rate),
		cmocka_unit_test(drops_are_sampled),
		cmocka_unit_test(a_gap_closes_with_time),
		cmocka_unit_test(each_ssrc_has_a_rate),
		cmocka_unit_test(untracked_media_has_a_rate),
		cmocka_unit_test(off_is_off),
		cmocka_unit_test(nothing_is_ours_after_close),
	};

	return cmocka_run_group_tests(tests, prepare, tidy);
}
