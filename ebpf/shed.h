/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the XDP program, its twin in the dataplane and the tests agree upon: map names, keys,
 * values, limits and the names of the verdicts. Only fixed-width types, so that every compilation
 * sees one layout.
 *
 *   map            type              key                  value               written by
 *   xsks_map       XSKMAP            receive queue        AF_XDP socket       DPDK's net_af_xdp
 *   tandem_addr    HASH_OF_MAPS      struct shed_address  an ARRAY of         dataplane, main lcore
 *                                                         struct shed_port
 *   tandem_rule    ARRAY, mmap'ed    0                    struct shed_rule    dataplane, main lcore
 *   tandem_block   LPM_TRIE          struct shed_prefix   __u32, unused       dataplane, main lcore
 *   tandem_source  LRU_HASH          struct shed_address  __u64, due          XDP program
 *   tandem_client  HASH              struct shed_client   __u64, due          dataplane, main lcore
 *                                                                             (XDP program: due)
 *   tandem_known   ARRAY, mmap'ed    0                    struct shed_known   dataplane, main lcore
 *   tandem_sketch  ARRAY, mmap'ed    0                    struct shed_sketch  XDP program, workers
 *                                                                             (main lcore clears)
 *   tandem_drop    PERCPU_ARRAY      enum shed_reason     struct shed_tally   XDP program
 *   tandem_sample  RINGBUF                                struct shed_sample  XDP program
 *
 * Keys and values that are numbers are in host byte order; addresses and UDP ports of endpoints are
 * in network byte order. All but the first are pinned by name, so that the programs of all ports
 * share them. xsks_map is not: a queue number means another socket on every port. net_af_xdp looks
 * it up by exactly this name.
 *
 * Where no XDP program runs, the dataplane keeps the same structures in its own memory, and its
 * workers judge by the same policy (ebpf/policy.h).
 */
#ifndef TANDEM_EBPF_SHED_H
#define TANDEM_EBPF_SHED_H

#include <linux/types.h>

#define SHED_PROGRAM     "tandem_shed"
#define SHED_MAP_SOCKET  "xsks_map"
#define SHED_MAP_ADDRESS "tandem_addr"
#define SHED_MAP_RULE    "tandem_rule"
#define SHED_MAP_BLOCK   "tandem_block"
#define SHED_MAP_SOURCE  "tandem_source"
#define SHED_MAP_CLIENT  "tandem_client"
#define SHED_MAP_KNOWN   "tandem_known"
#define SHED_MAP_SKETCH  "tandem_sketch"
#define SHED_MAP_COUNTER "tandem_drop"
#define SHED_MAP_SAMPLE  "tandem_sample"

enum {
	SHED_QUEUES = 64,
	SHED_ADDRESSES = 64,
	SHED_PORTS = 65536,   /* per media address */
	SHED_BLOCKS = 16384,  /* prefixes */
	SHED_SOURCES = 65536, /* strangers that came more than once, least recent ones forgotten */
	SHED_CLIENTS = 1 << 20,  /* of TURN */
	SHED_PEERS = 4,          /* addresses that may speak to one port */
	SHED_STREAMS = 3,        /* SSRCs per port whose sequence numbers are followed */
	SHED_SAMPLE_OCTETS = 96, /* of a frame that was dropped */
	SHED_TICK_SHIFT = 22,
	SHED_SAMPLE_BYTES = 1 << 18, /* of the ring buffer */
};

/* An address in network byte order; IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
struct shed_address {
	union {
		__u8 byte[16];
		__u32 word[4];
		__u64 half[2];
	};
};
_Static_assert(sizeof(struct shed_address) == 16, "the key of tandem_addr");

/* The key of tandem_block. An IPv4 prefix of n bits has 96 + n; the bits behind are 0. */
struct shed_prefix {
	__u32 length; /* bits */
	__u8 byte[16];
};

/* The key of tandem_client: who has a TURN allocation, by its endpoint and by where it is served.
 */
struct shed_client {
	struct shed_address address;
	__be16 port;
	__u16 listener;
	__u32 reserved; /* 0 */
};

/* Of tandem_client's keys (ebpf/known.h): without all of its bits nobody is a client. */
enum { SHED_KNOWN_WORDS = 1 << 16, SHED_KNOWN_BITS = 64 * SHED_KNOWN_WORDS };
struct shed_known {
	__u64 word[SHED_KNOWN_WORDS];
};

/*
 * A rate, as the virtual scheduling algorithm of ITU-T I.371 (GCRA) counts it: each packet is
 * `cost` ns of time, and as much as `burst` us may be taken in advance. A bucket is one __u64, the
 * time in ns at which it is empty again. cost 0: no limit. The clock may be as coarse as half of
 * `burst`.
 */
struct shed_rate {
	__u32 cost;
	__u32 burst;
};

/* The sequence numbers of one SSRC that the dataplane accepted (RFC 3711 section 3.3.2). */
struct shed_stream {
	__be32 ssrc;
	__u16 highest;
	__u16 used; /* shed_tick() when `highest` was accepted; 0: the slot is free */
	__u64 seen; /* bit n: highest - n has been accepted */
};

