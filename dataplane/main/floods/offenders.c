/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/floods/offenders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_hash.h>
#include <rte_jhash.h>

#include "dataplane/dataplane.h"
#include "dataplane/main/floods/target.h"
#include "dataplane/offence.h"
#include "ebpf/shed_maps.h"
#include "ebpf/sketch.h"

#define SUSPECTS          1024 /* sources or targets that samples of one second may name */
#define SAMPLES_PER_TURN  64   /* of each worker */
#define ENDPOINT_KEY_SIZE offsetof(struct endpoint, reserved)

/* What the samples of this second say of one source or target. */
struct suspect {
	struct endpoint who;
	uint64_t last; /* TSC */
	uint32_t base; /* targets: shed_port.shed at the first sample */
	uint16_t counts[OFFENCE_REASONS];
};

struct line_up {
	struct rte_hash *by_who; /* positions are indices */
	struct suspect suspects[SUSPECTS];
	struct offender worst[OFFENDERS_MOST]; /* of the last whole second */
	unsigned int count;
};

struct offenders {
	const struct dataplane *dataplane;
	struct shed *shed;
	const struct registry *registry;
	const struct counters *counters;
	struct line_up sources, targets;
	struct offence_seen seen[OFFENDERS_SAMPLES];
	uint64_t seen_count;
	uint64_t now, second_end;          /* TSC */
	uint32_t sampled[OFFENCE_REASONS]; /* in this second */
	uint64_t dropped[OFFENCE_REASONS]; /* at its beginning */
	bool any;                          /* something was sampled in this second */
};

static int line_up_create(struct line_up *l, const char *name)
{
	const struct rte_hash_parameters parameters = {
		.name = name,
		.entries = SUSPECTS,
		.key_len = ENDPOINT_KEY_SIZE,
		.hash_func = rte_jhash,
		.hash_func_init_val = rte_rdtsc(),
		.socket_id = SOCKET_ID_ANY,
	};

	l->by_who = rte_hash_create(&parameters);
	return l->by_who ? 0 : -ENOMEM;
}

/* How often each reason has dropped a packet until now. */
static void count_drops(const struct offenders *o, uint64_t drops[OFFENCE_REASONS])
{
	const struct dataplane *d = o->dataplane;

	memset(drops, 0, OFFENCE_REASONS * sizeof(drops[0]));
	counters_shed(o->counters, drops);
	for (unsigned int w = 0; w < d->worker_count; w++) {
		for (unsigned int k = 0; k < DROP_MAX; k++)
			drops[OFFENCE_DROP(k)] += d->workers[w]->drops[k];
		drops[OFFENCE_PASSWORD] += d->workers[w]->counters[COUNTER_STUN_401];
	}
}

int offenders_create(struct offenders **out, const struct dataplane *d, struct shed *shed,
		     const struct registry *registry, const struct counters *counters)
{
	struct offenders *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->dataplane = d;
	o->shed = shed;
	o->registry = registry;
	o->counters = counters;
	o->now = rte_rdtsc();
	o->second_end = o->now + rte_get_tsc_hz();
	if (line_up_create(&o->sources, "sources") || line_up_create(&o->targets, "targets")) {
		offenders_destroy(o);
		return -ENOMEM;
	}
	count_drops(o, o->dropped);
	*out = o;
	return 0;
}

void offenders_destroy(struct offenders *o)
{
	if (!o)
		return;
	rte_hash_free(o->sources.by_who);
	rte_hash_free(o->targets.by_who);
	free(o);
}

/* NULL if there are too many, or no new one was asked for. */
static struct suspect *suspect(struct line_up *l, const struct endpoint *who, bool *is_new)
{
	int k = rte_hash_lookup(l->by_who, who);

	*is_new = k < 0;
	if (k < 0)
		k = rte_hash_add_key(l->by_who, who);
	if (k < 0 || k >= SUSPECTS)
		return NULL;
	if (*is_new)
		l->suspects[k] = (struct suspect){.who = *who};
	return &l->suspects[k];
}

