/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SDPs of tests/fuzz/corpus/sdp as byte arrays, so that the unit tests and the fuzzer read the
 * same. Their senders live in 203.0.113.0/24 and 2001:db8:a::/48.
 */
#ifndef TANDEM_TESTS_RIG_SDP_H
#define TANDEM_TESTS_RIG_SDP_H

extern const char chromium_offer_audio[], chromium_offer_av[], chromium_answer_audio[],
	chromium_answer_av[], firefox_offer[], phone_offer[], phone_answer[], phone_ipv6_offer[],
	snom_sdes_offer[], asterisk_answer[], freeswitch_offer[], rtpengine_offer[],
	hold_sendonly[], hold_inactive[], hold_zero[], capabilities_offer[];

#define SDP_FIXTURES 16

extern const struct fixture {
	const char *name, *text, *end;
} sdp_fixtures[SDP_FIXTURES];

#endif
