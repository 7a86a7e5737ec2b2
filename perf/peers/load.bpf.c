/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The load as the kernel runs it, so that a packet costs some 0.1 us to send and less to take.
 *
 * load_send runs in BPF_PROG_TEST_RUN with live frames: it is called with one frame after another,
 * and those that it redirects go to the veth as a driver's receive queue would bring them: pages,
 * without an skb. load_take counts what comes back and drops it. load_reflect stands for a relay
 * that costs nothing: what the load can do by itself.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "perf/peers/load.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* as many as load.c is asked for */
	__type(key, __u32);
	__type(value, struct load_packet);
} load_bank SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LOAD_STREAMS);
	__type(key, __u32);
	__type(value, struct load_stream);
} load_streams SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct load_state);
} load_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, LOAD_SAMPLES);
} load_samples SEC(".maps");

static __always_inline struct load_state *state(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&load_state, &zero);
}

/*
 * Waits a little until a packet is due. Not long, since packets that are sent leave with the end of
 * a batch of frames; but a frame that is given back unsent takes a lock, which who frees packets on
 * the relay's core takes as well.
 */
static __always_inline __u64 wait_until_due(const struct load_state *s)
{
	__u64 now = 0;

	if (s->sent == s->end)
		return 0;
	for (int k = 0; k < LOAD_LOOKS; k++) {
		now = bpf_ktime_get_ns();
		if (now << 16 >= s->due)
			return now;
	}
	return 0;
}

/* Who comes late, because something else had the core, does not make up for all of it at once. */
static __always_inline int is_due(struct load_state *s)
{
	__u64 now = wait_until_due(s), late = LOAD_BURST * s->interval;

	if (!now)
		return 0;
	if ((now << 16) - s->due > late)
		s->due = (now << 16) - late;
	s->due += s->interval;
	if (!s->first_sent)
		s->first_sent = now;
	s->last_sent = now;
	return 1;
}

SEC("xdp")
int load_send(struct xdp_md *ctx)
{
	__u8 *at = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;
	struct load_state *s = state();
	const struct load_stream *stream;
	const struct load_packet *packet;
	__u32 length;

	if (!s || !is_due(s))
		return XDP_DROP;
	packet = bpf_map_lookup_elem(&load_bank, &s->packet);
	stream = bpf_map_lookup_elem(&load_streams, &s->stream);
	if (!packet || !stream || at + LOAD_HEADERS + LOAD_OCTETS > end)
		return XDP_ABORTED;
	__builtin_memcpy(at, stream->headers, LOAD_HEADERS);
	__builtin_memcpy(at + LOAD_HEADERS, packet->octets, LOAD_OCTETS);
	length = packet->length;
	if (length < LOAD_OCTETS && bpf_xdp_adjust_tail(ctx, (int)length - LOAD_OCTETS))
		return XDP_ABORTED;
	if (++s->packet == s->packets)
		s->packet = 0;
	if (++s->stream == s->streams)
		s->stream = 0;
	s->sent++;
	return bpf_redirect(s->interface, 0);
}

/* Media by RFC 7983: RTP, or a TURN channel that carries it. Everything else is the kernel's. */
static __always_inline int is_media(const __u8 *at, const __u8 *end)
{
	if (at + LOAD_HEADERS + 1 > end || at[12] != 0x08 || at[13] != 0x00 || at[23] != 17)
		return 0;
	return (at[LOAD_HEADERS] >= 128 && at[LOAD_HEADERS] < 192) ||
	       (at[LOAD_HEADERS] >= 64 && at[LOAD_HEADERS] < 80);
}

static __always_inline void keep(struct xdp_md *ctx)
{
	__u64 length = (long)ctx->data_end - (long)ctx->data;
	struct load_sample *sample;

	if (length > LOAD_HEADERS + LOAD_OCTETS)
		length = LOAD_HEADERS + LOAD_OCTETS;
	if (length < LOAD_HEADERS)
		return;
	sample = bpf_ringbuf_reserve(&load_samples, sizeof(*sample), 0);
	if (!sample)
		return;
	sample->length = bpf_xdp_load_bytes(ctx, 0, sample->octets, length) ? 0 : length;
	bpf_ringbuf_submit(sample, BPF_RB_NO_WAKEUP);
}

SEC("xdp")
int load_take(struct xdp_md *ctx)
{
	const __u8 *at = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;
	struct load_state *s = state();

	if (!s || !is_media(at, end))
		return XDP_PASS;
	s->last_received = bpf_ktime_get_ns();
	if (++s->received % LOAD_SAMPLE == 0)
		keep(ctx);
	return XDP_DROP;
}

/* Back to where it came from, to the address that sent it. */
SEC("xdp")
int load_reflect(struct xdp_md *ctx)
{
	__u8 *at = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;
	__u8 mac[ETH_ALEN];

	if (!is_media(at, end))
		return XDP_PASS;
	__builtin_memcpy(mac, at, ETH_ALEN);
	__builtin_memcpy(at, at + ETH_ALEN, ETH_ALEN);
	__builtin_memcpy(at + ETH_ALEN, mac, ETH_ALEN);
	return XDP_TX;
}

/* The clock is for GPL programs alone. */
char _license[] SEC("license") = "Dual BSD/GPL";
