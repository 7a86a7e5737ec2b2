/* SPDX-License-Identifier: BSD-3-Clause */
/* What follows from seconds of drops: rates, attacks, blocks. */
#include "controlplane/shed/attack.h"
#include "controlplane/shed/strike.h"
#include "controlplane/shed/tally.h"

#include <errno.h>

#include "dataplane/drop.h"
#include "ebpf/shed.h"
#include "tests/rig/test.h"

/* --- rates ----------------------------------------------------------------------------------- */

static const struct tally_reason *reason(const struct tally *t, const char *name)
{
	for (unsigned int i = 0; i < t->count; i++)
		if (!strcmp(t->reasons[i].name, name))
			return &t->reasons[i];
	fail_msg("no reason %s", name);
	return NULL;
}

static void count(struct tally *t, uint64_t now_ms, uint64_t replays, uint64_t by_worker)
{
	tally_begin(t);
	tally_add(t, "replay", "help", replays);
	tally_add(t, "replay", "other help", by_worker);
	tally_add(t, "runt", "help", 5);
	tally_end(t, now_ms);
}

static void rates_follow_from_counters(void **state)
{
	struct tally *t = calloc(1, sizeof(*t));
	char name[32];

	count(t, 1000, 1000000, 7);
	assert_int_equal(t->count, 2);
	assert_int_equal(reason(t, "replay")->packets, 1000007);
	assert_string_equal(reason(t, "replay")->help, "other help");
	assert_int_equal(reason(t, "replay")->pps, 0); /* nobody knows since when */
	count(t, 3000, 1000500, 507);
	assert_int_equal(reason(t, "replay")->pps, 500);
	assert_int_equal(reason(t, "runt")->pps, 0);
	count(t, 4000, 10, 0); /* they went back */
	assert_int_equal(reason(t, "replay")->pps, 0);
	count(t, 5000, 20, 0);
	assert_int_equal(reason(t, "replay")->pps, 10);
	tally_forget(t);
	assert_int_equal(reason(t, "replay")->pps, 0);
	count(t, 6000, 1000, 0);
	assert_int_equal(reason(t, "replay")->pps, 0);
	for (int i = 0; i < 2 * TALLY_REASONS; i++) {
		snprintf(name, sizeof(name), "reason%d", i);
		tally_add(t, name, "", 1);
	}
	assert_int_equal(t->count, TALLY_REASONS);
	free(t);
}

/* --- kinds ----------------------------------------------------------------------------------- */