/* A time in ns, of CLOCK_MONOTONIC, in units of 4.2 ms, for four minutes; never 0. */
static inline __attribute__((always_inline)) __u16 shed_tick(__u64 now)
{
	return now >> SHED_TICK_SHIFT | 1;
}

enum shed_port_flag {
	SHED_PORT_OPEN = 1 << 0,
	SHED_PORT_ICE = 1 << 1,   /* strangers may send STUN Binding requests */
	SHED_PORT_LATCH = 1 << 2, /* strangers may send RTP or RTCP: the leg learns its address */
	SHED_PORT_SIGNALLED = 1 << 3, /* with LATCH: only from the address in `signalled` */
	SHED_PORT_DTLS = 1 << 4,      /* with LATCH: strangers may send DTLS, too */
	SHED_PORT_TURN = 1 << 6,      /* the TURN server listens: see policy_turn.h */
	SHED_PORT_RELAYED = 1 << 7,   /* the relayed address of an allocation: likewise */
	SHED_PORT_RTP = 1 << 5, /* RTCP has a port of its own: payload types 64 to 95 are RTP */
};

/*
 * What has a bucket of its own on each port, so that a flood of one kind does not starve another.
 */
enum shed_kind {
	SHED_MEDIA, /* RTP of peers that continues a stream: one for each place in `stream` */
	SHED_UNKNOWN =
		SHED_MEDIA + SHED_STREAMS, /* RTP of peers that does not: a new SSRC, a jump */
	SHED_RTCP,                         /* of peers */
	SHED_STUN,                         /* of peers */
	SHED_DTLS,                         /* of peers */
	SHED_STRANGER,                     /* anything of somebody else */
	SHED_KINDS
};

/*
 * One UDP port of one media address, or (behind the ports, enum shed_service) something else that
 * the address answers. Single aligned stores: a reader that meets half of a change misjudges one
 * packet.
 */
struct shed_port {
	/* main lcore: rw */
	__u32 flags;            /* enum shed_port_flag */
	__u32 leg;              /* the dataplane's own number of the leg that has the port */
	struct shed_rate media; /* of one SSRC */
	__u16 ahead;            /* sequence numbers by which a packet may be early at once */
	/*
	 * The heads of the local ICE username fragments, current and previous, with the colon that
	 * follows them in USERNAME (RFC 8445 section 7.2.2): the first octets of `ufrag`, as in
	 * memory; the others are 0. ufrag_octets 0: there is no such fragment.
	 */
	__u8 ufrag_octets[2];
	__u8 window;   /* which of the times it is in which an address may be learnt */
	__u8 listener; /* with SHED_PORT_TURN */
	__u8 reserved[2];
	__u64 ufrag[2];
	struct shed_address signalled; /* where the SDP says that media comes from */

	/* who judges: rw */
	__u32 shed;        /* packets dropped on this port */
	__u32 shed_reason; /* enum shed_reason of the last one */
	__u64 due[SHED_KINDS];

	/* worker that owns the leg: rw */
	struct shed_address peer[SHED_PEERS] __attribute__((aligned(64)));
	__be16 peer_port[SHED_PEERS]; /* 0: there is no such peer */
	__u8 settled;   /* the window in which one is learnt: no further stranger is */
	__u8 untracked; /* more SSRCs than are followed: they share a rate */
	__u8 reserved_worker[6];
	struct shed_stream stream[SHED_STREAMS];
};
_Static_assert(sizeof(struct shed_port) == 256, "the value of tandem_addr's maps");

/* What a media address answers beside UDP; indices into its ports. */
enum shed_service {
	SHED_QUESTIONS = SHED_PORTS, /* ARP requests, neighbour solicitations */
	SHED_ANSWERS,                /* ARP replies, neighbour advertisements */
	SHED_ECHO,                   /* ping */
	SHED_ERRORS,                 /* ICMP errors */
	SHED_PORT_ENTRIES = SHED_PORTS + 64,
};

/* By what a TURN client's nonce is known; see ebpf/nonce.h. */
struct shed_nonce {
	__u32 minute;
	__u32 reserved;
	__u64 secret[2][2]; /* by the parity of the era */
};

/* The same for all ports. */
struct shed_rule {
	__u64 seed;    /* of the sketch's hash: nobody can choose whom to collide with */
	__u32 off;     /* 1: whatever is meant for a media address passes */
	__u32 blocks;  /* prefixes in tandem_block */
	__u32 lacp;    /* 1: the dataplane speaks LACP, and not the kernel */
	__u32 hairpin; /* 1: media addresses speak with each other, and never by the wire */
	struct shed_rate unknown; /* per port, each: see enum shed_kind */
	struct shed_rate rtcp;
	struct shed_rate stun;
	struct shed_rate dtls;
	struct shed_rate stranger;
	struct shed_rate source;  /* per stranger's address: all ports together */
	struct shed_rate service; /* per media address and enum shed_service */
	/* Per TURN port, of strangers: those that have met its challenge, and all others. */
	struct shed_rate turn;
	struct shed_nonce nonce;
};

