/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The XDP program: judges each frame by ebpf/policy.h, counts the verdict, and hands what is meant
 * for the dataplane to the AF_XDP socket of the receiving queue. UAPI types only, so that it loads
 * on hosts without kernel BTF. Loading it takes root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON,
 * the last because the policy adds lengths read from the packet to packet pointers.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "ebpf/policy.h"
#include "ebpf/shed.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, SHED_QUEUES);
	__type(key, __u32);
	__type(value, __u32);
} xsks_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SHED_ADDRESSES);
	__type(key, struct shed_address);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} tandem_addr SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SHED_ADDRESSES *SHED_PORTS);
	__type(key, __u32);
	__type(value, struct shed_port);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} tandem_port SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SHED_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} tandem_drop SEC(".maps");

static __always_inline int policy_media(const struct shed_address *addr)
{
	const __u32 *index = bpf_map_lookup_elem(&tandem_addr, addr);

	return index ? (int)*index : -1;
}

static __always_inline __u32 policy_port(__u32 media, __u16 port)
{
	__u32 key = shed_port_key(media, port);
	const struct shed_port *entry = bpf_map_lookup_elem(&tandem_port, &key);

	return entry ? entry->flags : 0;
}

static __always_inline void count(__u32 reason)
{
	__u64 *packets = bpf_map_lookup_elem(&tandem_drop, &reason);

	if (packets)
		(*packets)++;
}

SEC("xdp")
int tandem_shed(struct xdp_md *ctx)
{
	struct packet frame = {
		.at = (const void *)(unsigned long)ctx->data,
		.end = (const void *)(unsigned long)ctx->data_end,
	};
	enum shed_reason reason = policy_verdict(frame);
	int action = reason == SHED_TO_KERNEL ? XDP_PASS : XDP_DROP;

	if (reason == SHED_TO_DATAPLANE) {
		/* Not to the kernel: with forwarding on, it would send media back to the gateway.
		 */
		action = bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_DROP);
		if (action != XDP_REDIRECT)
			reason = SHED_NO_SOCKET;
	}
	count(reason);
	return action;
}

char _license[] SEC("license") = "BSD-3-Clause";
