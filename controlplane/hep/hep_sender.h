/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames on their way to a server. They wait in a queue of bounded size, and go as fast as the
 * server takes them; what finds no room is dropped and counted. A connection that breaks, or cannot
 * be made, is made anew after a time that grows, and its name looked up again. The loop's thread
 * only.
 */
#ifndef TANDEM_HEP_SENDER_H
#define TANDEM_HEP_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#define HEP_QUEUE (4 << 20) /* octets */

struct hep_sender;

/* "udp:192.0.2.1:9060", "tcp:[2001:db8::1]:9060", "udp:homer.example.com:9060" */
struct hep_server {
	bool tcp;
	char host[256];
	char port[6];
};
/* 0, or -EINVAL. */
int hep_server_parse(struct hep_server *server, const char *text);

/* 0, -ENOMEM. */
int hep_sender_open(struct hep_sender **sender, uv_loop_t *loop, const struct hep_server *server);
/* What waits is tried once more; the loop has to run until it is gone. NULL is accepted. */
void hep_sender_close(struct hep_sender *sender);

/* Room for the next frame, of `size` octets; NULL: there is none, and one is dropped. */
uint8_t *hep_sender_room(struct hep_sender *sender, size_t size);
/* It is there, with this length; 0: it is not. It goes in this turn of the loop or later. */
void hep_sender_add(struct hep_sender *sender, size_t length);

struct hep_counts {
	uint64_t sent, dropped; /* frames */
};
struct hep_counts hep_sender_counts(const struct hep_sender *sender);

#endif
