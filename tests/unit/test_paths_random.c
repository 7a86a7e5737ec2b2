/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Paths that come and go at random, with legs and keys, while packets pass and workers lag behind:
 * no index is used twice under a key, nobody hears what was not put, and what was put is heard.
 */
#include <errno.h>

#include "dataplane/branch.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/wire/rtp.h"
#include "tests/rig/put.h"
#include "tests/rig/test.h"

#define SPEAKERS 3 /* legs 1 to 3, plain; the others have SRTP and only listen */
#define ALL      RELAY_LEGS
#ifndef SEEDS
#define SEEDS 60
#endif
#define STEPS 6000
#define USES  (1 << 20)

/* What a speaker's leg, or another one, hears. */
struct way {
	bool there, muted, branch;
	unsigned int types; /* an index of `types` */
};

struct use {
	uint64_t serial, index;
	uint32_t ssrc, rtcp;
};

static const uint8_t types[][16] = {{0}, {1, 1}, {[12] = 3}};
static const unsigned int type_lengths[] = {0, 16, 16};
static const uint8_t payload_types[] = {0, 8, 96, 97};
static const uint32_t ssrcs[] = {0, 1, 0xdecafbad};

static struct world {
	struct relay *relay;
	uint32_t random;
	struct way ways[ALL + 1][ALL + 1]; /* by the ids of the two legs */
	uint64_t serials[1 << 16];         /* the leg that protects with that key */
	uint32_t epoch[ALL + 1];
	uint64_t keys; /* made */
	uint16_t seq[ALL + 1][RTE_DIM(ssrcs)];
	unsigned int queue[ALL + 1]; /* by which what the leg receives comes */
	struct use *uses;
	unsigned int use_count;
	unsigned int
		heard[ALL + 1]; /* packets that were protected for a leg, since they were told */
} world;

static uint32_t roll(uint32_t sides)
{
	world.random = world.random * 1664525 + 1013904223;
	return (uint64_t)world.random * sides >> 32;
}

static struct record *record(uint64_t id)
{
	return record_find(world.relay->registry, id);
}

/* --- the engine: it protects nothing, and writes everything down ----------------------------- */

static int key_create(struct crypt_key **out, enum srtp_suite suite, enum crypt_direction direction,
		      const uint8_t *key, const uint8_t *salt)
{
	*out = calloc(1, sizeof(**out));
	(*out)->suite = suite;
	(*out)->direction = direction;
	(*out)->tag = (*out)->tag_rtcp = 10;
	return 0;
}

static void key_free(struct crypt_key *key)
{
	free(key);
}

/* Whether the model has a way for the packet, which names its speaker. */
static bool is_put(const struct crypt_job *job, uint64_t to)
{
	unsigned int from = job->data[job->rtcp ? RTCP_HEADER : RTP_HEADER];
	const struct way *way = &world.ways[from][to];
	unsigned int type = job->data[1] & 0x7f;

	if (!way->there || job->rtcp)
		return way->there;
	return !way->muted &&
	       (!type_lengths[way->types] || types[way->types][type / 8] >> type % 8 & 1);
}

/* What changes about a leg that goes over to another worker waits until it is there. */
static bool is_moving(const struct crypt_job *job)
{
	const struct record *from = record(job->data[job->rtcp ? RTCP_HEADER : RTP_HEADER]);

	return from && from->move;
}

static void protect(struct crypt_job *jobs, unsigned int count)
{
	for (unsigned int k = 0; k < count; k++) {
		struct crypt_job *job = &jobs[k];
		uint64_t to = world.serials[job->key->serial];

		assert_true(is_put(job, to) || is_moving(job));
		assert_true(world.use_count < USES);
		world.uses[world.use_count++] =
			(struct use){job->key->serial, job->index, job->ssrc, job->rtcp};
		world.heard[to]++;
		job->length += job->rtcp ? 14 : 10;
		job->status = CRYPT_OK;
	}
}

static const struct crypt_engine engine = {
	.name = "writing", .key_create = key_create, .key_free = key_free, .protect = protect};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct use));
}

static void no_index_served_twice(void)
{
	qsort(world.uses, world.use_count, sizeof(world.uses[0]), compare);
	for (unsigned int k = 1; k < world.use_count; k++)
		if (!compare(&world.uses[k - 1], &world.uses[k]))
			fail_msg("seed %u: SSRC %08x, index %ju twice", world.random,
				 world.uses[k].ssrc, (uintmax_t)world.uses[k].index);
}

