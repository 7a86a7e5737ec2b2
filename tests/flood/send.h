/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends frames that were made before, as fast as the kernel takes them or at a given rate.
 *
 * The kernel's XDP test run with live frames sends them (send.bpf.c): it brings them to the other
 * end of a veth as a NIC's driver would, without an skb. The other end must receive in NAPI's
 * turns, which it does with an XDP program and with GRO.
 */
#ifndef TESTS_FLOOD_SEND_H
#define TESTS_FLOOD_SEND_H

#include <linux/types.h>

/* Shared with send.bpf.c. */
struct send_frame {
	__u32 length;
	__u8 octets[]; /* as long as the longest frame of the run */
};

struct send_state {
	/* user space: rw, XDP program: ro */
	__u32 interface;
	__u32 frames;
	__u64 end;      /* stop when so many are sent */
	__u64 interval; /* ns between two frames */
	/* XDP program: rw */
	__u64 sent;
	__u64 due; /* ns: when the next one is */
	__u32 next;
};

#ifndef __bpf__
#include <signal.h>

struct sender;

struct send_result {
	__u64 sent;
	__u64 arrived; /* of these, at the other end: its queue is short */
	double seconds;
};

/* The object file is the program's own name with ".bpf.o". Exits with a message on errors. */
struct sender *sender_open(const char *interface, unsigned int frames, unsigned int longest);
/* Where frame n is to be written. */
struct send_frame *sender_frame(const struct sender *s, unsigned int n);
/*
 * Until `seconds` are over, `count` frames are sent, or a signal that has a handler has set
 * *stopped. rate 0: no limit. Takes SIGALRM.
 */
struct send_result sender_run(struct sender *s, double seconds, __u64 count, double rate,
			      const volatile sig_atomic_t *stopped);
void sender_close(struct sender *s);
#endif

#endif