/*
 * How many packets of each source were dropped or came from a stranger since the sketch was last
 * cleared: a count-min sketch, which only ever counts too many, and needs the same room for a
 * million sources as for one.
 */
enum { SHED_SKETCH_ROWS = 2, SHED_SKETCH_COLUMNS = 1 << 15 };
struct shed_sketch {
	__u32 cell[SHED_SKETCH_ROWS][SHED_SKETCH_COLUMNS];
};

/* Of one verdict, per CPU. */
struct shed_tally {
	__u64 packets;
	__u64 sampled; /* ns: when the last sample was taken; one for each tick of a coarse clock */
};

/* The head of a frame that was dropped. */
struct shed_sample {
	__u64 time;     /* ns, CLOCK_MONOTONIC */
	__u32 leg;      /* shed_port.leg, or SHED_NO_LEG */
	__u16 reason;   /* enum shed_reason */
	__u16 length;   /* of the frame */
	__u16 captured; /* octets that follow */
	__u8 reserved[6];
	struct shed_address source; /* all zero: not known */
	__u8 octets[SHED_SAMPLE_OCTETS];
};
#define SHED_NO_LEG 0xffffffffu

/*
 * Every packet gets exactly one verdict and is counted under it: X(identifier, name, help). The
 * first two deliver the packet, all others drop it. Where dataplane/drop.h drops for the same
 * reason, the name is the same.
 */
#define SHED_REASONS(X)                                                                            \
	X(TO_KERNEL, "kernel", "not for a media address: left to the kernel")                      \
	X(TO_DATAPLANE, "dataplane", "handed to the dataplane")                                    \
	X(RUNT, "runt", "shorter than its headers say")                                            \
	X(IP_HEADER, "ip_header", "malformed IP header")                                           \
	X(IP_OPTIONS, "ip_options", "IP options or extension headers")                             \
	X(CHECKSUM, "checksum", "wrong IPv4 header checksum, or none in UDP over IPv6")            \
	X(FRAGMENT, "fragment", "IP fragment")                                                     \
	X(SOURCE, "source", "from an address that no host can have")                               \
	X(PROTOCOL, "protocol", "neither UDP nor ICMP")                                            \
	X(UDP_LENGTH, "udp_length", "UDP length does not fit the packet")                          \
	X(UDP_PORT, "udp_port", "UDP source port 0")                                               \
	X(ICMP, "icmp", "ICMP, malformed or neither echo request nor error")                       \
	X(NDP, "ndp", "neighbour discovery that RFC 4861 section 7.1 discards")                    \
	X(BLOCKED, "blocked", "from a blocked address")                                            \
	X(CLOSED_PORT, "closed_port", "UDP to a port that is not open")                            \
	X(NOT_MEDIA, "not_media", "not STUN, DTLS, RTP nor RTCP (RFC 7983)")                       \
	X(REPLAY, "replay", "from a participant, with a sequence number it has used")              \
	X(MEDIA_RATE, "media_rate", "from a participant, more than was negotiated")                \
	X(UNKNOWN_RATE, "unknown_rate", "from a participant, too much that continues no stream")   \
	X(RTCP_RATE, "rtcp_rate", "from a participant, too much RTCP")                             \
	X(STUN_RATE, "stun_rate", "from a participant, too many ICE checks")                       \
	X(DTLS_RATE, "dtls_rate", "from a participant, too much DTLS")                             \
	X(STRANGER_MEDIA, "stranger_media", "RTP or RTCP from an address that no participant has") \
	X(STRANGER_DTLS, "stranger_dtls", "DTLS from an address that no participant has")          \
	X(STUN_MALFORMED, "stun_malformed", "malformed STUN message")                              \
	X(STUN_UNHANDLED, "stun_unhandled", "STUN message other than a Binding request")           \
	X(STUN_UFRAG, "stun_ufrag", "ICE check without the port's username fragment")              \
	X(TURN_STRANGER, "turn_stranger", "TURN from an address without an allocation")            \
	X(CLIENT_RATE, "client_rate", "from a TURN client, or to one, too much")                   \
	X(NO_PERMISSION, "no_permission", "no TURN permission for the peer")                       \
	X(SOURCE_RATE, "source_rate", "too many attempts of one address")                          \
	X(STRANGER_RATE, "stranger_rate", "too many attempts of strangers on one port")            \
	X(SERVICE_RATE, "service_rate", "too much ARP, neighbour discovery or ICMP")               \
	X(NO_SOCKET, "no_socket", "no AF_XDP socket is bound to the receive queue")

/* clang-format off */
enum shed_reason {
#define X(id, name, help) SHED_##id,
	SHED_REASONS(X)
#undef X
	SHED_REASON_COUNT
};
/* clang-format on */

static inline int shed_reason_drops(enum shed_reason reason)
{
	return reason > SHED_TO_DATAPLANE;
}

#endif
