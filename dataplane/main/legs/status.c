/* SPDX-License-Identifier: BSD-3-Clause */
/* A leg as the API shows it, read from the counters while workers write them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/branch.h"
#include "dataplane/main/legs/record.h"
#include "dataplane/stream.h"
#include "ebpf/shed_maps.h"

static Tandem__Dataplane__V1__Endpoint *show_endpoint(const struct endpoint *e)
{
	Tandem__Dataplane__V1__Endpoint *shown = calloc(1, sizeof(*shown));
	size_t size = address_octet_count(&e->address);

	if (!shown)
		return NULL;
	tandem__dataplane__v1__endpoint__init(shown);
	shown->port = rte_be_to_cpu_16(e->port);
	shown->address.data = malloc(size);
	if (shown->address.data) {
		memcpy(shown->address.data, address_octets(&e->address), size);
		shown->address.len = size;
	}
	return shown;
}

static void show_faults(Tandem__Dataplane__V1__Stream *shown, const struct stream_faults *f)
{
	shown->duplicates = f->duplicates;
	shown->reordered = f->reordered;
	shown->gone = f->lost;
	shown->runs = f->runs;
	shown->bursts = f->bursts;
	shown->burst_packets = f->burst_packets;
	shown->burst_lost = f->burst_lost;
	shown->late = malloc(sizeof(f->late));
	if (!shown->late)
		return;
	memcpy(shown->late, f->late, sizeof(f->late));
	shown->n_late = RTE_DIM(f->late);
}

static Tandem__Dataplane__V1__Xr *show_voice(const struct xr_voice *v)
{
	Tandem__Dataplane__V1__Xr *shown = calloc(1, sizeof(*shown));

	if (!shown)
		return NULL;
	tandem__dataplane__v1__xr__init(shown);
	shown->ssrc = v->ssrc;
	shown->lost = v->lost;
	shown->discarded = v->discarded;
	shown->burst_density = v->burst_density;
	shown->gap_density = v->gap_density;
	shown->burst_ms = v->burst_ms;
	shown->gap_ms = v->gap_ms;
	shown->round_trip_ms = v->round_trip_ms;
	shown->end_system_ms = v->end_system_ms;
	shown->r = v->r;
	shown->mos_lq = v->mos_lq;
	shown->mos_cq = v->mos_cq;
	shown->buffer_ms = v->buffer_ms;
	shown->buffer_most_ms = v->buffer_most_ms;
	return shown;
}

static Tandem__Dataplane__V1__Stream *show_stream(const struct flow *flow, const struct stream *s,
						  uint64_t hz)
{
	Tandem__Dataplane__V1__Stream *shown = calloc(1, sizeof(*shown));
	struct stream_report report;

	if (!shown)
		return NULL;
	tandem__dataplane__v1__stream__init(shown);
	stream_report(s, hz, &report);
	shown->ssrc = report.ssrc;
	shown->payload_type = report.payload_type;
	shown->packets = report.packets;
	shown->bytes = report.bytes;
	shown->lost = report.lost;
	shown->jitter_us = report.jitter_us;
	shown->rtt_us = report.rtt_us;
	shown->renumbered = report.renumbered;
	show_faults(shown, &report.faults);
	shown->heard_ssrc = report.hearsay.ssrc;
	shown->heard_lost = report.hearsay.lost;
	shown->heard_jitter = report.hearsay.jitter;
	shown->clock_hz = report.clock_hz;
	if (flow->voice.ssrc && flow->voice_by == s->ssrc)
		shown->xr = show_voice(&flow->voice);
	return shown;
}

/* The list may change meanwhile: it is bounded, and a stream's memory never goes away. */
static void show_streams(Tandem__Dataplane__V1__LegStatus *status, const struct flow *flow,
			 uint64_t hz)
{
	size_t most = flow->stream_count;
	const struct stream *s;

	if (!most)
		return;
	status->streams = calloc(most, sizeof(status->streams[0]));
	if (!status->streams)
		return;
	for (s = flow->streams; s && status->n_streams < most; s = s->next) {
		Tandem__Dataplane__V1__Stream *shown = show_stream(flow, s, hz);

		if (shown)
			status->streams[status->n_streams++] = shown;
	}
}

static uint64_t milliseconds(uint64_t ticks, uint64_t hz)
{
	return ticks / (hz / 1000);
}

static void show_flow(Tandem__Dataplane__V1__LegStatus *status, const struct leg *leg, uint64_t now,
		      uint64_t hz)
{
	const struct flow *flow = &leg->flow;
	const struct flow_total total = flow_total(flow);
	uint64_t last = flow->last_packet;

	status->packets = total.packets;
	status->bytes = total.bytes;
	status->rtcp_packets = flow->rtcp_packets;
	status->sent_packets = total.packets + flow->rtcp_packets - leg->elsewhere - flow->unsent;
	status->auth_failures = flow->auth_failures;
	status->replays = flow->replays;
	status->wrong_source = flow->wrong_source;
	status->other_drops = flow->other_drops;
	status->last_drop = flow->last_drop;
	if (flow->last_drop)
		status->last_drop_text = strdup(drop_reasons[flow->last_drop].help);
	status->silence_ms = UINT32_MAX;
	if (last)
		status->silence_ms = now > last ? milliseconds(now - last, hz) : 0;
}

