/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes a capture file (draft-ietf-opsawg-pcapng): one section, one interface. Times are ns since
 * 1970. Errors are those of the stream: ferror() at the end. One thread.
 */
#ifndef TANDEM_PCAPNG_H
#define TANDEM_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum pcapng_link { PCAPNG_ETHERNET = 1, PCAPNG_RAW_IP = 101 };

/* Texts are UTF-8; NULL or "": without. */
struct pcapng_head {
	enum pcapng_link link;
	uint32_t snap; /* 0: packets are whole */
	const char *application, *comment;
	const char *interface, *description;
};

struct pcapng_packet {
	uint64_t time_ns;
	bool sent; /* outbound; else inbound */
	const uint8_t *octets;
	uint32_t captured, length; /* octets here, and of the packet */
	const char *comment;
};

struct pcapng_statistics {
	uint64_t begun_ns, ended_ns;
	uint64_t received; /* packets, those that were dropped included */
	uint64_t dropped;
	const char *comment;
};

/* The section header and the interface's description. */
void pcapng_begin(FILE *out, const struct pcapng_head *head);
void pcapng_write(FILE *out, const struct pcapng_packet *packet);
/* The interface's statistics. */
void pcapng_end(FILE *out, const struct pcapng_statistics *statistics);

#endif
