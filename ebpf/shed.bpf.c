/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The XDP program: judges each frame by ebpf/policy.h, counts the verdict, keeps the heads of some
 * of what it drops, and hands what is meant for the dataplane to the AF_XDP socket of the receiving
 * queue. UAPI types only, so that it loads on hosts without kernel BTF. Loading it takes root, or
 * CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, the last because the policy adds lengths read from the
 * packet to packet pointers.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "ebpf/known.h"
#include "ebpf/policy.h"
#include "ebpf/shed.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, SHED_QUEUES);
	__type(key, __u32);
	__type(value, __u32);
} xsks_map SEC(".maps");

/* By sizes: of what only an inner map names clang leaves a forward declaration in the BTF. */
struct ports {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SHED_PORT_ENTRIES);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct shed_port));
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, SHED_ADDRESSES);
	__type(key, struct shed_address);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__array(values, struct ports);
} tandem_addr SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct shed_rule);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} tandem_rule SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SHED_BLOCKS);
	__type(key, struct shed_prefix);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} tandem_block SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SHED_SOURCES);
	__type(key, struct shed_address);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} tandem_source SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SHED_CLIENTS);
	__type(key, struct shed_client);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} tandem_client SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct shed_known);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} tandem_known SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct shed_sketch);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} tandem_sketch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SHED_REASON_COUNT);
	__type(key, __u32);
	__type(value, struct shed_tally);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} tandem_drop SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SHED_SAMPLE_BYTES);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} tandem_sample SEC(".maps");

static __always_inline void *policy_media(void *judge, const struct shed_address *addr)
{
	return bpf_map_lookup_elem(&tandem_addr, addr);
}

static __always_inline struct shed_port *policy_port(void *media, __u32 entry)
{
	return bpf_map_lookup_elem(media, &entry);
}

static __always_inline const struct shed_rule *policy_rule(void *judge)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&tandem_rule, &key);
}

static __always_inline int policy_blocked(void *judge, const struct shed_address *addr)
{
	const struct shed_rule *rule = policy_rule(judge);
	struct shed_prefix key = {.length = 128};

	if (!rule || !rule->blocks)
		return 0;
	__builtin_memcpy(key.byte, addr->byte, sizeof(key.byte));
	return bpf_map_lookup_elem(&tandem_block, &key) != NULL;
}

/* As coarse as the kernel's tick: every rate allows more than that in advance. */
static __always_inline __u64 policy_now(void *judge)
{
	return bpf_ktime_get_coarse_ns();
}

static __always_inline __u64 *policy_source(void *judge, const struct shed_address *source)
{
	return bpf_map_lookup_elem(&tandem_source, source);
}

static __always_inline void policy_remember(void *judge, const struct shed_address *source,
					    __u64 due)
{
	bpf_map_update_elem(&tandem_source, source, &due, BPF_ANY);
}

static __always_inline __u64 *policy_client(void *judge, const struct shed_client *client)
{
	const struct shed_rule *rule = policy_rule(judge);
	const struct shed_known *known;
	__u32 key = 0;

	known = bpf_map_lookup_elem(&tandem_known, &key);
	if (!known || !rule || !known_may_be(known, client, rule->seed))
		return NULL;
	return bpf_map_lookup_elem(&tandem_client, client);
}

static __always_inline struct shed_sketch *policy_sketch(void *judge)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&tandem_sketch, &key);
}

static __always_inline void sample(struct xdp_md *ctx, const struct policy *p, __u32 reason,
				   __u64 now)
{
	unsigned long length = ctx->data_end - ctx->data, last = length - 1;
	struct shed_sample *s = bpf_ringbuf_reserve(&tandem_sample, sizeof(*s), 0);

	if (!s)
		return;
	s->time = now;
	s->leg = p->port ? p->port->leg : SHED_NO_LEG;
	s->reason = reason;
	s->length = length;
	s->source = p->source;
	/*
	 * The verifier has to see the register that is compared go into the call, and never as 0.
	 */
	asm volatile("" : "+r"(last));
	if (last >= SHED_SAMPLE_OCTETS)
		last = SHED_SAMPLE_OCTETS - 1;
	s->captured = bpf_xdp_load_bytes(ctx, 0, s->octets, last + 1) ? 0 : last + 1;
	bpf_ringbuf_submit(s, BPF_RB_NO_WAKEUP);
}

/* Of drops one is kept for each tick of the clock: most likely one of those who send most. */
static __always_inline void count(struct xdp_md *ctx, const struct policy *p, __u32 reason)
{
	struct shed_tally *tally = bpf_map_lookup_elem(&tandem_drop, &reason);
	__u64 now;

	if (!tally)
		return;
	tally->packets++;
	if (!shed_reason_drops(reason))
		return;
	now = policy_now(NULL);
	if (tally->sampled == now)
		return;
	tally->sampled = now;
	sample(ctx, p, reason, now);
}

SEC("xdp")
int tandem_shed(struct xdp_md *ctx)
{
	struct policy p = {
		.frame =
			{
				.at = (const void *)(unsigned long)ctx->data,
				.end = (const void *)(unsigned long)ctx->data_end,
			},
	};
	enum shed_reason reason = policy_verdict(&p);
	int action = reason == SHED_TO_KERNEL ? XDP_PASS : XDP_DROP;

	if (reason == SHED_TO_DATAPLANE) {
		/*
		 * Not to the kernel: with forwarding on, it would send media back to the gateway.
		 */
		action = bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_DROP);
		if (action != XDP_REDIRECT)
			reason = SHED_NO_SOCKET;
	}
	count(ctx, &p, reason);
	return action;
}

char _license[] SEC("license") = "BSD-3-Clause";