/* --- what is asked for ----------------------------------------------------------------------- */

/* A key that nobody had. */
static void put_keys(uint64_t leg)
{
	struct keys k;

	keys_init(&k, leg, ++world.epoch[leg], SUITE_AES_CM_128_HMAC_SHA1_80);
	world.keys++;
	memcpy(k.send_key, &world.keys, sizeof(world.keys));
	k.m.send_goes_on = roll(2);
	assert_int_equal(relay_put_keys(world.relay, &k), 0);
	world.serials[record(leg)->protect->serial] = leg;
}

static void put_leg(uint64_t leg)
{
	bool fresh = !record(leg);
	struct put p;

	put_init(&p, leg, 0, PUBLIC_IPV4, 20000 + 2 * leg, "198.51.100.9", 40000 + leg);
	p.m.rtcp_mux = true;
	if (leg > SPEAKERS)
		p.m.security = TANDEM__DATAPLANE__V1__SECURITY__SECURITY_SDES;
	/* A slot is free again when the workers have let go. */
	if (relay_put(world.relay, &p)) {
		assert_string_equal(world.relay->what, "no free leg: raise [dataplane] legs");
		return;
	}
	if (fresh)
		world.epoch[leg] = 0;
	if (fresh && leg > SPEAKERS)
		put_keys(leg);
}

static void delete_leg(uint64_t leg)
{
	if (relay_delete(world.relay, leg))
		return;
	for (unsigned int k = 0; k <= ALL; k++)
		world.ways[leg][k] = world.ways[k][leg] = (struct way){.there = false};
}

static void put_path(uint64_t from, uint64_t to)
{
	Tandem__Dataplane__V1__PutPath put = TANDEM__DATAPLANE__V1__PUT_PATH__INIT;
	const char *what = "";
	struct way way = {.there = true, .muted = !roll(8), .branch = roll(2), .types = roll(3)};

	put.from = from;
	put.to = to;
	put.branch = way.branch;
	put.mute = way.muted;
	put.payload_types.data = (uint8_t *)types[way.types];
	put.payload_types.len = type_lengths[way.types];
	if (!registry_put_path(world.relay->registry, &put, &what))
		world.ways[from][to] = way;
}

static void delete_path(uint64_t from, uint64_t to)
{
	int error = relay_delete_path(world.relay, from, to);

	assert_int_equal(error, world.ways[from][to].there ? 0 : -ENOENT);
	world.ways[from][to].there = false;
}

/* So that it makes room for another SSRC. */
static void grow_old(struct flow *flow)
{
	for (struct stream *s = flow->streams; s; s = s->next)
		s->meter.heard -= 2 * STREAM_SILENT_TICKS;
}

static void grow_all_old(uint64_t leg)
{
	struct record *r = record(leg);
	const struct leg_config *config = r ? r->leg->config : NULL;

	if (!config)
		return;
	grow_old(&r->leg->flow);
	for (unsigned int k = 0; k < config->branch_count; k++)
		grow_old(&config->branches[k].branch->flow);
}

/* Where the leg's worker is another one, it goes over to this queue's. */
static void come_by_another_queue(uint64_t leg)
{
	struct record *r = record(leg);

	if (roll(4) || !r)
		return;
	/* What waits at the queue before would come later than what is sent from now on. */
	relay_run(world.relay);
	world.queue[leg] = roll(2);
	r->leg->moved = 0;
}

/* --- packets --------------------------------------------------------------------------------- */

static void speak(uint64_t leg, uint32_t ssrc, uint16_t seq, unsigned int type, bool rtcp)
{
	struct endpoint to = bench_endpoint(relay_local[PUBLIC_IPV4], 20000 + 2 * leg);
	struct endpoint from = bench_endpoint("198.51.100.9", 40000 + leg);
	uint8_t m[RTP_HEADER + 20] = {0x80, type}, frame[RELAY_FRAME];
	size_t length;

	rtp_write16(m + 2, rtcp ? sizeof(m) / 4 - 1 : seq);
	rtp_write32(m + (rtcp ? 4 : 8), ssrc);
	memset(m + (rtcp ? RTCP_HEADER : RTP_HEADER), leg, 20);
	length = bench_put_udp(frame, &world.relay->at[PUBLIC], &from, &to, m, sizeof(m));
	relay_inject(world.relay, PUBLIC, world.queue[leg], frame, length);
}

