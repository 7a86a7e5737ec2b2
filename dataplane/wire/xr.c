/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/xr.h"

#include "dataplane/wire/rtcp.h"
#include "dataplane/wire/rtp.h"

#define HEADER         8 /* of the packet, with the sender's SSRC */
#define BLOCK_HEADER   4
#define REFERENCE_TIME 12
#define DELAY          12 /* each */
#define SUMMARY        40
#define VOICE          36

#define SUMMARY_LOSS   0x80
#define SUMMARY_JITTER 0x20

bool xr_next(const struct rtcp_packet *p, uint32_t *at, struct xr_block *block)
{
	uint32_t from = *at ? *at : HEADER;

	if (p->type != RTCP_XR || p->length < from + BLOCK_HEADER)
		return false;
	block->data = p->data + from;
	block->type = block->data[0];
	block->length = 4 * (rtp_read16(block->data + 2) + 1u);
	*at = from + block->length;
	return block->length <= p->length - from;
}

bool xr_reference_time(const struct xr_block *block, uint32_t *middle)
{
	if (block->type != XR_REFERENCE_TIME || block->length < REFERENCE_TIME)
		return false;
	*middle = rtp_read32(block->data + 6);
	return true;
}

bool xr_delay(const struct xr_block *block, unsigned int k, struct xr_delay *d)
{
	const uint8_t *data = block->data + BLOCK_HEADER + k * DELAY;

	if (block->type != XR_DELAY || block->length < BLOCK_HEADER + (k + 1) * DELAY)
		return false;
	d->ssrc = rtp_read32(data);
	d->lrr = rtp_read32(data + 4);
	d->dlrr = rtp_read32(data + 8);
	return true;
}

bool xr_summary(const struct xr_block *block, struct xr_summary *s)
{
	const uint8_t *data = block->data;

	if (block->type != XR_SUMMARY || block->length < SUMMARY)
		return false;
	s->ssrc = rtp_read32(data + 4);
	s->begin = rtp_read16(data + 8);
	s->end = rtp_read16(data + 10);
	s->has_loss = data[1] & SUMMARY_LOSS;
	s->has_jitter = data[1] & SUMMARY_JITTER;
	s->lost = rtp_read32(data + 12);
	s->jitter = rtp_read32(data + 28);
	return true;
}

bool xr_voice(const struct xr_block *block, struct xr_voice *v)
{
	const uint8_t *data = block->data;

	if (block->type != XR_VOICE || block->length < VOICE)
		return false;
	*v = (struct xr_voice){
		.ssrc = rtp_read32(data + 4),
		.lost = data[8],
		.discarded = data[9],
		.burst_density = data[10],
		.gap_density = data[11],
		.burst_ms = rtp_read16(data + 12),
		.gap_ms = rtp_read16(data + 14),
		.round_trip_ms = rtp_read16(data + 16),
		.end_system_ms = rtp_read16(data + 18),
		.r = data[24],
		.mos_lq = data[26],
		.mos_cq = data[27],
		.buffer_ms = rtp_read16(data + 30),
		.buffer_most_ms = rtp_read16(data + 32),
	};
	return true;
}
