/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a stage needs to run in a test: DPDK's environment without devices or hugepages, one network
 * with its addresses, one worker that is the calling thread.
 */
#ifndef TANDEM_TESTS_RIG_BENCH_H
#define TANDEM_TESTS_RIG_BENCH_H

#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring_elem.h>
#include <rte_udp.h>

#include "dataplane/burst.h"
#include "dataplane/dataplane.h"
#include "dataplane/stages.h"
#include "dataplane/worker.h"

#define BENCH_PORT    0
#define BENCH_NOTICES 64 /* the ring holds one less */

enum bench_address { BENCH_IPV4, BENCH_IPV6, BENCH_ADDRESSES };

struct bench {
	struct dataplane dataplane;
	struct network *network;
	struct worker *worker;
	struct rte_mempool *mbufs;
	uint64_t rx_flags; /* what the port says of the frames that it receives */
};

/* Of a group, or once in a program. */
int bench_environment(void **state);

struct address bench_address(const char *text);
struct endpoint bench_endpoint(const char *text, uint16_t port);

struct bench *bench_create(void);
void bench_destroy(struct bench *t);

/* Of a test, whose state is the bench; it must be idle at the end. */
int bench_set_up(void **state);
int bench_tear_down(void **state);

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

extern const struct rte_ether_addr bench_peer_mac;

/* Ethernet and IP headers towards `to`, for `length` octets of `protocol`; returns their length. */
size_t bench_put_ip(uint8_t *frame, const struct bench *t, uint8_t protocol,
		    const struct address *from, const struct address *to, uint16_t length);
size_t bench_put_udp(uint8_t *frame, const struct bench *t, const struct endpoint *from,
		     const struct endpoint *to, const void *payload, uint16_t length);

/* A burst of one frame, as classify leaves it. */
void bench_receive(struct bench *t, struct burst *b, const void *frame, size_t length);
bool bench_take_notice(struct bench *t, struct notice *n);

/* The burst's packet is no longer needed. */
void bench_release(struct burst *b);

/* Every buffer is back in its pool: none was lost on the way. */
bool bench_is_idle(const struct bench *t);

#endif
