/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What time does to legs: consent that expires (RFC 7675), media that stays away. A part of the
 * register at each turn, so that a turn stays short whatever the number of legs, and no leg more
 * often than it needs: a look takes cache lines away from the worker that writes them.
 */
#include <rte_cycles.h>

#include "dataplane/main/legs/record.h"

#define LEGS_PER_TURN  1024
#define LOOKS_A_SECOND 10

/* For what the leg sends to: the worker may be writing what it will send to next. */
static bool consent_holds(const struct record *record, unsigned int component, uint64_t now,
			  uint64_t hz)
{
	const struct endpoint *remote = &record->egress[component]->remote;
	const struct leg *leg = record->leg;

	for (unsigned int k = 0; k < leg->pair_count; k++) {
		const struct leg_pair *pair = &record->pairs[k];

		if (pair->component == component && endpoint_equal(&pair->remote, remote) &&
		    (int64_t)(now - pair->checked) < (int64_t)(LEG_CONSENT_SECONDS * hz))
			return true;
	}
	return false;
}

/* RTCP on a port of its own ends without a word. */
static void watch_consent(struct registry *r, struct record *record, uint64_t now, uint64_t hz)
{
	for (unsigned int c = 0; c < LEG_COMPONENTS; c++) {
		/* Multiplexed, it goes where RTP does. */
		if (!record->egress[c] || (c && record->latest->rtcp_mux) ||
		    consent_holds(record, c, now, hz))
			continue;
		remote_set(r, record, c, NULL, DROP_NO_CONSENT);
		if (c || record->consent_lost)
			continue;
		record->consent_lost = true;
		registry_tell(r, record, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_CONSENT_LOST,
			      NULL, NULL);
	}
}

/* Its worker looks again when it applies a configuration. */
static bool gives_way(const struct leg *leg, uint64_t now, uint64_t hz)
{
	return leg_gives_way(leg, 0, now, hz) || leg_gives_way(leg, 1, now, hz);
}

/* Media that comes for the first time, that stays away, and that comes again. */
static void watch_media(struct registry *r, struct record *record, uint64_t now)
{
	uint64_t last = record->leg->flow.last_packet;
	uint64_t heard = RTE_MAX(last, record->listening);
	bool silent =
		record->media_timeout && (int64_t)(now - heard) >= (int64_t)record->media_timeout;

	if (last != record->last_media && !silent && !record->media) {
		record->media = true;
		registry_tell(r, record, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA, NULL,
			      NULL);
	}
	if (silent && !record->timed_out) {
		record->media = false;
		record->last_media = last;
		registry_tell(r, record, TANDEM__DATAPLANE__V1__EVENT_KIND__EVENT_MEDIA_TIMEOUT,
			      NULL, NULL);
	}
	record->timed_out = silent;
}

static void watch(struct registry *r, struct record *record, uint64_t now, uint64_t hz)
{
	if (record->outdated || gives_way(record->leg, now, hz))
		record_refresh(r, record);
	if (record->latching || record->restarting)
		shed_port_watch(r, record, now);
	if (record->latest->ice)
		watch_consent(r, record, now, hz);
	watch_media(r, record, now);
}

void registry_watch(struct registry *r)
{
	uint64_t now = rte_rdtsc(), hz = rte_get_tsc_hz();
	uint32_t end;

	if (r->watched == r->dataplane->leg_count) {
		if ((int64_t)(now - r->next_watch) < 0)
			return;
		r->next_watch = now + hz / LOOKS_A_SECOND;
		r->watched = 0;
	}
	end = RTE_MIN(r->dataplane->leg_count, r->watched + LEGS_PER_TURN);
	for (; r->watched < end; r->watched++)
		if (r->records[r->watched].state == RECORD_OPEN)
			watch(r, &r->records[r->watched], now, hz);
}
