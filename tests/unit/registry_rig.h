/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of the registry: a relay whose engine makes nothing but keys and counts them, a phone
 * and a browser, and what can be seen of a leg.
 */
#ifndef TANDEM_TESTS_REGISTRY_RIG_H
#define TANDEM_TESTS_REGISTRY_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/main/legs/record.h"
#include "tests/unit/relay_put.h"

#define PHONE    "203.0.113.9"
#define BROWSER  "198.51.100.9"
#define PASSWORD "0123456789abcdefghijklmn"

/* An engine that makes nothing but keys, and counts them. */
static struct crypt_key *alive[64];
static unsigned int created, refused_after = UINT32_MAX;

static inline int key_create(struct crypt_key **out, enum srtp_suite suite,
			     enum crypt_direction direction, const uint8_t *key,
			     const uint8_t *salt)
{
	if (created >= refused_after)
		return -ENOTSUP;
	*out = calloc(1, sizeof(**out));
	(*out)->suite = suite;
	(*out)->direction = direction;
	alive[created++ % RTE_DIM(alive)] = *out;
	return 0;
}

static inline void key_free(struct crypt_key *key)
{
	for (unsigned int k = 0; k < RTE_DIM(alive); k++) {
		if (alive[k] != key)
			continue;
		alive[k] = NULL;
		free(key);
		return;
	}
	fail_msg("freed twice, or never made");
}

static inline unsigned int count_alive(void)
{
	unsigned int count = 0;

	for (unsigned int k = 0; k < RTE_DIM(alive); k++)
		count += alive[k] != NULL;
	return count;
}

static const struct crypt_engine engine = {
	.name = "counting", .key_create = key_create, .key_free = key_free};

static inline int create(void **state)
{
	created = 0;
	refused_after = UINT32_MAX;
	*state = relay_create(1, 1, &engine);
	return 0;
}

static inline int create_two(void **state)
{
	created = 0;
	refused_after = UINT32_MAX;
	*state = relay_create(2, 1, &engine);
	return 0;
}

static inline int destroy(void **state)
{
	relay_destroy(*state);
	assert_int_equal(count_alive(), 0);
	return 0;
}

/* Leg 1 towards a phone on the trunk, leg 2 towards a browser, each the other's peer. */
static inline void put_phone(struct put *p)
{
	put_init(p, 1, 2, relay_local[TRUNK_IPV4], 20000, PHONE, 30000);
}

static inline void put_browser(struct put *p)
{
	put_init(p, 2, 1, relay_local[PUBLIC_IPV4], 20002, BROWSER, 40000);
	p->m.rtcp_mux = true;
}

static inline void expect_error(struct relay *r, int got, int error, const char *what)
{
	assert_int_equal(got, -error);
	assert_string_equal(r->what, what);
}

static inline struct record *record(struct relay *r, uint64_t id)
{
	struct record *found = record_find(r->registry, id);

	assert_non_null(found);
	return found;
}

static inline const struct leg_config *config(struct relay *r, uint64_t id)
{
	relay_run(r);
	assert_ptr_equal(record(r, id)->latest, record(r, id)->leg->config);
	return record(r, id)->leg->config;
}

static inline Tandem__Dataplane__V1__LegStatus *status(struct relay *r, uint64_t id)
{
	return registry_status(r->registry, registry_find(r->registry, id), true);
}

static inline void status_free(Tandem__Dataplane__V1__LegStatus *s)
{
	tandem__dataplane__v1__leg_status__free_unpacked(s, NULL);
}

static inline void expect_event(struct relay *r, uint64_t leg, int kind)
{
	assert_int_equal(r->event_count, 1);
	assert_int_equal(r->events[0].leg, leg);
	assert_int_equal(r->events[0].kind, kind);
	r->event_count = 0;
}

/* As ice does when a check passed and nominated. */
static inline void nominate(struct relay *r, uint64_t id, const char *text, uint16_t port)
{
	struct leg *leg = record(r, id)->leg;

	leg->pairs[0] = (struct leg_pair){.remote = bench_endpoint(text, port),
					  .ice_epoch = leg->config->ice_epoch,
					  .checked = rte_rdtsc()};
	leg->pair_count = 1;
	leg->nominated_epoch = leg->config->ice_epoch;
	assert_true(leg_learn(r->dataplane.workers[leg->worker], leg, 0, &leg->pairs[0].remote));
	relay_run(r);
}

#define CASE(test)     cmocka_unit_test_setup_teardown(test, create, destroy)
#define CASE_TWO(test) cmocka_unit_test_setup_teardown(test, create_two, destroy)

#endif
