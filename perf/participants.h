/* SPDX-License-Identifier: BSD-3-Clause */
/* What participants say in SDP; nobody is there, and no packet is sent to them. */
#ifndef TANDEM_PERF_PARTICIPANTS_H
#define TANDEM_PERF_PARTICIPANTS_H

extern const char participants_phone_offer[], participants_phone_answer[],
	participants_browser_offer[];

#endif
