/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rates: GCRA buckets (ITU-T I.371), one word each. Several CPUs may use one at the same time: what
 * a lost store costs is that a packet more gets through.
 */
#ifndef TANDEM_EBPF_RATE_H
#define TANDEM_EBPF_RATE_H

#include "ebpf/shed.h"

static inline __attribute__((always_inline)) __u64 rate_burst(const struct shed_rate *rate)
{
	return rate->burst * 1000ULL;
}

/* Behind the clock a bucket is empty; far ahead of it, it was filled by another clock. */
static inline __attribute__((always_inline)) __u64 rate_due(const __u64 *bucket, __u64 now,
							    const struct shed_rate *rate)
{
	__u64 due = *bucket;

	return due < now || due > now + 2 * rate_burst(rate) ? now : due;
}

/* Whether a packet would fit into the bucket. */
static inline __attribute__((always_inline)) int rate_fits(const __u64 *bucket, __u64 now,
							   const struct shed_rate *rate)
{
	return !rate->cost || rate_due(bucket, now, rate) - now <= rate_burst(rate);
}

/* The same; the bucket then has it. */
static inline __attribute__((always_inline)) int rate_take(__u64 *bucket, __u64 now,
							   const struct shed_rate *rate)
{
	__u64 due = rate_due(bucket, now, rate);

	if (!rate->cost)
		return 1;
	if (due - now > rate_burst(rate))
		return 0;
	*bucket = due + rate->cost;
	return 1;
}

#endif
