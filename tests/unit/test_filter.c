/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks and their time, rates, and who sends what is dropped: as the control plane asks for it. */
#include "dataplane/blocks.h"
#include "dataplane/main/floods/target.h"
#include "dataplane/main/floods/blocked.h"
#include "dataplane/main/floods/destinations.h"
#include "dataplane/main/floods/offenders.h"
#include "dataplane/main/floods/rates.h"
#include "dataplane/offence.h"
#include "ebpf/sketch.h"
#include "tests/rig/counting.h"

#define ATTACKER "198.18.0.1"

/* --- blocks ---------------------------------------------------------------------------------- */

static int put_block(struct relay *r, const char *address, uint32_t length, uint32_t for_ms,
		     bool automatic)
{
	Tandem__Dataplane__V1__PutBlock put = TANDEM__DATAPLANE__V1__PUT_BLOCK__INIT;
	struct address a = bench_address(address);
	bool ipv4 = address_is_ipv4(&a);

	put.address.data = &a.octets[ipv4 ? 12 : 0];
	put.address.len = ipv4 ? 4 : 16;
	put.length = length;
	put.for_ms = for_ms;
	put.automatic = automatic;
	put.spare_established = automatic;
	return filter_put_block(r->filter, &put, &r->what);
}

static int delete_block(struct relay *r, const char *address, uint32_t length)
{
	Tandem__Dataplane__V1__DeleteBlock request = TANDEM__DATAPLANE__V1__DELETE_BLOCK__INIT;
	struct address a = bench_address(address);
	bool ipv4 = address_is_ipv4(&a);

	request.address.data = &a.octets[ipv4 ? 12 : 0];
	request.address.len = ipv4 ? 4 : 16;
	request.length = length;
	return filter_delete_block(r->filter, &request, &r->what);
}

/* As its own first stage asks. */
static bool worker_blocks(struct relay *r, unsigned int worker, const char *address)
{
	struct address a = bench_address(address);
	struct shed_address asked;

	filter_poll(r->filter);
	relay_run(r);
	memcpy(asked.byte, a.octets, sizeof(asked.byte));
	return block_list_has(r->dataplane.workers[worker]->blocks, &asked);
}

static void pass_ms(struct relay *r, uint64_t ms)
{
	blocked_poll(r->filter->blocked, rte_rdtsc() + ms * (rte_get_tsc_hz() / 1000));
}

static Tandem__Dataplane__V1__Reply *get(struct relay *r, uint32_t most, bool blocks,
					 uint64_t after)
{
	const Tandem__Dataplane__V1__GetShed request = {.sources = most,
							.targets = most,
							.samples = most,
							.blocks = blocks,
							.after = after};
	Tandem__Dataplane__V1__Reply *reply = malloc(sizeof(*reply));

	tandem__dataplane__v1__reply__init(reply);
	assert_int_equal(filter_show(r->filter, &request, reply), 0);
	return reply;
}

static void reply_free(Tandem__Dataplane__V1__Reply *reply)
{
	tandem__dataplane__v1__reply__free_unpacked(reply, NULL);
}

static void every_worker_hears_of_blocks(void **state)
{
	struct relay *r = *state;

	r->dataplane.ports[PUBLIC].judged = true;
	assert_int_equal(put_block(r, "198.18.77.9", 16, 0, false), 0);
	assert_int_equal(put_block(r, "2001:db8:bad::1", 48, 0, false), 0);
	for (unsigned int k = 0; k < 2; k++) {
		assert_true(worker_blocks(r, k, "198.18.0.0"));
		assert_true(worker_blocks(r, k, "198.18.255.255"));
		assert_false(worker_blocks(r, k, "198.19.0.0"));
		assert_true(worker_blocks(r, k, "2001:db8:bad:ffff::1"));
		assert_false(worker_blocks(r, k, "2001:db8:bae::1"));
	}
	assert_int_equal(delete_block(r, "198.18.0.0", 16), 0);
	relay_expect_error(r, delete_block(r, "198.18.0.0", 16), ENOENT,
			   "this prefix is not blocked");
	assert_false(worker_blocks(r, 1, "198.18.0.0"));
	assert_int_equal(delete_block(r, "2001:db8:bad::", 48), 0);
	assert_false(worker_blocks(r, 0, "2001:db8:bad::1"));
	assert_null(r->dataplane.workers[0]->blocks);
	assert_int_equal(put_block(r, "198.18.0.0", 16, 0, false), 0);
	assert_true(worker_blocks(r, 0, "198.18.0.0")); /* and the worker frees the list */
}