static void note(struct suspect *s, unsigned int reason, uint64_t now)
{
	if (s->counts[reason] < UINT16_MAX)
		s->counts[reason]++;
	s->last = now;
}

static const struct shed_port *port_of(const struct offenders *o, const struct target *target)
{
	const struct shed_port *ports = o->dataplane->shed_ports[target->address];

	return ports ? &ports[rte_be_to_cpu_16(target->local.port)] : NULL;
}

/*
 * Whether the port that it was for has counted it, too: not what was dropped before that was known.
 */
static bool counts_on_port(unsigned int reason)
{
	return reason > SHED_CLOSED_PORT && reason < SHED_NO_SOCKET && reason != SHED_SERVICE_RATE;
}

static void accuse(struct offenders *o, const struct shed_sample *sample,
		   const struct target *target, bool is_aimed)
{
	const struct shed_address source = sketch_source(&sample->source);
	struct endpoint who = {.address.half = {source.half[0], source.half[1]}};
	struct suspect *s;
	bool is_new;

	if (!address_is_zero(&who.address)) {
		s = suspect(&o->sources, &who, &is_new);
		if (s)
			note(s, sample->reason, o->now);
	}
	if (!is_aimed)
		return;
	s = suspect(&o->targets, &target->local, &is_new);
	if (!s)
		return;
	/* The sample's own packet is counted already. */
	if (is_new && target->local.port && port_of(o, target))
		s->base = port_of(o, target)->shed - counts_on_port(sample->reason);
	note(s, sample->reason, o->now);
}

static void take(void *arg, const struct shed_sample *sample)
{
	struct offenders *o = arg;
	struct offence_seen *seen;
	struct target target;
	bool is_aimed;

	/* An XDP program of another version may know more. */
	if (sample->reason >= OFFENCE_REASONS)
		return;
	is_aimed = !target_find(&target, o->dataplane, sample);
	o->any = true;
	o->sampled[sample->reason]++;
	seen = &o->seen[o->seen_count++ % OFFENDERS_SAMPLES];
	*seen = (struct offence_seen){.when = o->now, .sample = *sample};
	if (is_aimed) {
		seen->network = o->dataplane->addresses[target.address].network;
		seen->leg = registry_leg_at(o->registry, target.address,
					    rte_be_to_cpu_16(target.local.port));
	}
	accuse(o, sample, &target, is_aimed);
}

static void drain(struct offenders *o)
{
	const struct dataplane *d = o->dataplane;
	struct shed_sample sample;

	shed_samples(o->shed, take, o);
	for (unsigned int w = 0; w < d->worker_count; w++)
		for (unsigned int k = 0; k < SAMPLES_PER_TURN; k++) {
			if (rte_ring_sc_dequeue_elem(d->workers[w]->samples, &sample,
						     sizeof(sample)))
				break;
			take(o, &sample);
		}
}

/* Packets that a suspect's samples of one reason stand for. */
static double share(const struct offenders *o, const uint64_t drops[OFFENCE_REASONS],
		    const struct suspect *s, unsigned int reason)
{
	uint64_t new = drops[reason] - o->dropped[reason];

	return s->counts[reason] ? (double)new * s->counts[reason] / o->sampled[reason] : 0;
}

static uint16_t main_reason(const struct suspect *s)
{
	unsigned int most = 0;

	for (unsigned int k = 1; k < OFFENCE_REASONS; k++)
		if (s->counts[k] > s->counts[most])
			most = k;
	return most;
}

static uint32_t rate(const struct offenders *o, double packets)
{
	uint64_t begin = o->second_end - rte_get_tsc_hz();
	double seconds = (double)(o->now - begin) / rte_get_tsc_hz();

	return packets / seconds + 0.5;
}

static struct offender judge_source(const struct offenders *o,
				    const uint64_t drops[OFFENCE_REASONS], const struct suspect *s)
{
	const struct shed_rule *rule = o->dataplane->shed_rule;
	const struct shed_address source = {
		.half = {s->who.address.half[0], s->who.address.half[1]}};
	uint32_t packets = sketch_count(o->dataplane->shed_sketch, &source, rule->seed);

	return (struct offender){
		.who = s->who,
		.last = s->last,
		.pps = rate(o, packets),
		.failures = rate(o, share(o, drops, s, OFFENCE_DROP(DROP_AUTH_FAILED)) +
					    share(o, drops, s, OFFENCE_PASSWORD)),
		.reason = main_reason(s),
	};
}

