/* SPDX-License-Identifier: BSD-3-Clause */
/* The libpcap file format, in this machine's byte order. */
#ifndef TANDEM_PERF_PCAP_H
#define TANDEM_PERF_PCAP_H

#include <stdint.h>

#define PCAP_MAGIC 0xa1b2c3d4

struct pcap_file {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, longest, link;
};

struct pcap_packet {
	uint32_t seconds, microseconds, kept, length;
};

#endif
