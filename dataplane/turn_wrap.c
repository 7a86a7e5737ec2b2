/* SPDX-License-Identifier: BSD-3-Clause */
/* What peers send to the client of an allocation, in ChannelData or in a Data indication. */
#include <string.h>

#include "dataplane/rewrite.h"
#include "dataplane/turn.h"

/* No client answers a Data indication: its transaction need not be hard to guess. */
static void make_transaction(const struct turn *t, uint64_t now, const void *packet,
			     uint8_t transaction[12])
{
	const __u64 words[] = {now, (uintptr_t)packet};
	uint64_t first = siphash(t->key, words, 2, 1, 3);
	uint32_t last = first >> 32 ^ now;

	memcpy(transaction, &first, sizeof(first));
	memcpy(transaction + sizeof(first), &last, sizeof(last));
}

static void write_channel_header(uint8_t *at, uint16_t number, uint16_t length)
{
	stun_store16(at, number);
	stun_store16(at + 2, length);
}

enum drop turn_to_client(const struct turn *t, struct allocation *a, struct rte_mbuf *m,
			 uint16_t payload, uint16_t length, const struct endpoint *peer,
			 uint64_t now)
{
	uint16_t number, header, padded = length;
	uint8_t transaction[12];
	uint8_t *at;

	if (unlikely(!allocation_is_open(a, now)))
		return DROP_NO_ALLOCATION;
	if (unlikely(!allocation_permits(a, &peer->address, now))) {
		__atomic_fetch_add(&a->to_client.drops, 1, __ATOMIC_RELAXED);
		return DROP_NO_PERMISSION;
	}
	number = allocation_channel_to(a, peer, now);
	header = number ? TURN_CHANNEL_HEADER : turn_data_header(peer);
	if (unlikely(payload < header)) {
		if (!rte_pktmbuf_prepend(m, header - payload))
			return DROP_NO_ROOM;
		payload = header;
	}
	at = rte_pktmbuf_mtod_offset(m, uint8_t *, payload - header);
	if (likely(number)) {
		write_channel_header(at, number, length);
	} else {
		padded = stun_padded(length);
		if (payload + padded > m->buf_len - m->data_off)
			return DROP_NO_ROOM;
		memset(at + header + length, 0, padded - length);
		make_transaction(t, now, m, transaction);
		turn_write_data(at, peer, length, transaction);
	}
	return rewrite_frame(a->egress, m, payload - header, header + padded);
}
