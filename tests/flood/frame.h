/* SPDX-License-Identifier: BSD-3-Clause */
/* Ethernet frames, written from their first octet to their last. */
#ifndef TESTS_FLOOD_FRAME_H
#define TESTS_FLOOD_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/if_ether.h>
#include <netinet/in.h>

/* What the kernel's live XDP frames have room for, and a little less. */
enum { FRAME_MAX = 3400 };

struct frame {
	uint32_t length;
	uint8_t octets[FRAME_MAX];
};

/* IPv4 as ::ffff:a.b.c.d; the port is a number. */
struct endpoint {
	struct in6_addr address;
	uint16_t port;
};

/* Where a frame goes. */
struct way {
	uint32_t number; /* of the frame, among those of its attack */
	uint8_t from_mac[ETH_ALEN], to_mac[ETH_ALEN];
	struct endpoint from, to;
};

/* Numbers that differ, the same ones in every run and after a restart. */
void random_restart(void);
uint32_t random32(void);
uint32_t random_below(uint32_t limit);

static inline bool is_ipv4(const struct endpoint *e)
{
	return IN6_IS_ADDR_V4MAPPED(&e->address);
}

/* At the end. frame_room() asks for octets that the caller writes at once. */
uint8_t *frame_room(struct frame *f, size_t octets);
void frame_put(struct frame *f, const void *data, size_t octets);
void frame_put8(struct frame *f, uint8_t value);
void frame_put16(struct frame *f, uint16_t value);
void frame_put32(struct frame *f, uint32_t value);
void frame_put_random(struct frame *f, size_t octets);
void frame_put_address(struct frame *f, const struct endpoint *e);

/* Begins a frame, which has no octets yet, with the headers of Ethernet and of IP or of UDP. */
void frame_ethernet(struct frame *f, const struct way *w, uint16_t type);
void frame_ip(struct frame *f, const struct way *w, uint8_t protocol);
void frame_udp(struct frame *f, const struct way *w);

/* Writes the lengths and checksums of IP and of what it carries, which is the rest of the frame. */
void frame_finish(struct frame *f);

#endif
