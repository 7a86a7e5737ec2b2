/* SPDX-License-Identifier: BSD-3-Clause */
/* Fills the frames that the kernel's test run hands out, one after another, and sends them. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

#include "tests/flood/send.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* both are set by send.c */
	__uint(value_size, 64);
	__uint(key_size, sizeof(__u32));
} send_frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct send_state);
} send_state SEC(".maps");

#define CATCH_UP 64

const volatile __u32 longest; /* octets of the frames that are handed out */

/*
 * Who is late catches up, but with no more frames than the queue of a link holds: what the
 * scheduler took away is not sent.
 */
static __always_inline int is_due(struct send_state *s)
{
	__u64 now;

	if (!s->interval)
		return 1;
	now = bpf_ktime_get_ns();
	if (s->due + CATCH_UP * s->interval < now)
		s->due = now;
	if (now < s->due)
		return 0;
	s->due += s->interval;
	return 1;
}

SEC("xdp")
int flood_send(struct xdp_md *ctx)
{
	const __u32 zero = 0;
	struct send_state *s = bpf_map_lookup_elem(&send_state, &zero);
	struct send_frame *f;
	__u32 next, length;

	if (!s || s->sent >= s->end || !is_due(s))
		return XDP_DROP;
	next = s->next;
	f = bpf_map_lookup_elem(&send_frames, &next);
	if (!f)
		return XDP_ABORTED;
	length = f->length;
	if (length < ETH_HLEN || length > longest ||
	    bpf_xdp_store_bytes(ctx, 0, f->octets, length) ||
	    (length < longest && bpf_xdp_adjust_tail(ctx, (int)length - (int)longest)))
		return XDP_ABORTED;
	s->next = next + 1 < s->frames ? next + 1 : 0;
	s->sent++;
	return bpf_redirect(s->interface, 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
