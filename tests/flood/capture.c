/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/flood/capture.h"

#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>

static bool is_media(const struct frame *f, const struct endpoint *from, const struct endpoint *to)
{
	/* The headers are those of the first frame that would be sent; lengths and such differ. */
	struct frame like = {0};
	struct way w = {.from = *from, .to = *to};
	uint32_t ports, addresses;

	frame_udp(&like, &w);
	ports = like.length - 8;
	addresses = ports - (is_ipv4(to) ? 8 : 32);
	return f->length > like.length && f->octets[like.length] >> 6 == 2 &&
	       !memcmp(f->octets + 12, like.octets + 12, 2) &&
	       !memcmp(f->octets + addresses, like.octets + addresses, ports + 4 - addresses);
}

static double since(const struct timespec *start)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec - start->tv_sec + (t.tv_nsec - start->tv_nsec) / 1e9;
}

unsigned int capture(const char *interface, const struct endpoint *from, const struct endpoint *to,
		     double seconds, struct frame *frames, unsigned int count,
		     const volatile sig_atomic_t *stopped)
{
	struct sockaddr_ll link = {.sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL),
				   .sll_ifindex = if_nametoindex(interface)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	struct timespec start;
	unsigned int caught = 0;

	if (fd < 0 || bind(fd, (struct sockaddr *)&link, sizeof(link)))
		err(1, "%s: nothing can be captured", interface);
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!*stopped && caught < count && since(&start) < seconds) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		ssize_t length;

		if (poll(&ready, 1, 50) <= 0)
			continue;
		length = recv(fd, frames[caught].octets, sizeof(frames->octets), 0);
		if (length < 0 && errno != EINTR)
			err(1, "%s: nothing can be captured", interface);
		frames[caught].length = length < 0 ? 0 : length;
		caught += is_media(&frames[caught], from, to);
	}
	close(fd);
	return caught;
}