static void what_expires_leaves_what_contains_it(void **state)
{
	struct relay *r = *state;

	r->dataplane.ports[PUBLIC].judged = true;
	assert_int_equal(put_block(r, "198.18.5.0", 24, 1000, true), 0);
	assert_int_equal(put_block(r, "198.18.0.0", 15, 5000, false), 0);
	assert_int_equal(put_block(r, "203.0.113.77", 32, 1000, true), 0);
	assert_true(worker_blocks(r, 0, "203.0.113.77"));
	pass_ms(r, 900);
	assert_int_equal(blocked_count(r->filter->blocked), 3);
	pass_ms(r, 1100);
	assert_int_equal(blocked_count(r->filter->blocked), 1);
	assert_true(worker_blocks(r, 0, "198.18.5.5"));
	assert_false(worker_blocks(r, 0, "203.0.113.77"));
	pass_ms(r, 5100);
	assert_int_equal(blocked_count(r->filter->blocked), 0);
	assert_false(worker_blocks(r, 0, "198.18.5.5"));
}

static void a_block_gets_a_new_time(void **state)
{
	struct relay *r = *state;
	struct blocked_entry entry;

	assert_int_equal(put_block(r, ATTACKER, 32, 1000, true), 0);
	assert_int_equal(put_block(r, ATTACKER, 32, 10000, true), 0);
	assert_int_equal(blocked_count(r->filter->blocked), 1);
	pass_ms(r, 5000);
	assert_int_equal(blocked_count(r->filter->blocked), 1);
	assert_true(blocked_entry(r->filter->blocked, 0).automatic);
	/* The operator's own stays. */
	assert_int_equal(put_block(r, ATTACKER, 32, 0, false), 0);
	assert_int_equal(put_block(r, ATTACKER, 32, 1000, true), 0);
	entry = blocked_entry(r->filter->blocked, 0);
	assert_int_equal(entry.until, 0);
	assert_false(entry.automatic);
}

static void established_calls_may_be_spared(void **state)
{
	static const char busy[] = "media is sent to an address of this prefix";
	struct relay *r = *state;
	struct put p;

	put_phone(&p);
	assert_int_equal(relay_put(r, &p), 0);
	relay_expect_error(r, put_block(r, PHONE, 32, 0, true), EBUSY, busy);
	assert_int_equal(put_block(r, "203.0.113.0", 29, 0, true), 0); /* .0 to .7 */
	relay_expect_error(r, put_block(r, "203.0.113.0", 28, 0, true), EBUSY, busy);
	relay_expect_error(r, put_block(r, "203.0.112.0", 20, 0, true), EBUSY, busy);
	assert_int_equal(put_block(r, PHONE, 32, 0, false), 0);
	assert_int_equal(delete_block(r, PHONE, 32), 0);
	/* Another address is learnt, and that one is spared. */
	assert_int_equal(remote_set(r->registry, relay_record(r, 1), 0,
				    &(struct endpoint){bench_address("203.0.113.20"), 1, 0},
				    DROP_NONE),
			 0);
	relay_expect_error(r, put_block(r, "203.0.113.20", 32, 0, true), EBUSY, busy);
	relay_expect_error(r, put_block(r, PHONE, 32, 0, true), EBUSY, busy); /* RTCP */
	assert_int_equal(relay_delete(r, 1), 0);
	assert_int_equal(put_block(r, PHONE, 32, 0, true), 0);
	assert_int_equal(put_block(r, "203.0.113.0", 24, 0, true), 0);
}

static struct address numbered(unsigned int k)
{
	return (struct address){.octets = {0x20, 0x01, 0x0d, 0xb8, [6] = k >> 8, [7] = k}};
}

