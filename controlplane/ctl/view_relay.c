/* SPDX-License-Identifier: BSD-3-Clause */
/* Views of the relay as a whole. */
#include "controlplane/ctl/view.h"

#include <inttypes.h>

#include "controlplane/ctl/table.h"

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void view_counters(FILE *out, const Tandem__Relay__V1__StatusReply *status)
{
	static const char *const heads[] = {"COUNTER", ">VALUE", "MEANING", NULL};
	struct table *table = table_new(heads);

	for (size_t i = 0; i < status->n_counters; i++) {
		table_add(table, "%s", status->counters[i]->name);
		table_add(table, "%" PRIu64, status->counters[i]->value);
		table_add(table, "%s", status->counters[i]->help);
	}
	table_print(table, out);
	table_free(table);
}

void view_status(FILE *out, const Tandem__Relay__V1__StatusReply *status)
{
	fprintf(out, "control plane  %s\n", or_dash(status->version));
	fprintf(out, "dataplane      %s, %s\n", or_dash(status->dataplane_version),
		status->dataplane_connected ? "connected" : "not connected");
	fprintf(out, "workers        %" PRIu32 "\n", status->workers);
	fprintf(out, "crypto engine  %s\n", or_dash(status->crypto_engine));
	fprintf(out, "calls          %" PRIu64 "\n", status->calls);
	fprintf(out, "legs           %" PRIu64 " of %" PRIu64 "\n", status->dataplane_legs,
		status->legs_max);
	if (status->dataplane_legs != status->legs)
		fprintf(out, "legs of calls  %" PRIu64 "\n", status->legs);
	if (status->orphans_deleted)
		fprintf(out, "orphans        %" PRIu64 " deleted\n", status->orphans_deleted);
	if (status->n_networks) {
		fputc('\n', out);
		view_ports(out, status);
	}
	if (status->n_counters) {
		fputc('\n', out);
		view_counters(out, status);
	}
}

void view_ports(FILE *out, const Tandem__Relay__V1__StatusReply *status)
{
	static const char *const heads[] = {"NETWORK", "ADDRESS", ">USED",
					    ">FREE",   ">IN USE", NULL};
	struct table *table = table_new(heads);

	for (size_t i = 0; i < status->n_networks; i++) {
		const Tandem__Relay__V1__Network *network = status->networks[i];
		double all = (double)network->ports_used + (double)network->ports_free;

		table_add(table, "%s", network->name);
		table_add(table, "%s", network->address);
		table_add(table, "%" PRIu32, network->ports_used);
		table_add(table, "%" PRIu32, network->ports_free);
		table_add(table, "%.1f %%", all > 0 ? 100.0 * network->ports_used / all : 0.0);
	}
	if (status->n_networks)
		table_print(table, out);
	else
		fputs("no networks: the dataplane is not connected\n", out);
	table_free(table);
}

void view_drops(FILE *out, const Tandem__Relay__V1__StatusReply *status, bool all)
{
	static const char *const heads[] = {"REASON", ">PACKETS", "MEANING", NULL};
	struct table *table = table_new(heads);
	size_t rows = 0;

	for (size_t i = 0; i < status->n_drops; i++) {
		const Tandem__Relay__V1__Counter *drop = status->drops[i];

		if (!drop->value && !all)
			continue;
		rows++;
		table_add(table, "%s", drop->name);
		table_add(table, "%" PRIu64, drop->value);
		table_add(table, "%s", drop->help);
	}
	if (rows)
		table_print(table, out);
	else
		fputs("no packet was dropped\n", out);
	table_free(table);
}
