/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/rtcp.h"

#include "dataplane/wire/rtp.h"
#include "dataplane/wire/xr.h"

#define COMMON_HEADER 4
#define SR_HEADER     28 /* with the sender's SSRC and the sender information */
#define RR_HEADER     8
#define REPORT_BLOCK  24
#define FEEDBACK      12 /* with both SSRCs */
#define GENERIC_NACK  1  /* format of RTPFB */
#define XR_NUMBERS    12 /* of a block that names numbers, as far as those */

bool rtcp_next(struct rtcp_cursor *cursor, struct rtcp_packet *p)
{
	uint8_t *at = cursor->at;
	uint32_t length;

	if (cursor->left < COMMON_HEADER || at[0] >> 6 != 2)
		return false;
	length = 4 * (rtp_read16(at + 2) + 1u);
	if (length > cursor->left)
		return false;
	*p = (struct rtcp_packet){
		.data = at, .length = length, .type = at[1], .count = at[0] & 0x1f};
	cursor->at += length;
	cursor->left -= length;
	return true;
}

bool rtcp_sender_time(const struct rtcp_packet *p, uint32_t *middle)
{
	if (p->type != RTCP_SR || p->length < SR_HEADER)
		return false;
	*middle = rtp_read32(p->data + 10);
	return true;
}

/* Where report blocks begin; 0: it has none. */
static uint32_t blocks_at(const struct rtcp_packet *p)
{
	if (p->type == RTCP_SR)
		return SR_HEADER;
	return p->type == RTCP_RR ? RR_HEADER : 0;
}

bool rtcp_report(const struct rtcp_packet *p, unsigned int k, struct rtcp_report *r)
{
	uint32_t at = blocks_at(p) + k * REPORT_BLOCK;

	if (k >= p->count || !blocks_at(p) || p->length < at + REPORT_BLOCK)
		return false;
	r->ssrc = rtp_read32(p->data + at);
	r->fraction = p->data[at + 4];
	/* The 24 bits are a signed number. */
	r->lost = (int32_t)(rtp_read32(p->data + at + 4) << 8) >> 8;
	r->jitter = rtp_read32(p->data + at + 12);
	r->lsr = rtp_read32(p->data + at + 16);
	r->dlsr = rtp_read32(p->data + at + 20);
	return true;
}

/* The highest sequence number received. */
static bool next_of_report(const struct rtcp_packet *p, struct rtcp_numbers *n)
{
	uint32_t at = n->next ? n->next : blocks_at(p);

	if (at >= blocks_at(p) + p->count * REPORT_BLOCK || p->length < at + REPORT_BLOCK)
		return false;
	n->ssrc = rtp_read32(p->data + at);
	n->at = p->data + at + 8;
	n->extended = true;
	n->next = at + REPORT_BLOCK;
	return true;
}

/* The first packet that is missing; the bits behind it count from there. */
static bool next_of_nack(const struct rtcp_packet *p, struct rtcp_numbers *n)
{
	uint32_t at = n->next ? n->next : FEEDBACK;

	if (p->count != GENERIC_NACK || p->length < at + 4)
		return false;
	n->ssrc = rtp_read32(p->data + 8);
	n->at = p->data + at;
	n->count = 1;
	n->next = at + 4;
	return true;
}

static bool names_numbers(const struct xr_block *block)
{
	return block->length >= XR_NUMBERS &&
	       (block->type == XR_LOSS_RUNS || block->type == XR_DUPLICATE_RUNS ||
		block->type == XR_RECEIPT_TIMES || block->type == XR_SUMMARY);
}

/* Where a block's report begins, and where it ends. */
static bool next_of_xr(const struct rtcp_packet *p, struct rtcp_numbers *n)
{
	struct xr_block block;

	while (xr_next(p, &n->next, &block)) {
		if (!names_numbers(&block))
			continue;
		n->ssrc = rtp_read32(block.data + 4);
		n->at = block.data + 8;
		n->count = 2;
		return true;
	}
	return false;
}

bool rtcp_next_numbers(const struct rtcp_packet *p, struct rtcp_numbers *n)
{
	n->extended = false;
	n->count = 0;
	switch (p->type) {
	case RTCP_SR:
	case RTCP_RR:
		return next_of_report(p, n);
	case RTCP_RTPFB:
		return next_of_nack(p, n);
	case RTCP_XR:
		return next_of_xr(p, n);
	}
	return false;
}
