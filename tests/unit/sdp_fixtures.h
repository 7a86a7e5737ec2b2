/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SDPs of tests/fuzz/corpus/sdp as byte arrays, so that the unit tests and the fuzzer read the
 * same. Their senders live in 203.0.113.0/24 and 2001:db8:a::/48.
 */
#ifndef TANDEM_SDP_FIXTURES_H
#define TANDEM_SDP_FIXTURES_H

#define FIXTURE(name)                                                                              \
	extern const char name[], name##_end[];                                                    \
	__asm__(".section .rodata\n" #name ":\n"                                                   \
		".incbin \"tests/fuzz/corpus/sdp/" #name ".sdp\"\n" #name "_end:\n"                \
		".byte 0\n.previous\n")

FIXTURE(chromium_offer_audio);
FIXTURE(chromium_offer_av);
FIXTURE(chromium_answer_audio);
FIXTURE(chromium_answer_av);
FIXTURE(firefox_offer);
FIXTURE(phone_offer);
FIXTURE(phone_answer);
FIXTURE(phone_ipv6_offer);
FIXTURE(snom_sdes_offer);
FIXTURE(asterisk_answer);
FIXTURE(freeswitch_offer);
FIXTURE(rtpengine_offer);
FIXTURE(hold_sendonly);
FIXTURE(hold_inactive);
FIXTURE(hold_zero);
FIXTURE(capabilities_offer);

static const struct fixture {
	const char *name, *text, *end;
} fixtures[] = {
#define ENTRY(name)                                                                                \
	{                                                                                          \
#name, name, name##_end                                                            \
	}
	ENTRY(chromium_offer_audio), ENTRY(chromium_offer_av), ENTRY(chromium_answer_audio),
	ENTRY(chromium_answer_av),   ENTRY(firefox_offer),     ENTRY(phone_offer),
	ENTRY(phone_answer),         ENTRY(phone_ipv6_offer),  ENTRY(snom_sdes_offer),
	ENTRY(asterisk_answer),      ENTRY(freeswitch_offer),  ENTRY(rtpengine_offer),
	ENTRY(hold_sendonly),        ENTRY(hold_inactive),     ENTRY(hold_zero),
	ENTRY(capabilities_offer),
#undef ENTRY
};

#endif
