/* SPDX-License-Identifier: BSD-3-Clause */
/* Views of the relay as a whole. */
#include "controlplane/ctl/view.h"

#include <inttypes.h>

#include "controlplane/ctl/columns.h"

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void view_counters(FILE *out, const Tandem__Relay__V1__StatusReply *status)
{
	static const char *const heads[] = {"COUNTER", ">VALUE", "MEANING", NULL};
	struct columns *columns = columns_new(heads);

	for (size_t i = 0; i < status->n_counters; i++) {
		columns_add(columns, "%s", status->counters[i]->name);
		columns_add(columns, "%" PRIu64, status->counters[i]->value);
		columns_add(columns, "%s", status->counters[i]->help);
	}
	columns_print(columns, out);
	columns_free(columns);
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
	if (status->n_worker_loads) {
		fputs("head-room      ", out);
		view_headroom(out, status);
		fputc('\n', out);
		view_workers(out, status);
	}
	if (status->n_networks) {
		fputc('\n', out);
		view_ports(out, status);
	}
	if (status->n_counters) {
		fputc('\n', out);
		view_counters(out, status);
	}
}

static const char *say_link(char *text, size_t size, const Tandem__Relay__V1__Link *link)
{
	int length;

	if (link->up && link->mbits)
		length = snprintf(text, size, "%" PRIu32 " Mbit/s", link->mbits);
	else
		length = snprintf(text, size, "%s", link->up ? "up" : "down");
	if (link->members > 1)
		snprintf(text + length, size - length, ", %" PRIu32 " of %" PRIu32,
			 link->members_used, link->members);
	return text;
}

static void view_links(FILE *out, const Tandem__Relay__V1__StatusReply *status)
{
	static const char *const heads[] = {"PORT",       "DRIVER",    "LINK",  ">QUEUES",
					    "SPREAD",     ">RECEIVED", ">SENT", ">MISSED",
					    ">NO BUFFER", ">ERRORS",   NULL};
	struct columns *columns = columns_new(heads);

	for (size_t i = 0; i < status->n_links; i++) {
		const Tandem__Relay__V1__Link *link = status->links[i];
		char text[48];

		columns_add(columns, "%s", link->name);
		columns_add(columns, "%s", link->driver);
		columns_add(columns, "%s", say_link(text, sizeof(text), link));
		columns_add(columns, "%" PRIu32, link->queues);
		columns_add(columns, "%s", link->spread);
		columns_add(columns, "%" PRIu64, link->received);
		columns_add(columns, "%" PRIu64, link->sent);
		columns_add(columns, "%" PRIu64, link->missed);
		columns_add(columns, "%" PRIu64, link->no_buffer);
		columns_add(columns, "%" PRIu64, link->errors);
	}
	columns_print(columns, out);
	columns_free(columns);
	fputc('\n', out);
}

void view_ports(FILE *out, const Tandem__Relay__V1__StatusReply *status)
{
	static const char *const heads[] = {"NETWORK", "ADDRESS", ">USED",
					    ">FREE",   ">IN USE", NULL};
	struct columns *columns = columns_new(heads);

	for (size_t i = 0; i < status->n_networks; i++) {
		const Tandem__Relay__V1__Network *network = status->networks[i];
		double all = (double)network->ports_used + (double)network->ports_free;

		columns_add(columns, "%s", network->name);
		columns_add(columns, "%s", network->address);
		columns_add(columns, "%" PRIu32, network->ports_used);
		columns_add(columns, "%" PRIu32, network->ports_free);
		columns_add(columns, "%.1f %%", all > 0 ? 100.0 * network->ports_used / all : 0.0);
	}
	if (status->n_links)
		view_links(out, status);
	if (status->n_networks)
		columns_print(columns, out);
	else
		fputs("no networks: the dataplane is not connected\n", out);
	columns_free(columns);
}

void view_drops(FILE *out, const Tandem__Relay__V1__StatusReply *status, bool all)
{
	static const char *const heads[] = {"REASON", ">PACKETS", "MEANING", NULL};
	struct columns *columns = columns_new(heads);
	size_t rows = 0;

	for (size_t i = 0; i < status->n_drops; i++) {
		const Tandem__Relay__V1__Counter *drop = status->drops[i];

		if (!drop->value && !all)
			continue;
		rows++;
		columns_add(columns, "%s", drop->name);
		columns_add(columns, "%" PRIu64, drop->value);
		columns_add(columns, "%s", drop->help);
	}
	if (rows)
		columns_print(columns, out);
	else
		fputs("no packet was dropped\n", out);
	columns_free(columns);
}
