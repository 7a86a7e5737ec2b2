/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole dataplane in one thread: the real registry and the real workers, run by hand, between two
 * networks whose ports are rings. Participants live in the rings' other ends and answer ARP and
 * neighbour discovery like any host.
 */
#ifndef TANDEM_TESTS_RIG_RELAY_H
#define TANDEM_TESTS_RIG_RELAY_H

#include "dataplane/main/counters.h"
#include "dataplane/main/floods/filter.h"
#include "dataplane/main/legs/keep.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/main/legs/registry.h"
#include "dataplane/main/turn/turn_server.h"
#include "dataplane/main/workers.h"
#include "dataplane/wire/arp.h"
#include "ebpf/shed_maps.h"
#include "tests/rig/bench.h"

#define RELAY_LEGS        6 /* unless a test wants others */
#define RELAY_ALLOCATIONS 16
#define RELAY_PACKETS     1023 /* buffers */
#define RELAY_QUEUES      4
#define RELAY_EVENTS      64
#define RELAY_FRAMES      512
#define RELAY_FRAME       2048
#define RELAY_CAPTURED    64

/* Port 0 is untagged and computes UDP checksums; port 1 is in VLAN 42. */
enum relay_network { PUBLIC, TRUNK, RELAY_NETWORKS };

enum relay_address { PUBLIC_IPV4, PUBLIC_IPV6, TRUNK_IPV4, TRUNK_IPV6, RELAY_ADDRESSES };

/* As text. */
extern const char *const relay_local[RELAY_ADDRESSES];

struct relay_frame {
	enum relay_network network;
	size_t length;
	uint8_t octets[RELAY_FRAME];
};

struct relay_event {
	uint64_t leg;
	int kind;
	uint16_t port;   /* of the remote endpoint, host byte order; 0: none */
	uint16_t origin; /* likewise */
	size_t datagram;
	uint64_t allocation;
};

/* A packet that a capture told of. */
struct relay_captured {
	uint64_t capture, leg, time_ns;
	bool sent, sealed;
	uint32_t length;
	size_t size;
	uint8_t octets[RELAY_FRAME];
};

struct relay {
	struct dataplane dataplane;
	struct registry *registry;
	struct keep *keep;
	struct turn_server *turn;
	struct bench at[RELAY_NETWORKS]; /* for bench_put_...() */
	struct rte_ring *in[RELAY_NETWORKS][RELAY_QUEUES], *out[RELAY_NETWORKS];
	struct relay_frame sent[RELAY_FRAMES]; /* everything but requests for neighbours */
	unsigned int sent_count;
	unsigned int requests; /* for neighbours */
	bool silent;           /* the neighbours do not answer */
	struct relay_event events[RELAY_EVENTS];
	unsigned int event_count;
	struct relay_captured captured[RELAY_CAPTURED];
	unsigned int captured_count;  /* those that had no room included */
	uint64_t over_rate, uncopied; /* as the last event says */
	unsigned int captures_over;   /* how many it said of that they are */
	enum registry_reader reader;  /* what the control plane does with it */
	struct shed *shed;
	struct counters counters;
	struct filter *filter;
	const char *what;
	Tandem__Dataplane__V1__LegStatus *status; /* the last one that was asked for */
};

struct relay *relay_create(unsigned int legs, unsigned int workers, uint16_t queues,
			   const struct crypt_engine *engine);

/* Nothing may be left behind. */
void relay_destroy(struct relay *r);

/* Every buffer is in its pool again, and no order of a worker's is open. */
bool relay_is_idle(const struct relay *r);

/* Until nobody has anything to do. */
void relay_run(struct relay *r);

/* As if the main lcore's look at the legs were due. */
void relay_look(struct relay *r);

/* --- the participants' side, in relay_wire.c --- */

/* Two functions and their queues are a port as far as a worker knows it. */
void relay_open_port(struct relay *r, enum relay_network n, uint16_t queues);
void relay_close_port(struct relay *r, enum relay_network n);

/* A frame that a participant puts on the wire. */
void relay_inject(struct relay *r, enum relay_network n, unsigned int queue, const void *frame,
		  size_t length);

/* Takes what came out, and answers what asked for a neighbour. Returns the number of frames. */
unsigned int relay_collect(struct relay *r);
struct rte_ether_addr relay_mac(enum relay_network n);

/* In the place of `frame`, whose network header is at `l3`. */
void relay_answer_arp(struct relay *r, enum relay_network n, uint8_t *frame, unsigned int l3,
		      const struct arp *question);

/* --- what can be seen --- */

uint64_t relay_drops(const struct relay *r, enum drop reason);
uint64_t relay_all_drops(const struct relay *r);
uint64_t relay_counter(const struct relay *r, enum worker_counter counter);

/* What sheds floods knows of a port. */
struct shed_port *relay_shed_port(const struct relay *r, enum relay_address address, uint16_t port);

/* And the workers' table agrees. */
bool relay_is_open(const struct relay *r, enum relay_address address, uint16_t port);

/* Of a leg that there is. */
struct record *relay_record(struct relay *r, uint64_t leg);

/* Its status, which lives until the next one. */
const Tandem__Dataplane__V1__LegStatus *relay_status(struct relay *r, uint64_t leg);

#endif