/* It is not known who has no room: so anybody may be, and is spared. */
static void more_addresses_than_room(void **state)
{
	const struct shed_prefix elsewhere = {.length = 16, .byte = {0x20, 0x02}};
	struct destinations *e;
	struct address a;

	assert_int_equal(destinations_create(&e, 64), 0);
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int k = 0; k < 100; k++) {
			a = numbered(k);
			destinations_add(e, &a);
			assert_true(k || !destinations_within(e, &elsewhere));
		}
		assert_true(destinations_within(e, &elsewhere));
		for (unsigned int k = 0; k < 100; k++) {
			a = numbered(k);
			destinations_remove(e, &a);
		}
		assert_false(destinations_within(e, &elsewhere));
		assert_false(destinations_within(e, &(struct shed_prefix){.length = 1}));
	}
	destinations_destroy(e);
}

static bool leads_into(const struct destinations *e, const char *address, unsigned int length)
{
	struct address a = bench_address(address);
	struct shed_prefix prefix = {.length = length};

	memcpy(prefix.byte, a.octets, sizeof(prefix.byte));
	return destinations_within(e, &prefix);
}

/* A phone that renumbers itself within its /64 is the same one; all of IPv4 is not. */
static void ipv6_is_spared_by_its_64(void **state)
{
	struct address first = bench_address("2001:db8:0:7::1"),
		       second = bench_address("2001:db8:0:7:8000::2"),
		       ipv4 = bench_address("203.0.113.9");
	struct destinations *e;

	assert_int_equal(destinations_create(&e, 64), 0);
	destinations_add(e, &first);
	destinations_add(e, &second);
	destinations_add(e, &ipv4);
	for (unsigned int left = 2; left > 0; left--) {
		assert_true(leads_into(e, "2001:db8:0:7::", 64));
		assert_true(leads_into(e, "2001:db8:0:7::", 65));
		assert_true(leads_into(e, "2001:db8:0:7::1", 128));
		assert_true(leads_into(e, "2001:db8:0:7::3", 128)); /* a neighbour's */
		assert_true(leads_into(e, "2001:db8:0:6::", 63));
		assert_true(leads_into(e, "2001:db8::", 32));
		assert_false(leads_into(e, "2001:db8:0:6::", 64));
		assert_false(leads_into(e, "2001:db8:0:8::", 63));
		destinations_remove(e, left == 2 ? &first : &second);
	}
	assert_false(leads_into(e, "2001:db8:0:7::", 64));
	assert_false(leads_into(e, "2001:db8::", 32));
	assert_true(leads_into(e, "203.0.113.9", 128));
	assert_true(leads_into(e, "203.0.113.8", 127));
	assert_false(leads_into(e, "203.0.113.8", 128));
	assert_false(leads_into(e, "203.0.113.10", 127));
	assert_false(leads_into(e, "::1:0:0", 96));
	destinations_destroy(e);
}

static void bad_prefixes_are_refused(void **state)
{
	static const struct {
		const char *address;
		uint32_t length;
		const char *what;
	} table[] = {
		{"198.18.0.1", 0, "length: needs 1 to 32 bits for IPv4, 1 to 128 for IPv6"},
		{"198.18.0.1", 33, "length: needs 1 to 32 bits for IPv4, 1 to 128 for IPv6"},
		{"2001:db8::1", 0, "length: needs 1 to 32 bits for IPv4, 1 to 128 for IPv6"},
		{"2001:db8::1", 129, "length: needs 1 to 32 bits for IPv4, 1 to 128 for IPv6"},
		{"::1", 80,
		 "address: an IPv6 prefix that contains all of IPv4; name IPv4 prefixes as such"},
		{"::1", 1,
		 "address: an IPv6 prefix that contains all of IPv4; name IPv4 prefixes as such"},
	};
	Tandem__Dataplane__V1__PutBlock put = TANDEM__DATAPLANE__V1__PUT_BLOCK__INIT;
	struct relay *r = *state;

	for (unsigned int k = 0; k < RTE_DIM(table); k++) {
		relay_expect_error(r, put_block(r, table[k].address, table[k].length, 0, false),
				   EINVAL, table[k].what);
		relay_expect_error(r, delete_block(r, table[k].address, table[k].length), EINVAL,
				   table[k].what);
	}
	put.length = 1;
	put.address.len = 5;
	put.address.data = (uint8_t *)"12345";
	relay_expect_error(r, filter_put_block(r->filter, &put, &r->what), EINVAL,
			   "address: needs 4 or 16 octets");
	assert_int_equal(blocked_count(r->filter->blocked), 0);
	assert_int_equal(put_block(r, "::1", 96, 0, false), 0); /* beside IPv4 */
}

