/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/rtcp.h"

#include "dataplane/rtp.h"

#define COMMON_HEADER 4
#define SR_HEADER     28 /* with the sender's SSRC and the sender information */
#define RR_HEADER     8
#define REPORT_BLOCK  24

bool rtcp_next(struct rtcp_cursor *cursor, struct rtcp_packet *p)
{
	const uint8_t *at = cursor->at;
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

bool rtcp_report(const struct rtcp_packet *p, unsigned int k, struct rtcp_report *r)
{
	uint32_t at;

	if (k >= p->count)
		return false;
	if (p->type == RTCP_SR)
		at = SR_HEADER + k * REPORT_BLOCK;
	else if (p->type == RTCP_RR)
		at = RR_HEADER + k * REPORT_BLOCK;
	else
		return false;
	if (p->length < at + REPORT_BLOCK)
		return false;
	r->ssrc = rtp_read32(p->data + at);
	r->lsr = rtp_read32(p->data + at + 16);
	r->dlsr = rtp_read32(p->data + at + 20);
	return true;
}
