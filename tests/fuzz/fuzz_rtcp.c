/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever a compound packet says, what is touched of it lies inside it and the walk ends. */
#include "dataplane/flow.h"
#include "dataplane/srtp/number.h"
#include "dataplane/wire/rtcp.h"
#include "dataplane/wire/xr.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink;

static void read_extended(const struct rtcp_packet *p)
{
	struct xr_summary summary;
	struct xr_block block;
	struct xr_delay delay;
	struct xr_voice voice;
	uint32_t at = 0, last = 0, middle;

	while (xr_next(p, &at, &block)) {
		if (at <= last || at > p->length || block.data + block.length != p->data + at)
			abort();
		last = at;
		if (xr_reference_time(&block, &middle))
			sink = middle;
		for (unsigned int k = 0; xr_delay(&block, k, &delay); k++)
			sink = delay.ssrc ^ delay.lrr ^ delay.dlrr;
		if (xr_summary(&block, &summary))
			sink = summary.lost ^ summary.jitter ^ summary.end;
		if (xr_voice(&block, &voice))
			sink = voice.ssrc ^ voice.buffer_most_ms ^ voice.mos_cq;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of an allocation's own size: the sanitizer sees a step beside it. */
	uint8_t *octets = malloc(size + !size);
	struct rtcp_cursor cursor = {octets, size};
	struct rtcp_report report;
	struct rtcp_packet p;
	uint32_t middle, walked = 0;
	struct flow flow = {.shifts = {1}};

	if (size > 65507)
		goto out;
	memcpy(octets, data, size);
	/* The corpus speaks of this SSRC. */
	flow.shifts[1] = 0x08090a0bULL << 32 | 0x12345;
	while (rtcp_next(&cursor, &p)) {
		if (p.data != octets + walked || p.length < 4 || p.length % 4)
			abort();
		walked += p.length;
		if (walked + cursor.left != size)
			abort();
		if (rtcp_sender_time(&p, &middle))
			sink = middle;
		for (unsigned int k = 0; rtcp_report(&p, k, &report); k++) {
			if (k > 30)
				abort();
			sink = report.ssrc ^ report.lsr ^ report.dlsr;
		}
		read_extended(&p);
		number_give_back(&flow, &p);
	}
out:
	free(octets);
	return 0;
}