/* Every reason of the filter but those that pass a packet, and the one that is our own mistake. */
static void every_verdict_has_a_kind(void **state)
{
#define X(id, name, help)                                                                          \
	if (shed_reason_drops(SHED_##id) && SHED_##id != SHED_NO_SOCKET)                           \
		assert_int_not_equal(attack_kind_of(name), ATTACK_NONE);                           \
	else                                                                                       \
		assert_int_equal(attack_kind_of(name), ATTACK_NONE);
	SHED_REASONS(X)
#undef X
	assert_int_equal(attack_kind_of("auth_failed"), ATTACK_FORGED_MEDIA);
	assert_int_equal(attack_kind_of("stun_401"), ATTACK_STUN);
	assert_int_equal(attack_kind_of("tx_full"), ATTACK_NONE);
	for (enum attack_kind kind = ATTACK_NONE; kind < ATTACK_KINDS; kind++)
		assert_non_null(attack_kind_name(kind));
}

/* --- attacks --------------------------------------------------------------------------------- */

static struct attacks attacks;
static struct {
	unsigned int count;
	enum attack_change change;
	enum attack_kind kind;
	struct attack attack;
} told;

static void on_told(void *arg, enum attack_change change, enum attack_kind kind,
		    const struct attack *attack)
{
	told.count++;
	told.change = change;
	told.kind = kind;
	told.attack = *attack;
}

static void start(void)
{
	memset(&attacks, 0, sizeof(attacks));
	attacks.begin_pps = 100;
}

/* One second of spoofed media; what became of it. */
static enum attack_change feed(uint32_t pps, const struct attack_source *source,
			       const struct attack_target *target)
{
	static uint64_t now_ms;
	struct attack_second second = {
		.now_ms = now_ms += 1000,
		.pps[ATTACK_NONE] = 1000000,
		.pps[ATTACK_SPOOFED_MEDIA] = pps,
		.sources = source,
		.source_count = source != NULL,
		.targets = target,
		.target_count = target != NULL,
	};

	told.count = 0;
	attacks_feed(&attacks, &second, on_told, NULL);
	assert_in_range(told.count, 0, 1);
	return told.count ? told.change : ATTACK_STAYS;
}

static void an_attack_begins_and_ends(void **state)
{
	start();
	assert_int_equal(feed(99, NULL, NULL), ATTACK_STAYS);
	assert_int_equal(feed(100, NULL, NULL), ATTACK_STAYS);
	assert_int_equal(feed(99, NULL, NULL), ATTACK_STAYS); /* one second is none */
	assert_int_equal(feed(100, NULL, NULL), ATTACK_STAYS);
	assert_int_equal(feed(120, NULL, NULL), ATTACK_BEGAN);
	assert_int_equal(told.kind, ATTACK_SPOOFED_MEDIA);
	assert_int_equal(told.attack.id, 1);
	assert_int_equal(told.attack.packets, 220);
	/* Neither a lull nor less than half of what begins one is its end. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(feed(i % ATTACK_ENDS_AFTER ? 49 : 61, NULL, NULL), ATTACK_STAYS);
	assert_int_equal(feed(61, NULL, NULL), ATTACK_STAYS);
	for (int i = 0; i < ATTACK_ENDS_AFTER - 1; i++)
		assert_int_equal(feed(49, NULL, NULL), ATTACK_STAYS);
	assert_int_equal(feed(0, NULL, NULL), ATTACK_ENDED);
	assert_int_equal(told.attack.id, 1);
	assert_int_equal(told.attack.pps_peak, 120);
	/* The next one is another one. */
	feed(1000, NULL, NULL);
	assert_int_equal(feed(1000, NULL, NULL), ATTACK_BEGAN);
	assert_int_equal(told.attack.id, 2);
	assert_int_equal(told.attack.pps_peak, 1000);
	assert_int_equal(told.attack.packets, 2000);
}

static void what_is_news(void **state)
{
	static const struct attack_source one = {"203.0.113.1", "stranger_media", 500},
					  other = {"203.0.113.2", "stranger_media", 500},
					  faint = {"203.0.113.3", "stranger_media", 20},
					  stun = {"203.0.113.4", "stun_ufrag", 500};
	static const struct attack_target call = {"c1", "stranger_media", 300},
					  second = {"c2", "stranger_media", 300},
					  grazed = {"c3", "stranger_media", 3},
					  nobody = {NULL, "stranger_media", 300},
					  checked = {"c4", "stun_ufrag", 300};

	start();
	feed(1000, &one, &call);
	assert_int_equal(feed(1000, &one, &call), ATTACK_BEGAN);
	assert_string_equal(told.attack.sources[0].address, "203.0.113.1");
	assert_string_equal(told.attack.call_ids[0], "c1");
	assert_int_equal(feed(1999, &one, &call), ATTACK_STAYS);
	assert_int_equal(feed(2000, &one, &call), ATTACK_CHANGED);
	assert_int_equal(feed(1001, &one, &call), ATTACK_STAYS);
	assert_int_equal(feed(1000, &one, &call), ATTACK_CHANGED);
	assert_int_equal(feed(1000, &other, &call), ATTACK_CHANGED);
	assert_int_equal(feed(1000, &other, &second), ATTACK_CHANGED);
	assert_int_equal(told.attack.call_count, 2);
	/*
	 * Calls are what it was aimed at, as long as it lasts; a few stray packets aim at nothing.
	 */
	assert_int_equal(feed(1000, &other, &call), ATTACK_STAYS);
	assert_int_equal(feed(1000, &other, &grazed), ATTACK_STAYS);
	assert_int_equal(feed(1000, &other, &nobody), ATTACK_STAYS);
	assert_int_equal(feed(1000, &other, &checked), ATTACK_STAYS);
	/* Nobody is the worst of many equals, so that who it is does not change each second. */
	assert_int_equal(feed(1000, &faint, NULL), ATTACK_CHANGED);
	assert_int_equal(told.attack.source_count, 1);
	assert_int_equal(feed(1000, &stun, NULL), ATTACK_STAYS);
	assert_int_equal(feed(1000, &faint, NULL), ATTACK_STAYS);
}

static void an_attack_names_a_bounded_number(void **state)
{
	struct attack_source sources[100];
	struct attack_target targets[100];
	char ids[100][300];
	struct attack_second second = {.pps[ATTACK_STUN] = 100,
				       .sources = sources,
				       .source_count = 100,
				       .targets = targets,
				       .target_count = 100};

	start();
	for (int i = 0; i < 100; i++) {
		memset(ids[i], 'x', sizeof(ids[i]));
		ids[i][0] = '0' + i / 10;
		ids[i][1] = '0' + i % 10;
		ids[i][sizeof(ids[i]) - 1] = '\0';
		targets[i] = (struct attack_target){ids[i], "stun_ufrag", 10};
		sources[i] = (struct attack_source){"203.0.113.1", "stun_401", 10};
	}
	attacks_feed(&attacks, &second, on_told, NULL);
	attacks_feed(&attacks, &second, on_told, NULL);
	assert_int_equal(attacks.of[ATTACK_STUN].source_count, ATTACK_SOURCES);
	assert_int_equal(attacks.of[ATTACK_STUN].call_count, ATTACK_CALLS);
	assert_int_equal(strlen(attacks.of[ATTACK_STUN].call_ids[0]), ATTACK_CALL_ID - 1);
}

/* --- blocks ---------------------------------------------------------------------------------- */

static const struct strike_config strict = {
	.failures_pps = 50, .seconds = 3, .least_s = 60, .most_s = 600};
static const struct address bad_source = {.octets = {[10] = 0xff, 0xff, 203, 0, 113, 9}};
static const struct address good_source = {.octets = {[10] = 0xff, 0xff, 203, 0, 113, 10}};
static const struct address *const bad = &bad_source, *const good = &good_source;

static unsigned int fail_for(struct strikes *s, const struct address *address, unsigned int seconds,
			     uint64_t *now_ms)
{
	unsigned int block_s = 0;

	for (unsigned int i = 0; i < seconds; i++, *now_ms += 1000) {
		assert_int_equal(block_s, 0); /* not before the last one */
		block_s = strikes_take(s, address, 50, *now_ms);
	}
	return block_s;
}

static void who_keeps_failing_is_blocked_for_longer_and_longer(void **state)
{
	static const unsigned int blocks[] = {60, 120, 240, 480, 600, 600};
	struct strikes *s = strikes_make(&strict);
	uint64_t now = 0;

	for (unsigned int i = 0; i < COUNT(blocks); i++) {
		assert_int_equal(fail_for(s, bad, 3, &now), blocks[i]);
		now += blocks[i] * 1000;
	}
	/* Who comes back after long enough has another chance. */
	now += 601 * 1000;
	assert_int_equal(fail_for(s, bad, 3, &now), 60);
	strikes_free(s);
}

static void who_fails_little_or_shortly_is_not(void **state)
{
	struct strikes *s = strikes_make(&strict);
	uint64_t now = 5000;

	for (int i = 0; i < 100; i++, now += 1000) {
		assert_int_equal(strikes_take(s, good, 49, now), 0);
		assert_int_equal(strikes_take(s, good, 0, now), 0);
	}
	for (int i = 0; i < 100; i++, now += 4000)
		assert_int_equal(strikes_take(s, good, 1000, now), 0);
	/* A second that was missed is none without failures. */
	assert_int_equal(strikes_take(s, bad, 50, now), 0);
	assert_int_equal(strikes_take(s, bad, 50, now += 2000), 0);
	assert_int_equal(strikes_take(s, bad, 50, now += 2000), 60);
	strikes_free(s);
}

static void a_block_that_was_refused_does_not_count(void **state)
{
	struct strikes *s = strikes_make(&strict);
	uint64_t now = 0;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(fail_for(s, good, 3, &now), 60);
		strikes_take_back(s, good);
	}
	strikes_take_back(s, bad); /* of which nothing is known */
	assert_int_equal(fail_for(s, good, 3, &now), 60);
	assert_int_equal(fail_for(s, good, 3, &now), 120);
	strikes_free(s);
}

/* However many addresses somebody has: who was blocked before is remembered. */
static void the_table_keeps_the_worst(void **state)
{
	struct strikes *s = strikes_make(&strict);
	uint64_t now = 1000;
	struct address address = {.octets = {0x20, 0x01}};

	assert_int_equal(fail_for(s, bad, 3, &now), 60);
	for (unsigned int i = 0; i < 3 * STRIKE_TABLE; i++) {
		memcpy(address.octets + 2, &i, sizeof(i));
		assert_int_equal(strikes_take(s, &address, 1000, now), 0);
	}
	assert_int_equal(fail_for(s, bad, 3, &now), 120);
	strikes_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_follow_from_counters),
		cmocka_unit_test(every_verdict_has_a_kind),
		cmocka_unit_test(an_attack_begins_and_ends),
		cmocka_unit_test(what_is_news),
		cmocka_unit_test(an_attack_names_a_bounded_number),
		cmocka_unit_test(who_keeps_failing_is_blocked_for_longer_and_longer),
		cmocka_unit_test(who_fails_little_or_shortly_is_not),
		cmocka_unit_test(a_block_that_was_refused_does_not_count),
		cmocka_unit_test(the_table_keeps_the_worst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
