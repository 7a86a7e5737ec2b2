/* SPDX-License-Identifier: BSD-3-Clause */
/* What is shed, as the API shows it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/dataplane.h"
#include "dataplane/main/floods/blocked.h"
#include "dataplane/main/floods/filter.h"
#include "dataplane/main/floods/offenders.h"

/* What one reply holds beside the other lists. */
#define BLOCKS_A_PAGE 1024

static uint64_t milliseconds(uint64_t ticks)
{
	return (int64_t)ticks < 0 ? 0 : ticks / (rte_get_tsc_hz() / 1000);
}

static int set_octets(ProtobufCBinaryData *to, const void *octets, size_t length)
{
	to->data = malloc(length + 1);
	if (!to->data)
		return -ENOMEM;
	memcpy(to->data, octets, length);
	to->len = length;
	return 0;
}

static int set_address(ProtobufCBinaryData *to, const struct address *a)
{
	return set_octets(to, address_octets(a), address_octet_count(a));
}

static int set_text(char **to, char *text)
{
	if (!text)
		return -ENOMEM;
	*to = text;
	return 0;
}

static int show_source(Tandem__Dataplane__V1__Shed *shed, const struct offender *o, uint64_t now)
{
	Tandem__Dataplane__V1__Source *shown = malloc(sizeof(*shown));
	int error;

	if (!shown)
		return -ENOMEM;
	tandem__dataplane__v1__source__init(shown);
	shed->sources[shed->n_sources++] = shown;
	shown->pps = o->pps;
	shown->failures_pps = o->failures;
	shown->last_ms = milliseconds(now - o->last);
	error = set_address(&shown->address, &o->who.address);
	return error ? error : set_text(&shown->reason, offenders_reason(o->reason));
}

static int show_sources(const struct filter *f, Tandem__Dataplane__V1__Shed *shed, uint32_t most)
{
	const struct offender *list;
	unsigned int count = offenders_sources(f->offenders, &list);
	uint64_t now = rte_rdtsc();
	int error = 0;

	count = RTE_MIN(count, most);
	shed->sources = calloc(count + 1, sizeof(shed->sources[0]));
	if (!shed->sources)
		return -ENOMEM;
	for (unsigned int k = 0; k < count && !error; k++)
		error = show_source(shed, &list[k], now);
	return error;
}

static int show_target(Tandem__Dataplane__V1__Shed *shed, const struct offender *o)
{
	Tandem__Dataplane__V1__Target *shown = malloc(sizeof(*shown));
	int error;

	if (!shown)
		return -ENOMEM;
	tandem__dataplane__v1__target__init(shown);
	shed->targets[shed->n_targets++] = shown;
	shown->leg = o->leg;
	shown->pps = o->pps;
	shown->local = malloc(sizeof(*shown->local));
	if (!shown->local)
		return -ENOMEM;
	tandem__dataplane__v1__endpoint__init(shown->local);
	shown->local->port = rte_be_to_cpu_16(o->who.port);
	error = set_address(&shown->local->address, &o->who.address);
	return error ? error : set_text(&shown->reason, offenders_reason(o->reason));
}

static int show_targets(const struct filter *f, Tandem__Dataplane__V1__Shed *shed, uint32_t most)
{
	const struct offender *list;
	unsigned int count = offenders_targets(f->offenders, &list);
	int error = 0;

	count = RTE_MIN(count, most);
	shed->targets = calloc(count + 1, sizeof(shed->targets[0]));
	if (!shed->targets)
		return -ENOMEM;
	for (unsigned int k = 0; k < count && !error; k++)
		error = show_target(shed, &list[k]);
	return error;
}

static int show_sample(Tandem__Dataplane__V1__Shed *shed, const struct offence_seen *seen,
		       uint64_t now)
{
	Tandem__Dataplane__V1__Sample *shown = malloc(sizeof(*shown));
	const struct shed_sample *sample = &seen->sample;
	int error;

	if (!shown)
		return -ENOMEM;
	tandem__dataplane__v1__sample__init(shown);
	shed->samples[shed->n_samples++] = shown;
	shown->age_ms = milliseconds(now - seen->when);
	shown->length = sample->length;
	shown->leg = seen->leg;
	error = set_octets(&shown->octets, sample->octets,
			   RTE_MIN(sample->captured, sizeof(sample->octets)));
	if (!error)
		error = set_text(&shown->reason, offenders_reason(sample->reason));
	if (!error && seen->network)
		error = set_text(&shown->network, strdup(seen->network->name));
	return error;
}

