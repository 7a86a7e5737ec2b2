/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is judged in this measurement: a frame, what the tables hold, and the verdict it must get.
 */
#ifndef PERF_FLOOD_CASES_H
#define PERF_FLOOD_CASES_H

#include "ebpf/shed.h"
#include "perf/flood/frame.h"

enum {
	CASE_MILLION = 1 << 20, /* sources */
	CASE_CLIENTS = 1 << 17, /* of TURN, beside the peer: sources 0 to this */
};

struct verdict_case {
	const char *name;
	enum shed_reason reason;
	enum frame_kind kind;
	bool from_peer; /* else from a stranger */
	void (*spoil)(struct frame *f);
	/* Changes the tables, which know the peer and limit nothing. `ports` are the address's. */
	void (*prepare)(struct shed_port *ports, struct shed_rule *rule);
	unsigned int blocks;  /* prefixes that are blocked; one of them is the stranger's ... */
	bool spared;          /* ... unless it is spared */
	unsigned int sources; /* of so many, a power of two */
	bool random_ports;    /* instead of the open one */
	bool no_socket;       /* is bound to the queue; of XDP alone */
	int only;             /* 4, 6, or 0: both versions */
};

extern const struct verdict_case verdict_cases[];
extern const unsigned int verdict_case_count;

#endif