static void there_is_an_end_to_blocks(void **state)
{
	struct relay *r = *state;
	Tandem__Dataplane__V1__Reply *reply;
	uint64_t after = 0, shown = 0;
	char text[32];

	for (unsigned int k = 0; k < SHED_BLOCKS; k++) {
		snprintf(text, sizeof(text), "198.%u.%u.%u", 18 + (k >> 16), k >> 8 & 255, k & 255);
		assert_int_equal(put_block(r, text, 32, 0, false), 0);
	}
	relay_expect_error(r, put_block(r, "203.0.113.1", 32, 0, false), ENOSPC,
			   "no room for another block: delete some, or block shorter prefixes");
	assert_int_equal(put_block(r, "198.18.0.1", 32, 60000, false), 0);
	do {
		reply = get(r, 100, true, after);
		assert_true(tandem__dataplane__v1__reply__get_packed_size(reply) < FRAME_MOST);
		shown += reply->shed->n_blocks;
		after = reply->next;
		reply_free(reply);
	} while (after);
	assert_int_equal(shown, SHED_BLOCKS);
}

static void a_block_is_shown_as_it_was_given(void **state)
{
	struct relay *r = *state;
	Tandem__Dataplane__V1__Reply *reply;

	assert_int_equal(put_block(r, "198.18.77.9", 16, 0, false), 0);
	assert_int_equal(put_block(r, "2001:db8:bad::1", 48, 60000, true), 0);
	reply = get(r, 0, false, 0);
	assert_int_equal(reply->shed->n_blocks, 0);
	reply_free(reply);
	reply = get(r, 0, true, 0);
	assert_int_equal(reply->shed->n_blocks, 2);
	assert_int_equal(reply->shed->blocks[0]->address.len, 4);
	assert_memory_equal(reply->shed->blocks[0]->address.data, "\xc6\x12\0\0", 4);
	assert_int_equal(reply->shed->blocks[0]->length, 16);
	assert_int_equal(reply->shed->blocks[0]->left_ms, 0);
	assert_int_equal(reply->shed->blocks[1]->address.len, 16);
	assert_int_equal(reply->shed->blocks[1]->length, 48);
	assert_true(reply->shed->blocks[1]->automatic);
	assert_in_range(reply->shed->blocks[1]->left_ms, 50000, 60001);
	reply_free(reply);
}

/* --- rates ----------------------------------------------------------------------------------- */

static void rates_become_buckets(void **state)
{
	struct relay *r = *state;
	const struct shed_rule *rule = r->dataplane.shed_rule;
	const Tandem__Dataplane__V1__PutRates put = {
		.unknown_pps = 1, .stun_pps = 100, .source_pps = 2000000000, .off = true};

	rates_put_default(r->dataplane.shed_rule);
	/* Sixteen packets at once, or what 20 ms bring, whichever is more. */
	for (const struct shed_rate *k = &rule->unknown; k <= &rule->service; k++) {
		assert_true(k->cost);
		assert_true(k->burst >= 15 * (k->cost / 1000) && k->burst >= 20 * 1000);
	}
	assert_int_equal(filter_put_rates(r->filter, &put), 0);
	assert_int_equal(rule->off, 1);
	assert_int_equal(rule->unknown.cost, 1000000000);
	assert_int_equal(rule->unknown.burst, 16000000);
	assert_int_equal(rule->stun.cost, 10000000);
	assert_int_equal(rule->stun.burst, 160000);
	assert_int_equal(rule->source.cost + rule->rtcp.cost, 0); /* no limit */
}

/* --- who sends it ---------------------------------------------------------------------------- */

