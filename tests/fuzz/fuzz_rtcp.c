/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever a compound packet says, what is read of it lies inside it and the walk ends. */
#include "dataplane/rtcp.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtcp_cursor cursor = {data, size};
	struct rtcp_report report;
	struct rtcp_packet p;
	uint32_t middle, walked = 0;

	if (size > 65507)
		return 0;
	while (rtcp_next(&cursor, &p)) {
		if (p.data != data + walked || p.length < 4 || p.length % 4)
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
	}
	return 0;
}
