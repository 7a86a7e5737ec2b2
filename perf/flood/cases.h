/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is judged in this measurement: a frame, what the tables hold, and the verdict it must get.
 */
#ifndef PERF_FLOOD_CASES_H
#define PERF_FLOOD_CASES_H

#include "ebpf/shed_maps.h"
#include "perf/flood/frame.h"

/* One media address each of IPv4 and IPv6, by index 0 and 1; a port of each is open. */
struct tables {
	struct shed *shed;
	struct shed_port *ports[2]; /* of each address */
	struct shed_rule *rule;
};

struct verdict_case {
	const char *name;
	enum shed_reason reason;
	enum frame_kind kind;
	bool from_peer; /* else from a stranger */
	void (*spoil)(struct frame *f);
	/* Changes the tables, which know the peer and limit nothing. `port` is the open one. */
	void (*prepare)(struct shed_port *port, struct shed_rule *rule);
	unsigned int blocks; /* prefixes that are blocked; one of them is the stranger's ... */
	bool spared;         /* ... unless it is spared */
	bool sources;        /* of a million */
	bool random_ports;   /* instead of the open one */
	bool no_socket;      /* is bound to the queue; of XDP alone */
	int only;            /* 4, 6, or 0: both versions */
};

extern const struct verdict_case verdict_cases[];
extern const unsigned int verdict_case_count;

/* Adds the addresses. 0 or -errno. */
int tables_open(struct tables *t, struct shed *shed);

/* Makes them what the case wants, but for blocks and sockets. */
void tables_prepare(struct tables *t, const struct verdict_case *c, int version);

/* The nth prefix that is blocked. */
struct shed_prefix tables_prefix(const struct verdict_case *c, int version, unsigned int n);

#endif
