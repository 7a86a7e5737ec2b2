/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/flood/send.h"

#include <err.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

/* Frames to one turn of the other end, whose queue has 256. */
enum { BATCH = 64 };
/* What the system call that sends takes before it sends. */
#define BEGIN_SECONDS 0.02

struct sender {
	struct bpf_object *object;
	struct send_state *state;
	uint8_t *frames;
	unsigned int stride, longest;
	int program;
	char interface[IF_NAMESIZE];
};

static struct bpf_map *find_map(struct sender *s, const char *name)
{
	return bpf_object__find_map_by_name(s->object, name);
}

/* As the kernel lays out an array: each value takes a multiple of 8 octets. */
static void *map_memory(struct sender *s, const char *name)
{
	struct bpf_map *map = find_map(s, name);
	size_t size = (size_t)(bpf_map__value_size(map) + 7) / 8 * 8 * bpf_map__max_entries(map);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (at == MAP_FAILED)
		err(1, "the map %s", name);
	return at;
}

static void open_object(struct sender *s)
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof(".bpf.o"));

	if (length < 0)
		err(1, "/proc/self/exe");
	strcpy(path + length, ".bpf.o");
	s->object = bpf_object__open_file(path, NULL);
	if (!s->object)
		err(1, "%s: build it with make", path);
}

struct sender *sender_open(const char *interface, unsigned int frames, unsigned int longest)
{
	struct sender *s = calloc(1, sizeof(*s));
	struct bpf_map *map;

	if (!s)
		err(1, "memory");
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	snprintf(s->interface, sizeof(s->interface), "%s", interface);
	s->longest = longest;
	s->stride = (sizeof(struct send_frame) + longest + 7) / 8 * 8;
	open_object(s);
	map = find_map(s, "send_frames");
	bpf_map__set_value_size(map, s->stride);
	bpf_map__set_max_entries(map, frames);
	if (bpf_map__set_initial_value(find_map(s, ".rodata"), &longest, sizeof(longest)) ||
	    bpf_object__load(s->object))
		err(1, "the kernel does not take the program that sends (root, Linux 5.18)");
	s->frames = map_memory(s, "send_frames");
	s->state = map_memory(s, "send_state");
	s->state->interface = if_nametoindex(interface);
	s->state->frames = frames;
	s->program = bpf_program__fd(bpf_object__find_program_by_name(s->object, "flood_send"));
	return s;
}

struct send_frame *sender_frame(const struct sender *s, unsigned int n)
{
	return (struct send_frame *)(s->frames + (size_t)n * s->stride);
}

void sender_close(struct sender *s)
{
	bpf_object__close(s->object);
	free(s);
}

/* --- sending --------------------------------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* What the other end had no room for: a veth counts it as dropped on the way out. */
static uint32_t dropped(const struct sender *s)
{
	struct ifaddrs *all, *one;
	uint32_t count = 0;

	if (getifaddrs(&all))
		err(1, "the interface's counters");
	for (one = all; one; one = one->ifa_next)
		if (one->ifa_addr && one->ifa_addr->sa_family == AF_PACKET && one->ifa_data &&
		    !strcmp(one->ifa_name, s->interface))
			count = ((const struct rtnl_link_stats *)one->ifa_data)->tx_dropped;
	freeifaddrs(all);
	return count;
}

static void interrupt(int number)
{
}

/* Again and again: one that comes before the system call does not interrupt it. */
static void set_alarm(double seconds)
{
	const struct sigaction on_alarm = {.sa_handler = interrupt};
	const struct itimerval timer = {
		.it_value = {.tv_sec = seconds, .tv_usec = (seconds - (long)seconds) * 1e6},
		.it_interval = {.tv_usec = seconds ? 5000 : 0},
	};

	sigaction(SIGALRM, &on_alarm, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/*
 * The system call ends by a signal, or after so many frames. Its begin and end take milliseconds.
 */
static void send_frames(struct sender *s, uint32_t frames)
{
	static uint8_t blank[4096];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = blank, .data_size_in = s->longest,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .repeat = frames, .batch_size = BATCH);

	if (bpf_prog_test_run_opts(s->program, &options) && errno != EINTR)
		err(1, "live XDP frames (Linux 5.18 and later have them)");
}

struct send_result sender_run(struct sender *s, double seconds, __u64 count, double rate,
			      const volatile sig_atomic_t *stopped)
{
	uint32_t dropped_before = dropped(s);
	double begin = BEGIN_SECONDS;
	struct send_result r;
	double start = now();

	s->state->sent = s->state->due = 0;
	s->state->interval = rate ? 1e9 / rate : 0;
	s->state->end = count;
	while (!*stopped && now() - start < seconds && s->state->sent < count) {
		__u64 before = s->state->sent, left = count - before;
		double last = seconds - (now() - start);

		/*
		 * Frames that are not due are handed out too, and only time ends a run with them.
		 */
		if (rate && left / rate + begin < last)
			last = left / rate + begin;
		set_alarm(last);
		send_frames(s, rate ? UINT32_MAX : left);
		if (s->state->sent == before)
			begin *= 2; /* others have the CPU */
	}
	r.seconds = now() - start;
	set_alarm(0);
	r.sent = s->state->sent;
	r.arrived = r.sent - (uint32_t)(dropped(s) - dropped_before);
	return r;
}
