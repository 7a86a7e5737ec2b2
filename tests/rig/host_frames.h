/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a host and its neighbour say on a link, written by scapy. The host has 198.51.100.1 and
 * 2001:db8::1 at 02:00:5e:00:00:01, the neighbour .7 and ::7 at 02:00:5e:00:00:99.
 */
#ifndef TANDEM_TESTS_RIG_HOST_FRAMES_H
#define TANDEM_TESTS_RIG_HOST_FRAMES_H

#include <stddef.h>
#include <stdint.h>

struct host_frame {
	size_t length;
	uint8_t octets[128];
};

extern const struct host_frame frame_arp_request, frame_arp_reply, frame_arp_probe,
	frame_arp_probe_reply, frame_arp_announcement, frame_arp_answer, frame_solicitation,
	frame_solicitation_reply, frame_unicast_solicitation, frame_unicast_solicitation_reply,
	frame_dad, frame_dad_reply, frame_advertisement, frame_unsolicited, frame_ping4,
	frame_ping4_reply, frame_ping6, frame_ping6_reply, frame_vlan_request, frame_vlan_reply,
	frame_vlan_solicitation, frame_vlan_solicitation_reply, frame_our_request4,
	frame_our_refresh4, frame_our_probe4, frame_our_announcement4, frame_our_vlan_request4,
	frame_our_request6, frame_our_refresh6, frame_our_probe6, frame_our_announcement6;

/* Makes the ICMPv6 checksum right again. */
void frame_resum(struct host_frame *f);

#endif
