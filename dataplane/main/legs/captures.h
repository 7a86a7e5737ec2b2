/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The captures that run, and which legs they are of. Their buffers are made with the first one and
 * stay: there is never more memory in it than that. Main lcore only.
 */
#ifndef TANDEM_CAPTURES_H
#define TANDEM_CAPTURES_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/dataplane.pb-c.h"

#define CAPTURES_MAX     4
#define CAPTURE_LEGS     1024
#define CAPTURE_COPIES   2047 /* that are not read yet, of all captures */
#define CAPTURE_SNAP     64
#define CAPTURE_PPS      10000
#define CAPTURE_BYTES    20000000 /* a second */
#define CAPTURE_LEASE_MS 60000

struct capture;
struct registry;
struct rte_mempool;
struct rte_ring;
struct tap;

struct captures {
	struct {
		struct capture *capture; /* NULL if the place is free */
		uint64_t *legs;          /* ids, in their order; free() */
		size_t count;
	} open[CAPTURES_MAX];
	unsigned int count;
	struct rte_mempool *pool; /* of struct captured; NULL until there was a capture */
	struct rte_ring *ring;
};

/* As registry.h's requests. */
int registry_put_capture(struct registry *r, const Tandem__Dataplane__V1__PutCapture *put,
			 const char **what);
int registry_delete_capture(struct registry *r, uint64_t id, const char **what);

/* Who gets what was copied. */
enum registry_reader {
	READER_GONE,
	READER_BEHIND, /* it has not read what was told before */
	READER_READY,
};
/*
 * One turn: tells what was copied, if it will be read, and ends captures whose time is over, or all
 * if nobody is there. Returns how much it handled.
 */
unsigned int registry_tell_captured(struct registry *r, enum registry_reader reader);

/* For a leg that begins: its tap, which the caller owns; NULL if it is not captured. */
struct tap *captures_tap(struct captures *c, uint64_t leg);
void captures_end_all(struct registry *r);
/* No configuration names one. */
void captures_destroy(struct captures *c);

/*
 * captured.c: tells up to `most` copies; those of captures that are over go. Returns how many there
 * were. captured_over() tells of the capture's last.
 */
unsigned int captured_tell(struct registry *r, unsigned int most);
void captured_over(struct registry *r, const struct capture *capture);

#endif
