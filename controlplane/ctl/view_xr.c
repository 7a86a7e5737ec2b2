/* SPDX-License-Identifier: BSD-3-Clause */
/* What participants say of the streams that they hear, beside what the relay reckons. */
#include <inttypes.h>

#include "controlplane/ctl/columns.h"
#include "controlplane/ctl/view.h"

static void add_ms(struct columns *columns, uint32_t ms)
{
	if (ms)
		columns_add(columns, "%" PRIu32 " ms", ms);
	else
		columns_add(columns, "%s", "");
}

static void add_rating(struct columns *columns, double value, int digits)
{
	if (value > 0)
		columns_add(columns, "%.*f", digits, value);
	else
		columns_add(columns, "%s", "");
}

static void add_xr(struct columns *columns, uint64_t leg, const Tandem__Relay__V1__Stream *stream)
{
	const Tandem__Relay__V1__Xr *xr = stream->xr;

	columns_add(columns, "%" PRIu64, leg);
	columns_add(columns, "%08" PRIx32, stream->ssrc);
	columns_add(columns, "%.1f %%", xr->loss);
	columns_add(columns, "%.1f %%", xr->discarded);
	if (stream->quality)
		columns_add(columns, "%.1f %%", stream->quality->late);
	else
		columns_add(columns, "%s", "");
	columns_add(columns, "%.1f %%", xr->burst_density);
	columns_add(columns, "%.1f %%", xr->gap_density);
	add_ms(columns, xr->burst_ms);
	add_ms(columns, xr->gap_ms);
	add_ms(columns, xr->rtt_ms);
	add_ms(columns, xr->end_system_ms);
	add_ms(columns, xr->buffer_ms);
	add_rating(columns, xr->r, 0);
	add_rating(columns, xr->listening_mos, 1);
	add_rating(columns, xr->mos, 1);
}

void view_xr(FILE *out, const Tandem__Relay__V1__Call *call)
{
	static const char *const heads[] = {">LEG",       "SSRC",       ">HEARS LOST", ">DISCARDS",
					    ">WE RECKON", ">IN BURSTS", ">BETWEEN",    ">BURST",
					    ">GAP",       ">RTT",       ">ITS DELAY",  ">BUFFER",
					    ">R",         ">MOS-LQ",    ">MOS-CQ",     NULL};
	struct columns *columns = columns_new(heads);
	size_t rows = 0;

	for (size_t i = 0; i < call->n_legs; i++) {
		const Tandem__Relay__V1__Flow *flow = call->legs[i]->flow;

		for (size_t j = 0; flow && j < flow->n_streams; j++) {
			if (!flow->streams[j]->xr)
				continue;
			add_xr(columns, call->legs[i]->id, flow->streams[j]);
			rows++;
		}
	}
	if (rows) {
		fputs("\nRTCP XR of those who hear it:\n", out);
		columns_print(columns, out);
	}
	columns_free(columns);
}
