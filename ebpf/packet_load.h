/* SPDX-License-Identifier: BSD-3-Clause */
/* Words of a packet, as they are in memory. */
#ifndef TANDEM_EBPF_PACKET_LOAD_H
#define TANDEM_EBPF_PACKET_LOAD_H

#include <linux/types.h>

/*
 * What a packet holds is aligned to two bytes at most. Told so, clang's BPF loads it by octets and
 * stores it so, and who then reads a word waits; the kernel takes a whole load wherever the CPU
 * does.
 */
static inline __attribute__((always_inline)) __u32 packet_load32(const void *at)
{
#ifdef __bpf__
	return *(const __u32 *)at;
#else
	__u32 word;

	__builtin_memcpy(&word, at, sizeof(word));
	return word;
#endif
}

static inline __attribute__((always_inline)) __u64 packet_load64(const void *at)
{
#ifdef __bpf__
	return *(const __u64 *)at;
#else
	__u64 word;

	__builtin_memcpy(&word, at, sizeof(word));
	return word;
#endif
}

#endif
