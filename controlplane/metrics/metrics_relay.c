/* SPDX-License-Identifier: BSD-3-Clause */
/* The dataplane as a whole: whether it is there, its room, what it drops. */
#include <stdio.h>
#include <string.h>

#include "controlplane/lib/drop_reason.h"
#include "controlplane/metrics/metrics_view.h"

/* --- ports ----------------------------------------------------------------------------------- */

/* A network has several addresses, which are no labels: what they have is summed up. */
static void write_ports(struct exposition *e, const struct exposition_family *family,
			const Tandem__Relay__V1__StatusReply *s, bool used)
{
	exposition_family(e, family);
	for (size_t i = 0; i < s->n_networks; i++) {
		double sum = 0;
		bool first = true;

		for (size_t k = 0; k < s->n_networks; k++) {
			const Tandem__Relay__V1__Network *n = s->networks[k];

			if (strcmp(n->name, s->networks[i]->name) != 0)
				continue;
			first &= k >= i;
			sum += used ? n->ports_used : n->ports_free;
		}
		if (first)
			exposition_value(e, EXPOSITION_LABELS({"network", s->networks[i]->name}),
					 sum);
	}
}

/* --- counters -------------------------------------------------------------------------------- */

/* Those of a NIC are told with the NIC. */
static bool is_of_link(const char *name)
{
	return strncmp(name, "port_", 5) == 0;
}

static bool is_shed(const char *name)
{
	return drop_reason_name(name) != name;
}

static void write_drops(struct exposition *e, const struct exposition_family *family,
			const Tandem__Relay__V1__StatusReply *s, bool shed)
{
	exposition_family(e, family);
	for (size_t i = 0; i < s->n_drops; i++) {
		const Tandem__Relay__V1__Counter *c = s->drops[i];

		if (is_shed(c->name) == shed && !is_of_link(c->name))
			exposition_value(e,
					 EXPOSITION_LABELS({"reason", drop_reason_name(c->name)}),
					 c->value);
	}
}

static void write_events(struct exposition *e, const Tandem__Relay__V1__StatusReply *s)
{
	static const struct exposition_family events = {
		"tandem_worker_events", NULL,
		"What workers did, by event; tandemctl drops explains each.", EXPOSITION_COUNTER};

	exposition_family(e, &events);
	for (size_t i = 0; i < s->n_counters; i++)
		exposition_value(e, EXPOSITION_LABELS({"event", s->counters[i]->name}),
				 s->counters[i]->value);
}

/* --- the whole ------------------------------------------------------------------------------- */

static void write_build(struct exposition *e, const Tandem__Relay__V1__StatusReply *s)
{
	static const struct exposition_family build = {
		"tandem_build", NULL, "The versions that run, and the SRTP engine.",
		EXPOSITION_INFO};

	exposition_family(e, &build);
	exposition_value(e,
			 EXPOSITION_LABELS({"version", s->version},
					   {"dataplane_version", s->dataplane_version},
					   {"crypto_engine", s->crypto_engine}),
			 1);
}

static void write_connection(struct exposition *e, const struct metrics_view *v)
{
	static const struct exposition_family connected = {"tandem_dataplane_connected", NULL,
							   "1 while the dataplane is connected."};
	static const struct exposition_family connections = {
		"tandem_dataplane_connections", NULL,
		"Connections to the dataplane that were made.", EXPOSITION_COUNTER};
	static const struct exposition_family restarts = {
		"tandem_dataplane_restarts", NULL,
		"Restarts of the dataplane, by which SRTP keys were lost.", EXPOSITION_COUNTER};
	static const struct exposition_family rounds = {
		"tandem_audit_rounds", NULL,
		"Comparisons of all legs with the dataplane's that were finished.",
		EXPOSITION_COUNTER};
	static const struct exposition_family orphans = {
		"tandem_orphan_legs", NULL,
		"Legs of the dataplane that no call owned, and that were deleted.",
		EXPOSITION_COUNTER};
	static const struct exposition_family mended = {
		"tandem_mended_legs", NULL,
		"Legs that the dataplane lacked, and that were pushed again.", EXPOSITION_COUNTER};

	metrics_write_one(e, &connected, v->status->dataplane_connected);
	metrics_write_one(e, &connections, v->counts->connections);
	metrics_write_one(e, &restarts, v->counts->restarts);
	metrics_write_one(e, &rounds, v->counts->rounds);
	metrics_write_one(e, &orphans, v->status->orphans_deleted);
	metrics_write_one(e, &mended, v->counts->mended);
}

void metrics_write_relay(struct exposition *e, const struct metrics_view *v)
{
	static const struct exposition_family workers = {"tandem_workers", NULL,
							 "Workers of the dataplane."};
	static const struct exposition_family limit = {
		"tandem_legs_limit", NULL, "The most legs at a time: [dataplane] legs."};
	static const struct exposition_family used = {
		"tandem_ports_used", NULL, "Local UDP ports that legs have, by network."};
	static const struct exposition_family unused = {
		"tandem_ports_free", NULL,
		"Local UDP ports that are free, those in quarantine included, by network."};
	static const struct exposition_family drops = {
		"tandem_dropped_packets", NULL,
		"Packets that workers and the main lcore dropped, by reason.", EXPOSITION_COUNTER};
	static const struct exposition_family shed = {
		"tandem_shed_packets", NULL,
		"Packets that were shed before anybody paid for them, by XDP or by the workers' "
		"first stage, by reason.",
		EXPOSITION_COUNTER};

	write_build(e, v->status);
	write_connection(e, v);
	metrics_write_one(e, &workers, v->status->workers);
	metrics_write_one(e, &limit, v->status->legs_max);
	write_ports(e, &used, v->status, true);
	write_ports(e, &unused, v->status, false);
	write_drops(e, &drops, v->status, false);
	write_drops(e, &shed, v->status, true);
	write_events(e, v->status);
}