static int show_samples(const struct filter *f, Tandem__Dataplane__V1__Shed *shed, uint32_t most)
{
	const struct offence_seen *seen;
	uint64_t now = rte_rdtsc();
	int error = 0;

	most = RTE_MIN(most, (uint32_t)OFFENDERS_SAMPLES);
	shed->samples = calloc(most + 1, sizeof(shed->samples[0]));
	if (!shed->samples)
		return -ENOMEM;
	for (unsigned int k = 0; k < most && !error; k++) {
		seen = offenders_sample(f->offenders, k);
		if (!seen)
			break;
		error = show_sample(shed, seen, now);
	}
	return error;
}

static int show_block(Tandem__Dataplane__V1__Shed *shed, const struct blocked_entry *entry,
		      uint64_t now)
{
	Tandem__Dataplane__V1__Block *shown = malloc(sizeof(*shown));
	struct address a = address_from_ipv6(entry->prefix.byte);

	if (!shown)
		return -ENOMEM;
	tandem__dataplane__v1__block__init(shown);
	shed->blocks[shed->n_blocks++] = shown;
	shown->length = entry->prefix.length - (address_is_ipv4(&a) ? ADDRESS_IPV4_BITS : 0);
	shown->automatic = entry->automatic;
	/* 0 would mean for ever. */
	if (entry->until)
		shown->left_ms = milliseconds(entry->until - now) + 1;
	return set_address(&shown->address, &a);
}

static int show_blocks(const struct filter *f, Tandem__Dataplane__V1__Reply *reply, uint64_t after)
{
	Tandem__Dataplane__V1__Shed *shed = reply->shed;
	uint64_t count = blocked_count(f->blocked);
	uint64_t end = after < count ? RTE_MIN(count, after + BLOCKS_A_PAGE) : after;
	uint64_t now = rte_rdtsc();
	int error = 0;

	shed->blocks = calloc(end - after + 1, sizeof(shed->blocks[0]));
	if (!shed->blocks)
		return -ENOMEM;
	for (uint64_t k = after; k < end && !error; k++) {
		struct blocked_entry entry = blocked_entry(f->blocked, k);

		error = show_block(shed, &entry, now);
	}
	reply->next = end < count ? end : 0;
	return error;
}

static int show_judges(const struct filter *f, Tandem__Dataplane__V1__Shed *shed)
{
	const struct dataplane *d = f->config.dataplane;
	int error = 0;

	shed->judges = calloc(d->network_count + 1, sizeof(shed->judges[0]));
	if (!shed->judges)
		return -ENOMEM;
	for (unsigned int n = 0; n < d->network_count && !error; n++) {
		Tandem__Dataplane__V1__Judge *shown = malloc(sizeof(*shown));

		if (!shown)
			return -ENOMEM;
		tandem__dataplane__v1__judge__init(shown);
		shed->judges[shed->n_judges++] = shown;
		shown->kind = f->config.judges[d->networks[n].port - d->ports];
		error = set_text(&shown->network, strdup(d->networks[n].name));
	}
	return error;
}

int filter_show(const struct filter *f, const Tandem__Dataplane__V1__GetShed *get,
		Tandem__Dataplane__V1__Reply *reply)
{
	Tandem__Dataplane__V1__Shed *shed = malloc(sizeof(*shed));
	int error;

	if (!shed)
		return -ENOMEM;
	tandem__dataplane__v1__shed__init(shed);
	reply->shed = shed;
	error = counters_report_shed(f->config.counters, &shed->counters, &shed->n_counters);
	if (!error)
		error = show_sources(f, shed, get->sources);
	if (!error)
		error = show_targets(f, shed, get->targets);
	if (!error)
		error = show_samples(f, shed, get->samples);
	if (!error && get->blocks)
		error = show_blocks(f, reply, get->after);
	if (!error)
		error = show_judges(f, shed);
	return error;
}
