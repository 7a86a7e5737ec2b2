/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BPF_PROG_TEST_RUN repeats one frame. This program changes it each time and goes on with the one
 * that is measured. What it takes by itself is measured with an empty program behind it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "perf/flood/vary.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} vary_next SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vary);
} vary_state SEC(".maps");

SEC("xdp")
int vary(struct xdp_md *ctx)
{
	struct packet frame = {
		.at = (const void *)(unsigned long)ctx->data,
		.end = (const void *)(unsigned long)ctx->data_end,
	};
	const __u32 zero = 0;
	struct vary *v = bpf_map_lookup_elem(&vary_state, &zero);

	if (v)
		vary_frame(frame, v);
	bpf_tail_call(ctx, &vary_next, 0);
	return XDP_ABORTED;
}

char _license[] SEC("license") = "BSD-3-Clause";
