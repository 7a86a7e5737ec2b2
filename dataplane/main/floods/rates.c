/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/main/floods/rates.h"

#include <rte_common.h>

#define SECOND 1000000000ULL /* ns */

/*
 * A bucket holds this much of its rate, and this many packets at least: the clock is as coarse as
 * 10 ms where the kernel ticks 100 times a second. A handshake's fragments come at once, and so
 * does media that a network has held back.
 */
#define BURST       100000 /* us */
#define BURST_WHOLE 1000000
#define BURST_LEAST 16

static struct shed_rate convert(uint32_t pps, uint64_t burst)
{
	uint64_t cost = pps ? SECOND / pps : 0;

	burst = RTE_MAX(burst, BURST_LEAST * cost / 1000);
	return (struct shed_rate){.cost = cost, .burst = RTE_MIN(burst, UINT32_MAX)};
}

struct shed_rate rates_of_media(uint32_t pps, uint32_t at_once)
{
	uint64_t whole = BURST_WHOLE;

	/* As many as a network can hold back for a while. */
	return convert(pps, pps ? RTE_MAX(whole, at_once * 1000000ULL / pps) : whole);
}

struct shed_rate rates_of_requests(uint32_t pps)
{
	return convert(pps, BURST);
}

void rates_put(struct shed_rule *rule, const Tandem__Dataplane__V1__PutRates *put)
{
	/* What comes at once after a stall is ahead of what a worker has accepted. */
	rule->unknown = convert(put->unknown_pps, BURST_WHOLE);
	rule->rtcp = convert(put->rtcp_pps, BURST);
	rule->stun = convert(put->stun_pps, BURST);
	rule->dtls = convert(put->dtls_pps, BURST_WHOLE);
	rule->stranger = convert(put->stranger_pps, BURST);
	rule->source = convert(put->source_pps, BURST);
	rule->service = convert(put->service_pps, BURST);
	rule->off = put->off;
}

void rates_put_default(struct shed_rule *rule)
{
	static const Tandem__Dataplane__V1__PutRates rates = {
		/* A video begins with a hundred packets before its SSRC is known. */
		.unknown_pps = 1000,
		/* Feedback about every few packets of video, at most. */
		.rtcp_pps = 200,
		/* Consent asks for one each five seconds; agents check 20 times a second at most
		 * (RFC 8445 section 14). */
		.stun_pps = 50,
		/* A flight is 10 datagrams, and is sent again once a second. */
		.dtls_pps = 50,
		/* What a worker pays for each is an HMAC; an agent's first checks are 20 a second,
		 * and it may have some addresses. */
		.stranger_pps = 100,
		/* A whole call centre's agents can share an address, and begin calls at a time. */
		.source_pps = 1000,
		/* As many neighbours as the relay can have answer it within four seconds. */
		.service_pps = 2000,
	};

	rates_put(rule, &rates);
}
