/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/session/report_xr.h"

#define R_MOST    100
#define MOS_LEAST 10 /* tenths */
#define MOS_MOST  50

static double percent(uint32_t part)
{
	return 100.0 * part / 256;
}

/* 127 is "unavailable", and what is none is as good. */
static double mos(uint32_t tenths)
{
	return tenths >= MOS_LEAST && tenths <= MOS_MOST ? tenths / 10.0 : 0;
}

Tandem__Relay__V1__Xr *report_xr(struct arena *arena, const Tandem__Dataplane__V1__Xr *in)
{
	Tandem__Relay__V1__Xr *out = arena_take(arena, sizeof(*out));

	if (!out)
		return NULL;
	tandem__relay__v1__xr__init(out);
	out->loss = percent(in->lost);
	out->discarded = percent(in->discarded);
	out->burst_density = percent(in->burst_density);
	out->gap_density = percent(in->gap_density);
	out->burst_ms = in->burst_ms;
	out->gap_ms = in->gap_ms;
	out->rtt_ms = in->round_trip_ms;
	out->end_system_ms = in->end_system_ms;
	out->r = in->r <= R_MOST ? in->r : 0;
	out->listening_mos = mos(in->mos_lq);
	out->mos = mos(in->mos_cq);
	out->buffer_ms = in->buffer_ms;
	out->buffer_most_ms = in->buffer_most_ms;
	return out;
}
