/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays attacks on a relay, from the network namespace that it is started in: for the tests and for
 * `make bench-flood`. It sends to documentation addresses alone, and only so much.
 */
#include <err.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <net/if.h>

#include "tests/flood/capture.h"
#include "tests/flood/options.h"
#include "tests/flood/send.h"

enum { CAPTURES = 256 };

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	stopped = 1;
}

/* --- the link -------------------------------------------------------------------------------- */

/* One that somebody made, as `ip netns` does: never the machine's own network. */
static bool is_in_named_namespace(void)
{
	struct stat ours, named;
	glob_t all;
	bool found = false;

	if (stat("/proc/self/ns/net", &ours))
		err(1, "/proc/self/ns/net");
	if (glob("/run/netns/*", 0, NULL, &all))
		return false;
	for (size_t n = 0; n < all.gl_pathc && !found; n++)
		found = !stat(all.gl_pathv[n], &named) && named.st_ino == ours.st_ino;
	globfree(&all);
	return found;
}

static void refuse_the_machines_own_network(void)
{
	if (geteuid())
		errx(1, "sends raw frames: run it as root");
	if (!is_in_named_namespace())
		errx(1, "not in a network namespace of its own: run it with "
			"nsenter --net=/run/netns/NAME");
}

static void look_at_interface(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", options.interface);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request))
		err(1, "the interface %s", options.interface);
	memcpy(plan.from_mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
	if (ioctl(fd, SIOCGIFMTU, &request))
		err(1, "the interface %s", options.interface);
	plan.mtu = request.ifr_mtu < FRAME_MAX - ETH_HLEN ? request.ifr_mtu : FRAME_MAX - ETH_HLEN;
	close(fd);
}

static void listen_to_peer(void)
{
	bool wanted = false;

	for (unsigned int n = 0; n < options.kinds; n++)
		wanted |= options.kind[n]->needs & NEEDS_CAPTURED;
	if (!wanted)
		return;
	plan.captured = calloc(CAPTURES, sizeof(*plan.captured));
	if (!plan.captured)
		err(1, "memory");
	fprintf(stderr, "flood: listening to the peer\n");
	plan.captures = capture(options.interface, &plan.peer, &plan.target[0], options.capture,
				plan.captured, CAPTURES, &stopped);
	if (!plan.captures && !stopped)
		errx(1, "the peer sent no media in %.1f s: nothing can be replayed",
		     options.capture);
}

/* --- frames ---------------------------------------------------------------------------------- */

static struct in6_addr source_of(const struct kind *k, uint32_t n, const struct endpoint *target)
{
	return options_from(k) == FROM_STRANGER ? kind_source(n % plan.sources, target)
						: plan.peer.address;
}

/* Frame n of the pool: the attacks in turn, each on all targets that fit in turn. */
static void make_frame(uint32_t n, struct frame *f)
{
	const struct kind *k = options.kind[n % options.kinds];
	uint32_t target = k->needs & NEEDS_PEER ? 0 : n / options.kinds;
	struct way w = {.number = n / options.kinds};

	while (!kind_fits(k, &plan.target[target % plan.targets]))
		target++;
	w.to = plan.target[target % plan.targets];
	w.from.address = source_of(k, n, &w.to);
	w.from.port = options_from(k) == FROM_PEER ? plan.peer.port : 1024 + random_below(64512);
	memcpy(w.from_mac, plan.from_mac, ETH_ALEN);
	memcpy(w.to_mac, plan.to_mac, ETH_ALEN);
	f->length = 0;
	k->make(&plan, &w, f);
}

/* Twice the same frames: the first time to see how long they get. */
static struct sender *prepare(void)
{
	static struct frame f;
	struct sender *s;
	uint32_t longest = 0;

	for (uint32_t n = 0; n < options.pool; n++) {
		make_frame(n, &f);
		longest = f.length > longest ? f.length : longest;
	}
	s = sender_open(options.interface, options.pool, longest);
	random_restart();
	for (uint32_t n = 0; n < options.pool; n++) {
		struct send_frame *to = sender_frame(s, n);

		make_frame(n, &f);
		to->length = f.length;
		memcpy(to->octets, f.octets, f.length);
	}
	return s;
}

static void print(const struct send_result *r)
{
	printf("{\"attack\": \"");
	for (unsigned int n = 0; n < options.kinds; n++)
		printf("%s%s", n ? "+" : "", options.kind[n]->name);
	printf("\", \"packets\": %llu, \"seconds\": %.3f, \"pps\": %.0f, \"sent\": %llu}\n",
	       r->arrived, r->seconds, r->seconds > 0 ? r->arrived / r->seconds : 0, r->sent);
}

int main(int argc, char **argv)
{
	const struct sigaction on_stop = {.sa_handler = stop};
	struct send_result r = {0};
	struct sender *s;

	options_read(argc, argv);
	refuse_the_machines_own_network();
	look_at_interface();
	sigaction(SIGINT, &on_stop, NULL);
	sigaction(SIGTERM, &on_stop, NULL);
	listen_to_peer();
	if (!stopped) {
		s = prepare();
		fprintf(stderr, "flood: sending\n");
		r = sender_run(s, options.seconds, options.count, options.rate, &stopped);
		sender_close(s);
	}
	print(&r);
	free(plan.captured);
	return 0;
}