static struct shed_sample sampled(struct relay *r, const char *from, const char *to, uint16_t port,
				  unsigned int reason)
{
	struct endpoint source = bench_endpoint(from, 5060), target = bench_endpoint(to, port);
	struct shed_sample sample = {.reason = reason, .leg = SHED_NO_LEG};
	uint8_t frame[128];

	memcpy(sample.source.byte, source.address.octets, 16);
	sample.length = bench_put_udp(frame, &r->at[PUBLIC], &source, &target, "garbage", 7);
	sample.captured = RTE_MIN(sample.length, SHED_SAMPLE_OCTETS);
	memcpy(sample.octets, frame, sample.captured);
	return sample;
}

/* Drops as a worker's first stage or a later one would: counted, and now and then sampled. */
static void drop(struct relay *r, const char *from, const char *to, uint16_t port,
		 unsigned int reason, unsigned int packets, unsigned int samples)
{
	struct worker *w = r->dataplane.workers[0];
	struct shed_sample sample = sampled(r, from, to, port, reason);
	struct shed_address counted = sketch_source(&sample.source);

	for (unsigned int k = 0; k < packets; k++)
		sketch_add(r->dataplane.shed_sketch, &counted, r->dataplane.shed_rule->seed);
	if (reason < SHED_REASON_COUNT)
		w->sheds[reason] += packets;
	else if (reason == OFFENCE_PASSWORD)
		w->counters[COUNTER_STUN_401] += packets;
	else
		w->drops[reason - SHED_REASON_COUNT] += packets;
	for (unsigned int k = 0; k < samples; k++)
		assert_int_equal(rte_ring_sp_enqueue_elem(w->samples, &sample, sizeof(sample)), 0);
}

/* The workers' samples are taken, and the second they came in, from 0 on, is over. */
static void end_second(struct relay *r, unsigned int second)
{
	uint64_t hz = rte_get_tsc_hz(), now = rte_rdtsc() + second * hz;

	offenders_poll(r->filter->offenders, now);
	offenders_poll(r->filter->offenders, now + hz);
}

static void the_worst_come_first(void **state)
{
	struct relay *r = *state;
	struct shed_port *port = &r->dataplane.shed_ports[PUBLIC_IPV4][20002];
	Tandem__Dataplane__V1__Reply *reply;
	struct put p;

	put_browser(&p);
	assert_int_equal(relay_put(r, &p), 0);
	drop(r, ATTACKER, relay_local[PUBLIC_IPV4], 20002, SHED_NOT_MEDIA, 3000, 5);
	drop(r, "2001:db8::1", relay_local[PUBLIC_IPV6], 9, SHED_BLOCKED, 9000, 9);
	drop(r, "198.18.0.2", relay_local[PUBLIC_IPV4], 20002, SHED_NOT_MEDIA, 10, 1);
	drop(r, "198.18.0.2", relay_local[PUBLIC_IPV4], 20002, OFFENCE_DROP(DROP_AUTH_FAILED), 500,
	     2);
	port->shed += 1; /* the first one that was sampled */
	filter_poll(r->filter);
	port->shed += 3009;
	end_second(r, 0);
	reply = get(r, 10, false, 0);
	assert_int_equal(reply->shed->n_sources, 3);
	assert_int_equal(reply->shed->sources[0]->address.len, 16);
	/* Of an IPv6 address its /64. */
	assert_memory_equal(reply->shed->sources[0]->address.data, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0",
			    11);
	assert_int_equal(reply->shed->sources[0]->address.data[15], 0);
	assert_in_range(reply->shed->sources[0]->pps, 8000, 9000);
	assert_string_equal(reply->shed->sources[0]->reason, "shed_blocked");
	assert_memory_equal(reply->shed->sources[1]->address.data, "\xc6\x12\0\x01", 4);
	assert_in_range(reply->shed->sources[1]->pps, 2700, 3000);
	assert_int_equal(reply->shed->sources[1]->failures_pps, 0);
	assert_in_range(reply->shed->sources[2]->failures_pps, 450, 500);
	assert_string_equal(reply->shed->sources[2]->reason, "auth_failed");

	assert_int_equal(reply->shed->n_targets, 2);
	assert_int_equal(reply->shed->targets[0]->local->port, 9);
	assert_int_equal(reply->shed->targets[0]->leg, 0);
	assert_in_range(reply->shed->targets[0]->pps, 8000, 9000);
	assert_int_equal(reply->shed->targets[1]->local->port, 20002);
	assert_int_equal(reply->shed->targets[1]->leg, 2);
	/* The port's own count, and what passed it and was forged. */
	assert_in_range(reply->shed->targets[1]->pps, 3100, 3510);
	assert_string_equal(reply->shed->targets[1]->reason, "shed_not_media");

	assert_int_equal(reply->shed->n_samples, 10);
	assert_string_equal(reply->shed->samples[0]->reason, "auth_failed");
	assert_int_equal(reply->shed->samples[0]->leg, 2);
	assert_string_equal(reply->shed->samples[0]->network, "public");
	assert_int_equal(reply->shed->samples[0]->length, 14 + 20 + 8 + 7);
	assert_int_equal(reply->shed->samples[0]->octets.len, 14 + 20 + 8 + 7);
	reply_free(reply);

	/* A second of peace. */
	end_second(r, 1);
	reply = get(r, 10, false, 0);
	assert_int_equal(reply->shed->n_sources + reply->shed->n_targets, 0);
	assert_int_equal(reply->shed->n_samples, 10);
	reply_free(reply);
	for (unsigned int k = 0; k < SHED_SKETCH_COLUMNS; k++)
		assert_int_equal(r->dataplane.shed_sketch->cell[0][k], 0);
}

