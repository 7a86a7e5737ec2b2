/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rates: GCRA buckets (ITU-T I.371), one word each. Several CPUs may use one at the same time: what
 * a lost store costs is that a packet more gets through.
 */
#ifndef TANDEM_EBPF_RATE_H
#define TANDEM_EBPF_RATE_H

#include "ebpf/shed.h"

/* Whether a packet fits into the bucket, which then has it. */
static inline __attribute__((always_inline)) int rate_take(__u64 *bucket, __u64 now,
							   const struct shed_rate *rate)
{
	__u64 due = *bucket;

	if (!rate->cost)
		return 1;
	/* Behind the clock the bucket is empty; far ahead of it, it was filled by another clock. */
	if (due < now || due > now + 2 * (__u64)rate->burst)
		due = now;
	if (due - now > rate->burst)
		return 0;
	*bucket = due + rate->cost;
	return 1;
}

#endif
