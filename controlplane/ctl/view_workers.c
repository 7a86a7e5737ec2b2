/* SPDX-License-Identifier: BSD-3-Clause */
/* What the dataplane's workers have to do, and what more they could. */
#include <inttypes.h>
#include <string.h>

#include "controlplane/ctl/columns.h"
#include "controlplane/ctl/view.h"

/* So many of a thousand packets were in the relay no longer than that. */
static void add_quantile(struct columns *columns, const Tandem__Relay__V1__StatusReply *status,
			 const Tandem__Relay__V1__WorkerLoad *load, uint64_t thousandth)
{
	uint64_t all = 0, sum = 0;

	for (size_t k = 0; k < load->n_latency; k++)
		all += load->latency[k];
	for (size_t k = 0; all && k < load->n_latency; k++) {
		sum += load->latency[k];
		if (sum * 1000 < all * thousandth)
			continue;
		if (k < status->n_latency_bounds_us)
			columns_add(columns, "%" PRIu32 " us", status->latency_bounds_us[k]);
		else
			columns_add(columns, "more");
		return;
	}
	columns_add(columns, "%s", "");
}

static void add_mean(struct columns *columns, const Tandem__Relay__V1__WorkerLoad *load)
{
	uint64_t all = 0;

	for (size_t k = 0; k < load->n_latency; k++)
		all += load->latency[k];
	if (all)
		columns_add(columns, "%.1f us", (double)load->latency_sum_us / (double)all);
	else
		columns_add(columns, "%s", "");
}

static const char *what_ends(const char *limit)
{
	static const char *const words[][2] = {
		{"workers", "then the busiest worker has no time left"},
		{"ports", "then an address has no UDP port left: [controlplane] ports"},
		{"legs", "then the dataplane has no leg left: [dataplane] legs"},
		{"calls", "then there are as many as [controlplane] calls"},
	};

	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
		if (!strcmp(words[k][0], limit))
			return words[k][1];
	return limit;
}

void view_headroom(FILE *out, const Tandem__Relay__V1__StatusReply *status)
{
	const Tandem__Relay__V1__Headroom *headroom = status->headroom;

	if (!headroom || !headroom->limit[0])
		fputs("not known: no call has run for some seconds\n", out);
	else
		fprintf(out, "%" PRIu64 " more such calls, %s\n", headroom->calls,
			what_ends(headroom->limit));
}

void view_workers(FILE *out, const Tandem__Relay__V1__StatusReply *status)
{
	static const char *const heads[] = {">WORKER",  ">CORE",      ">BUSY",
					    ">PACKETS", ">MEAN",      ">HALF IN",
					    ">99 % IN", ">99.9 % IN", NULL};
	struct columns *columns = columns_new(heads);

	for (size_t i = 0; i < status->n_worker_loads; i++) {
		const Tandem__Relay__V1__WorkerLoad *load = status->worker_loads[i];

		columns_add(columns, "%" PRIu32, load->number);
		columns_add(columns, "%" PRIu32, load->core);
		columns_add(columns, "%.1f %%", 100 * load->busy);
		columns_add(columns, "%" PRIu64, load->packets);
		add_mean(columns, load);
		add_quantile(columns, status, load, 500);
		add_quantile(columns, status, load, 990);
		add_quantile(columns, status, load, 999);
	}
	if (status->n_worker_loads)
		columns_print(columns, out);
	else
		fputs("no workers: the dataplane is not connected\n", out);
	columns_free(columns);
}