static void a_crowd_hides_nobody(void **state)
{
	struct relay *r = *state;
	Tandem__Dataplane__V1__Reply *reply;
	char text[32];

	for (unsigned int k = 0; k < 4000; k++) {
		snprintf(text, sizeof(text), "198.19.%u.%u", k >> 8, k & 255);
		drop(r, text, relay_local[PUBLIC_IPV4], 9, SHED_CLOSED_PORT, 1, k % 4 == 0);
		if (k % 40 == 0)
			drop(r, ATTACKER, relay_local[PUBLIC_IPV4], 9, SHED_CLOSED_PORT, 100, 1);
		if (k % 100 == 0)
			offenders_poll(r->filter->offenders, rte_rdtsc());
	}
	end_second(r, 0);
	reply = get(r, 200, false, 0);
	assert_int_equal(reply->shed->n_sources, OFFENDERS_MOST);
	assert_memory_equal(reply->shed->sources[0]->address.data, "\xc6\x12\0\x01", 4);
	assert_in_range(reply->shed->sources[0]->pps, 8000, 10010);
	for (size_t k = 1; k < reply->shed->n_sources; k++)
		assert_true(reply->shed->sources[k]->pps < 100);
	assert_int_equal(reply->shed->targets[0]->local->port, 9);
	assert_in_range(reply->shed->targets[0]->pps, 12000, 14000);
	assert_int_equal(reply->shed->n_samples, 200);
	assert_true(tandem__dataplane__v1__reply__get_packed_size(reply) < FRAME_MOST / 2);
	reply_free(reply);
}

static void wrong_passwords_and_what_is_no_udp(void **state)
{
	struct relay *r = *state;
	struct shed_sample sample = {.reason = SHED_SERVICE_RATE, .captured = 20, .length = 42};
	Tandem__Dataplane__V1__Reply *reply;

	drop(r, ATTACKER, relay_local[PUBLIC_IPV4], 20002, OFFENCE_PASSWORD, 40, 40);
	/* Cut short, and nobody's. */
	rte_ring_sp_enqueue_elem(r->dataplane.workers[0]->samples, &sample, sizeof(sample));
	sample.reason = OFFENCE_REASONS; /* of another version */
	rte_ring_sp_enqueue_elem(r->dataplane.workers[0]->samples, &sample, sizeof(sample));
	end_second(r, 0);
	reply = get(r, 10, false, 0);
	assert_int_equal(reply->shed->n_sources, 1);
	assert_in_range(reply->shed->sources[0]->failures_pps, 36, 40);
	assert_string_equal(reply->shed->sources[0]->reason, "stun_401");
	assert_int_equal(reply->shed->n_targets, 1);
	assert_string_equal(reply->shed->samples[0]->reason, "shed_service_rate");
	assert_string_equal(reply->shed->samples[0]->network, "");
	reply_free(reply);
}