static struct offender judge_target(const struct offenders *o,
				    const uint64_t drops[OFFENCE_REASONS], const struct suspect *s)
{
	struct target target = {.local = s->who};
	uint16_t port = rte_be_to_cpu_16(s->who.port);
	double packets = 0;

	while (!address_equal(&o->dataplane->addresses[target.address].address, &s->who.address))
		target.address++;
	for (unsigned int k = 0; k < OFFENCE_REASONS; k++)
		if (!counts_on_port(k))
			packets += share(o, drops, s, k);
	if (port && port_of(o, &target))
		packets += port_of(o, &target)->shed - s->base;
	return (struct offender){
		.who = s->who,
		.leg = port ? registry_leg_at(o->registry, target.address, port) : 0,
		.last = s->last,
		.pps = rate(o, packets),
		.reason = main_reason(s),
	};
}

/* Into the list of the worst, in order, if it is one of them. */
static void rank(struct line_up *l, const struct offender *offender)
{
	unsigned int k = l->count;

	if (k == OFFENDERS_MOST && offender->pps <= l->worst[k - 1].pps)
		return;
	if (k < OFFENDERS_MOST)
		l->count++;
	else
		k--;
	for (; k > 0 && l->worst[k - 1].pps < offender->pps; k--)
		l->worst[k] = l->worst[k - 1];
	l->worst[k] = *offender;
}

typedef struct offender judge_suspect(const struct offenders *o,
				      const uint64_t drops[OFFENCE_REASONS],
				      const struct suspect *s);

static void judge_all(const struct offenders *o, struct line_up *l, judge_suspect *judge,
		      const uint64_t drops[OFFENCE_REASONS])
{
	const void *who;
	uint32_t next = 0;
	void *data;
	int k;

	l->count = 0;
	while (o->any && (k = rte_hash_iterate(l->by_who, &who, &data, &next)) >= 0) {
		struct offender offender = judge(o, drops, &l->suspects[k]);

		rank(l, &offender);
	}
	if (o->any)
		rte_hash_reset(l->by_who);
}

/* The sketch is cleared in any case: strangers who may speak are counted there too. */
static void end_second(struct offenders *o)
{
	uint64_t drops[OFFENCE_REASONS];

	count_drops(o, drops);
	judge_all(o, &o->sources, judge_source, drops);
	judge_all(o, &o->targets, judge_target, drops);
	memset(o->dataplane->shed_sketch, 0, sizeof(struct shed_sketch));
	memcpy(o->dropped, drops, sizeof(drops));
	memset(o->sampled, 0, sizeof(o->sampled));
	o->any = false;
	o->second_end = o->now + rte_get_tsc_hz();
}

void offenders_poll(struct offenders *o, uint64_t now)
{
	o->now = now;
	drain(o);
	if ((int64_t)(now - o->second_end) >= 0)
		end_second(o);
}

unsigned int offenders_sources(const struct offenders *o, const struct offender **list)
{
	*list = o->sources.worst;
	return o->sources.count;
}

unsigned int offenders_targets(const struct offenders *o, const struct offender **list)
{
	*list = o->targets.worst;
	return o->targets.count;
}

const struct offence_seen *offenders_sample(const struct offenders *o, unsigned int k)
{
	if (k >= OFFENDERS_SAMPLES || k >= o->seen_count)
		return NULL;
	return &o->seen[(o->seen_count - 1 - k) % OFFENDERS_SAMPLES];
}

char *offenders_reason(unsigned int reason)
{
	char *name;

	if (reason == OFFENCE_PASSWORD)
		return strdup("stun_401");
	if (reason >= SHED_REASON_COUNT)
		return strdup(drop_reasons[reason - SHED_REASON_COUNT].name);
	return asprintf(&name, "shed_%s", shed_reason_name(reason)) < 0 ? NULL : name;
}
