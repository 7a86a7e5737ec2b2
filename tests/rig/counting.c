/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/counting.h"

struct counting counting;
static struct crypt_key *alive[64];

static int key_create(struct crypt_key **out, enum srtp_suite suite, enum crypt_direction direction,
		      const uint8_t *key, const uint8_t *salt)
{
	unsigned int k = 0;

	if (counting.created >= counting.refused_after)
		return -ENOTSUP;
	while (alive[k])
		if (++k == RTE_DIM(alive))
			abort();
	*out = calloc(1, sizeof(**out));
	(*out)->suite = suite;
	(*out)->direction = direction;
	alive[k] = *out;
	counting.created++;
	return 0;
}

static void key_free(struct crypt_key *key)
{
	for (unsigned int k = 0; k < RTE_DIM(alive); k++) {
		if (alive[k] != key)
			continue;
		alive[k] = NULL;
		free(key);
		return;
	}
	abort(); /* freed twice, or never made */
}

unsigned int counting_alive(void)
{
	unsigned int count = 0;

	for (unsigned int k = 0; k < RTE_DIM(alive); k++)
		count += alive[k] != NULL;
	return count;
}

const struct crypt_engine counting_engine = {
	.name = "counting", .key_create = key_create, .key_free = key_free};

void counting_reset(void)
{
	counting = (struct counting){.refused_after = UINT32_MAX};
}

int counting_set_up(void **state)
{
	const struct counting_kind *kind = *state;

	counting_reset();
	*state = relay_create(kind->legs, kind->workers, 1, &counting_engine);
	return 0;
}

int counting_tear_down(void **state)
{
	relay_destroy(*state);
	assert_int_equal(counting_alive(), 0);
	return 0;
}

const struct leg_config *relay_config(struct relay *r, uint64_t id)
{
	relay_run(r);
	assert_ptr_equal(relay_record(r, id)->latest, relay_record(r, id)->leg->config);
	return relay_record(r, id)->leg->config;
}

void relay_expect_error(struct relay *r, int got, int error, const char *what)
{
	assert_int_equal(got, -error);
	assert_string_equal(r->what, what);
}

void relay_expect_event(struct relay *r, uint64_t leg, int kind)
{
	assert_int_equal(r->event_count, 1);
	assert_int_equal(r->events[0].leg, leg);
	assert_int_equal(r->events[0].kind, kind);
	r->event_count = 0;
}

void relay_nominate(struct relay *r, uint64_t id, const char *text, uint16_t port)
{
	relay_nominate_component(r, id, 0, text, port);
}

void relay_nominate_component(struct relay *r, uint64_t id, unsigned int component,
			      const char *text, uint16_t port)
{
	struct leg *leg = relay_record(r, id)->leg;
	struct leg_pair *pair = &leg->pairs[component];

	*pair = (struct leg_pair){.remote = bench_endpoint(text, port),
				  .component = component,
				  .ice_epoch = leg->config->ice_epoch,
				  .checked = rte_rdtsc()};
	leg->pair_count = component + 1;
	leg->nominated_epoch = leg->config->ice_epoch;
	assert_true(leg_learn(r->dataplane.workers[leg->worker], leg, component, &pair->remote));
	relay_run(r);
}