/* Packets for its ports that no worker has seen. */
static void show_shed(Tandem__Dataplane__V1__LegStatus *status, const struct record *record)
{
	status->shed_packets = record->shed;
	if (record->shed &&
	    asprintf(&status->shed_reason, "shed_%s", shed_reason_name(record->shed_reason)) < 0)
		status->shed_reason = (char *)protobuf_c_empty_string;
}

static int ice_state(const struct record *record)
{
	if (!record->latest->ice)
		return TANDEM__DATAPLANE__V1__ICE_STATE__ICE_NONE;
	if (record->consent_lost)
		return TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONSENT_LOST;
	return record->egress[0] ? TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CONNECTED
				 : TANDEM__DATAPLANE__V1__ICE_STATE__ICE_CHECKING;
}

/* `path` NULL if nobody is to hear the leg. */
static Tandem__Dataplane__V1__Mode mode_of(const struct leg_config *config, const struct path *path)
{
	bool protects = path && path->protects;

	if (config->security == LEG_PLAIN)
		return protects ? TANDEM__DATAPLANE__V1__MODE__MODE_ENCRYPT
				: TANDEM__DATAPLANE__V1__MODE__MODE_PASS;
	if (path && path->verify)
		return TANDEM__DATAPLANE__V1__MODE__MODE_VERIFY;
	return protects ? TANDEM__DATAPLANE__V1__MODE__MODE_TRANSCRYPT
			: TANDEM__DATAPLANE__V1__MODE__MODE_DECRYPT;
}

static const struct path *path_of(const struct leg_config *config, const struct path_record *p)
{
	if (!p->branch)
		return config->has_own ? &config->own : NULL;
	for (unsigned int k = 0; k < config->branch_count; k++)
		if (config->branches[k].branch == p->branch)
			return &config->branches[k];
	return NULL;
}

static void show_path(Tandem__Dataplane__V1__Path *shown, const struct record *record,
		      const struct path_record *p)
{
	const struct flow *flow = p->branch ? &p->branch->flow : &record->leg->flow;
	const struct flow_total total = flow_total(flow);
	uint64_t taken = total.packets + flow->rtcp_packets;

	if (p->branch)
		taken += p->branch->lost;
	else
		taken -= record->leg->elsewhere;
	shown->to = p->to->id;
	shown->branch = p->branch != NULL;
	shown->mode = mode_of(record->latest, path_of(record->latest, p));
	shown->dropped = RTE_MIN(flow->unsent, taken);
	shown->sent_packets = taken - shown->dropped;
	if (p->branch && flow->last_drop)
		shown->last_drop_text = strdup(drop_reasons[flow->last_drop].help);
}

static void show_paths(Tandem__Dataplane__V1__LegStatus *status, const struct record *record)
{
	const struct path_record *p;
	size_t count = 0;

	TAILQ_FOREACH (p, &record->out, out)
		count++;
	status->paths = count ? calloc(count, sizeof(status->paths[0])) : NULL;
	TAILQ_FOREACH (p, &record->out, out) {
		Tandem__Dataplane__V1__Path *shown =
			status->paths ? calloc(1, sizeof(*shown)) : NULL;

		if (!shown)
			return;
		tandem__dataplane__v1__path__init(shown);
		show_path(shown, record, p);
		status->paths[status->n_paths++] = shown;
	}
}

Tandem__Dataplane__V1__LegStatus *registry_status(const struct registry *r, uint32_t place,
						  bool with_streams)
{
	struct record *record = &r->records[place - 1];
	const struct leg *leg = record->leg;
	uint64_t now = rte_rdtsc(), hz = rte_get_tsc_hz();
	Tandem__Dataplane__V1__LegStatus *status = calloc(1, sizeof(*status));
	struct endpoint local = {
		.address = r->dataplane->addresses[record->address].address,
		.port = rte_cpu_to_be_16(record->port),
	};

	if (!status)
		return NULL;
	tandem__dataplane__v1__leg_status__init(status);
	status->leg = record->id;
	status->revision = record->revision;
	status->local = show_endpoint(&local);
	if (record->egress[0])
		status->remote = show_endpoint(&record->egress[0]->remote);
	status->ice = ice_state(record);
	status->key_epoch = record->key_epoch;
	status->suite = record->latest->receive ? record->latest->receive->suite : SUITE_NONE;
	status->age_ms = milliseconds(now - record->created, hz);
	show_flow(status, leg, now, hz);
	shed_port_count(r, record);
	show_shed(status, record);
	if (with_streams)
		show_streams(status, &leg->flow, hz);
	show_paths(status, record);
	return status;
}
