/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/legs/captures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "dataplane/lib/log.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/main/legs/tap.h"
#include "dataplane/main/shared.h"

#define TOLD_AT_ONCE 32 /* copies: what fits a frame */

static int fail(const char **what, const char *text, int error)
{
	*what = text;
	return error;
}

static int by_number(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static bool has(const struct captures *c, unsigned int k, uint64_t leg)
{
	return c->open[k].count &&
	       bsearch(&leg, c->open[k].legs, c->open[k].count, sizeof(leg), by_number);
}

static int find(const struct captures *c, uint64_t id)
{
	for (unsigned int k = 0; k < CAPTURES_MAX; k++)
		if (c->open[k].capture && c->open[k].capture->id == id)
			return k;
	return -1;
}

static int find_free(const struct captures *c)
{
	for (unsigned int k = 0; k < CAPTURES_MAX; k++)
		if (!c->open[k].capture)
			return k;
	return -1;
}

/* --- the legs of a capture ------------------------------------------------------------------- */

/* What its packets, and those that are for it, are copied by from now on. */
static void set_tap(struct registry *r, struct record *record, struct tap *tap)
{
	tap_release(record->tap);
	record->tap = tap;
	record_refresh(r, record);
	record_refresh_sources(r, record);
}

static void untap(struct registry *r, const struct capture *capture, uint64_t leg)
{
	struct record *record = record_find(r, leg);

	if (record && record->tap && record->tap->capture == capture)
		set_tap(r, record, NULL);
}

static int tap_leg(struct registry *r, struct capture *capture, uint64_t leg)
{
	struct record *record = record_find(r, leg);
	struct tap *tap;

	if (!record || record->tap)
		return 0;
	tap = tap_create(capture, leg);
	if (!tap)
		return -ENOMEM;
	set_tap(r, record, tap);
	return 0;
}

struct tap *captures_tap(struct captures *c, uint64_t leg)
{
	for (unsigned int k = 0; c->count && k < CAPTURES_MAX; k++)
		if (c->open[k].capture && has(c, k, leg))
			return tap_create(c->open[k].capture, leg);
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------ */

static int reserve(struct captures *c, int node)
{
	if (!c->pool)
		c->pool = rte_mempool_create("captured", CAPTURE_COPIES, sizeof(struct captured), 0,
					     0, NULL, NULL, NULL, NULL, node, 0);
	if (!c->ring)
		c->ring = rte_ring_create("captured", CAPTURE_COPIES, node,
					  RING_F_SC_DEQ | RING_F_EXACT_SZ);
	return c->pool && c->ring ? 0 : -ENOMEM;
}

static uint32_t at_most(uint32_t wanted, uint32_t most)
{
	return wanted && wanted < most ? wanted : most;
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int create(struct registry *r, const Tandem__Dataplane__V1__PutCapture *put)
{
	struct captures *c = &r->captures;
	uint64_t hz = rte_get_tsc_hz();
	struct capture *capture;
	int place = find_free(c);

	if (reserve(c, r->dataplane->mbufs->socket_id))
		return -ENOMEM;
	capture = rte_zmalloc("capture", sizeof(*capture), RTE_CACHE_LINE_SIZE);
	if (!capture)
		return -ENOMEM;
	*capture = (struct capture){
		.id = put->capture,
		.pool = c->pool,
		.ring = c->ring,
		.packet_ticks = hz / at_most(put->pps, CAPTURE_PPS),
		.octet_ticks = hz / at_most(put->bytes_per_second, CAPTURE_BYTES),
		.began = rte_rdtsc(),
		.began_ns = wall_ns(),
		.snap = at_most(put->snap, CAPTURE_OCTETS),
		.decrypted = put->decrypted,
		.users = 1,
	};
	c->open[place].capture = capture;
	c->count++;
	return place;
}

static void end(struct registry *r, unsigned int place)
{
	struct captures *c = &r->captures;
	struct capture *capture = c->open[place].capture;
	uint64_t *legs = c->open[place].legs;
	size_t count = c->open[place].count;

	__atomic_store_n(&capture->until, 0, __ATOMIC_RELAXED);
	memset(&c->open[place], 0, sizeof(c->open[place]));
	c->count--;
	for (size_t k = 0; k < count; k++)
		untap(r, capture, legs[k]);
	free(legs);
	log_info("capture %016jx is over", (uintmax_t)capture->id);
	capture_release(capture);
}

void captures_end_all(struct registry *r)
{
	for (unsigned int k = 0; r->captures.count && k < CAPTURES_MAX; k++)
		if (r->captures.open[k].capture)
			end(r, k);
}

void captures_destroy(struct captures *c)
{
	rte_ring_free(c->ring);
	rte_mempool_free(c->pool);
}

/* --- requests -------------------------------------------------------------------------------- */

static int check(const struct registry *r, const Tandem__Dataplane__V1__PutCapture *put,
		 const char **what)
{
	const struct captures *c = &r->captures;
	int place = find(c, put->capture);

	if (!put->capture)
		return fail(what, "capture: needs an id that is not 0", -EINVAL);
	if (put->n_legs > CAPTURE_LEGS)
		return fail(what, "legs: more than 1024: capture one party of the call", -EINVAL);
	if (put->snap && put->snap < CAPTURE_SNAP)
		return fail(what, "snap: at least 64 octets of each packet", -EINVAL);
	if (!put->lease_ms || put->lease_ms > CAPTURE_LEASE_MS)
		return fail(what, "lease_ms: from 1 to 60000", -EINVAL);
	if (place < 0 && c->count == CAPTURES_MAX)
		return fail(what, "4 captures run already: end one, or wait", -ENOSPC);
	for (unsigned int k = 0; k < CAPTURES_MAX; k++)
		for (size_t i = 0; (int)k != place && i < put->n_legs; i++)
			if (has(c, k, put->legs[i]))
				return fail(what, "another capture has this call's packets",
					    -EEXIST);
	return 0;
}

/* In the place of those before. The memory of `legs` is the capture's. */
static int set_legs(struct registry *r, unsigned int place, uint64_t *legs, size_t count)
{
	struct captures *c = &r->captures;
	struct capture *capture = c->open[place].capture;
	uint64_t *before = c->open[place].legs;
	size_t count_before = c->open[place].count;
	int error = 0;

	c->open[place].legs = legs;
	c->open[place].count = count;
	for (size_t k = 0; k < count_before; k++)
		if (!has(c, place, before[k]))
			untap(r, capture, before[k]);
	for (size_t k = 0; k < count && !error; k++)
		error = tap_leg(r, capture, legs[k]);
	free(before);
	return error;
}

int registry_put_capture(struct registry *r, const Tandem__Dataplane__V1__PutCapture *put,
			 const char **what)
{
	struct captures *c = &r->captures;
	int place, error = check(r, put, what);
	bool is_new = find(c, put->capture) < 0;
	uint64_t *legs;

	if (error)
		return error;
	legs = malloc((put->n_legs + 1) * sizeof(legs[0]));
	if (!legs)
		return fail(what, "no memory for the capture", -ENOMEM);
	if (put->n_legs)
		memcpy(legs, put->legs, put->n_legs * sizeof(legs[0]));
	qsort(legs, put->n_legs, sizeof(legs[0]), by_number);
	place = is_new ? create(r, put) : find(c, put->capture);
	if (place < 0) {
		free(legs);
		return fail(what, "no memory for the capture: 5 MiB more of hugepages", place);
	}
	if (is_new)
		log_info("capture %016jx begins, of %zu legs", (uintmax_t)put->capture,
			 put->n_legs);
	__atomic_store_n(&c->open[place].capture->until, rte_rdtsc() + record_ticks(put->lease_ms),
			 __ATOMIC_RELAXED);
	error = set_legs(r, place, legs, put->n_legs);
	return error ? fail(what, "no memory for all legs of the capture", error) : 0;
}

/* What is copied already belongs to it. */
static void tell_the_rest(struct registry *r, unsigned int place)
{
	struct capture *capture = r->captures.open[place].capture;

	__atomic_store_n(&capture->until, 0, __ATOMIC_RELAXED);
	while (captured_tell(r, TOLD_AT_ONCE))
		;
	captured_over(r, capture);
}

int registry_delete_capture(struct registry *r, uint64_t id, const char **what)
{
	int place = find(&r->captures, id);

	if (place < 0)
		return fail(what, "capture: there is none", -ENOENT);
	tell_the_rest(r, place);
	end(r, place);
	return 0;
}

/* --- from turn to turn ----------------------------------------------------------------------- */

static bool is_over(const struct capture *capture, uint64_t now)
{
	return (int64_t)(now - capture->until) >= 0;
}

unsigned int registry_tell_captured(struct registry *r, enum registry_reader reader)
{
	struct captures *c = &r->captures;
	uint64_t now = rte_rdtsc();

	if (!c->ring)
		return 0;
	if (reader == READER_GONE)
		captures_end_all(r);
	for (unsigned int k = 0; c->count && k < CAPTURES_MAX; k++) {
		if (!c->open[k].capture || !is_over(c->open[k].capture, now))
			continue;
		captured_over(r, c->open[k].capture);
		end(r, k);
	}
	return reader == READER_BEHIND ? 0 : captured_tell(r, TOLD_AT_ONCE);
}