static void put_tag(struct shed_sample *sample, uint16_t type)
{
	uint8_t *at = &sample->octets[2 * RTE_ETHER_ADDR_LEN];

	memmove(at + 4, at, sizeof(sample->octets) - 2 * RTE_ETHER_ADDR_LEN - 4);
	memcpy(at, (uint8_t[]){type >> 8, type, 0, 7}, 4);
	sample->captured = RTE_MIN(sample->captured + 4, SHED_SAMPLE_OCTETS);
}

/* One of either kind is taken off, as the policy does. */
static void a_tag_hides_no_target(void **state)
{
	static const uint16_t types[] = {RTE_ETHER_TYPE_VLAN, RTE_ETHER_TYPE_QINQ};
	static const unsigned int addresses[] = {PUBLIC_IPV4, PUBLIC_IPV6};
	static const char *const from[] = {ATTACKER, "2001:db8::1"};
	struct relay *r = *state;
	struct target target;

	for (unsigned int k = 0; k < 4; k++) {
		const char *to = relay_local[addresses[k / 2]];
		struct shed_sample sample = sampled(r, from[k / 2], to, 20002, SHED_NOT_MEDIA);
		struct endpoint local = bench_endpoint(to, 20002);

		assert_int_equal(target_find(&target, &r->dataplane, &sample), 0);
		put_tag(&sample, types[k % 2]);
		assert_int_equal(target_find(&target, &r->dataplane, &sample), 0);
		assert_true(endpoint_equal(&target.local, &local));
		assert_int_equal(target.address, addresses[k / 2]);
		put_tag(&sample, RTE_ETHER_TYPE_VLAN);
		assert_int_equal(target_find(&target, &r->dataplane, &sample), -ENOENT);
	}
}

static void judges_and_counters_are_named(void **state)
{
	struct relay *r = *state;
	Tandem__Dataplane__V1__Reply *reply;
	unsigned int drops = 0;

	drop(r, ATTACKER, relay_local[PUBLIC_IPV4], 9, SHED_CLOSED_PORT, 7, 0);
	reply = get(r, 0, false, 0);
	assert_int_equal(reply->shed->n_judges, RELAY_NETWORKS);
	assert_string_equal(reply->shed->judges[PUBLIC]->network, "public");
	assert_int_equal(reply->shed->judges[PUBLIC]->kind,
			 TANDEM__DATAPLANE__V1__JUDGE_KIND__JUDGE_WORKER);
	assert_int_equal(reply->shed->judges[TRUNK]->kind,
			 TANDEM__DATAPLANE__V1__JUDGE_KIND__JUDGE_OFF);
	assert_int_equal(reply->shed->n_counters, SHED_REASON_COUNT);
	for (size_t k = 0; k < reply->shed->n_counters; k++)
		drops += reply->shed->counters[k]->drop;
	assert_int_equal(drops, SHED_REASON_COUNT - 2);
	assert_string_equal(reply->shed->counters[SHED_CLOSED_PORT]->name, "shed_closed_port");
	assert_int_equal(reply->shed->counters[SHED_CLOSED_PORT]->value, 7);
	reply_free(reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE_TWO(every_worker_hears_of_blocks),
		CASE(what_expires_leaves_what_contains_it),
		CASE(a_block_gets_a_new_time),
		CASE(established_calls_may_be_spared),
		cmocka_unit_test(more_addresses_than_room),
		cmocka_unit_test(ipv6_is_spared_by_its_64),
		CASE(bad_prefixes_are_refused),
		CASE(there_is_an_end_to_blocks),
		CASE(a_block_is_shown_as_it_was_given),
		CASE(rates_become_buckets),
		CASE(the_worst_come_first),
		CASE(a_crowd_hides_nobody),
		CASE(wrong_passwords_and_what_is_no_udp),
		CASE(a_tag_hides_no_target),
		CASE(judges_and_counters_are_named),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
