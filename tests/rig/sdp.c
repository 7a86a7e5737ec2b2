/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/sdp.h"

#define INCLUDE(name)                                                                              \
	extern const char name##_end[];                                                            \
	__asm__(".section .rodata\n.globl " #name "\n" #name ":\n"                                 \
		".incbin \"tests/fuzz/corpus/sdp/" #name ".sdp\"\n" #name "_end:\n"                \
		".byte 0\n.previous\n")

INCLUDE(chromium_offer_audio);
INCLUDE(chromium_offer_av);
INCLUDE(chromium_answer_audio);
INCLUDE(chromium_answer_av);
INCLUDE(firefox_offer);
INCLUDE(phone_offer);
INCLUDE(phone_answer);
INCLUDE(phone_ipv6_offer);
INCLUDE(snom_sdes_offer);
INCLUDE(asterisk_answer);
INCLUDE(freeswitch_offer);
INCLUDE(rtpengine_offer);
INCLUDE(hold_sendonly);
INCLUDE(hold_inactive);
INCLUDE(hold_zero);
INCLUDE(capabilities_offer);

#define ENTRY(name)                                                                                \
	{                                                                                          \
#name, name, name##_end                                                            \
	}

const struct fixture sdp_fixtures[] = {
	ENTRY(chromium_offer_audio), ENTRY(chromium_offer_av), ENTRY(chromium_answer_audio),
	ENTRY(chromium_answer_av),   ENTRY(firefox_offer),     ENTRY(phone_offer),
	ENTRY(phone_answer),         ENTRY(phone_ipv6_offer),  ENTRY(snom_sdes_offer),
	ENTRY(asterisk_answer),      ENTRY(freeswitch_offer),  ENTRY(rtpengine_offer),
	ENTRY(hold_sendonly),        ENTRY(hold_inactive),     ENTRY(hold_zero),
	ENTRY(capabilities_offer),
};