static void speak_at_random(void)
{
	uint64_t leg = 1 + roll(SPEAKERS);
	unsigned int which = roll(RTE_DIM(ssrcs));
	uint32_t ssrc = roll(20) ? ssrcs[which] : roll(UINT32_MAX);

	if (!roll(200)) /* it begins anew */
		world.seq[leg][which] = roll(UINT16_MAX);
	speak(leg, ssrc, world.seq[leg][which]++, payload_types[roll(RTE_DIM(payload_types))],
	      false);
	if (!roll(4))
		speak(leg, ssrc, 0, 0xc9, true);
}

static void settle(void)
{
	relay_run(world.relay);
	world.relay->sent_count = 0;
	world.relay->event_count = 0;
}

static uint64_t drops_for_room(void)
{
	return relay_drops(world.relay, DROP_STREAM_LIMIT) +
	       relay_drops(world.relay, DROP_STREAM_POOL) + relay_drops(world.relay, DROP_LEAP) +
	       relay_drops(world.relay, DROP_REPLAY);
}

/* Once everybody knows everything, each way that is put is taken, once. */
static void all_is_heard(void)
{
	uint64_t leg = 1 + roll(SPEAKERS);
	unsigned int which = roll(RTE_DIM(ssrcs)), type = payload_types[roll(4)];
	uint64_t without;

	settle();
	without = drops_for_room();
	memset(world.heard, 0, sizeof(world.heard));
	speak(leg, ssrcs[which], world.seq[leg][which]++, type, false);
	settle();
	for (uint64_t to = SPEAKERS + 1; to <= ALL && record(leg); to++) {
		const struct way *way = &world.ways[leg][to];
		bool takes =
			!type_lengths[way->types] || types[way->types][type / 8] >> type % 8 & 1;

		if (!record(to) || record(to)->claims || drops_for_room() != without)
			continue;
		assert_int_equal(world.heard[to], way->there && !way->muted && takes);
	}
}

/* --- at random ------------------------------------------------------------------------------- */

static void step(void)
{
	uint64_t from = 1 + roll(SPEAKERS), to = SPEAKERS + 1 + roll(ALL - SPEAKERS);

	switch (roll(16)) {
	case 0:
	case 1:
		put_path(from, to);
		break;
	case 2:
		delete_path(from, to);
		break;
	case 3:
		if (!roll(6))
			delete_leg(1 + roll(ALL));
		break;
	case 4:
		put_leg(1 + roll(ALL));
		break;
	case 5:
		if (record(to) && !roll(3))
			put_keys(to);
		break;
	case 6:
		grow_all_old(from);
		come_by_another_queue(from);
		break;
	case 7:
		if (!roll(4))
			all_is_heard();
		break;
	case 8:
	case 9:
		registry_poll(world.relay->registry);
		break;
	case 10:
	case 11:
	case 12:
		worker_poll(world.relay->dataplane.workers[roll(2)]);
		relay_collect(world.relay);
		world.relay->sent_count = 0;
		break;
	default:
		speak_at_random();
	}
	/* The rings of the rig are short. */
	if (!roll(64))
		settle();
}

static uint64_t moved;

static void run(uint32_t seed)
{
	memset(&world, 0, sizeof(world));
	world.random = seed;
	world.uses = calloc(USES, sizeof(world.uses[0]));
	world.relay = relay_create(RELAY_LEGS, 2, 2, &engine);
	for (uint64_t leg = 1; leg <= ALL; leg++)
		put_leg(leg);
	settle();
	for (unsigned int k = 0; k < STEPS; k++)
		step();
	settle();
	assert_true(world.use_count > STEPS / 20);
	no_index_served_twice();
	moved += relay_counter(world.relay, COUNTER_MOVED);
	relay_destroy(world.relay);
	free(world.uses);
}

static void whatever_comes_and_goes(void **state)
{
	for (uint32_t seed = 1; seed <= SEEDS; seed++)
		run(seed * 2654435761u);
	assert_true(moved > SEEDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_comes_and_goes)};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
