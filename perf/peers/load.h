/* SPDX-License-Identifier: BSD-3-Clause */
/* What the load's XDP programs (load.bpf.c) and its user space (load.c) share. */
#ifndef PERF_PEERS_LOAD_H
#define PERF_PEERS_LOAD_H

#include <linux/types.h>

#define LOAD_HEADERS 42  /* Ethernet, IPv4, UDP */
#define LOAD_OCTETS  188 /* longest UDP payload: 160 octets of media in SRTP or TURN */
#define LOAD_STREAMS 65536
#define LOAD_BURST   32  /* packets that are sent at once to make up for a late start */
#define LOAD_LOOKS   20  /* at the clock, for each frame */
#define LOAD_SAMPLE  257 /* every so many packets one is kept to be looked at; a prime */
#define LOAD_SAMPLES (8 << 20)

/* A UDP payload that was made before anything is timed. */
struct load_packet {
	__u32 length;
	__u8 octets[LOAD_OCTETS];
};

/* What stands before it. Packet n of the bank belongs to stream n modulo the number of streams. */
struct load_stream {
	__u8 headers[LOAD_HEADERS];
	__u8 pad[6];
};

struct load_state {
	/* user space: rw, load_send: ro */
	__u64 interval; /* ns << 16 between two packets */
	__u64 end;      /* of a trial: as many packets as are in `sent` then */
	__u32 interface;
	__u32 streams;
	__u32 packets; /* of the bank, a multiple of streams */
	__u32 pad0;
	/* load_send: rw, user space: ro while packets are sent */
	__u64 sent __attribute__((aligned(64)));
	__u64 due;        /* ns << 16 */
	__u64 first_sent; /* ns */
	__u64 last_sent;
	__u32 packet;
	__u32 stream;
	/* load_take: rw */
	__u64 received __attribute__((aligned(64)));
	__u64 last_received; /* ns */
};

struct load_sample {
	__u32 length;
	__u8 octets[LOAD_HEADERS + LOAD_OCTETS];
};

#endif
